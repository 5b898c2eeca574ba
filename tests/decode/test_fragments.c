/* Reassembly of IP fragments: RFC 791 3.2, RFC 8200 4.5, RFC 5722. */
#include "build.h"

static struct build b;
static struct decoder *decoder;
static struct segment out;

enum { PIECES = 4, DATA = 100 };

static int setup(void **state)
{
    (void)state;
    decoder = decoder_new();
    return decoder ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    decoder_free(decoder);
    return 0;
}

/* The TCP segment that is cut: a header of 20 bytes, then 0, 1, 2 ... */
static struct span whole(void)
{
    static uint8_t bytes[20 + DATA] = {0x9c, 0x40, 0x01, 0xbb, 0xa1, 0xb2, 0xc3,
                                       0xd4, 0,    0,    0,    0,    0x50, 0x10};
    for (size_t i = 0; i < DATA; i++)
        bytes[20 + i] = (uint8_t)i;
    return span_of(bytes, sizeof bytes);
}

static enum decode_result put(nanos time)
{
    struct span bytes = build_span(&b);
    struct frame frame = {.bytes = bytes, .wire_len = bytes.n, .link_type = DLT_RAW, .time = time};
    return decode_frame(decoder, &frame, &out);
}

static void cover(unsigned family, unsigned id, size_t at, bool more)
{
    if (family == 4) {
        build_ip4_piece(&b, 6, id, (more ? 0x2000 : 0) | (unsigned)(at / 8));
        return;
    }
    build_hex(&b, "06 00 0000 00000000");
    build_set(&b, 2, (unsigned)(at >> 8));
    build_set(&b, 3, (unsigned)(at & 0xf8) | more);
    build_set(&b, 6, id >> 8);
    build_set(&b, 7, id & 0xff);
    build_ip6(&b, 44);
}

/* Bytes [at, at + n) of whole(); n 0: to the end. */
static enum decode_result piece(unsigned family, unsigned id, size_t at, size_t n, nanos time)
{
    struct span rest = span_skip(whole(), at);
    bool more = n != 0;
    build_bytes(&b, rest.p, more ? n : rest.n);
    cover(family, id, at, more);
    return put(time);
}

/* Like piece(), with other content. */
static enum decode_result forged(unsigned family, unsigned id, size_t at, size_t n)
{
    static const uint8_t zeros[64];
    build_bytes(&b, zeros, n);
    cover(family, id, at, true);
    return put(0);
}

static void expect_whole(void)
{
    assert_int_equal(out.transport, TRANSPORT_TCP);
    assert_int_equal(out.src.port, CLIENT_PORT);
    assert_int_equal(out.seq, SEQ);
    assert_int_equal(out.payload_len, DATA);
    assert_int_equal(out.payload.n, DATA);
    assert_memory_equal(out.payload.p, whole().p + 20, DATA);
}

static const struct {
    size_t at, n;
} cut[PIECES] = {{0, 8}, {8, 40}, {48, 32}, {80, 0}};

/* All 24 orders of four pieces. */
static void test_any_order(void **state)
{
    (void)state;
    unsigned id = 0;
    for (unsigned code = 0; code < 256; code++) {
        unsigned order[PIECES], seen = 0;
        for (unsigned i = 0; i < PIECES; i++) {
            order[i] = code >> (2 * i) & 3;
            seen |= 1u << order[i];
        }
        if (seen != 15)
            continue;
        for (unsigned family = 4; family <= 6; family += 2) {
            id++;
            for (unsigned i = 0; i < PIECES; i++)
                assert_int_equal(piece(family, id, cut[order[i]].at, cut[order[i]].n, 0),
                                 i == PIECES - 1 ? DECODE_SEGMENT : DECODE_FRAGMENT);
            expect_whole();
        }
    }
    assert_int_equal(id, 48);
    assert_int_equal(decoder_counters(decoder)->reassembled, 48);
    assert_int_equal(decoder_counters(decoder)->fragments_rejected, 0);
}

