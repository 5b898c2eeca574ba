/* Wrappers around IP, from their pictures in the standards. */
#include "build.h"

static struct build b;

static void tcp4(void)
{
    build_tcp(&b);
    build_ip4(&b, 6);
}

static void inner_ethernet(void)
{
    tcp4();
    build_ethernet(&b, 0x0800);
}

static void in_gre(const char *header)
{
    build_hex(&b, header);
    build_ip4(&b, 47);
    build_ethernet(&b, 0x0800);
}

static void in_udp(unsigned src, unsigned dst)
{
    build_udp(&b, src, dst);
    build_ip4(&b, 17);
    build_ethernet(&b, 0x0800);
}

static void expect_udp(unsigned port)
{
    struct segment s;
    assert_int_equal(decode_build(&b, DLT_EN10MB, &s), DECODE_SEGMENT);
    assert_int_equal(s.transport, TRANSPORT_UDP);
    assert_int_equal(s.dst.port, port);
    assert_int_equal(s.wrappers.encapsulation_count, 0);
    assert_int_equal(s.payload.n, s.payload_len);
    assert_int_equal(s.payload_len, build_size(&b) - 14 - 20 - 8);
}

/* RFC 2784 2.1, RFC 2890 2: C, K and S; RFC 1701: R with its source routes. */
static void test_gre(void **state)
{
    (void)state;
    const char *headers[] = {
        "0000 0800",
        "8000 0800 1234 0000",
        "2000 0800 00000007",
        "1000 0800 00000001",
        "b000 0800 1234 0000 00000007 00000001",
        "4000 0800 1234 0008 0800 04 08 0a000003 0a000004 0000 00 00",
        "f000 0800 1234 0000 00000007 00000001 0800 00 04 0a000003 0000 00 00",
    };
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        tcp4();
        in_gre(headers[i]);
        expect_tcp(&b, DLT_EN10MB, 1, ENCAP_GRE);
    }
    build_tcp(&b);
    build_ip6(&b, 6);
    build_hex(&b, "0000 86dd");
    build_ip6(&b, 47);
    expect_tcp(&b, DLT_RAW, 1, ENCAP_GRE);
    tcp4();
    build_hex(&b, "0000 00 00");
    for (int i = 0; i < MAX_LABELS; i++)
        build_hex(&b, "0800 00 04 0a000003");
    in_gre("4000 0800 1234 0000"); /* more routes than are skipped */
    expect_result(&b, DLT_EN10MB, DECODE_TOO_DEEP);
    tcp4();
    in_gre("0002 0800"); /* a version nobody has defined */
    expect_result(&b, DLT_EN10MB, DECODE_OTHER);
    tcp4();
    in_gre("0000 00fe"); /* ISO */
    expect_result(&b, DLT_EN10MB, DECODE_OTHER);
}

/* RFC 2637 4.1: the key field is payload length and call id. */
static void test_pptp(void **state)
{
    (void)state;
    tcp4(); /* 20 + 24 + 5 bytes, and PPP's 4 */
    build_hex(&b, "ff03 0021");
    in_gre("3001 880b 0035 0007 00000001");
    expect_tcp(&b, DLT_EN10MB, 1, ENCAP_GRE);
    tcp4();
    build_hex(&b, "21");
    in_gre("3081 880b 0032 0007 00000001 00000001");
    expect_tcp(&b, DLT_EN10MB, 1, ENCAP_GRE);
    build_bytes(&b, "", 0);
    in_gre("2081 880b 0000 0007 00000001"); /* only an acknowledgment */
    expect_result(&b, DLT_EN10MB, DECODE_OTHER);
}

