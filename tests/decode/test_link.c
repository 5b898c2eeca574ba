/* Link layers, tags and labels, from their pictures in the standards. */
#include "build.h"

#include <stdio.h>

static struct build b;

static void tcp4(void)
{
    build_tcp(&b);
    build_ip4(&b, 6);
}

static void tcp6(void)
{
    build_tcp(&b);
    build_ip6(&b, 6);
}

static void test_ethernet(void **state)
{
    (void)state;
    tcp4();
    build_ethernet(&b, 0x0800);
    expect_tcp(&b, DLT_EN10MB, 0);
    tcp6();
    build_ethernet(&b, 0x86dd);
    expect_tcp(&b, DLT_EN10MB, 0);
    tcp4();
    build_ethernet(&b, 0x0806);
    expect_result(&b, DLT_EN10MB, DECODE_OTHER);
}

/* A frame of fewer than 60 bytes is padded; the padding is not payload. */
static void test_ethernet_padding(void **state)
{
    (void)state;
    tcp4();
    build_trailer(&b, 11);
    build_ethernet(&b, 0x0800);
    expect_tcp(&b, DLT_EN10MB, 0);
}

/* LINKTYPE_LINUX_SLL: packet type, ARPHRD, address length, address, protocol. LINKTYPE_LINUX_SLL2: protocol,
 * reserved, interface, ARPHRD, packet type, address length, address. */
static void test_linux_cooked(void **state)
{
    (void)state;
    tcp4();
    build_hex(&b, "0000 0001 0006 0200000000010000 0800");
    expect_tcp(&b, DLT_LINUX_SLL, 0);
    tcp6();
    build_hex(&b, "86dd 0000 00000003 0001 00 06 0200000000010000");
    expect_tcp(&b, DLT_LINUX_SLL2, 0);
}

static void test_raw(void **state)
{
    (void)state;
    const int raw[] = {12, 14, 101};
    for (size_t i = 0; i < sizeof raw / sizeof *raw; i++) {
        tcp4();
        expect_tcp(&b, raw[i], 0);
        tcp6();
        expect_tcp(&b, raw[i], 0);
    }
    tcp4();
    expect_tcp(&b, DLT_IPV4, 0);
    tcp6();
    expect_tcp(&b, DLT_IPV6, 0);
}

static void test_null_and_loop(void **state)
{
    (void)state;
    const char *four[] = {"02000000", "00000002"};
    const char *six[] = {"0a000000", "0000000a", "18000000", "00000018",
                         "1c000000", "0000001c", "1e000000", "0000001e"};
    for (size_t i = 0; i < sizeof four / sizeof *four; i++) {
        tcp4();
        build_hex(&b, four[i]);
        expect_tcp(&b, DLT_NULL, 0);
        expect_tcp(&b, DLT_LOOP, 0);
    }
    for (size_t i = 0; i < sizeof six / sizeof *six; i++) {
        tcp6();
        build_hex(&b, six[i]);
        expect_tcp(&b, DLT_NULL, 0);
        expect_tcp(&b, DLT_LOOP, 0);
    }
    tcp4();
    build_hex(&b, "07000000"); /* AF_ISO */
    expect_result(&b, DLT_NULL, DECODE_OTHER);
}

static void test_ppp(void **state)
{
    (void)state;
    tcp4();
    build_hex(&b, "ff03 0021");
    expect_tcp(&b, DLT_PPP, 0);
    expect_tcp(&b, DLT_PPP_SERIAL, 0);
    tcp6();
    build_hex(&b, "57"); /* RFC 1661 6.5: compressed */
    expect_tcp(&b, DLT_PPP, 0);
    tcp4();
    build_hex(&b, "0281 00064140"); /* RFC 3032 4.3: MPLS, at the bottom of the stack */
    expect_tcp(&b, DLT_PPP, 1, ENCAP_MPLS);
    build_bytes(&b, "\xc0\x21\x01\x01\x00\x04", 6);
    expect_result(&b, DLT_PPP, DECODE_OTHER); /* LCP */
}

