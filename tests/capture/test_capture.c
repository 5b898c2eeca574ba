/* Blocks by hand, in either byte order, and what the reader makes of them. */
#include "capture/filter.h"
#include "capture/reader.h"

#include <pcap/dlt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
/* cmocka.h wants those before it */
#include <cmocka.h>

static const uint32_t section_type = 0x0a0d0d0a;

static struct {
    uint8_t *bytes;
    size_t n, room;
    bool big;
} file;

static void put(const void *bytes, size_t n)
{
    if (file.n + n > file.room) {
        file.room = 2 * (file.n + n);
        file.bytes = realloc(file.bytes, file.room);
        assert_non_null(file.bytes);
    }
    if (n)
        memcpy(file.bytes + file.n, bytes, n);
    file.n += n;
}

static void put_number(uint64_t number, size_t width)
{
    uint8_t bytes[8];
    for (size_t i = 0; i < width; i++)
        bytes[file.big ? width - 1 - i : i] = (uint8_t)(number >> 8 * i);
    put(bytes, width);
}

static void zeros(size_t n)
{
    while (n--)
        put("", 1);
}

static void u16(unsigned number)
{
    put_number(number, 2);
}

static void u32(uint32_t number)
{
    put_number(number, 4);
}

static void begin(bool big)
{
    file.n = 0;
    file.big = big;
}

static size_t begin_block(uint32_t type)
{
    const size_t at = file.n;
    u32(type);
    u32(0);
    return at;
}

/* Pads, and fills in both lengths. */
static void end_block(size_t at)
{
    put("\0\0\0", (4 - file.n % 4) % 4);
    u32(0);
    const size_t end = file.n;
    const uint32_t length = (uint32_t)(end - at);
    file.n = at + 4;
    u32(length);
    file.n = end - 4;
    u32(length);
}

static void section(bool big)
{
    file.big = big;
    const size_t at = begin_block(section_type);
    u32(0x1a2b3c4d);
    u16(1);
    u16(0);
    put_number(UINT64_MAX, 8);
    end_block(at);
}

static void interface_with(unsigned link_type, uint32_t snap_length, int resolution, int64_t offset)
{
    const size_t at = begin_block(1);
    u16(link_type);
    u16(0);
    u32(snap_length);
    if (resolution >= 0) {
        u16(9);
        u16(1);
        put((const uint8_t[]){(uint8_t)resolution, 0, 0, 0}, 4);
    }
    if (offset) {
        u16(14);
        u16(8);
        put_number((uint64_t)offset, 8);
    }
    end_block(at);
}

static void interface(unsigned link_type, uint32_t snap_length)
{
    interface_with(link_type, snap_length, -1, 0);
}

static void enhanced(uint32_t on, uint64_t stamp, const char *bytes, uint32_t wire)
{
    const size_t at = begin_block(6);
    u32(on);
    u32((uint32_t)(stamp >> 32));
    u32((uint32_t)stamp);
    u32((uint32_t)strlen(bytes));
    u32(wire);
    put(bytes, strlen(bytes));
    end_block(at);
}

static struct source source;
static struct reader reader;

static bool open_file(void)
{
    source_over(&source, span_of(file.bytes, file.n));
    return reader_open(&reader, &source);
}

static void expect_frame(nanos time, const char *bytes, size_t wire, int link_type)
{
    struct frame f;
    assert_int_equal(reader_next(&reader, &f), READ_FRAME);
    assert_int_equal(f.time, time);
    assert_true(span_equal(f.bytes, span_of_text(bytes)));
    assert_int_equal(f.wire_len, wire);
    assert_int_equal(f.link_type, link_type);
    assert_int_equal(f.big_endian, file.big);
}

static void expect_end(void)
{
    struct frame f;
    assert_int_equal(reader_next(&reader, &f), READ_END);
    reader_close(&reader);
}

static void expect_broken(const char *words)
{
    struct frame f;
    assert_int_equal(reader_next(&reader, &f), READ_BROKEN);
    if (!strstr(reader.error, words))
        fail_msg("\"%s\" lacks \"%s\"", reader.error, words);
    reader_close(&reader);
}

static void expect_refused(const char *words)
{
    assert_false(open_file());
    if (!strstr(reader.error, words))
        fail_msg("\"%s\" lacks \"%s\"", reader.error, words);
    reader_close(&reader);
}

static void pcap_file_header(uint32_t magic, uint32_t link_type)
{
    u32(magic);
    u16(2);
    u16(4);
    zeros(8);
    u32(65535);
    u32(link_type);
}