/* RFC 1701's transparent bridging, RFC 7637 (NVGRE: a key of VSID and FlowID), MPLS in GRE (RFC 4023). */
static void test_gre_bridging(void **state)
{
    (void)state;
    inner_ethernet();
    in_gre("0000 6558");
    expect_tcp(&b, DLT_EN10MB, 1, ENCAP_GRE);
    inner_ethernet();
    in_gre("2000 6558 123456 00");
    expect_tcp(&b, DLT_EN10MB, 1, ENCAP_GRE);
    tcp4();
    build_hex(&b, "00010140");
    in_gre("0000 8847");
    expect_tcp(&b, DLT_EN10MB, 2, ENCAP_GRE, ENCAP_MPLS);
    tcp4();
    build_hex(&b, "00000000"); /* WCCP version 2's redirect header */
    in_gre("0000 883e");
    expect_tcp(&b, DLT_EN10MB, 1, ENCAP_GRE);
}

/* draft-foschiano-erspan-03: 4.1 type I, 4.2 type II, 4.3 type III. */
static void test_erspan(void **state)
{
    (void)state;
    inner_ethernet();
    in_gre("0000 88be");
    expect_tcp(&b, DLT_EN10MB, 2, ENCAP_GRE, ENCAP_ERSPAN);
    inner_ethernet();
    build_hex(&b, "1064 e001 000 00003"); /* version 1, VLAN 100; class 7; session 1; index 3 */
    in_gre("1000 88be 00000001");
    expect_tcp(&b, DLT_EN10MB, 2, ENCAP_GRE, ENCAP_ERSPAN);
    inner_ethernet();
    build_hex(&b, "2064 e001 12345678 0000 8008"); /* version 2, O = 0 */
    in_gre("1000 22eb 00000001");
    expect_tcp(&b, DLT_EN10MB, 2, ENCAP_GRE, ENCAP_ERSPAN);
    inner_ethernet();
    build_hex(&b, "2064 e001 12345678 0000 8001 04000000 0000002a"); /* O = 1 */
    in_gre("1000 22eb 00000001");
    expect_tcp(&b, DLT_EN10MB, 2, ENCAP_GRE, ENCAP_ERSPAN);
    tcp4();
    build_hex(&b, "2064 e001 12345678 0000 8808"); /* FT = 2: IP */
    in_gre("1000 22eb 00000001");
    expect_tcp(&b, DLT_EN10MB, 2, ENCAP_GRE, ENCAP_ERSPAN);
}

/* The T bit: the mirror cut the frame, so that the IP length inside goes beyond the whole frame. */
static void test_erspan_cut(void **state)
{
    (void)state;
    const char *headers[] = {"1064 e001 000 00003", "1064 e401 000 00003"};
    for (size_t i = 0; i < 2; i++) {
        inner_ethernet();
        b.to -= 2;
        build_hex(&b, headers[i]);
        in_gre("1000 88be 00000001");
        struct segment s;
        enum decode_result result = decode_build(&b, DLT_EN10MB, &s);
        assert_int_equal(result, i == 0 ? DECODE_MALFORMED : DECODE_SEGMENT);
        if (i == 1) {
            assert_int_equal(s.payload.n, PAYLOAD_LEN - 2);
            assert_int_equal(s.payload_len, PAYLOAD_LEN);
        }
    }
}

/* RFC 7348 5; draft-ietf-nvo3-vxlan-gpe 3.2: the P bit, then next protocol 1 IPv4, 2 IPv6, 3 Ethernet. */
static void test_vxlan(void **state)
{
    (void)state;
    const unsigned ports[] = {4789, 8472, 4790};
    for (size_t i = 0; i < sizeof ports / sizeof *ports; i++) {
        inner_ethernet();
        build_hex(&b, "08 000000 123456 00");
        in_udp(50000, ports[i]);
        expect_tcp(&b, DLT_EN10MB, 1, ENCAP_VXLAN);
    }
    tcp4();
    build_hex(&b, "0c 0000 01 123456 00");
    in_udp(50000, 4790);
    expect_tcp(&b, DLT_EN10MB, 1, ENCAP_VXLAN);
    build_tcp(&b);
    build_ip6(&b, 6);
    build_hex(&b, "0c 0000 02 123456 00");
    in_udp(50000, 4790);
    expect_tcp(&b, DLT_EN10MB, 1, ENCAP_VXLAN);
    inner_ethernet();
    build_hex(&b, "0c 0000 03 123456 00");
    in_udp(50000, 4790);
    expect_tcp(&b, DLT_EN10MB, 1, ENCAP_VXLAN);
    inner_ethernet();
    build_hex(&b, "00 000000 123456 00"); /* the I flag must be set */
    in_udp(50000, 4789);
    expect_udp(4789);
}

