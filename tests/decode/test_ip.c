/* IPv4 and IPv6 headers with their lengths, extension headers, TCP and UDP. */
#include "build.h"

static struct build b;

static void build_hex_only(const char *hex)
{
    build_bytes(&b, "", 0);
    build_hex(&b, hex);
}

static void test_ip4_options(void **state)
{
    (void)state;
    build_tcp(&b);
    size_t n = build_size(&b);
    build_hex(&b, "4800 0000 0001 4000 40 06 0000 0a000001 0a000002 94040000 01010101 00000000");
    build_set(&b, 3, (unsigned)n + 32);
    expect_tcp(&b, DLT_RAW, 0);
}

/* Segmentation offload: Linux writes 0 for what 16 bits cannot say; the frame has the length. */
static void test_zero_length(void **state)
{
    (void)state;
    struct segment s;
    build_tcp(&b);
    build_ip4(&b, 6);
    build_set(&b, 2, 0);
    build_set(&b, 3, 0);
    assert_int_equal(decode_build(&b, DLT_RAW, &s), DECODE_SEGMENT);
    assert_int_equal(s.payload_len, PAYLOAD_LEN);
    build_tcp(&b);
    build_ip6(&b, 6);
    build_set(&b, 4, 0);
    build_set(&b, 5, 0);
    assert_int_equal(decode_build(&b, DLT_RAW, &s), DECODE_SEGMENT);
    assert_int_equal(s.payload_len, PAYLOAD_LEN);
}

/* RFC 2675: over 65,535 bytes, the length in a hop-by-hop option. */
static void test_jumbogram(void **state)
{
    (void)state;
    static uint8_t large[70000];
    struct segment s;
    build_bytes(&b, large, sizeof large);
    build_hex(&b, "9c40 01bb a1b2c3d4 05060708 5018 ffff 0000 0000");
    build_hex(&b, "06 00 c204 0001118c"); /* 8 + 20 + 70000 */
    build_hex(&b, "60000000 0000 00 40 fd000000000000000000000000000001 fd000000000000000000000000000002");
    assert_int_equal(decode_build(&b, DLT_RAW, &s), DECODE_SEGMENT);
    assert_int_equal(s.payload_len, sizeof large);
}

static void test_lying_ip_lengths(void **state)
{
    (void)state;
    build_tcp(&b);
    build_ip4(&b, 6);
    build_set(&b, 0, 0x44); /* a header of 16 bytes */
    expect_result(&b, DLT_RAW, DECODE_MALFORMED);
    build_set(&b, 0, 0x45);
    build_set(&b, 3, 19); /* shorter than its header */
    expect_result(&b, DLT_RAW, DECODE_MALFORMED);
    build_set(&b, 3, 50); /* one more than there is */
    expect_result(&b, DLT_RAW, DECODE_MALFORMED);
    build_set(&b, 3, 49);
    expect_result(&b, DLT_RAW, DECODE_SEGMENT);
    build_set(&b, 0, 0x55);
    expect_result(&b, DLT_RAW, DECODE_MALFORMED);
    /* A datagram that only a header of 16 bytes would give. */
    build_hex_only(
        "4400 0028 0001 4000 40 11 0000 0a000001 03e80035 00000000 00000000 00000000 00000000 00000000");
    expect_result(&b, DLT_RAW, DECODE_MALFORMED);
    build_tcp(&b);
    build_ip6(&b, 6);
    build_set(&b, 5, 30); /* one more than there is */
    expect_result(&b, DLT_RAW, DECODE_MALFORMED);
}

/* RFC 8200 4.3, 4.4, 4.6; RFC 4302; RFC 6275 6.1: next header, then a length in units of 8 bytes less one,
 * but AH in units of 4 less two. */