/* What comes twice with the same bytes, in the same or other pieces, does no harm. */
static void test_duplicates(void **state)
{
    (void)state;
    for (unsigned family = 4; family <= 6; family += 2) {
        assert_int_equal(piece(family, 1, 8, 40, 0), DECODE_FRAGMENT);
        assert_int_equal(piece(family, 1, 8, 40, 0), DECODE_FRAGMENT);
        assert_int_equal(piece(family, 1, 16, 48, 0), DECODE_FRAGMENT);
        assert_int_equal(piece(family, 1, 80, 0, 0), DECODE_FRAGMENT);
        assert_int_equal(piece(family, 1, 80, 0, 0), DECODE_FRAGMENT);
        assert_int_equal(piece(family, 1, 40, 40, 0), DECODE_FRAGMENT);
        assert_int_equal(piece(family, 1, 0, 16, 0), DECODE_SEGMENT);
        expect_whole();
    }
    assert_int_equal(decoder_counters(decoder)->fragments_rejected, 0);
}

/* RFC 5722 4: an overlap with other content loses the datagram, with what comes later. */
static void test_overlap(void **state)
{
    (void)state;
    for (unsigned family = 4; family <= 6; family += 2) {
        assert_int_equal(piece(family, 1, 8, 40, 0), DECODE_FRAGMENT);
        assert_int_equal(forged(family, 1, 40, 16), DECODE_FRAGMENT);
        assert_int_equal(piece(family, 1, 0, 8, 0), DECODE_FRAGMENT);
        assert_int_equal(piece(family, 1, 48, 32, 0), DECODE_FRAGMENT);
        assert_int_equal(piece(family, 1, 80, 0, 0), DECODE_FRAGMENT);
    }
    assert_int_equal(decoder_counters(decoder)->reassembled, 0);
    assert_true(decoder_counters(decoder)->fragments_rejected >= 2);
}

/* Two ends that differ, or bytes beyond the end, whichever is seen first. */
static void test_contradicting_ends(void **state)
{
    (void)state;
    assert_int_equal(piece(4, 1, 80, 0, 0), DECODE_FRAGMENT);
    assert_int_equal(forged(4, 1, 120, 8), DECODE_FRAGMENT);
    assert_int_equal(piece(4, 1, 0, 80, 0), DECODE_FRAGMENT);
    assert_int_equal(forged(4, 2, 120, 8), DECODE_FRAGMENT);
    assert_int_equal(piece(4, 2, 80, 0, 0), DECODE_FRAGMENT);
    assert_int_equal(piece(4, 2, 0, 80, 0), DECODE_FRAGMENT);
    assert_int_equal(decoder_counters(decoder)->reassembled, 0);
    assert_int_equal(decoder_counters(decoder)->fragments_rejected, 4);
}

/* Only a last fragment may have a length that is no multiple of 8. */
static void test_odd_lengths(void **state)
{
    (void)state;
    assert_int_equal(piece(6, 1, 0, 43, 0), DECODE_FRAGMENT);
    assert_int_equal(piece(6, 1, 40, 0, 0), DECODE_FRAGMENT);
    assert_int_equal(decoder_counters(decoder)->fragments_rejected, 1);
    assert_int_equal(piece(6, 1, 0, 40, 0), DECODE_SEGMENT);
    expect_whole();
    assert_int_equal(piece(4, 1, 0, 43, 0), DECODE_FRAGMENT);
    assert_int_equal(piece(4, 1, 40, 0, 0), DECODE_SEGMENT);
    expect_whole();
}

/* Address, id, protocol and family tell datagrams apart. */
static void test_key(void **state)
{
    (void)state;
    assert_int_equal(piece(4, 1, 0, 80, 0), DECODE_FRAGMENT);
    assert_int_equal(piece(4, 2, 80, 0, 0), DECODE_FRAGMENT);
    assert_int_equal(piece(6, 1, 80, 0, 0), DECODE_FRAGMENT);
    struct span rest = span_skip(whole(), 80);
    build_bytes(&b, rest.p, rest.n);
    build_ip4_piece(&b, 17, 1, 10);
    assert_int_equal(put(0), DECODE_FRAGMENT);
    build_set(&b, 9, 6);
    build_set(&b, 15, 9); /* another source */
    assert_int_equal(put(0), DECODE_FRAGMENT);
    build_set(&b, 15, 1);
    build_set(&b, 19, 9); /* another destination */
    assert_int_equal(put(0), DECODE_FRAGMENT);
    build_set(&b, 19, 2);
    assert_int_equal(put(0), DECODE_SEGMENT);
    expect_whole();
    /* 0a00:1:: looks in its bytes like 10.0.0.1. */
    assert_int_equal(piece(4, 3, 0, 80, 0), DECODE_FRAGMENT);
    build_bytes(&b, rest.p, rest.n);
    build_hex(&b, "06 00 0050 00000003");
    build_ip6(&b, 44);
    memcpy(b.bytes + b.from + 8, (const uint8_t[32]){10, 0, 0, 1, [16] = 10, 0, 0, 2}, 32);
    assert_int_equal(put(0), DECODE_FRAGMENT);
}

