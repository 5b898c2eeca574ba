/* Is HPACK read as the examples of RFC 7541 Appendix C have it, the dynamic table apart, and no further than
 * its bytes? */
#include "wire/hpack.h"

#include "wire/http2.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* A block in hexadecimal becomes "name: value" lines; "?" for what stands in the dynamic table. */
static const char *read_block(const char *hex)
{
    static char lines[1024];
    static uint8_t block[256];
    static struct hpack h;
    size_t n = 0;
    char *to = lines;
    for (const char *p = hex; *p; p += 2, n++)
        block[n] = (uint8_t)strtoul((char[]){p[0], p[1], 0}, NULL, 16);
    hpack_begin(&h, span_of(block, n));
    struct hpack_field f;
    enum parse next;
    while ((next = hpack_next(&h, &f)) == PARSE_OK) {
        const struct span name = f.unread ? span_of_text("?") : f.name;
        memcpy(to, name.p, name.n);
        to += name.n;
        *to++ = '=';
        if (f.value.n)
            memcpy(to, f.value.p, f.value.n);
        to += f.value.n;
        *to++ = '\n';
    }
    *to = 0;
    return next == PARSE_SHORT ? lines : "bad";
}

static void examples(void **state)
{
    (void)state;
    static const char *const example[][2] = {
        {"400a637573746f6d2d6b65790d637573746f6d2d686561646572", "custom-key=custom-header\n"}, /* C.2.1 */
        {"040c2f73616d706c652f70617468", ":path=/sample/path\n"},                               /* C.2.2 */
        {"100870617373776f726406736563726574", "password=secret\n"},                            /* C.2.3 */
        {"82", ":method=GET\n"},                                                                /* C.2.4 */
        {"828684410f7777772e6578616d706c652e636f6d",                                            /* C.3.1 */
         ":method=GET\n:scheme=http\n:path=/\n:authority=www.example.com\n"},
        {"828684418cf1e3c2e5f23a6ba0ab90f4ff", /* C.4.1 */
         ":method=GET\n:scheme=http\n:path=/\n:authority=www.example.com\n"},
        {"828684be5886a8eb10649cbf", /* C.4.2 */
         ":method=GET\n:scheme=http\n:path=/\n?=\ncache-control=no-cache\n"},
        {"828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf", /* C.4.3 */
         ":method=GET\n:scheme=https\n:path=/index.html\n?=\ncustom-key=custom-value\n"},
        {"488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e919d29ad171863c78f0b97c8e9a"
         "e82"
         "ae43d3", /* C.6.1 */
         ":status=302\ncache-control=private\ndate=Mon, 21 Oct 2013 20:13:21 GMT\n"
         "location=https://www.example.com\n"},
        {"4883640effc1c0bf", ":status=307\n?=\n?=\n?=\n"}, /* C.6.2 */
        {"3fe11f88", ":status=200\n"},                     /* 6.3: a size of 4096 first */
        {"", ""},
    };
    for (size_t i = 0; i < sizeof example / sizeof *example; i++)
        assert_string_equal(read_block(example[i][0]), example[i][1]);
}

/* RFC 7541 2.3.3, 5.1, 5.2, 6.1. */
static void no_blocks(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "80",               /* the index 0 */
        "040c2f",           /* a string that goes on behind the end */
        "04",               /* none at all */
        "ffffffffffffff7f", /* an integer without end */
        "0481ff",           /* eight bits of padding */
        "048118",           /* padding of zeros */
        "0484ffffffff",     /* the code that ends a string */
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_string_equal(read_block(bad[i]), "bad");
}

/* Some codes of Appendix B, one of each length. */
static void codes(void **state)
{
    (void)state;
    static const struct {
        uint32_t code;
        unsigned bits;
        uint8_t symbol;
    } some[] = {
        {0x0, 5, '0'},        {0x14, 6, ' '},       {0x5c, 7, ':'},       {0xf8, 8, '&'},
        {0x3f8, 10, '!'},     {0x7fa, 11, '\''},    {0xffa, 12, '#'},     {0x1ff8, 13, 0},
        {0x3ffc, 14, '^'},    {0x7ffc, 15, '<'},    {0x7fff0, 19, '\\'},  {0xfffe6, 20, 128},
        {0x1fffdc, 21, 153},  {0x3fffd2, 22, 129},  {0x7fffd8, 23, 1},    {0xffffea, 24, 9},
        {0x1ffffec, 25, 199}, {0x3ffffe0, 26, 192}, {0x3ffffee, 26, 255}, {0x7ffffde, 27, 203},
        {0xfffffe2, 28, 2},   {0xffffffe, 28, 249}, {0x3ffffffc, 30, 10}, {0x3ffffffe, 30, 22},
    };
    for (size_t i = 0; i < sizeof some / sizeof *some; i++) {
        const unsigned padding = (8 - some[i].bits % 8) % 8;
        const uint64_t bits = (uint64_t)some[i].code << padding | ((1U << padding) - 1);
        const size_t n = (some[i].bits + padding) / 8;
        uint8_t octets[4], out[2];
        for (size_t k = 0; k < n; k++)
            octets[k] = (uint8_t)(bits >> (8 * (n - 1 - k)));
        size_t length;
        bool cut = false;
        assert_int_equal(huffman_decode(span_of(octets, n), out, sizeof out, &length, &cut), PARSE_OK);
        assert_int_equal(length, 1);
        assert_int_equal(out[0], some[i].symbol);
        assert_false(cut);
        assert_int_equal(huffman_decode(span_of(octets, n), out, 0, &length, &cut), PARSE_OK);
        assert_true(cut);
    }
}

/* RFC 9113 4.1, 6.2. */
static void frames(void **state)
{
    (void)state;
    struct http2_frame f;
    const uint8_t headers[] = {0, 0, 10, 1, 0x2c, 0x80, 0, 0, 3};
    assert_int_equal(http2_frame_parse(span_of(headers, sizeof headers), &f), PARSE_OK);
    assert_int_equal(f.length, 10);
    assert_int_equal(f.stream, 3);
    assert_true(http2_ends_head(&f));
    const uint8_t payload[] = {2, 0, 0, 0, 0, 16, 0x82, 0x84, 0, 0};
    struct span part;
    assert_int_equal(http2_fragment(&f, span_of(payload, sizeof payload), true, &part), PARSE_OK);
    assert_true(span_equal(part, span_of("\x82\x84", 2)));
    const uint8_t padding[] = {5, 0, 0, 0, 0, 16, 0x82, 0x84, 0, 0};
    assert_int_equal(http2_fragment(&f, span_of(padding, sizeof padding), true, &part), PARSE_BAD);
    assert_int_equal(http2_fragment(&f, span_of(payload, 3), true, &part), PARSE_BAD);
    assert_int_equal(http2_frame_parse(span_of(headers, 8), &f), PARSE_SHORT);
    static const uint8_t none[][HTTP2_HEADER_BYTES] = {
        {0, 0, 1, 1, 4, 0, 0, 0, 0}, /* HEADERS, SETTINGS, PING, RST_STREAM */
        {0, 0, 5, 4, 0, 0, 0, 0, 0},
        {0, 0, 8, 6, 0, 0, 0, 0, 1},
        {0, 0, 5, 3, 0, 0, 0, 0, 1},
    };
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        assert_int_equal(http2_frame_parse(span_of(none[i], HTTP2_HEADER_BYTES), &f), PARSE_BAD);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(examples), cmocka_unit_test(no_blocks),
                                       cmocka_unit_test(codes), cmocka_unit_test(frames)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
