/* Community ID, JA3 strings and JA4 against published values and against tshark 4.0. */
#include "report/community_id.h"
#include "stand_in.h"
#include "tls/ja.h"

#include <arpa/inet.h>
#include <nettle/md5.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct endpoint end_of(const char *address, uint16_t port)
{
    struct endpoint end = {.port = port, .family = strchr(address, ':') ? 6 : 4};
    assert_int_equal(inet_pton(end.family == 6 ? AF_INET6 : AF_INET, address, end.address), 1);
    return end;
}

static void community_ids(void **state)
{
    (void)state;
    static const struct {
        const char *a;
        const char *b;
        const char *id;
        uint16_t a_port;
        uint16_t b_port;
    } vectors[] = {
        /* the specification's own example */
        {"128.232.110.120", "66.35.250.204", "1:LQU9qZlK+B5F3KDmev6m5PMibrg=", 34855, 80},
        /* tshark 4.0 --enable-protocol communityid: also IPv6, equal addresses, ports against address order
         */
        {"172.26.0.39", "172.217.14.206", "1:0rRFlkfZsYZ0l7PqLoMEAxHMqrI=", 35958, 443},
        {"2001:db8::1", "2001:db8::2", "1:PjJkl3CmMx5vH9Yo/9rgNVPyptY=", 40112, 443},
        {"10.0.0.1", "10.0.0.1", "1:XNKXCjs9jXKiuP5hWuypqOAquQw=", 40112, 443},
        {"10.0.0.9", "10.0.0.1", "1:80r1huzxqss6ulKNNxRgmxK6DQk=", 443, 50000},
    };
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        const struct endpoint a = end_of(vectors[i].a, vectors[i].a_port);
        const struct endpoint b = end_of(vectors[i].b, vectors[i].b_port);
        char buffer[64];
        struct text t = text_over(buffer, sizeof buffer);
        community_id(&a, &b, TRANSPORT_TCP, &t);
        assert_string_equal(buffer, vectors[i].id);
        t = text_over(buffer, sizeof buffer);
        community_id(&b, &a, TRANSPORT_TCP, &t);
        assert_string_equal(buffer, vectors[i].id);
    }
}

#define LIST(list) list, sizeof(list) / sizeof *(list)

static uint16_t copy_list(uint16_t *to, const uint16_t *from, size_t count)
{
    memcpy(to, from, count * sizeof *to);
    return (uint16_t)count;
}

/* Out of the order in which they are hashed, and with GREASE among them. */
static void ja4_of_the_specification(void **state)
{
    (void)state;
    static struct observation o;
    sample_empty(&o);
    struct client_hello_facts *c = &o.client_hello;
    static const uint16_t suites[] = {0xfafa, 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030,
                                      0xcca9, 0xcca8, 0xc013, 0xc014, 0x009c, 0x009d, 0x002f, 0x0035};
    static const uint16_t extensions[] = {0x2a2a, 0x001b, 0x0000, 0x0033, 0x0010, 0x4469,
                                          0x0017, 0x002d, 0x000d, 0x0005, 0x0023, 0x0012,
                                          0x002b, 0xff01, 0x000b, 0x000a, 0x0015, 0x8a8a};
    static const uint16_t algorithms[] = {0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601};
    static const uint16_t versions[] = {0xdada, 0x0304, 0x0303};
    c->version = 0x0303;
    c->max_version = 0x0304;
    c->suite_count = copy_list(c->suites, LIST(suites));
    c->extension_count = copy_list(c->extensions, LIST(extensions));
    c->signature_algorithm_count = copy_list(c->signature_algorithms, LIST(algorithms));
    c->version_count = copy_list(c->versions, LIST(versions));
    c->alpn[0] = sample_string(&o, "h2");
    c->alpn[1] = sample_string(&o, "http/1.1");
    c->alpn_count = 2;
    char buffer[64];
    struct text t = text_over(buffer, sizeof buffer);
    assert_true(ja4_text(&o, &t));
    assert_string_equal(buffer, "t13d1516h2_8daaf6152771_e5627efa2ab1");

    c->suites_cut = true;
    t = text_over(buffer, sizeof buffer);
    assert_false(ja4_text(&o, &t));
    assert_int_equal(t.n, 0);
}