static void test_expiry(void **state)
{
    (void)state;
    const nanos limit = FRAGMENT_SECONDS * NANOS_PER_SECOND;
    assert_int_equal(piece(4, 1, 0, 80, 0), DECODE_FRAGMENT);
    assert_int_equal(piece(4, 1, 80, 0, limit), DECODE_SEGMENT);
    assert_int_equal(piece(4, 1, 0, 80, 0), DECODE_FRAGMENT);
    assert_int_equal(piece(4, 1, 80, 0, limit + 1), DECODE_FRAGMENT);
    assert_int_equal(decoder_counters(decoder)->fragments_expired, 1);
    /* A capture may have any times. */
    assert_int_equal(piece(4, 4, 0, 80, 100 * NANOS_PER_SECOND), DECODE_FRAGMENT);
    assert_int_equal(piece(4, 4, 80, 0, 99 * NANOS_PER_SECOND), DECODE_SEGMENT);
    assert_int_equal(piece(4, 2, 0, 80, INT64_MIN), DECODE_FRAGMENT);
    assert_int_equal(piece(4, 2, 80, 0, INT64_MAX), DECODE_FRAGMENT);
    assert_int_equal(piece(4, 3, 0, 80, INT64_MAX), DECODE_FRAGMENT);
    assert_int_equal(piece(4, 3, 80, 0, INT64_MIN), DECODE_SEGMENT);
}

/* RFC 8200 4.5: the piece at offset 0 says what the payload is; others may say anything. */
static void test_next_header(void **state)
{
    (void)state;
    const unsigned other[] = {59, 17, 44, 255};
    for (size_t i = 0; i < sizeof other / sizeof *other; i++)
        for (int swapped = 0; swapped < 2; swapped++) {
            const size_t at[] = {swapped ? 80 : 0, swapped ? 0 : 80};
            for (size_t k = 0; k < 2; k++) {
                struct span rest = span_skip(whole(), at[k]);
                build_bytes(&b, rest.p, at[k] ? rest.n : 80);
                cover(6, 1, at[k], !at[k]);
                if (at[k])
                    build_set(&b, 40, other[i]);
                assert_int_equal(put(0), k ? DECODE_SEGMENT : DECODE_FRAGMENT);
            }
            expect_whole();
        }
    /* Where two pieces at offset 0 differ in it nobody knows what the receiver took. */
    assert_int_equal(piece(6, 2, 0, 80, 0), DECODE_FRAGMENT);
    build_bytes(&b, whole().p, 80);
    cover(6, 2, 0, true);
    build_set(&b, 40, 17);
    assert_int_equal(put(0), DECODE_FRAGMENT);
    assert_int_equal(piece(6, 2, 80, 0, 0), DECODE_FRAGMENT);
    assert_int_equal(decoder_counters(decoder)->fragments_rejected, 2);
}

/* RFC 8200 4.5: 60 seconds. What waits at the end is lost too, once. */
static void test_expiry_of_ipv6(void **state)
{
    (void)state;
    const nanos limit = 60 * NANOS_PER_SECOND;
    assert_int_equal(piece(6, 1, 0, 80, 0), DECODE_FRAGMENT);
    assert_int_equal(piece(6, 1, 80, 0, limit), DECODE_SEGMENT);
    assert_int_equal(piece(6, 1, 0, 80, 0), DECODE_FRAGMENT);
    assert_int_equal(piece(6, 1, 80, 0, limit + 1), DECODE_FRAGMENT);
    assert_int_equal(decoder_counters(decoder)->fragments_expired, 1);
    assert_int_equal(piece(4, 2, 0, 80, limit + 1), DECODE_FRAGMENT);
    decoder_end(decoder);
    assert_int_equal(decoder_counters(decoder)->fragments_expired, 3);
    decoder_end(decoder);
    assert_int_equal(decoder_counters(decoder)->fragments_expired, 3);
}