static void test_ip6_extensions(void **state)
{
    (void)state;
    static const struct {
        unsigned next;
        const char *header;
    } one[] = {
        {0, "06 00 0104 00000000"},
        {43, "06 02 00 00 00000000 fd000000000000000000000000000003"},
        {60, "06 01 010c 00000000 00000000 00000000"},
        {51, "06 04 0000 00000001 00000001 112233445566778899aabbcc"},
        {135, "06 00 05 00 1234 0000"},
        {44, "06 00 0000 12345678"}, /* RFC 6946: an atomic fragment */
    };
    for (size_t i = 0; i < sizeof one / sizeof *one; i++) {
        build_tcp(&b);
        build_hex(&b, one[i].header);
        build_ip6(&b, one[i].next);
        expect_tcp(&b, DLT_RAW, 0);
    }
    build_tcp(&b);
    build_hex(&b, "06 04 0000 00000001 00000001 112233445566778899aabbcc");
    build_hex(&b, "33 00 0104 00000000");
    build_hex(&b, "3c 00 0000 12345678");
    build_hex(&b, "2c 02 00 00 00000000 fd000000000000000000000000000003");
    build_hex(&b, "2b 00 0104 00000000");
    build_ip6(&b, 0);
    expect_tcp(&b, DLT_RAW, 0);
}

/* RFC 8754 2.1: Segment List[0] is the last address of the way. RFC 5095: routing by type 0 is not to be
 * done. */
static void test_segment_routing(void **state)
{
    (void)state;
    static const char final[] = "fd000000000000000000000000000009";
    static const struct {
        const char *fixed;
        bool followed;
    } one[] = {
        {"06 04 04 01 01 00 0000", true},  {"06 04 04 02 01 00 0000", true}, /* reduced: RFC 8754 4.1.1 */
        {"06 04 04 00 01 00 0000", false}, {"06 04 04 03 01 00 0000", false},
        {"06 04 04 01 02 00 0000", false}, {"06 04 00 01 00 00 0000", false},
        {"06 04 03 01 01 00 0000", false},
    };
    for (size_t i = 0; i < sizeof one / sizeof *one; i++) {
        struct segment s;
        build_tcp(&b);
        build_hex(&b, "fd000000000000000000000000000003");
        build_hex(&b, final);
        build_hex(&b, one[i].fixed);
        build_ip6(&b, 43);
        assert_int_equal(decode_build(&b, DLT_RAW, &s), DECODE_SEGMENT);
        assert_int_equal(s.dst.address[15] == 9, one[i].followed);
        assert_int_equal(s.dst.port, 443);
    }
}

/* RFC 791 3.1: 131 is a loose source route, 137 a strict one; beyond the pointer addresses are left. */
static void test_source_route(void **state)
{
    (void)state;
    static const struct {
        const char *options;
        bool followed;
    } one[] = {
        {"83 07 04 c0000250 00", true},  {"01 89 07 04 c0000250", true},  {"83 07 08 c0000250 00", false},
        {"83 07 03 c0000250 00", false}, {"83 09 04 c0000250 00", false}, {"00 83 07 04 c0000250", false},
        {"07 07 04 c0000250 00", false},
    };
    for (size_t i = 0; i < sizeof one / sizeof *one; i++) {
        struct segment s;
        build_tcp(&b);
        build_hex(&b, one[i].options);
        build_hex(&b, "47 00 0039 0001 4000 40 06 0000 0a000001 c00002fe");
        assert_int_equal(decode_build(&b, DLT_RAW, &s), DECODE_SEGMENT);
        assert_int_equal(s.dst.address[3] == 0x50, one[i].followed);
        assert_int_equal(s.dst.port, 443);
    }
}

/* RFC 8200 4.1 names no limit, and Linux has none. */
static void test_many_extensions(void **state)
{
    (void)state;
    for (int count = 8; count <= 128; count *= 2) {
        build_tcp(&b);
        build_hex(&b, "06 00 0104 00000000");
        for (int i = 1; i < count; i++)
            build_hex(&b, "3c 00 0104 00000000");
        build_ip6(&b, 60);
        expect_result(&b, DLT_RAW, DECODE_SEGMENT);
    }
}

/* In IPv4 the numbers of IPv6's extension headers are ordinary protocols; AH is known to both. */
static void test_ip4_has_no_extensions(void **state)
{
    (void)state;
    const unsigned protocols[] = {0, 43, 44, 60, 135, 50, 1, 132};
    for (size_t i = 0; i < sizeof protocols / sizeof *protocols; i++) {
        build_tcp(&b);
        build_hex(&b, "06 00 0000 00000000");
        build_ip4(&b, protocols[i]);
        expect_result(&b, DLT_RAW, DECODE_OTHER);
    }
    build_tcp(&b);
    build_hex(&b, "06 04 0000 00000001 00000001 112233445566778899aabbcc");
    build_ip4(&b, 51);
    expect_tcp(&b, DLT_RAW, 0);
}