/* suricata-verify, ja4-tls: the lists as tshark shows them, JA4 as the test there expects it. */
static void suricatas_hello(struct observation *o)
{
    sample_empty(o);
    struct client_hello_facts *c = &o->client_hello;
    static const uint16_t suites[] = {49195, 49199, 158, 49162, 49161, 49171, 49172, 49159, 49169,
                                      51,    50,    57,  156,   47,    53,    10,    5,     4};
    static const uint16_t extensions[] = {65281, 10, 11, 35, 13172, 16, 30032, 5, 18, 13};
    static const uint16_t algorithms[] = {0x0401, 0x0501, 0x0201, 0x0403, 0x0503, 0x0203, 0x0402, 0x0202};
    static const uint16_t groups[] = {23, 24, 25};
    c->version = 0x0303;
    c->suite_count = copy_list(c->suites, LIST(suites));
    c->extension_count = copy_list(c->extensions, LIST(extensions));
    c->signature_algorithm_count = copy_list(c->signature_algorithms, LIST(algorithms));
    c->group_count = copy_list(c->groups, LIST(groups));
    c->point_format_count = 1;
    c->alpn[0] = sample_string(o, "spdy/3.1");
    c->alpn_count = 1;
    c->ja3_known = c->ja3_made = true;
}

static void ja4_of_suricata(void **state)
{
    (void)state;
    static struct observation o;
    suricatas_hello(&o);
    char buffer[64];
    struct text t = text_over(buffer, sizeof buffer);
    assert_true(ja4_text(&o, &t));
    assert_string_equal(buffer, "t12i1810s1_27d4652c4487_06a4338d0495");
}

static void ja4_of_odd_hellos(void **state)
{
    (void)state;
    static struct observation o;
    sample_empty(&o);
    struct client_hello_facts *c = &o.client_hello;
    c->version = 0x0300;
    char buffer[64];
    struct text t = text_over(buffer, sizeof buffer);
    assert_true(ja4_text(&o, &t));
    assert_string_equal(buffer, "ts3i000000_000000000000_000000000000");

    /* FoxIO: 0x30 0xAB gives "3b", since one of its ends is neither letter nor digit. */
    c->alpn[0] = sample_text(&o, "\x30\xab", 2);
    c->alpn_count = 1;
    c->extensions[0] = 0;
    c->extensions[1] = 16;
    c->extension_count = 2;
    t = text_over(buffer, sizeof buffer);
    assert_true(ja4_text(&o, &t));
    assert_string_equal(buffer, "ts3d00023b_000000000000_000000000000");

    for (size_t i = 0; i < MAX_SUITES_LISTED; i++)
        c->suites[i] = (uint16_t)(0x4000 - i);
    c->suite_count = MAX_SUITES_LISTED;
    t = text_over(buffer, sizeof buffer);
    assert_true(ja4_text(&o, &t));
    /* python3: sha256 of the 512 codes 3e01 to 4000 but GREASE, joined with commas */
    assert_string_equal(buffer, "ts3d99023b_45f5e884a5ed_000000000000");
}

static void assert_md5(const char *text, size_t n, const char *hex)
{
    struct md5_ctx md5;
    uint8_t digest[MD5_DIGEST_SIZE];
    md5_init(&md5);
    md5_update(&md5, n, (const uint8_t *)text);
    md5_digest(&md5, sizeof digest, digest);
    char buffer[64];
    struct text t = text_over(buffer, sizeof buffer);
    text_hex(&t, span_of(digest, sizeof digest), 0);
    assert_string_equal(buffer, hex);
}

/* The text and its MD5 as tshark's tls.handshake.ja3_full and tls.handshake.ja3 show them. */
static void ja3_of_tshark(void **state)
{
    (void)state;
    static struct observation o;
    suricatas_hello(&o);
    char buffer[512];
    struct text t = text_over(buffer, sizeof buffer);
    assert_true(ja3_text(&o.client_hello, &t));
    assert_string_equal(buffer, "771,49195-49199-158-49162-49161-49171-49172-49159-49169-51-50-57-156-47-53-"
                                "10-5-4,65281-10-11-35-13172-16-30032-5-18-13,23-24-25,0");
    assert_md5(buffer, t.n, "308b0bd904abbef5e0034a1ff7a78920");

    /* GREASE at the front of a list leaves no separator behind. */
    o.client_hello.groups[0] = 0x1a1a;
    t = text_over(buffer, sizeof buffer);
    assert_true(ja3_text(&o.client_hello, &t));
    assert_non_null(strstr(buffer, ",24-25,0"));

    o.client_hello.lists_cut = true;
    assert_false(ja3_text(&o.client_hello, &t));
}

static void ja3s_is_legacy_version_suite_extensions(void **state)
{
    (void)state;
    static struct observation o;
    sample_tls13(&o);
    o.server_hello.legacy_version = 0x0303;
    char buffer[128];
    struct text t = text_over(buffer, sizeof buffer);
    assert_true(ja3s_text(&o.server_hello, &t));
    assert_string_equal(buffer, "771,4865,51-41");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(community_ids),   cmocka_unit_test(ja4_of_the_specification),
        cmocka_unit_test(ja4_of_suricata), cmocka_unit_test(ja4_of_odd_hellos),
        cmocka_unit_test(ja3_of_tshark),   cmocka_unit_test(ja3s_is_legacy_version_suite_extensions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