/* RFC 8926 3.4: version 0, option length in words, O, C, protocol, VNI. */
static void test_geneve(void **state)
{
    (void)state;
    inner_ethernet();
    build_hex(&b, "00 00 6558 123456 00");
    in_udp(50000, 6081);
    expect_tcp(&b, DLT_EN10MB, 1, ENCAP_GENEVE);
    tcp4();
    build_hex(&b, "03 40 0800 123456 00 0102 80 02 0000000000000000");
    in_udp(50000, 6081);
    expect_tcp(&b, DLT_EN10MB, 1, ENCAP_GENEVE);
    tcp4();
    build_hex(&b, "40 00 0800 123456 00"); /* version 1 */
    in_udp(50000, 6081);
    expect_udp(6081);
}

/* TS 29.281 5.1: version 1, PT 1, then E, S, PN; message type 255; length of what follows the TEID. */
static void test_gtp_u(void **state)
{
    (void)state;
    const char *headers[] = {
        "30 ff 0031 12345678",                       /* 20 + 24 + 5 bytes */
        "32 ff 0035 12345678 0001 00 00",            /* sequence number */
        "31 ff 0035 12345678 0000 05 00",            /* N-PDU number */
        "34 ff 0039 12345678 0000 00 85 01 1001 00", /* PDU session container, TS 38.415 */
        "36 ff 0041 12345678 0001 00 c0 01 0001 85 02 10 01 00 00 00 00 00", /* two extensions */
    };
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        tcp4();
        build_hex(&b, headers[i]);
        in_udp(2152, 2152);
        expect_tcp(&b, DLT_EN10MB, 1, ENCAP_GTP_U);
    }
    const char *no_tunnel[] = {
        "30 01 0031 12345678",                       /* echo request */
        "50 ff 0031 12345678",                       /* version 2 */
        "20 ff 0031 12345678",                       /* GTP' */
        "30 ff 0032 12345678",                       /* longer than the datagram */
        "34 ff 0039 12345678 0000 00 85 00 1001 00", /* an extension of no length */
    };
    for (size_t i = 0; i < sizeof no_tunnel / sizeof *no_tunnel; i++) {
        tcp4();
        build_hex(&b, no_tunnel[i]);
        in_udp(2152, 2152);
        expect_udp(2152);
    }
    build_bytes(&b, "\x80no IP at all", 13);
    build_hex(&b, "30 ff 000d 12345678");
    in_udp(2152, 2152);
    expect_udp(2152);
}

static void test_ip_in_ip(void **state)
{
    (void)state;
    for (int outer = 0; outer < 2; outer++) {
        for (int inner = 0; inner < 2; inner++) {
            build_tcp(&b);
            (inner ? build_ip6 : build_ip4)(&b, 6);
            (outer ? build_ip6 : build_ip4)(&b, inner ? 41 : 4);
            expect_tcp(&b, DLT_RAW, 1, ENCAP_IP_IN_IP);
        }
    }
}