static void record(uint32_t seconds, uint32_t fraction, const char *bytes, uint32_t wire, size_t patch)
{
    u32(seconds);
    u32(fraction);
    u32((uint32_t)strlen(bytes));
    u32(wire);
    zeros(patch);
    put(bytes, strlen(bytes));
}

static void test_pcap_orders_and_magics(void **state)
{
    (void)state;
    for (int big = 0; big < 2; big++) {
        begin(big);
        pcap_file_header(0xa1b2c3d4, 101);
        record(7, 999999, "abc", 1500, 0);
        record(8, 1, "", 0, 0);
        assert_true(open_file());
        expect_frame(7999999000, "abc", 1500, DLT_RAW);
        expect_frame(8000001000, "", 0, DLT_RAW);
        expect_end();
        begin(big);
        pcap_file_header(0xa1b23c4d, 1);
        record(INT32_MAX, 999999999, "abcd", 4, 0);
        assert_true(open_file());
        expect_frame(2147483647999999999, "abcd", 4, DLT_EN10MB);
        expect_end();
        begin(big);
        pcap_file_header(0xa1b2cd34, 1);
        record(7, 8, "abcde", 5, 8);
        record(7, 9, "f", 5, 8);
        assert_true(open_file());
        expect_frame(7000008000, "abcde", 5, DLT_EN10MB);
        expect_frame(7000009000, "f", 5, DLT_EN10MB);
        expect_end();
    }
}

static void test_pcap_broken(void **state)
{
    (void)state;
    begin(false);
    expect_refused("this is not a capture: it is empty");
    begin(false);
    put("not a capture, but long enough", 30);
    expect_refused("this is not a capture: it ");
    begin(false);
    pcap_file_header(0xa1b2c3d4, 1);
    file.n--;
    expect_refused("truncated dump file; tried to read 24 file header bytes, only got 23");
    file.n++;
    record(1, 1, "abc", 3, 0);
    file.n--;
    assert_true(open_file());
    expect_broken("tried to read 3 captured bytes, only got 2");
    begin(false);
    pcap_file_header(0xa1b2c3d4, 1);
    u32(1);
    assert_true(open_file());
    expect_broken("tried to read 16 header bytes, only got 4");
    begin(false);
    pcap_file_header(0xa1b2c3d4, 1);
    u32(1);
    u32(1);
    u32(UINT32_MAX);
    u32(UINT32_MAX);
    assert_true(open_file());
    expect_broken("invalid packet capture length 4294967295");
}

/* What libpcap refuses: interfaces that differ, and sections in both byte orders. */
static void test_sections_and_interfaces(void **state)
{
    (void)state;
    begin(false);
    section(false);
    interface(1, 65535);
    interface(113, 100);
    enhanced(0, 5000001, "one", 3);
    enhanced(1, 6000002, "two", 300);
    section(true);
    interface(101, 0);
    enhanced(0, 7000003, "three", 5);
    assert_true(open_file());
    assert_int_equal(reader_link_type(&reader), DLT_EN10MB);
    file.big = false;
    expect_frame(5000001000, "one", 3, DLT_EN10MB);
    expect_frame(6000002000, "two", 300, DLT_LINUX_SLL);
    file.big = true;
    expect_frame(7000003000, "three", 5, DLT_RAW);
    expect_end();
    file.n = 0;
    section(false);
    interface(1, 0);
    section(false);
    interface(1, 0);
    interface(1, 0);
    section(false); /* forgets them */
    interface(1, 0);
    enhanced(1, 0, "x", 1);
    assert_true(open_file());
    expect_broken("no Interface Description Block");
}

