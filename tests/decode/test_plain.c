/* What plain.c reads at once is what the layers make of it. They are asked by the same packet in a capture
 * without link layer, which plain.c leaves to them. What the layers make of a packet, the other tests say. */
#include "build.h"

enum { ETHERNET_BYTES = 14, HEADERS = ETHERNET_BYTES + 20 + 24, CUT_BYTES = 3 };

static struct build b;

static void build_frame(void)
{
    build_tcp(&b);
    build_ip4(&b, 6);
    build_ethernet(&b, 0x0800);
    build_trailer(&b, 6);
}

/* The same bytes at the same distance from `begin`. */
static void expect_same_span(struct span a, const uint8_t *begin_a, struct span c, const uint8_t *begin_c)
{
    assert_int_equal(a.n, c.n);
    if (a.n)
        assert_int_equal(a.p - begin_a, c.p - begin_c);
}

static void expect_same(const struct frame *whole, const struct frame *packet)
{
    struct segment a;
    struct segment c;
    const enum decode_result result = decode_frame(the_decoder(), whole, &a);
    assert_int_equal(result, decode_frame(the_decoder(), packet, &c));
    if (result != DECODE_SEGMENT)
        return;
    const uint8_t *begin_a = whole->bytes.p + ETHERNET_BYTES;
    const uint8_t *begin_c = packet->bytes.p;
    assert_int_equal(a.transport, c.transport);
    assert_memory_equal(&a.src, &c.src, sizeof a.src);
    assert_memory_equal(&a.dst, &c.dst, sizeof a.dst);
    assert_int_equal(a.seq, c.seq);
    assert_int_equal(a.ack, c.ack);
    assert_int_equal(a.flags, c.flags);
    assert_int_equal(a.belief, c.belief);
    assert_int_equal(a.hops, c.hops);
    assert_true(a.reassembled == c.reassembled && a.refused == c.refused);
    assert_int_equal(a.payload_len, c.payload_len);
    expect_same_span(a.payload, begin_a, c.payload, begin_c);
    expect_same_span(a.tcp, begin_a, c.tcp, begin_c);
    expect_same_span(a.ip, begin_a, c.ip, begin_c);
    assert_int_equal(a.wrappers.vlan_count, c.wrappers.vlan_count);
    assert_int_equal(a.wrappers.encapsulation_count, c.wrappers.encapsulation_count);
    assert_memory_equal(a.around, c.around, sizeof a.around);
    if (a.transport == TRANSPORT_TCP)
        assert_int_equal(a.multipath, c.multipath);
}

/* The frame whole, and cut by a snap length. */
static void expect_same_as_layers(void)
{
    const struct span bytes = build_span(&b);
    for (size_t cut = 0; cut < bytes.n - ETHERNET_BYTES; cut += CUT_BYTES) {
        const struct frame whole = {.bytes = span_head(bytes, bytes.n - cut),
                                    .wire_len = bytes.n,
                                    .link_type = DLT_EN10MB,
                                    .time = 7};
        const struct frame packet = {.bytes = span_skip(whole.bytes, ETHERNET_BYTES),
                                     .wire_len = bytes.n - ETHERNET_BYTES,
                                     .link_type = DLT_RAW,
                                     .time = 7};
        expect_same(&whole, &packet);
    }
}

/* Each byte of the headers has each value, so that every test of plain.c fails once and holds once. */
static void test_every_byte(void **state)
{
    (void)state;
    for (size_t at = ETHERNET_BYTES; at < HEADERS; at++) {
        for (unsigned value = 0; value < 256; value++) {
            if (at == ETHERNET_BYTES && value >> 4 != 4)
                continue; /* IPv6 behind an EtherType of IPv4 is as good, and its extensions go on anywhere */
            build_frame();
            build_set(&b, at, value);
            expect_same_as_layers();
        }
    }
}

static void test_every_total(void **state)
{
    (void)state;
    for (unsigned total = 0; total < 80; total++) {
        build_frame();
        build_set(&b, ETHERNET_BYTES + 3, total);
        for (unsigned header = 0; header < 16; header++) {
            build_set(&b, ETHERNET_BYTES + 20 + 12, header << 4);
            expect_same_as_layers();
        }
    }
}

/* RFC 8684 3.1: MP_CAPABLE, which a SYN alone is asked for. */
static void test_paths(void **state)
{
    (void)state;
    struct segment s;
    build_bytes(&b, "", 0);
    build_hex(&b, "9c40 01bb a1b2c3d4 00000000 6002 ffff 0000 0000 1e 04 01 00");
    build_ip4(&b, 6);
    build_ethernet(&b, 0x0800);
    assert_int_equal(decode_build(&b, DLT_EN10MB, &s), DECODE_SEGMENT);
    assert_int_equal(s.multipath, MULTIPATH_CAPABLE);
    expect_same_as_layers();
}

/* Nothing of an earlier segment is left. */
static void test_after_another(void **state)
{
    (void)state;
    struct segment s;
    build_tcp(&b);
    build_ip4(&b, 6);
    build_hex(&b, "0005 0800"); /* tag 5 */
    build_ethernet(&b, 0x8100);
    assert_int_equal(decode_build(&b, DLT_EN10MB, &s), DECODE_SEGMENT);
    assert_int_equal(s.wrappers.vlan_count, 1);
    build_frame();
    assert_int_equal(decode_build(&b, DLT_EN10MB, &s), DECODE_SEGMENT);
    assert_int_equal(s.wrappers.vlan_count, 0);
    expect_tcp(&b, DLT_EN10MB, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_byte),
        cmocka_unit_test(test_every_total),
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_after_another),
    };
    return cmocka_run_group_tests_name("plain", tests, NULL, NULL);
}
