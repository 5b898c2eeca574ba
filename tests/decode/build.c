#include "build.h"

#include <stdlib.h>

static struct decoder *decoder;

struct decoder *the_decoder(void)
{
    if (!decoder)
        decoder = decoder_new();
    assert_non_null(decoder);
    return decoder;
}

static uint8_t *room(struct build *b, size_t n)
{
    assert_true(n <= b->from);
    b->from -= n;
    return b->bytes + b->from;
}

static void put16(uint8_t *at, size_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

void build_bytes(struct build *b, const void *bytes, size_t n)
{
    b->from = b->to = sizeof b->bytes - 200;
    memcpy(room(b, n), bytes, n);
}

static unsigned digit(char c)
{
    const char *digits = "0123456789abcdef";
    const char *at = strchr(digits, c);
    assert_non_null(at);
    return (unsigned)(at - digits);
}

void build_hex(struct build *b, const char *hex)
{
    uint8_t bytes[128];
    size_t digits = 0;
    for (; *hex; hex++) {
        if (*hex == ' ')
            continue;
        assert_true(digits / 2 < sizeof bytes);
        uint8_t *byte = &bytes[digits / 2];
        *byte = (uint8_t)((digits % 2 ? *byte * 16u : 0u) + digit(*hex));
        digits++;
    }
    assert_int_equal(digits % 2, 0);
    memcpy(room(b, digits / 2), bytes, digits / 2);
}

void build_tcp(struct build *b)
{
    build_bytes(b, PAYLOAD, PAYLOAD_LEN);
    build_hex(b, "9c40 01bb a1b2c3d4 05060708 6018 ffff 0000 0000 01 01 04 02"); /* 24 bytes: options */
}

void build_udp(struct build *b, unsigned src, unsigned dst)
{
    size_t n = build_size(b);
    uint8_t *h = room(b, 8);
    put16(h, src);
    put16(h + 2, dst);
    put16(h + 4, n + 8);
    put16(h + 6, 0);
}

void build_ip4_piece(struct build *b, unsigned protocol, unsigned id, unsigned flags_and_offset)
{
    size_t n = build_size(b);
    build_hex(b, "4500 0000 0000 0000 40 00 0000 0a000001 0a000002");
    uint8_t *h = b->bytes + b->from;
    put16(h + 2, n + 20);
    put16(h + 4, id);
    put16(h + 6, flags_and_offset);
    h[9] = (uint8_t)protocol;
}

void build_ip4(struct build *b, unsigned protocol)
{
    build_ip4_piece(b, protocol, 1, 0x4000);
}

void build_ip6(struct build *b, unsigned next)
{
    size_t n = build_size(b);
    build_hex(b, "60000000 0000 00 40 fd000000000000000000000000000001 fd000000000000000000000000000002");
    put16(b->bytes + b->from + 4, n);
    b->bytes[b->from + 6] = (uint8_t)next;
}

void build_ethernet(struct build *b, unsigned type)
{
    build_hex(b, "020000000001 020000000002 0000");
    put16(b->bytes + b->from + 12, type);
}

void build_trailer(struct build *b, size_t zeros)
{
    assert_true(zeros <= sizeof b->bytes - b->to);
    memset(b->bytes + b->to, 0, zeros);
    b->to += zeros;
}

void build_set(struct build *b, size_t at, unsigned value)
{
    assert_true(at < build_size(b));
    b->bytes[b->from + at] = (uint8_t)value;
}

size_t build_size(const struct build *b)
{
    return b->to - b->from;
}

struct span build_span(const struct build *b)
{
    return span_of(b->bytes + b->from, build_size(b));
}

enum decode_result decode_bytes(struct span bytes, size_t wire_len, int link, struct segment *out)
{
    /* In a block of its own size, so that a sanitizer sees the first byte read beyond it. */
    static uint8_t *block;
    free(block);
    block = malloc(bytes.n ? bytes.n : 1);
    assert_non_null(block);
    memcpy(block, bytes.p, bytes.n);
    struct frame frame = {
        .bytes = span_of(block, bytes.n), .wire_len = wire_len, .link_type = link, .time = 7, .number = 9};
    return decode_frame(the_decoder(), &frame, out);
}

enum decode_result decode_build(const struct build *b, int link, struct segment *out)
{
    return decode_bytes(build_span(b), build_size(b), link, out);
}

void expect_result(const struct build *b, int link, enum decode_result wanted)
{
    struct segment s;
    assert_int_equal(decode_build(b, link, &s), wanted);
}

static void expect_fields(const struct segment *s, size_t captured)
{
    static const uint8_t four[2][16] = {{10, 0, 0, 1}, {10, 0, 0, 2}};
    static const uint8_t six[2][16] = {{0xfd, [15] = 1}, {0xfd, [15] = 2}};
    const uint8_t(*address)[16] = s->src.family == 4 ? four : six;
    assert_true(s->src.family == s->dst.family && (s->src.family == 4 || s->src.family == 6));
    assert_memory_equal(s->src.address, address[0], 16);
    assert_memory_equal(s->dst.address, address[1], 16);
    assert_int_equal(s->transport, TRANSPORT_TCP);
    assert_int_equal(s->src.port, CLIENT_PORT);
    assert_int_equal(s->dst.port, SERVER_PORT);
    assert_int_equal(s->seq, SEQ);
    assert_int_equal(s->ack, ACK);
    assert_int_equal(s->flags, TCP_PSH | TCP_ACK);
    assert_int_equal(s->payload_len, PAYLOAD_LEN);
    assert_int_equal(s->payload.n, captured);
    assert_memory_equal(s->payload.p, PAYLOAD, captured);
    assert_int_equal(s->time, 7);
    assert_int_equal(s->frame_number, 9);
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static void expect_cuts(struct span frame, size_t payload_at, int link)
{
    for (size_t n = 0; n < frame.n; n++) {
        struct segment s;
        enum decode_result result = decode_bytes(span_head(frame, n), frame.n, link, &s);
        bool tcp = result == DECODE_SEGMENT && s.transport == TRANSPORT_TCP;
        assert_int_equal(tcp, n >= payload_at);
        if (tcp)
            expect_fields(&s, least(n - payload_at, PAYLOAD_LEN));
        else if (result != DECODE_TRUNCATED) /* cut inside a UDP tunnel's header: just a datagram */
            assert_int_equal(result, DECODE_SEGMENT);
        if (n < payload_at + PAYLOAD_LEN)
            assert_int_equal(decode_bytes(span_head(frame, n), n, link, &s), DECODE_MALFORMED);
    }
}

void expect_tcp(const struct build *b, int link, int wrappers, ...)
{
    struct segment s;
    assert_int_equal(decode_build(b, link, &s), DECODE_SEGMENT);
    expect_fields(&s, PAYLOAD_LEN);
    assert_int_equal(s.wrappers.encapsulation_count, wrappers);
    va_list list;
    va_start(list, wrappers);
    for (int i = 0; i < wrappers; i++)
        assert_int_equal(s.wrappers.encapsulation[i], va_arg(list, int));
    va_end(list);
    /* The payload stands in every frame only once. */
    struct span frame = build_span(b);
    size_t at = 0;
    while (memcmp(frame.p + at, PAYLOAD, PAYLOAD_LEN) != 0)
        at++;
    expect_cuts(frame, at, link);
}