static void test_times(void **state)
{
    (void)state;
    static const struct {
        int resolution;
        int64_t offset;
        uint64_t stamp;
        nanos time;
    } rows[] = {
        {-1, 0, 1500000, 1500000000},
        {9, 0, 1500000001, 1500000001},
        {0, 0, 15, 15000000000},
        {3, 10, 1500, 11500000000},
        {12, -1, 1500000000001, 500000000},
        {0x80 | 10, 0, 1536, 1500000000},
        {0x80 | 63, 0, UINT64_C(3) << 62, 1500000000},
        {19, 0, UINT64_C(15000000000000000000), 1500000000},
        {0, 0, UINT64_MAX, 7000000000 * NANOS_PER_SECOND},
        {0, INT64_MAX, UINT64_MAX, 7000000000 * NANOS_PER_SECOND},
        {6, INT64_MIN, 1000000, -INT64_C(2147483648) * NANOS_PER_SECOND},
        {6, INT64_MAX, 1000000, 7000000000 * NANOS_PER_SECOND},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (int big = 0; big < 2; big++) {
            begin(big);
            section(big);
            interface_with(1, 0, rows[i].resolution, rows[i].offset);
            enhanced(0, rows[i].stamp, "x", 1);
            assert_true(open_file());
            expect_frame(rows[i].time, "x", 1, DLT_EN10MB);
            expect_end();
        }
    static const int beyond[] = {20, 127, 0x80 | 64, 0xff};
    for (size_t i = 0; i < sizeof beyond / sizeof *beyond; i++) {
        begin(false);
        section(false);
        interface_with(1, 0, beyond[i], 0);
        expect_refused("cannot be read");
    }
}

static void test_simple_obsolete_unknown(void **state)
{
    (void)state;
    for (int big = 0; big < 2; big++) {
        begin(big);
        section(big);
        interface(1, 4);
        size_t at = begin_block(3);
        u32(9); /* on the wire */
        put("abcd", 4);
        end_block(at);
        at = begin_block(0x0bad);
        put("whatever", 8);
        end_block(at);
        at = begin_block(0x80000001);
        end_block(at);
        at = begin_block(2);
        u16(0);
        u16(77);
        u32(0);
        u32(3000000);
        u32(2);
        u32(60);
        put("ef", 2);
        end_block(at);
        assert_true(open_file());
        expect_frame(0, "abcd", 9, DLT_EN10MB);
        expect_frame(3000000000, "ef", 60, DLT_EN10MB);
        expect_end();
    }
}

/* A block that lies about its length, after a whole packet, which is given out all the same. */
static void expect_bad_length(uint32_t length, const char *words)
{
    begin(false);
    section(false);
    interface(1, 0);
    enhanced(0, 0, "x", 1);
    u32(6);
    u32(length);
    zeros(32);
    assert_true(open_file());
    expect_frame(0, "x", 1, DLT_EN10MB);
    expect_broken(words);
}

static void test_lying_blocks(void **state)
{
    (void)state;
    expect_bad_length(0, "length of 0");
    expect_bad_length(8, "length of 8");
    expect_bad_length(13, "multiple of 4");
    expect_bad_length(44, "truncated");
    expect_bad_length(40, "doesn't match at tail");
    expect_bad_length(SOURCE_MOST, "truncated");
    expect_bad_length(SOURCE_MOST + 4, "maximum");
    expect_bad_length(0xfffffffc, "maximum");
    begin(false); /* the captured length goes beyond the block */
    section(false);
    interface(1, 0);
    const size_t at = file.n;
    enhanced(0, 0, "abcd", 4);
    file.bytes[at + 20] = 5; /* into the tail */
    assert_true(open_file());
    expect_broken("too short");
    memset(file.bytes + at + 20, 0xff, 4);
    assert_true(open_file());
    expect_broken("too short");
    begin(false);
    section(false);
    enhanced(0, 0, "x", 1);
    expect_refused("no Interface Description Block");
    begin(false);
    section(false);
    file.bytes[8] ^= 1;
    expect_refused("this is not a capture: it ");
}

/* Wherever a file is cut: frames as far as they are whole, then the end or a fault, never anything else. */
static void test_every_cut(void **state)
{
    (void)state;
    begin(true);
    section(true);
    interface(1, 0);
    const size_t first = file.n;
    enhanced(0, 0, "abc", 3);
    const size_t second = file.n;
    enhanced(0, 0, "defg", 4);
    const size_t whole = file.n;
    for (file.n = 28; file.n <= whole; file.n++) {
        if (!open_file()) {
            assert_true(file.n < first && file.n != 28);
            reader_close(&reader);
            continue;
        }
        struct frame f;
        enum read_result r;
        size_t frames = 0;
        while ((r = reader_next(&reader, &f)) == READ_FRAME)
            frames++;
        assert_int_equal(frames, (file.n >= second) + (file.n >= whole));
        const bool at_end = file.n == 28 || file.n == first || file.n == second || file.n == whole;
        assert_int_equal(r, at_end ? READ_END : READ_BROKEN);
        reader_close(&reader);
    }
}

static void test_many_interfaces(void **state)
{
    (void)state;
    enum { MOST = 65536 };
    begin(false);
    section(false);
    for (unsigned i = 0; i < MOST; i++)
        interface(1, i);
    enhanced(MOST - 1, 1, "x", 1);
    interface(1, 0);
    assert_true(open_file());
    expect_frame(1000, "x", 1, DLT_EN10MB);
    expect_broken("more than 65536 interfaces");
}

/* A million blocks that are nothing between two packets: no recursion, no memory. */
static void test_tiny_blocks(void **state)
{
    (void)state;
    begin(false);
    section(false);
    interface(1, 0);
    enhanced(0, 1, "x", 1);
    for (unsigned i = 0; i < 1000000; i++) {
        u32(0x0bad);
        u32(12);
        u32(12);
    }
    enhanced(0, 2, "y", 1);
    assert_true(open_file());
    expect_frame(1000, "x", 1, DLT_EN10MB);
    expect_frame(2000, "y", 1, DLT_EN10MB);
    expect_end();
}

/* The window moves and grows: frames from a pipe, some larger than the window. */
static void test_window(void **state)
{
    (void)state;
    enum { FRAMES = 40, SIZE = 90000, LARGE = 3000000 };
    char path[] = "/tmp/utwatch-capture-XXXXXX";
    const int fd = mkstemp(path);
    assert_true(fd >= 0);
    FILE *f = fdopen(fd, "wb");
    assert_non_null(f);
    begin(false);
    section(false);
    interface(1, 0);
    for (size_t i = 0; i < FRAMES; i++) {
        const size_t n = i == FRAMES / 2 ? LARGE : SIZE + i;
        const size_t at = begin_block(6);
        zeros(12);
        u32((uint32_t)n);
        u32((uint32_t)n);
        for (size_t k = 0; k < n; k++)
            put((const uint8_t[]){(uint8_t)(k * 7 + i)}, 1);
        end_block(at);
    }
    assert_int_equal(fwrite(file.bytes, 1, file.n, f), file.n);
    assert_int_equal(fclose(f), 0);
    char error[256];
    assert_true(source_open(&source, path, NULL, error, sizeof error));
    assert_int_equal(unlink(path), 0);
    assert_true(reader_open(&reader, &source));
    for (size_t i = 0; i < FRAMES; i++) {
        struct frame frame;
        assert_int_equal(reader_next(&reader, &frame), READ_FRAME);
        assert_int_equal(frame.bytes.n, i == FRAMES / 2 ? LARGE : SIZE + i);
        for (size_t k = 0; k < frame.bytes.n; k++)
            if (frame.bytes.p[k] != (uint8_t)(k * 7 + i))
                fail_msg("frame %zu differs at %zu", i, k);
    }
    expect_end();
    assert_int_equal(source_position(&source), file.n);
    source_close(&source);
}

/* One program for each link type, each at its own offsets; more link types than programs. */
static void test_filter(void **state)
{
    (void)state;
    static const uint8_t ethernet[] = {2, 0, 0,  0, 0, 1, 2,  0, 0, 0, 0,  2, 8, 0, 0x45, 0,   0, 40,  0, 0,
                                       0, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, 1,    187, 1, 188, 0, 0};
    struct filter f = {.words = "tcp port 443"};
    char error[512];
    struct frame frame = {
        .bytes = span_of(ethernet, sizeof ethernet), .wire_len = 60, .link_type = DLT_EN10MB};
    assert_int_equal(filter_frame(&f, &frame, error, sizeof error), FILTER_PASSES);
    frame.link_type = DLT_RAW;
    assert_int_equal(filter_frame(&f, &frame, error, sizeof error), FILTER_DROPS);
    frame.bytes = span_skip(frame.bytes, 14);
    assert_int_equal(filter_frame(&f, &frame, error, sizeof error), FILTER_PASSES);
    assert_int_equal(f.count, 2);
    assert_int_equal(filter_frame(&f, &frame, error, sizeof error), FILTER_PASSES);
    assert_int_equal(f.count, 2);
    filter_close(&f);
    f.words = "port 443 and nonsense";
    assert_int_equal(filter_frame(&f, &frame, error, sizeof error), FILTER_FAULT);
    assert_non_null(strstr(error, "port 443 and nonsense"));
    f.words = "greater 1";
    for (int i = 0; i < 4 * FILTER_LINK_TYPES; i++) {
        frame.link_type = 147 + i % (FILTER_LINK_TYPES + 3);
        (void)filter_frame(&f, &frame, error, sizeof error);
        assert_true(f.count <= FILTER_LINK_TYPES);
    }
    filter_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pcap_orders_and_magics),
        cmocka_unit_test(test_pcap_broken),
        cmocka_unit_test(test_sections_and_interfaces),
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_simple_obsolete_unknown),
        cmocka_unit_test(test_lying_blocks),
        cmocka_unit_test(test_every_cut),
        cmocka_unit_test(test_many_interfaces),
        cmocka_unit_test(test_tiny_blocks),
        cmocka_unit_test(test_window),
        cmocka_unit_test(test_filter),
    };
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    free(file.bytes);
    return failed;
}