static void test_not_tcp(void **state)
{
    (void)state;
    const unsigned next[] = {59, 50, 58, 132};
    for (size_t i = 0; i < sizeof next / sizeof *next; i++) {
        build_tcp(&b);
        build_ip6(&b, next[i]);
        expect_result(&b, DLT_RAW, DECODE_OTHER);
    }
}

/* The header that an error of ICMP quotes is no segment (RFC 792, RFC 4443 3.1); who sent it is told that it
 * was rejected, unless it was too long or the error is not for him. */
static void test_rejected(void **state)
{
    (void)state;
    static const struct {
        const char *error4, *error6;
        bool rejects;
    } errors[] = {{"03 01 0000 00000000", "01 03 0000 00000000", true},
                  {"03 0d 0000 00000000", "01 01 0000 00000000", true},
                  {"03 04 0000 000005dc", "02 00 0000 00000500", false},
                  {"0b 00 0000 00000000", "03 00 0000 00000000", true},
                  {"0c 00 0000 00000000", "04 00 0000 00000000", false}};
    for (size_t i = 0; i < 4 * sizeof errors / sizeof *errors; i++) {
        const bool v6 = i & 1, to_another = i & 2;
        struct segment s;
        build_tcp(&b);
        (v6 ? build_ip6 : build_ip4)(&b, 6);
        build_hex(&b, v6 ? errors[i / 4].error6 : errors[i / 4].error4);
        (v6 ? build_ip6 : build_ip4)(&b, v6 ? 58 : 1);
        if (!to_another)
            build_set(&b, v6 ? 39 : 19, 1); /* the last octet of the destination */
        assert_int_equal(decode_build(&b, DLT_RAW, &s), DECODE_OTHER);
        assert_int_equal(s.rejected, errors[i / 4].rejects && !to_another);
    }
}

static void test_tcp_header_length(void **state)
{
    (void)state;
    build_tcp(&b);
    build_ip4(&b, 6);
    build_set(&b, 20 + 12, 0x40); /* 16 bytes */
    expect_result(&b, DLT_RAW, DECODE_MALFORMED);
    build_set(&b, 20 + 12, 0x80); /* 32 bytes, of 29 */
    expect_result(&b, DLT_RAW, DECODE_MALFORMED);
    struct segment s;
    build_set(&b, 20 + 12, 0x70);
    assert_int_equal(decode_build(&b, DLT_RAW, &s), DECODE_SEGMENT);
    assert_int_equal(s.payload_len, 1);
}

static void test_udp(void **state)
{
    (void)state;
    struct segment s;
    build_bytes(&b, PAYLOAD, PAYLOAD_LEN);
    build_trailer(&b, 4); /* UDP's length is less than IP's */
    build_udp(&b, 1000, 53);
    build_set(&b, 5, 8 + PAYLOAD_LEN);
    build_ip4(&b, 17);
    assert_int_equal(decode_build(&b, DLT_RAW, &s), DECODE_SEGMENT);
    assert_int_equal(s.transport, TRANSPORT_UDP);
    assert_int_equal(s.src.port, 1000);
    assert_int_equal(s.dst.port, 53);
    assert_int_equal(s.payload_len, PAYLOAD_LEN);
    assert_memory_equal(s.payload.p, PAYLOAD, PAYLOAD_LEN);
    build_set(&b, 25, 7);
    expect_result(&b, DLT_RAW, DECODE_MALFORMED);
    build_set(&b, 25, 8 + PAYLOAD_LEN + 5);
    expect_result(&b, DLT_RAW, DECODE_MALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ip4_options),
        cmocka_unit_test(test_zero_length),
        cmocka_unit_test(test_jumbogram),
        cmocka_unit_test(test_lying_ip_lengths),
        cmocka_unit_test(test_ip6_extensions),
        cmocka_unit_test(test_segment_routing),
        cmocka_unit_test(test_source_route),
        cmocka_unit_test(test_many_extensions),
        cmocka_unit_test(test_ip4_has_no_extensions),
        cmocka_unit_test(test_not_tcp),
        cmocka_unit_test(test_rejected),
        cmocka_unit_test(test_tcp_header_length),
        cmocka_unit_test(test_udp),
    };
    return cmocka_run_group_tests_name("ip", tests, NULL, NULL);
}