/* IEEE 802.3 3.2.6, RFC 1042: a length, and what the frame carries behind SNAP; padded, and with a tag. */
static void test_8023(void **state)
{
    (void)state;
    for (int tagged = 0; tagged < 2; tagged++) {
        tcp4();
        build_hex(&b, "aaaa03 000000 0800");
        const unsigned length = (unsigned)build_size(&b);
        char tag[16];
        snprintf(tag, sizeof tag, "0007 %04x", length);
        if (tagged)
            build_hex(&b, tag);
        build_ethernet(&b, tagged ? 0x8100 : length);
        expect_tcp(&b, DLT_EN10MB, tagged, ENCAP_VLAN);
    }
    tcp4();
    build_hex(&b, "424203"); /* a spanning tree's */
    build_ethernet(&b, (unsigned)build_size(&b));
    expect_result(&b, DLT_EN10MB, DECODE_OTHER);
}

static void test_unknown_link(void **state)
{
    (void)state;
    tcp4();
    expect_result(&b, DLT_USER0, DECODE_UNKNOWN_LINK);
    for (int i = 0; i < 100; i++)
        expect_result(&b, DLT_USER0 + 1, DECODE_UNKNOWN_LINK);
    const struct obstacle most = decoder_obstacle(the_decoder());
    assert_int_equal(most.kind, OBSTACLE_LINK_TYPE);
    assert_int_equal(most.code, DLT_USER0 + 1);
}

/* RFC 791 3.1, header checksum */
static void sign_ip4(void)
{
    uint32_t sum = 0;
    for (size_t i = 0; i < 20; i += 2)
        sum += (uint32_t)build_span(&b).p[i] << 8 | build_span(&b).p[i + 1];
    sum = (sum & 0xffff) + (sum >> 16);
    build_set(&b, 10, ~sum >> 8 & 0xff);
    build_set(&b, 11, ~sum & 0xff);
}

/* A Cisco VN-Tag (0x8926) before the EtherType of IP, and what is no IP behind one that is not known. */
static void test_not_followed(void **state)
{
    (void)state;
    tcp4();
    sign_ip4();
    build_hex(&b, "00000000 0800");
    build_ethernet(&b, 0x8926);
    expect_result(&b, DLT_EN10MB, DECODE_NOT_FOLLOWED);
    tcp6();
    build_hex(&b, "00000000 86dd");
    build_ethernet(&b, 0x8926);
    expect_result(&b, DLT_EN10MB, DECODE_NOT_FOLLOWED);
    tcp4(); /* with a wrong checksum */
    build_ethernet(&b, 0x8926);
    expect_result(&b, DLT_EN10MB, DECODE_OTHER);
    build_hex(&b, "0001 0800 06 04 0001 020000000001 0a000001 000000000000 0a000002");
    build_ethernet(&b, 0x0806); /* ARP */
    expect_result(&b, DLT_EN10MB, DECODE_OTHER);
}

static void expect_vlans(int count, const uint16_t *ids)
{
    struct segment s;
    assert_int_equal(decode_build(&b, DLT_EN10MB, &s), DECODE_SEGMENT);
    assert_int_equal(s.wrappers.vlan_count, count);
    for (int i = 0; i < count; i++)
        assert_int_equal(s.wrappers.vlan[i], ids[i]);
    expect_tcp(&b, DLT_EN10MB, 1, ENCAP_VLAN);
}

static void test_vlan(void **state)
{
    (void)state;
    tcp4();
    build_hex(&b, "e064 0800"); /* priority 7, id 100 */
    build_ethernet(&b, 0x8100);
    expect_vlans(1, (const uint16_t[]){100});
    tcp4();
    build_hex(&b, "2000 0800"); /* only a priority: id 0 */
    build_ethernet(&b, 0x8100);
    expect_vlans(1, (const uint16_t[]){0});
    tcp6();
    build_hex(&b, "0064 8100 0fff 86dd");
    build_ethernet(&b, 0x8100);
    expect_vlans(2, (const uint16_t[]){100, 4095});
    tcp4();
    build_hex(&b, "0001 9100 0002 8100 0003 8100 0004 0800");
    build_ethernet(&b, 0x88a8);
    expect_vlans(4, (const uint16_t[]){1, 2, 3, 4});
    tcp4();
    build_hex(&b, "0001 8100 0002 8100 0003 8100 0004 8100 0005 0800");
    build_ethernet(&b, 0x88a8);
    expect_result(&b, DLT_EN10MB, DECODE_TOO_DEEP);
}