static void test_nesting(void **state)
{
    (void)state;
    for (int depth = MAX_ENCAPSULATIONS; depth <= MAX_ENCAPSULATIONS + 1; depth++) {
        tcp4();
        for (int i = 0; i < depth; i++)
            build_ip4(&b, 4);
        expect_result(&b, DLT_RAW, depth > MAX_ENCAPSULATIONS ? DECODE_TOO_DEEP : DECODE_SEGMENT);
    }
    struct segment s;
    inner_ethernet();
    b.from += 14;
    build_hex(&b, "0007 0800");
    build_ethernet(&b, 0x8100);
    build_hex(&b, "08 000000 123456 00");
    build_udp(&b, 50000, 4789);
    build_ip4(&b, 17);
    build_hex(&b, "30 ff 0000 12345678");
    build_set(&b, 3, (unsigned)build_size(&b) - 8);
    build_udp(&b, 2152, 2152);
    build_ip6(&b, 17);
    build_hex(&b, "0009 86dd");
    build_ethernet(&b, 0x8100);
    assert_int_equal(decode_build(&b, DLT_EN10MB, &s), DECODE_SEGMENT);
    assert_int_equal(s.wrappers.vlan_count, 2);
    assert_int_equal(s.wrappers.vlan[0], 9);
    assert_int_equal(s.wrappers.vlan[1], 7);
    expect_tcp(&b, DLT_EN10MB, 4, ENCAP_VLAN, ENCAP_GTP_U, ENCAP_VXLAN, ENCAP_VLAN);
}

/* RFC 2661 3.1: with each of the fields that may be there, over PPP; RFC 3931: what version 3 has inside is
 * not known. */
static void test_l2tp(void **state)
{
    (void)state;
    const char *headers[] = {"0002 0001 0002", "0802 0001 0002 0003 0004", "0202 0001 0002 0003 000000",
                             "0102 0001 0002"};
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        tcp4();
        build_hex(&b, "ff03 0021");
        build_hex(&b, headers[i]);
        in_udp(1701, 1701);
        expect_tcp(&b, DLT_EN10MB, 1, ENCAP_L2TP);
    }
    tcp4();
    build_hex(&b, "0021");
    build_hex(&b, "4002 0000 0001 0002");
    build_set(&b, 3, (unsigned)build_size(&b));
    in_udp(1701, 1701);
    expect_tcp(&b, DLT_EN10MB, 1, ENCAP_L2TP);
    build_tcp(&b);
    build_ip6(&b, 6);
    build_ethernet(&b, 0x86dd);
    build_hex(&b, "0003 0000 00000007");
    in_udp(1701, 1701);
    expect_result(&b, DLT_EN10MB, DECODE_NOT_OPENED);
    build_tcp(&b);
    build_ip6(&b, 6);
    build_ethernet(&b, 0x86dd);
    build_hex(&b, "00000007");
    build_ip4(&b, 115);
    expect_result(&b, DLT_RAW, DECODE_NOT_OPENED);
    assert_int_equal(decoder_obstacle(the_decoder()).kind, OBSTACLE_IP_PROTOCOL);
    assert_int_equal(decoder_obstacle(the_decoder()).code, 115);
    build_bytes(&b, "\xc8\x02\x00\x0c\x00\x01\x00\x00\x00\x00\x00\x01", 12); /* a control message */
    in_udp(1701, 1701);
    expect_udp(1701);
}

/* As the dissector of Wireshark has it: no fields, one, and padding. */
static void test_tzsp(void **state)
{
    (void)state;
    const char *headers[] = {"01 00 0001 01", "01 00 0001 0a 01 c4 01", "01 01 0001 00 00 0a 01 c4 01"};
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        inner_ethernet();
        build_hex(&b, headers[i]);
        in_udp(50000, 37008);
        expect_tcp(&b, DLT_EN10MB, 1, ENCAP_TZSP);
    }
    build_bytes(&b, "\x02\x00\x00\x01\x01\x00", 6);
    in_udp(50000, 37008);
    expect_udp(37008);
    inner_ethernet();
    build_hex(&b, "01 00 0077 01"); /* a Prism header */
    in_udp(50000, 37008);
    expect_result(&b, DLT_EN10MB, DECODE_OTHER);
    inner_ethernet();
    build_trailer(&b, 100);
    for (int i = 0; i < 65; i++)
        build_hex(&b, "00"); /* padding without an end within reach */
    build_hex(&b, "01 00 0001");
    in_udp(50000, 37008);
    expect_result(&b, DLT_EN10MB, DECODE_OTHER);
}