/* A full store gives up the oldest datagram. */
static void test_eviction(void **state)
{
    (void)state;
    for (unsigned id = 0; id <= FRAGMENT_SLOTS; id++)
        assert_int_equal(piece(4, id, 0, 80, id), DECODE_FRAGMENT);
    assert_int_equal(decoder_counters(decoder)->fragments_evicted, 1);
    for (unsigned id = 1; id <= FRAGMENT_SLOTS; id++)
        assert_int_equal(piece(4, id, 80, 0, 1000), DECODE_SEGMENT);
    assert_int_equal(piece(4, 0, 80, 0, 1000), DECODE_FRAGMENT);
}

/* Each second unit first, of the largest datagram: Linux takes any number of holes. */
static void test_many_pieces(void **state)
{
    (void)state;
    static uint8_t bytes[65512] = {0x9c, 0x40, 0x01, 0xbb, 0, 0, 0, 0, 0, 0, 0, 0, 0x50, 0x10};
    const size_t units = sizeof bytes / 8;
    for (size_t i = 0; i < units; i++) {
        const size_t unit = i < (units + 1) / 2 ? 2 * i : 2 * (i - (units + 1) / 2) + 1;
        build_bytes(&b, bytes + 8 * unit, 8);
        cover(4, 1, 8 * unit, unit + 1 < units);
        assert_int_equal(put(0), i + 1 < units ? DECODE_FRAGMENT : DECODE_SEGMENT);
    }
    assert_int_equal(out.payload_len, sizeof bytes - 20);
}

/* Between the ends of whole(), in this time. */
static bool missed(unsigned family, unsigned source_port, nanos since, nanos until)
{
    struct endpoint from = {.port = (uint16_t)source_port, .family = (uint8_t)family}, to = from;
    to.port = SERVER_PORT;
    if (family == 4) {
        memcpy(from.address, "\x0a\0\0\1", 4);
        memcpy(to.address, "\x0a\0\0\2", 4);
    } else {
        memcpy(from.address, "\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1", 16);
        memcpy(to.address, "\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\2", 16);
    }
    assert_false(decoder_missed(decoder, &to, &from, since, until)); /* nobody sends the other way */
    return decoder_missed(decoder, &from, &to, since, until);
}

/* What is not whole is missed, of its connection if its first piece is here, and else of all between both
 * hosts; what is whole, or comes once more, is not. */
static void test_missed(void **state)
{
    (void)state;
    for (unsigned family = 4; family <= 6; family += 2) {
        const nanos at = 1000;
        assert_false(missed(family, CLIENT_PORT, 0, at));
        assert_int_equal(piece(family, 1, 0, 80, at), DECODE_FRAGMENT);
        assert_true(missed(family, CLIENT_PORT, 0, at));
        assert_false(missed(family, CLIENT_PORT + 1, 0, at));
        assert_false(missed(family, CLIENT_PORT, at + 1, at + 1));
        assert_int_equal(piece(family, 1, 80, 0, at), DECODE_SEGMENT);
        assert_false(missed(family, CLIENT_PORT, 0, at));
        assert_int_equal(piece(family, 1, 80, 0, at), DECODE_FRAGMENT);
        assert_false(missed(family, CLIENT_PORT, 0, at));
        assert_int_equal(piece(family, 2, 80, 0, at), DECODE_FRAGMENT);
        assert_true(missed(family, CLIENT_PORT, 0, at));
        assert_true(missed(family, CLIENT_PORT + 1, 0, at));
        decoder_end(decoder);
        assert_true(missed(family, CLIENT_PORT + 1, 0, at));
        assert_false(missed(family, CLIENT_PORT + 1, 0, at - 1));
        assert_false(missed(family, CLIENT_PORT + 1, at + 1, at + 1));
    }
}