/* RFC 3032 2.1: label 20 bits, traffic class 3, bottom of stack 1, time to live 8. */
static void test_mpls(void **state)
{
    (void)state;
    tcp4();
    build_hex(&b, "00010 0 40 00020 1 40");
    build_ethernet(&b, 0x8847);
    expect_tcp(&b, DLT_EN10MB, 1, ENCAP_MPLS);
    tcp6();
    build_hex(&b, "00002 1 40"); /* IPv6 explicit null */
    build_ethernet(&b, 0x8848);
    expect_tcp(&b, DLT_EN10MB, 1, ENCAP_MPLS);
    tcp4();
    for (int i = 0; i < MAX_LABELS + 1; i++)
        build_hex(&b, i == 0 ? "00010 1 40" : "00010 0 40");
    build_ethernet(&b, 0x8847);
    expect_result(&b, DLT_EN10MB, DECODE_TOO_DEEP);
}

/* RFC 4448: Ethernet, with or without the control word of RFC 4385. */
static void test_pseudowire(void **state)
{
    (void)state;
    tcp4();
    build_ethernet(&b, 0x0800);
    build_hex(&b, "00010 1 40 0000 0007");
    build_ethernet(&b, 0x8847);
    expect_result(&b, DLT_EN10MB, DECODE_SEGMENT);
    expect_tcp(&b, DLT_EN10MB, 1, ENCAP_MPLS);
    tcp4();
    build_hex(&b, "a20000000001 020000000002 0800 ");
    build_hex(&b, "00010 1 40");
    build_ethernet(&b, 0x8847);
    expect_tcp(&b, DLT_EN10MB, 1, ENCAP_MPLS);
    struct segment s;
    tcp4();
    build_hex(&b, "001b21000001 020000000002 0800"); /* no control word, yet the nibble is 0 */
    build_hex(&b, "00010 1 40");
    build_ethernet(&b, 0x8847);
    assert_int_equal(decode_build(&b, DLT_EN10MB, &s), DECODE_SEGMENT);
    assert_int_equal(s.seq, SEQ);
}

/* RFC 2516 4: version 1, type 1, code 0, session, length. */
static void test_pppoe(void **state)
{
    (void)state;
    const char *ppp[] = {"0021", "21"};
    for (size_t i = 0; i < 2; i++) {
        tcp4();
        build_hex(&b, ppp[i]);
        size_t length = build_size(&b);
        build_hex(&b, "11 00 1234 0000");
        build_set(&b, 5, (unsigned)length);
        build_trailer(&b, 3);
        build_ethernet(&b, 0x8864);
        expect_tcp(&b, DLT_EN10MB, 1, ENCAP_PPPOE);
    }
    tcp4(); /* IP has 49 bytes, PPPoE but 48 for it */
    build_hex(&b, "11 00 1234 0032 0021");
    build_ethernet(&b, 0x8864);
    expect_result(&b, DLT_EN10MB, DECODE_MALFORMED);
    build_set(&b, 14 + 5, 0x33);
    expect_result(&b, DLT_EN10MB, DECODE_SEGMENT);
    tcp6();
    build_hex(&b, "57");
    build_hex(&b, "11 00 1234 0046"); /* 1 + 40 + 24 + 5 */
    build_hex(&b, "0007 8864");
    build_ethernet(&b, 0x88a8);
    expect_tcp(&b, DLT_EN10MB, 2, ENCAP_VLAN, ENCAP_PPPOE);
}

