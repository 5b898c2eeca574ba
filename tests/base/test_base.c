/* The cursor, SipHash and the text writer: what everything else stands on. */
#include "base/chain.h"
#include "base/cursor.h"
#include "base/memory.h"
#include "base/queue.h"
#include "base/siphash.h"
#include "base/text.h"
#include "base/words.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static struct span bytes(const char *literal, size_t n)
{
    return span_of(literal, n);
}

static void cursor_reads_in_network_order(void **state)
{
    (void)state;
    struct cursor c = cursor_over(bytes("\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a", 10));
    assert_int_equal(cursor_u8(&c), 0x01);
    assert_int_equal(cursor_u16(&c), 0x0203);
    assert_int_equal(cursor_u24(&c), 0x040506);
    assert_int_equal(cursor_u32(&c), 0x0708090a);
    assert_int_equal(cursor_left(&c), 0);
    assert_int_equal(c.status, PARSE_OK);
}

static void cursor_failure_sticks_and_consumes_nothing(void **state)
{
    (void)state;
    struct cursor c = cursor_over(bytes("\x01\x02", 2));
    assert_int_equal(cursor_u32(&c), 0);
    assert_int_equal(c.status, PARSE_SHORT);
    assert_int_equal(cursor_u8(&c), 0);
    assert_int_equal(cursor_left(&c), 0);
    cursor_fail(&c, PARSE_BAD);
    assert_int_equal(c.status, PARSE_SHORT);
}

static void vector_longer_than_its_parent_is_short(void **state)
{
    (void)state;
    struct cursor c = cursor_over(bytes("\x05\x01\x02", 3));
    struct cursor child = cursor_vector(&c, 1);
    assert_int_equal(child.status, PARSE_SHORT);
    assert_int_equal(c.status, PARSE_SHORT);
}

static void vector_must_be_consumed_exactly(void **state)
{
    (void)state;
    struct cursor c = cursor_over(bytes("\x02\x01\x02\x09", 4));
    struct cursor child = cursor_vector(&c, 1);
    cursor_u8(&child);
    struct cursor copy = c;
    cursor_finish(&copy, &child);
    assert_int_equal(copy.status, PARSE_BAD);
    cursor_u8(&child);
    cursor_finish(&c, &child);
    assert_int_equal(c.status, PARSE_OK);
    assert_int_equal(cursor_u8(&c), 9);
}

static void child_that_runs_short_inside_makes_its_parent_bad(void **state)
{
    (void)state;
    struct cursor c = cursor_over(bytes("\x01\x01\x02", 3));
    struct cursor child = cursor_vector(&c, 1);
    cursor_u16(&child);
    cursor_finish(&c, &child);
    assert_int_equal(c.status, PARSE_BAD);
}

/* The vectors of the SipHash paper: key 00..0f, input 00..0e, and the first of the reference table. */
static void siphash_matches_its_paper(void **state)
{
    (void)state;
    struct siphash_key key = {UINT64_C(0x0706050403020100), UINT64_C(0x0f0e0d0c0b0a0908)};
    uint8_t input[15];
    for (size_t i = 0; i < sizeof input; i++)
        input[i] = (uint8_t)i;
    assert_true(siphash(&key, span_of(input, 15)) == UINT64_C(0xa129ca6149be45e5));
    assert_true(siphash(&key, span_of(input, 0)) == UINT64_C(0x726fdb47dd0e0e31));
}

static const char *safe(const char *s, size_t n)
{
    static char buffer[256];
    struct text t = text_over(buffer, sizeof buffer);
    text_safe(&t, bytes(s, n));
    return buffer;
}

static void safe_text_lets_nothing_through_that_moves_a_cursor(void **state)
{
    (void)state;
    assert_string_equal(safe("xcap.example.org", 16), "xcap.example.org");
    assert_string_equal(safe("a\nb\x1b[2J\x7f\\", 9), "a\\x0ab\\x1b[2J\\x7f\\\\");
    assert_string_equal(safe("m\xc3\xbcnster", 8), "m\xc3\xbcnster");
    assert_string_equal(safe("\xc0\xaf", 2), "\\xc0\\xaf");          /* overlong '/' */
    assert_string_equal(safe("\xe2\x80\xae", 3), "\\xe2\\x80\\xae"); /* right-to-left override */
    assert_string_equal(safe("\xed\xa0\x80", 3), "\\xed\\xa0\\x80"); /* a surrogate */
    assert_string_equal(safe("\xe2\x82", 2), "\\xe2\\x82");          /* cut in the middle */
    assert_string_equal(safe("a\0b", 3), "a\\x00b");
}

