/* IEEE 802.11 data frames, from their pictures in the standard. */
#include "build.h"

static struct build b;

#define SNAP   "aaaa 03 000000 0800"
#define TO_DS  "3000 020000000001 020000000002 020000000003 1000" /* duration, addresses, sequence */
#define FOURTH "020000000004"

static void snap(void)
{
    build_tcp(&b);
    build_ip4(&b, 6);
    build_hex(&b, SNAP);
}

static void test_data(void **state)
{
    (void)state;
    static const char *headers[] = {
        "0801" TO_DS,                 /* to the access point */
        "0802" TO_DS,                 /* from it */
        "0803" TO_DS FOURTH,          /* between two of them */
        "8801" TO_DS "0000",          /* QoS */
        "8881" TO_DS "0000 00000000", /* with HT Control */
        "8803" TO_DS FOURTH "0000",
        "8883" TO_DS FOURTH "0000 00000000",
    };
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        snap();
        build_hex(&b, headers[i]);
        expect_tcp(&b, DLT_IEEE802_11, 0);
    }
    snap();
    build_trailer(&b, 4); /* FCS */
    build_hex(&b, "0801" TO_DS);
    struct segment s;
    assert_int_equal(decode_build(&b, DLT_IEEE802_11, &s), DECODE_SEGMENT);
    assert_int_equal(s.payload_len, PAYLOAD_LEN);
}

/* Of an A-MSDU the first frame: addresses, length. */
static void test_aggregate(void **state)
{
    (void)state;
    snap();
    const unsigned length = (unsigned)build_size(&b);
    build_hex(&b, "020000000005 020000000006 0000");
    build_set(&b, 13, length);
    build_hex(&b, "8801" TO_DS "8000");
    expect_tcp(&b, DLT_IEEE802_11, 0);
}

static void test_not_followed(void **state)
{
    (void)state;
    static const char *headers[] = {
        "8000" TO_DS,                                            /* a beacon */
        "b400" TO_DS,                                            /* a request to send */
        "4801" TO_DS,                                            /* no data */
        "0805" TO_DS,                                            /* the first fragment */
        "0801 3000 020000000001 020000000002 020000000003 1100", /* the second */
    };
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        snap();
        build_hex(&b, headers[i]);
        expect_result(&b, DLT_IEEE802_11, DECODE_OTHER);
    }
    snap();
    build_hex(&b, "0841" TO_DS);
    expect_result(&b, DLT_IEEE802_11, DECODE_ENCRYPTED);
    build_tcp(&b);
    build_ip4(&b, 6);
    build_hex(&b, "0801" TO_DS "4242 03 000000 0800"); /* spanning tree */
    expect_result(&b, DLT_IEEE802_11, DECODE_OTHER);
}

static void test_radiotap(void **state)
{
    (void)state;
    static const char *headers[] = {
        "00 00 0800 00000000",                                       /* no field */
        "00 00 0900 02000000 10",                                    /* flags: FCS at the end */
        "00 00 1100 03000000 0102030405060708 00",                   /* a timer before them */
        "00 00 1900 03000080 00000080 00000000 0102030405060708 00", /* three words of presence: 16 bytes */
        "00 00 1900 03000080 00000000 00000000 0102030405060708 00", /* two words, and 4 bytes to align */
    };
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        snap();
        build_hex(&b, "0801" TO_DS);
        build_hex(&b, headers[i]);
        expect_tcp(&b, DLT_IEEE802_11_RADIO, 0);
    }
    snap();
    build_hex(&b, "8801" TO_DS "0000 0000"); /* 26 bytes, filled up to 28 */
    build_hex(&b, "00 00 0900 02000000 20");
    expect_tcp(&b, DLT_IEEE802_11_RADIO, 0);
    snap();
    build_hex(&b, "0801" TO_DS);
    build_hex(&b, "00 00 0800 02000000"); /* shorter than its own fields */
    expect_result(&b, DLT_IEEE802_11_RADIO, DECODE_MALFORMED);
}

static void test_ppi(void **state)
{
    (void)state;
    snap();
    build_hex(&b, "0801" TO_DS);
    build_hex(&b, "00 00 0c00 69000000 02000000");
    expect_tcp(&b, DLT_PPI, 0);
    build_tcp(&b);
    build_ip4(&b, 6);
    build_ethernet(&b, 0x0800);
    build_hex(&b, "00 00 0800 01000000");
    expect_tcp(&b, DLT_PPI, 0);
    build_set(&b, 4, 0x93);
    expect_result(&b, DLT_PPI, DECODE_UNKNOWN_LINK);
    build_set(&b, 2, 7);
    expect_result(&b, DLT_PPI, DECODE_MALFORMED);
}

static void in_capwap(const char *header)
{
    build_hex(&b, header);
    build_udp(&b, 40000, 5247);
    build_ip4(&b, 17);
    build_ethernet(&b, 0x0800);
}

/* RFC 5415 4.3: preamble; length, radio 1, binding 1 for 802.11, T; flags; fragment. */
static void test_capwap(void **state)
{
    (void)state;
    snap();
    build_hex(&b, "0801" TO_DS);
    in_capwap("00 10 43 00 0000 0000");
    expect_tcp(&b, DLT_EN10MB, 1, ENCAP_CAPWAP);
    snap();
    build_hex(&b, "0188" TO_DS "0000");                    /* swapped */
    in_capwap("00 20 43 20 0000 0000 04 d0c80000 000000"); /* with wireless specific information */
    expect_tcp(&b, DLT_EN10MB, 1, ENCAP_CAPWAP);
    build_tcp(&b);
    build_ip4(&b, 6);
    build_ethernet(&b, 0x0800);
    in_capwap("00 10 42 00 0000 0000");
    expect_tcp(&b, DLT_EN10MB, 1, ENCAP_CAPWAP);
}

/* Under DTLS, a fragment, a keep-alive, another radio, a header of one word: datagrams. */
static void test_capwap_not_followed(void **state)
{
    (void)state;
    static const char *headers[] = {"01 00 00 00 0000 0000", "00 10 43 80 0001 0000",
                                    "00 10 43 08 0000 0000", "00 10 47 00 0000 0000",
                                    "00 08 43 00 0000 0000", "10 10 43 00 0000 0000"};
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        snap();
        build_hex(&b, "0801" TO_DS);
        in_capwap(headers[i]);
        struct segment s;
        assert_int_equal(decode_build(&b, DLT_EN10MB, &s), DECODE_SEGMENT);
        assert_int_equal(s.transport, TRANSPORT_UDP);
        assert_int_equal(s.wrappers.encapsulation_count, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_data),
        cmocka_unit_test(test_aggregate),
        cmocka_unit_test(test_not_followed),
        cmocka_unit_test(test_radiotap),
        cmocka_unit_test(test_ppi),
        cmocka_unit_test(test_capwap),
        cmocka_unit_test(test_capwap_not_followed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