static void test_names(void **state)
{
    (void)state;
    assert_string_equal(word_of(encapsulation_words, ENCAP_VLAN), "vlan");
    assert_string_equal(word_of(encapsulation_words, ENCAP_IP_IN_IP), "ip-in-ip");
    assert_string_equal(word_of(encapsulation_words, ENCAP_GTP_U), "gtp-u");
}

/* Version, length, option type, tag; what was there before follows. */
/* IEEE 802.1AE: authenticated only, then with a channel, then encrypted. */
static void test_macsec(void **state)
{
    (void)state;
    tcp4();
    build_trailer(&b, 16); /* the check value */
    build_hex(&b, "00 00 00000001 0800");
    build_ethernet(&b, 0x88e5);
    expect_tcp(&b, DLT_EN10MB, 0);
    tcp6();
    build_trailer(&b, 16);
    build_hex(&b, "20 00 00000001 0200000000010001 86dd");
    build_ethernet(&b, 0x88e5);
    expect_tcp(&b, DLT_EN10MB, 0);
    tcp4();
    build_hex(&b, "0c 00 00000001 0800");
    build_ethernet(&b, 0x88e5);
    expect_result(&b, DLT_EN10MB, DECODE_ENCRYPTED);
}

static void test_cisco_metadata(void **state)
{
    (void)state;
    tcp4();
    build_hex(&b, "01 01 0001 0007 0800");
    build_ethernet(&b, 0x8909);
    expect_tcp(&b, DLT_EN10MB, 0);
    tcp6();
    build_hex(&b, "01 02 0001 0007 00000000 86dd");
    build_hex(&b, "0064 8909");
    build_ethernet(&b, 0x8100);
    expect_tcp(&b, DLT_EN10MB, 1, ENCAP_VLAN);
}

/* Family, version, resource; packet header, prefix, packet. Numbers are of the machine's byte order. */
static void test_nflog(void **state)
{
    (void)state;
    tcp4();
    build_hex(&b, "3100 0900"); /* 4 + 20 + 24 + 5 = 53, set below */
    build_set(&b, 0, (unsigned)build_size(&b));
    build_hex(&b, "02 00 0000 0800 0100 0800 03 00 0500 0a00 00000000");
    expect_tcp(&b, DLT_NFLOG, 0);
    struct frame frame = {.link_type = DLT_NFLOG, .big_endian = true};
    tcp6();
    build_hex(&b, "0000 0009");
    build_set(&b, 1, (unsigned)build_size(&b));
    build_hex(&b, "0a 00 0000 0008 0001 86dd 03 00");
    frame.bytes = build_span(&b);
    frame.wire_len = build_size(&b);
    struct segment s;
    assert_int_equal(decode_frame(the_decoder(), &frame, &s), DECODE_SEGMENT);
    assert_int_equal(s.dst.port, SERVER_PORT);
    tcp4();
    build_hex(&b, "02 00 0000 0300 0100");
    expect_result(&b, DLT_NFLOG, DECODE_MALFORMED);
    tcp4();
    build_hex(&b, "02 01 0000");
    expect_result(&b, DLT_NFLOG, DECODE_OTHER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ethernet),       cmocka_unit_test(test_ethernet_padding),
        cmocka_unit_test(test_linux_cooked),   cmocka_unit_test(test_raw),
        cmocka_unit_test(test_null_and_loop),  cmocka_unit_test(test_ppp),
        cmocka_unit_test(test_8023),           cmocka_unit_test(test_unknown_link),
        cmocka_unit_test(test_not_followed),   cmocka_unit_test(test_vlan),
        cmocka_unit_test(test_mpls),           cmocka_unit_test(test_pseudowire),
        cmocka_unit_test(test_pppoe),          cmocka_unit_test(test_names),
        cmocka_unit_test(test_cisco_metadata), cmocka_unit_test(test_macsec),
        cmocka_unit_test(test_nflog),
    };
    return cmocka_run_group_tests_name("link", tests, NULL, NULL);
}