static const char *json(const char *s, size_t n)
{
    static char buffer[256];
    struct text t = text_over(buffer, sizeof buffer);
    text_json(&t, bytes(s, n));
    return buffer;
}

static void json_strings_are_ascii_controls_escaped(void **state)
{
    (void)state;
    assert_string_equal(json("a\"b\\c\n\0", 7), "\"a\\\"b\\\\c\\u000a\\u0000\"");
    assert_string_equal(json("\xff!", 2), "\"\xef\xbf\xbd!\"");
    assert_string_equal(json("\xe2\x80\xae", 3), "\"\\u202e\"");
    assert_string_equal(json("\xf3\xa0\x80\x81", 4), "\"\\udb40\\udc01\"");
    assert_string_equal(json("caf\xc3\xa9 \xf0\x9f\x93\xb7\n", 11),
                        "\"caf\xc3\xa9 \xf0\x9f\x93\xb7\\u000a\""); /* RFC 8259 8.1 */
}

/* Strings are looked at by words; RFC 8259 7 and RFC 3629 say which octets stand for themselves, wherever
 * they stand. */
static void json_strings_hide_no_octet_at_any_place(void **state)
{
    (void)state;
    enum { MOST = 40 };
    for (size_t n = 1; n <= MOST; n++)
        for (size_t at = 0; at < n; at++)
            for (int c = 0; c < 256; c++) {
                char text[MOST];
                memset(text, c == '~' ? ' ' : '~', n);
                text[at] = (char)c;
                const bool itself = c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
                const char *got = json(text, n);
                assert_true((strlen(got) == n + 2) == itself);
                assert_true(!itself || memcmp(got + 1, text, n) == 0);
            }
}

/* SipHash-1-3 as CPython 3.11 has it: PYTHONHASHSEED=0 python3 -c 'print(hex(hash(b"abcdefgh") & 2**64 - 1))'
 */
static void siphash_for_tables_is_python_s(void **state)
{
    (void)state;
    const struct siphash_key zero = {0, 0};
    assert_true(siphash_for_table(&zero, bytes("a", 1)) == UINT64_C(0x407448d2b89b1813));
    assert_true(siphash_for_table(&zero, bytes("abcdefg", 7)) == UINT64_C(0x6db12aae9070f506));
    assert_true(siphash_for_table(&zero, bytes("abcdefgh", 8)) == UINT64_C(0x3f7b849c0b8e35ea));
    assert_true(siphash_for_table(&zero, bytes("abcdefghijklmnopqrstuvwxyz", 26)) ==
                UINT64_C(0x323ccd2fd30709df));
}

static void text_is_never_half_written(void **state)
{
    (void)state;
    char buffer[8];
    struct text t = text_over(buffer, sizeof buffer);
    text_put(&t, "abc");
    text_put(&t, "defgh");
    assert_true(t.cut);
    assert_string_equal(buffer, "abc");
    text_put(&t, "d");
    assert_string_equal(buffer, "abc");
    t = text_over(buffer, sizeof buffer);
    text_printf(&t, "%d", 12345678);
    assert_true(t.cut);
    assert_string_equal(buffer, "");
}

static void times_are_iso_8601(void **state)
{
    (void)state;
    char buffer[64];
    struct text t = text_over(buffer, sizeof buffer);
    text_time(&t, INT64_C(1795456200123456789), true); /* date -u -d @1795456200 */
    assert_string_equal(buffer, "2026-11-23T17:50:00.123456+0000");
    t = text_over(buffer, sizeof buffer);
    text_time(&t, -1, true);
    assert_string_equal(buffer, "1969-12-31T23:59:59.999999+0000");
    t = text_over(buffer, sizeof buffer);
    text_int(&t, INT64_MIN);
    assert_string_equal(buffer, "-9223372036854775808");
}

