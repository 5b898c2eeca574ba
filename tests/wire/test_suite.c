/* The registry against the lists of the specifications, both ways: every code named there has the property,
 * no other. */
#include "wire/suite.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* RFC 2246 A.5 and 7.4.3, RFC 3268, RFC 4162, RFC 5246 A.5, RFC 5288, RFC 5932, RFC 6209, RFC 4492, RFC 6367
 */
static const uint16_t anonymous[] = {0x0017, 0x0018, 0x0019, 0x001a, 0x001b, 0x0034, 0x003a, 0x0046, 0x006c,
                                     0x006d, 0x0089, 0x009b, 0x00a6, 0x00a7, 0x00bf, 0x00c5, 0xc015, 0xc016,
                                     0xc017, 0xc018, 0xc019, 0xc046, 0xc047, 0xc05a, 0xc05b, 0xc084, 0xc085};
/* suites without confidentiality; 0x001c, 0x0082 and 0x0083 are SSLv3's FORTEZZA and private GOST */
static const uint16_t null_encryption[] = {
    0x0000, 0x0001, 0x0002, 0x001c, 0x002c, 0x002d, 0x002e, 0x003b, 0x0082, 0x0083, 0x00b0, 0x00b1, 0x00b4,
    0x00b5, 0x00b8, 0x00b9, 0xc001, 0xc006, 0xc00b, 0xc010, 0xc015, 0xc039, 0xc03a, 0xc03b, 0xc0b4, 0xc0b5};
static const uint16_t no_mac[] = {0x0000};
/* RFC 3268, the anonymous two left out */
static const uint16_t rfc3268[] = {0x002f, 0x0030, 0x0031, 0x0032, 0x0033,
                                   0x0035, 0x0036, 0x0037, 0x0038, 0x0039};

static bool listed(const uint16_t *list, size_t n, uint16_t code)
{
    for (size_t i = 0; i < n; i++)
        if (list[i] == code)
            return true;
    return false;
}

static void exactly(const uint16_t *list, size_t n, uint16_t flag)
{
    for (size_t i = 0; i < n; i++)
        assert_non_null(suite_find(list[i]));
    for (size_t i = 0; i < suite_count; i++)
        assert_int_equal((suite_table[i].flags & flag) != 0, listed(list, n, suite_table[i].code));
}

#define EXACTLY(list, flag) exactly(list, sizeof list / sizeof *list, flag)

static void flags_are_those_of_the_lists(void **state)
{
    (void)state;
    EXACTLY(anonymous, SUITE_ANONYMOUS);
    EXACTLY(null_encryption, SUITE_NULL_ENCRYPTION);
    EXACTLY(no_mac, SUITE_NO_MAC);
    EXACTLY(rfc3268, SUITE_RFC3268);
}

/* RFC 2246 Appendix C, column "Effective Key Bits", for all its suites in order of their codes 0x0000 to
 * 0x001b. */
static void effective_bits_are_those_of_appendix_c(void **state)
{
    (void)state;
    static const uint16_t bits[] = {0,  0,  0,   40, 128, 128, 40, 128, 40,  56, 168, 40, 56, 168,
                                    40, 56, 168, 40, 56,  168, 40, 56,  168, 40, 128, 40, 56, 168};
    for (uint16_t code = 0; code < sizeof bits / sizeof *bits; code++)
        assert_int_equal(suite_find(code)->key_bits, bits[code]);
}

static void the_table_is_in_order_and_found(void **state)
{
    (void)state;
    assert_true(suite_count <= SUITE_SET_WORDS * 64);
    for (size_t i = 0; i < suite_count; i++) {
        assert_true(i == 0 || suite_table[i - 1].code < suite_table[i].code);
        assert_ptr_equal(suite_find(suite_table[i].code), &suite_table[i]);
        assert_int_equal(suite_index(&suite_table[i]), i);
        /* Netscape's FIPS suites have two codes each; a name gives the first. */
        assert_string_equal(suite_by_name(suite_table[i].name)->name, suite_table[i].name);
    }
    assert_null(suite_find(0xeeee));
    assert_null(suite_by_name("TLS_NO_SUCH"));
    assert_int_equal(suite_by_name("0x000a")->code, 0x000a);
}

static void sets(void **state)
{
    (void)state;
    struct suite_set a = {0};
    struct suite_set b = {0};
    assert_true(suite_set_empty(&a) && suite_set_subset(&b, &a) && !suite_set_meets(&a, &b));
    suite_set_add(&a, 3);
    suite_set_add(&a, 300);
    suite_set_add(&b, 300);
    assert_true(suite_set_has(&a, 300) && !suite_set_has(&b, 3));
    assert_true(suite_set_subset(&a, &b) && !suite_set_subset(&b, &a) && suite_set_meets(&a, &b));
    assert_int_equal(suite_set_count(&a), 2);
    struct suite_set c = a;
    suite_set_without(&c, &b);
    assert_true(suite_set_has(&c, 3) && !suite_set_has(&c, 300));
    suite_set_join(&c, &b);
    assert_memory_equal(&c, &a, sizeof c);
    suite_set_common(&c, &b);
    assert_memory_equal(&c, &b, sizeof c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flags_are_those_of_the_lists),
        cmocka_unit_test(effective_bits_are_those_of_appendix_c),
        cmocka_unit_test(the_table_is_in_order_and_found),
        cmocka_unit_test(sets),
    };
    return cmocka_run_group_tests_name("suite", tests, NULL, NULL);
}