/* RFC 3378 3, RFC 9300 5.1, RFC 4023 4, RFC 7510 3, RFC 8086 3. */
static void test_in_ip(void **state)
{
    (void)state;
    inner_ethernet();
    build_hex(&b, "3000");
    build_ip4(&b, 97);
    expect_tcp(&b, DLT_RAW, 1, ENCAP_ETHERIP);
    build_set(&b, 20, 0x20);
    expect_result(&b, DLT_RAW, DECODE_OTHER);
    build_tcp(&b);
    build_ip6(&b, 6);
    build_hex(&b, "80000001 00000001");
    in_udp(50000, 4341);
    expect_tcp(&b, DLT_EN10MB, 1, ENCAP_LISP);
    tcp4();
    build_hex(&b, "00064140");
    build_ip4(&b, 137);
    expect_tcp(&b, DLT_RAW, 2, ENCAP_MPLS_IN_IP, ENCAP_MPLS);
    build_tcp(&b);
    build_ip6(&b, 6);
    build_hex(&b, "00064140");
    in_udp(50000, 6635);
    expect_tcp(&b, DLT_EN10MB, 2, ENCAP_MPLS_IN_IP, ENCAP_MPLS);
    tcp4();
    build_hex(&b, "0000 0800");
    in_udp(50000, 4754);
    expect_tcp(&b, DLT_EN10MB, 1, ENCAP_GRE);
}

/* GRE's keep-alive has nothing inside, and what an ICMP error quotes is no traffic of its own (RFC 792, RFC
 * 4443). */
static void test_nothing_inside(void **state)
{
    (void)state;
    build_bytes(&b, "", 0);
    build_hex(&b, "0000 0000");
    build_ip4(&b, 47);
    expect_result(&b, DLT_RAW, DECODE_OTHER);
    for (int version = 4; version <= 6; version += 2) {
        build_tcp(&b);
        build_ip6(&b, 6);
        build_hex(&b, "01 00 0000 00000000");
        if (version == 4)
            build_ip4(&b, 1);
        else
            build_ip6(&b, 58);
        expect_result(&b, DLT_RAW, DECODE_OTHER);
    }
}

static void test_counters(void **state)
{
    (void)state;
    const struct decode_counters *now = decoder_counters(the_decoder());
    struct decode_counters before = *now;
    tcp4();
    build_ip4(&b, 4);
    build_ip4(&b, 4);
    expect_result(&b, DLT_RAW, DECODE_SEGMENT);
    expect_result(&b, DLT_USER0, DECODE_UNKNOWN_LINK);
    assert_int_equal(now->encapsulation[ENCAP_IP_IN_IP] - before.encapsulation[ENCAP_IP_IN_IP], 2);
    assert_int_equal(now->result[DECODE_SEGMENT] - before.result[DECODE_SEGMENT], 1);
    assert_int_equal(now->result[DECODE_UNKNOWN_LINK] - before.result[DECODE_UNKNOWN_LINK], 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gre),          cmocka_unit_test(test_pptp),
        cmocka_unit_test(test_gre_bridging), cmocka_unit_test(test_erspan),
        cmocka_unit_test(test_erspan_cut),   cmocka_unit_test(test_vxlan),
        cmocka_unit_test(test_geneve),       cmocka_unit_test(test_gtp_u),
        cmocka_unit_test(test_ip_in_ip),     cmocka_unit_test(test_nesting),
        cmocka_unit_test(test_l2tp),         cmocka_unit_test(test_tzsp),
        cmocka_unit_test(test_in_ip),        cmocka_unit_test(test_nothing_inside),
        cmocka_unit_test(test_counters),
    };
    return cmocka_run_group_tests_name("tunnel", tests, NULL, NULL);
}