/* Other bytes for a piece, and then the whole datagram anew, as some hosts take it. */
static void test_begun_anew_is_missed(void **state)
{
    (void)state;
    assert_int_equal(piece(4, 1, 0, 80, 0), DECODE_FRAGMENT);
    assert_int_equal(forged(4, 1, 40, 16), DECODE_FRAGMENT);
    assert_int_equal(piece(4, 1, 0, 80, 0), DECODE_FRAGMENT);
    assert_int_equal(piece(4, 1, 80, 0, 0), DECODE_FRAGMENT);
    assert_true(missed(4, CLIENT_PORT, 0, 0));
}

/* Both families count offsets to the very end of 16 bits. */
static void test_largest(void **state)
{
    (void)state;
    static uint8_t bytes[65528] = {0x9c, 0x40, 0x01, 0xbb, 0, 0, 0, 0, 0, 0, 0, 0, 0x50, 0x10};
    for (unsigned family = 4; family <= 6; family += 2) {
        for (size_t at = 0; at < sizeof bytes; at += 1024) {
            size_t left = sizeof bytes - at;
            build_bytes(&b, bytes + at, left > 1024 ? 1024 : left);
            cover(family, 1, at, left > 1024);
            assert_int_equal(put(0), left > 1024 ? DECODE_FRAGMENT : DECODE_SEGMENT);
        }
        assert_int_equal(out.payload_len, sizeof bytes - 20);
    }
}

/* A datagram that would be longer than IP allows. */
static void test_too_long(void **state)
{
    (void)state;
    assert_int_equal(forged(4, 1, 65528, 16), DECODE_FRAGMENT);
    assert_int_equal(decoder_counters(decoder)->fragments_rejected, 1);
}

/* A fragment that the snap length cut says so and spoils nothing. */
static void test_cut_fragment(void **state)
{
    (void)state;
    assert_int_equal(piece(4, 1, 0, 80, 0), DECODE_FRAGMENT);
    struct span rest = span_skip(whole(), 80);
    build_bytes(&b, rest.p, rest.n);
    cover(4, 1, 80, false);
    struct frame frame = {.bytes = span_head(build_span(&b), build_size(&b) - 1),
                          .wire_len = build_size(&b),
                          .link_type = DLT_RAW};
    assert_int_equal(decode_frame(decoder, &frame, &out), DECODE_TRUNCATED);
    assert_int_equal(piece(4, 1, 80, 0, 0), DECODE_SEGMENT);
    expect_whole();
}

/* A tunnel's packets in fragments, and in the tunnel a fragment: it is kept while it lies in the store. */
static void test_fragment_in_fragments(void **state)
{
    (void)state;
    for (int last = 0; last < 2; last++) {
        struct span part = last ? span_skip(whole(), 48) : span_head(whole(), 48);
        build_bytes(&b, part.p, part.n);
        cover(4, 7, last ? 48 : 0, !last);
        static uint8_t inner[256];
        size_t n = build_size(&b);
        memcpy(inner, build_span(&b).p, n);
        build_bytes(&b, inner, 40);
        build_ip4_piece(&b, 4, 100, 0x2000);
        assert_int_equal(put(0), DECODE_FRAGMENT);
        build_bytes(&b, inner + 40, n - 40);
        build_ip4_piece(&b, 4, 100, 5);
        assert_int_equal(put(0), last ? DECODE_SEGMENT : DECODE_FRAGMENT);
    }
    expect_whole();
    assert_int_equal(decoder_counters(decoder)->reassembled, 3);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_any_order),
        TEST(test_duplicates),
        TEST(test_overlap),
        TEST(test_contradicting_ends),
        TEST(test_odd_lengths),
        TEST(test_key),
        TEST(test_expiry),
        TEST(test_expiry_of_ipv6),
        TEST(test_next_header),
        TEST(test_eviction),
        TEST(test_many_pieces),
        TEST(test_missed),
        TEST(test_begun_anew_is_missed),
        TEST(test_too_long),
        TEST(test_largest),
        TEST(test_cut_fragment),
        TEST(test_fragment_in_fragments),
    };
    return cmocka_run_group_tests_name("fragments", tests, NULL, NULL);
}