static void dates_are_those_of_the_c_library(void **state)
{
    (void)state;
    const int64_t first = INT64_C(-62167219200); /* the year 0 */
    const int64_t end = INT64_C(253402300800);   /* the year 10000 */
    for (int64_t second = first; second < end; second += 86400 / 2 + 3) {
        char buffer[64];
        char wanted[64];
        const time_t when = (time_t)second;
        struct tm tm;
        struct text t = text_over(buffer, sizeof buffer);
        text_calendar(&t, second);
        assert_non_null(gmtime_r(&when, &tm));
        (void)snprintf(wanted, sizeof wanted, "%d-%02d-%02dT%02d:%02d:%02d", tm.tm_year + 1900, tm.tm_mon + 1,
                       tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
        assert_string_equal(buffer, wanted);
    }
}

struct member {
    int value;
    struct queue_link link;
};

static void queue_keeps_order_when_its_ends_and_middle_leave(void **state)
{
    (void)state;
    enum { COUNT = 5, AT = offsetof(struct member, link) };
    struct pool pool;
    struct queue queue = {0};
    uint32_t slot[COUNT];
    assert_true(pool_open(&pool, sizeof(struct member), COUNT));
    for (int i = 0; i < COUNT; i++) {
        slot[i] = pool_take(&pool);
        ((struct member *)pool_at(&pool, slot[i]))->value = i;
        queue_push(&queue, &pool, AT, slot[i]);
    }
    queue_remove(&queue, &pool, AT, slot[2]); /* the middle */
    queue_remove(&queue, &pool, AT, slot[0]); /* the oldest */
    queue_remove(&queue, &pool, AT, slot[4]); /* the newest */
    queue_push(&queue, &pool, AT, slot[0]);
    static const int left[] = {1, 3, 0};
    uint32_t at = queue.oldest;
    for (size_t i = 0; i < 3; i++) {
        const struct member *m = pool_at(&pool, at);
        assert_int_equal(m->value, left[i]);
        at = m->link.newer;
    }
    assert_int_equal(at, 0);
    assert_int_equal(queue.newest, slot[0]);
    queue_remove(&queue, &pool, AT, slot[1]);
    queue_remove(&queue, &pool, AT, slot[3]);
    queue_remove(&queue, &pool, AT, slot[0]);
    assert_int_equal(queue.oldest, 0);
    assert_int_equal(queue.newest, 0);
    pool_close(&pool);
}

/* Bytes of all lengths around a piece's, added and taken away in turn, beside a plain array. */
static void chain_keeps_what_was_added(void **state)
{
    (void)state;
    enum { PIECES = 64, MOST = 16 * PIECE_BYTES };
    struct pool pool;
    struct chain chain = {0};
    uint8_t plain[MOST];
    uint8_t copy[MOST];
    size_t length = 0;
    assert_true(chain_open(&pool, PIECES));
    for (unsigned round = 0; round < 4000; round++) {
        const size_t n = round * 37 % (2 * PIECE_BYTES + 3);
        if (length + n > MOST || round % 3 == 2) {
            const size_t gone = n < length ? n : length;
            chain_drop(&pool, &chain, n);
            length -= gone;
            memmove(plain, plain + gone, length);
        } else {
            for (size_t i = 0; i < n; i++)
                plain[length + i] = (uint8_t)(round + i);
            assert_true(chain_append(&pool, &chain, span_of(plain + length, n)));
            length += n;
        }
        assert_int_equal(chain.length, length);
        chain_copy(&pool, &chain, copy);
        assert_memory_equal(copy, plain, length);
        const size_t at = length / 3;
        assert_false(chain_differs(&pool, &chain, at, span_of(plain + at, length - at)));
        if (length > at) {
            copy[length - 1] ^= 1;
            assert_true(chain_differs(&pool, &chain, at, span_of(copy + at, length - at)));
        }
    }
    chain_drop(&pool, &chain, length);
    assert_int_equal(pool.used, 0);
    pool_close(&pool);
}

static void chain_without_room_stays_as_it_was(void **state)
{
    (void)state;
    struct pool pool;
    struct chain chain = {0};
    const uint8_t some[3 * PIECE_BYTES] = {7};
    assert_true(chain_open(&pool, 2));
    assert_true(chain_append(&pool, &chain, span_of(some, PIECE_BYTES - 1)));
    assert_false(chain_append(&pool, &chain, span_of(some, sizeof some)));
    assert_int_equal(chain.length, PIECE_BYTES - 1);
    assert_true(chain_append(&pool, &chain, span_of(some, PIECE_BYTES + 1)));
    assert_int_equal(pool.used, 2);
    pool_close(&pool);
}

static void words_go_both_ways(void **state)
{
    (void)state;
    static const struct word words[] = {{3, "three"}, {7, "seven"}, {0, NULL}};
    int64_t number = -1;
    assert_string_equal(word_of(words, 7), "seven");
    assert_null(word_of(words, 4));
    assert_null(word_of(words, 0));
    assert_true(word_number(words, "three", &number));
    assert_int_equal(number, 3);
    assert_false(word_number(words, "thre", &number));
    assert_int_equal(number, 3);
}

static void a_time_beyond_a_limit_does_not_look_like_it(void **state)
{
    (void)state;
    static const struct {
        int64_t micros;
        const char *words;
    } told[] = {
        {0, "0 s"},
        {12250000, "12.25 s"},
        {119999999, "119.999999 s"},
        {120000000, "2 min"},
        {INT64_C(86400) * 1000000, "24 h"},
        {INT64_C(86400) * 1000000 + 1, "24 h 0.000001 s"},
        {INT64_C(86459) * 1000000 + 400000, "24 h 59.4 s"},
        {INT64_C(99000) * 1000000, "27 h 30 min"},
        {INT64_C(604800) * 1000000, "7 d"},
        {INT64_C(604800) * 1000000 + 999999, "7 d 0.999999 s"},
    };
    for (size_t i = 0; i < sizeof told / sizeof *told; i++) {
        char buffer[64];
        struct text t = text_over(buffer, sizeof buffer);
        text_duration(&t, told[i].micros * 1000);
        assert_string_equal(buffer, told[i].words);
    }
}

/* How a process ends that writes to `p`. */
static int status_of_writer_to(volatile char *p)
{
    int status = 0;
    const pid_t writer = fork();
    if (writer == 0) {
        (void)signal(SIGSEGV, SIG_DFL); /* cmocka would go on with its tests */
        *p = 1;
        _exit(0);
    }
    assert_int_equal(waitpid(writer, &status, 0), writer);
    return status;
}

static void memory_ends_at_a_page_that_nobody_may_touch(void **state)
{
    (void)state;
    static const size_t sizes[][2] = {{1, 1},       {1, 63},          {5, 64},      {1, 4096},   {3, 4097},
                                      {239, 4096},  {240, 4096},      {1000, 1025}, {511, 4096}, {2047, 1024},
                                      {2048, 1024}, {2048, 1024 + 1}, {7, 1000000}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        const size_t n = sizes[i][0] * sizes[i][1];
        char *memory = memory_map(sizes[i][0], sizes[i][1]);
        assert_non_null(memory);
        assert_int_equal((uintptr_t)memory % 64, 0);
        for (size_t k = 0; k < n; k++)
            assert_int_equal(memory[k], 0);
        memset(memory, 0x55, n);
        assert_int_equal(status_of_writer_to(memory + n - 1), 0);
        assert_int_not_equal(status_of_writer_to(memory + (n + 63) / 64 * 64), 0);
        memory_unmap(memory);
    }
    assert_null(memory_map(SIZE_MAX, 2));
    memory_unmap(NULL);
}

/* mincore() counts what is resident: all of a small table from the beginning on, if the kernel can do that
 * (MADV_POPULATE_WRITE, Linux 5.14), and none of a large one. */
static void memory_of_large_tables_is_taken_when_it_is_touched(void **state)
{
    (void)state;
    enum { SMALL = 16, LARGE = 2048, PAGE_BYTES = 4096 };
    static unsigned char resident[LARGE];
    static const size_t pages[] = {SMALL, LARGE};
    for (size_t i = 0; i < 2; i++) {
        char *memory = memory_map(pages[i], PAGE_BYTES);
        assert_non_null(memory);
        assert_int_equal(mincore(memory, pages[i] * PAGE_BYTES, resident), 0);
        size_t count = 0;
        for (size_t k = 0; k < pages[i]; k++)
            count += resident[k] & 1;
        const bool at_once = pages[i] == SMALL && madvise(memory, PAGE_BYTES, MADV_POPULATE_WRITE) == 0;
        assert_int_equal(count, at_once ? SMALL : 0);
        memory_unmap(memory);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_time_beyond_a_limit_does_not_look_like_it),
        cmocka_unit_test(cursor_reads_in_network_order),
        cmocka_unit_test(cursor_failure_sticks_and_consumes_nothing),
        cmocka_unit_test(vector_longer_than_its_parent_is_short),
        cmocka_unit_test(vector_must_be_consumed_exactly),
        cmocka_unit_test(child_that_runs_short_inside_makes_its_parent_bad),
        cmocka_unit_test(siphash_matches_its_paper),
        cmocka_unit_test(siphash_for_tables_is_python_s),
        cmocka_unit_test(safe_text_lets_nothing_through_that_moves_a_cursor),
        cmocka_unit_test(json_strings_are_ascii_controls_escaped),
        cmocka_unit_test(json_strings_hide_no_octet_at_any_place),
        cmocka_unit_test(text_is_never_half_written),
        cmocka_unit_test(times_are_iso_8601),
        cmocka_unit_test(dates_are_those_of_the_c_library),
        cmocka_unit_test(queue_keeps_order_when_its_ends_and_middle_leave),
        cmocka_unit_test(chain_keeps_what_was_added),
        cmocka_unit_test(chain_without_room_stays_as_it_was),
        cmocka_unit_test(memory_ends_at_a_page_that_nobody_may_touch),
        cmocka_unit_test(memory_of_large_tables_is_taken_when_it_is_touched),
        cmocka_unit_test(words_go_both_ways),
    };
    return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
