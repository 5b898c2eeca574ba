/* Events as jansson, a strict JSON reader, understands them. */
#include "report/event_json.h"
#include "stand_in.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct observation o;
static char line[MAX_EVENT_BYTES];
static const char *const files[] = {"a.pcap", "dir/b\"\n.pcap"};
static const struct input_names names = {.name = files, .count = 2};

/* Exactly one line of strict JSON. */
static json_t *parse(const struct text *t)
{
    assert_false(t->cut);
    assert_int_equal(t->p[t->n - 1], '\n');
    assert_ptr_equal(memchr(t->p, '\n', t->n), t->p + t->n - 1);
    json_error_t error;
    json_t *root = json_loadb(t->p, t->n, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);
    if (!root)
        fail_msg("%s at %d: %s", error.text, error.position, t->p);
    return root;
}

static json_t *tls_event(void)
{
    struct text t = text_over(line, sizeof line);
    sample_tls_event(&t, &o, &names);
    return parse(&t);
}

/* "utwatch.client_hello.suites.0" */
static json_t *at(json_t *root, const char *path)
{
    char part[64];
    while (root && *path) {
        const size_t n = strcspn(path, ".");
        memcpy(part, path, n);
        part[n] = '\0';
        path += n + (path[n] == '.');
        root =
            json_is_array(root) ? json_array_get(root, (size_t)(part[0] - '0')) : json_object_get(root, part);
    }
    return root;
}

static void assert_text(json_t *root, const char *path, const char *expected)
{
    json_t *value = at(root, path);
    if (!json_is_string(value))
        fail_msg("%s is no string", path);
    assert_string_equal(json_string_value(value), expected);
}

static void assert_number(json_t *root, const char *path, json_int_t expected)
{
    json_t *value = at(root, path);
    if (!json_is_integer(value))
        fail_msg("%s is no number", path);
    assert_int_equal(json_integer_value(value), expected);
}

static void assert_absent(json_t *root, const char *path)
{
    if (at(root, path))
        fail_msg("%s is there", path);
}

static void full_event_has_the_contracts_shape(void **state)
{
    (void)state;
    sample_full(&o);
    o.whence.source = 1;
    json_t *e = tls_event();
    assert_text(e, "timestamp", "2026-11-23T17:50:00.123456+0000");
    assert_number(e, "flow_id", INT64_C(9007199254740991));
    assert_number(e, "pcap_cnt", 4);
    assert_text(e, "pcap_filename", "dir/b\"\n.pcap");
    assert_text(e, "event_type", "tls");
    assert_text(e, "src_ip", "198.51.100.7");
    assert_number(e, "src_port", 40112);
    assert_text(e, "dest_ip", "192.0.2.1");
    assert_number(e, "dest_port", 443);
    assert_text(e, "proto", "TCP");
    assert_number(e, "vlan.1", 4094);
    assert_text(e, "tls.version", "TLS 1.2");
    assert_absent(e, "tls.session_resumed");
    assert_text(e, "tls.serial", "01:AB");
    assert_text(e, "tls.fingerprint", "00:01:02:03:04:05:06:07:08:09:0a:0b:0c:0d:0e:0f:10:11:12:13");
    assert_text(e, "tls.notbefore", "2020-04-24T00:00:00");
    assert_text(e, "tls.notafter", "9999-12-31T23:59:59");
    assert_text(e, "tls.subjectaltname.0", "xcap.example.org");
    assert_text(e, "tls.ja3.hash", "00000000000000000000000000000000");
    assert_absent(e, "tls.ja3.string"); /* a list was cut */
    assert_absent(e, "tls.ja4");
    assert_text(e, "utwatch.outcome", "complete");
    assert_text(e, "utwatch.history", "CSXKRNxgcfcf");
    assert_text(e, "utwatch.client_hello.record_version", "0x0301");
    assert_text(e, "utwatch.client_hello.suites.3", "0x000a");
    assert_true(json_is_true(at(e, "utwatch.client_hello.suites_cut")));
    assert_number(e, "utwatch.client_hello.extensions.4", 35);
    assert_text(e, "tls.from_proto", "http");
    assert_text(e, "tls.client_handshake.version", "TLS 1.2");
    assert_number(e, "tls.client_handshake.ciphers.0", 0xc02b); /* behind GREASE */
    assert_number(e, "tls.client_handshake.sig_algs.0", 0x0403);
    assert_number(e, "tls.server_handshake.cipher", 0x0033);
    assert_number(e, "tls.server_handshake.exts.0", 35);
    assert_text(e, "utwatch.server_hello.suite_name", "TLS_DHE_RSA_WITH_AES_128_CBC_SHA");
    assert_number(e, "utwatch.server_hello.key_bits", 128);
    assert_true(json_is_false(at(e, "utwatch.server_hello.hello_retry")));
    assert_absent(e, "utwatch.server_hello.key_share_group");
    assert_text(e, "utwatch.certificate.curve", "secp256r1");
    assert_number(e, "utwatch.certificate.der_len", 981);
    assert_text(e, "utwatch.key_exchange.type", "dhe");
    assert_number(e, "utwatch.key_exchange.dh_bits", 1024);
    assert_number(e, "utwatch.client_certificate.count", 1);
    assert_number(e, "utwatch.ticket_issued.lifetime_hint", 300);
    assert_true(json_is_false(at(e, "utwatch.session.resumed")));
    assert_absent(e, "utwatch.session.method");
    assert_absent(e, "utwatch.unobserved");
    assert_text(e, "utwatch.encapsulation.1", "gtp-u");
    assert_absent(e, "utwatch.rule");
    json_decref(e);
}

static void draft_of_tls13_is_shown_as_it_stands(void **state)
{
    (void)state;
    sample_tls13(&o);
    json_t *e = tls_event();
    assert_text(e, "tls.version", "TLS 1.3");
    assert_true(json_is_true(at(e, "tls.session_resumed")));
    assert_text(e, "utwatch.server_hello.version", "0x7f1c");
    assert_number(e, "utwatch.server_hello.key_share_group", 29);
    assert_text(e, "utwatch.key_exchange.type", "ecdhe_psk");
    assert_text(e, "utwatch.key_exchange.group", "x25519");
    assert_text(e, "utwatch.session.method", "psk");
    assert_text(e, "utwatch.unobserved.0", "encrypted");
    assert_absent(e, "utwatch.certificate");
    assert_absent(e, "vlan");
    json_decref(e);
}

static void sslv2_specifications_and_odd_alerts(void **state)
{
    (void)state;
    sample_sslv2(&o);
    json_t *e = tls_event();
    assert_absent(e, "tls.version"); /* no server hello: nothing was negotiated */
    assert_text(e, "utwatch.client_hello.format", "sslv2");
    assert_absent(e, "utwatch.client_hello.record_version");
    assert_text(e, "utwatch.client_hello.suites.0", "0x0700c0");
    assert_text(e, "utwatch.client_hello.suites.1", "0x000a");
    assert_text(e, "utwatch.alerts.0.from", "server");
    assert_text(e, "utwatch.alerts.0.level", "fatal");
    assert_text(e, "utwatch.alerts.0.description", "handshake_failure");
    assert_text(e, "utwatch.alerts.1.level", "warning");
    assert_text(e, "utwatch.alerts.1.description", "alert_200");
    assert_number(e, "utwatch.alerts.2.level", 77);
    assert_text(e, "utwatch.alerts.2.description", "close_notify");
    assert_absent(e, "utwatch.server_hello");
    assert_absent(e, "utwatch.session");
    json_decref(e);
}

static void one_side_gives_no_guess_of_the_other(void **state)
{
    (void)state;
    sample_one_sided(&o);
    json_t *e = tls_event();
    assert_text(e, "src_ip", "2001:db8::1");
    assert_text(e, "timestamp", "2026-11-23T17:50:01.123456+0000"); /* of the ServerHello */
    assert_absent(e, "tls.sni");
    assert_absent(e, "utwatch.client_hello");
    assert_absent(e, "utwatch.server_hello.suite_name");
    assert_absent(e, "utwatch.key_exchange");
    assert_int_equal(json_array_size(at(e, "utwatch.unobserved")), UNOBSERVED_COUNT);
    json_decref(e);
    o.seen = 0;
    e = tls_event();
    assert_text(e, "timestamp", "2026-11-23T17:49:58.123456+0000"); /* of the first packet */
    json_decref(e);
}

static void live_events_name_the_interface(void **state)
{
    (void)state;
    static const char *const interfaces[] = {"eth0"};
    const struct input_names live = {.name = interfaces, .count = 1, .live = true};
    sample_empty(&o);
    struct text t = text_over(line, sizeof line);
    sample_tls_event(&t, &o, &live);
    json_t *e = parse(&t);
    assert_text(e, "in_iface", "eth0");
    assert_absent(e, "pcap_filename");
    assert_absent(e, "pcap_cnt");
    json_decref(e);
}

static void alert_carries_the_verdict(void **state)
{
    (void)state;
    sample_full(&o);
    struct verdict v = stand_in_verdict(RULE_KEY_BITS, VERDICT_FAIL);
    v.basis = BASIS_INFERRED;
    v.note = "a remark";
    const struct policy_case c = case_of_handshake(&o);
    struct text t = text_over(line, sizeof line);
    json_alert_event(&t, &c, &names, &v, false, NULL);
    json_t *e = parse(&t);
    assert_text(e, "event_type", "alert");
    assert_text(e, "alert.action", "allowed");
    assert_number(e, "alert.gid", 1);
    assert_number(e, "alert.signature_id", 33141631);
    assert_number(e, "alert.rev", 2);
    assert_text(e, "alert.signature", "The key is too short");
    assert_absent(e, "alert.metadata");
    assert_text(e, "alert.category", "TS 33.141 6.3");
    assert_number(e, "alert.severity", 2);
    assert_text(e, "tls.sni", "xcap.example.org");
    assert_text(e, "utwatch.outcome", "complete");
    assert_text(e, "utwatch.rule", "ut-6.3-key-length");
    assert_text(e, "utwatch.clause", "TS 33.141 6.3");
    assert_text(e, "utwatch.profile", "stand-in");
    assert_text(e, "utwatch.verdict", "fail");
    assert_text(e, "utwatch.basis", "inferred");
    assert_text(e, "utwatch.fault", "server");
    assert_text(e, "utwatch.observed", "56 effective bits");
    assert_text(e, "utwatch.required", stand_in_rules[RULE_KEY_BITS].requires);
    assert_text(e, "utwatch.note", "a remark");
    json_decref(e);
    static const json_int_t severities[] = {4, 3, 2, 1};
    for (unsigned s = 0; s < 4; s++) {
        v.severity = (enum severity)s;
        t = text_over(line, sizeof line);
        json_alert_event(&t, &c, &names, &v, false, NULL);
        e = parse(&t);
        assert_number(e, "alert.severity", severities[s]);
        json_decref(e);
    }
}

/* xorshift64: the same strings in every run. */
static uint64_t random_state = 0x9e3779b97f4a7c15;
static uint32_t random_below(uint32_t bound)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)(random_state >> 33) % bound;
}

static size_t random_character(char *to)
{
    static const uint32_t tops[] = {0x20, 0x80, 0x100, 0x2100, 0xd800, 0x10000, 0x110000};
    uint32_t c = random_below(tops[random_below(7)]);
    if (c >= 0xd800 && c < 0xe000)
        c = '"';
    const uint8_t tail = (uint8_t)(0x80 | (c & 0x3f));
    if (c < 0x80) {
        to[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        to[0] = (char)(0xc0 | c >> 6);
        to[1] = (char)tail;
        return 2;
    }
    const uint8_t middle = (uint8_t)(0x80 | (c >> 6 & 0x3f));
    if (c < 0x10000) {
        to[0] = (char)(0xe0 | c >> 12);
        to[1] = (char)middle;
        to[2] = (char)tail;
        return 3;
    }
    to[0] = (char)(0xf0 | c >> 18);
    to[1] = (char)(0x80 | (c >> 12 & 0x3f));
    to[2] = (char)middle;
    to[3] = (char)tail;
    return 4;
}

/* What was valid UTF-8 comes back byte for byte, NUL and control characters included. */
static void valid_names_come_back(void **state)
{
    (void)state;
    for (int round = 0; round < 1000; round++) {
        char name[256];
        size_t n = 0;
        const size_t characters = 1 + random_below(60);
        for (size_t i = 0; i < characters; i++)
            n += random_character(name + n);
        sample_full(&o);
        o.client_hello.sni = sample_text(&o, name, n);
        json_t *e = tls_event();
        json_t *sni = at(e, "tls.sni");
        assert_int_equal(json_string_length(sni), n);
        assert_memory_equal(json_string_value(sni), name, n);
        json_decref(e);
    }
}

static size_t ascii_of(const char *s, size_t n, char *to)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)s[i] < 0x80)
            to[kept++] = s[i];
    return kept;
}

/* Any bytes at all: strict JSON, and no ASCII character is lost, added or moved. */
static void hostile_names_stay_inside_their_strings(void **state)
{
    (void)state;
    for (int round = 0; round < 1000; round++) {
        char name[255];
        const size_t n = 1 + random_below(sizeof name);
        for (size_t i = 0; i < n; i++)
            name[i] = (char)random_below(256);
        sample_full(&o);
        const struct text_slice slice = sample_text(&o, name, n);
        o.client_hello.sni = o.client_hello.alpn[0] = o.server_hello.alpn = slice;
        o.certificate.subject = o.certificate.issuer = o.certificate.serial = slice;
        o.certificate.alt_names[0] = o.certificate.key_name = o.certificate.curve = slice;
        o.certificate.signature = slice;
        json_t *e = tls_event();
        static const char *const paths[] = {"tls.sni",     "tls.client_alpns.0",   "tls.server_alpns.0",
                                            "tls.subject", "tls.subjectaltname.0", "utwatch.certificate.key"};
        for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
            json_t *value = at(e, paths[i]);
            char sent[255];
            char got[3 * 255];
            const size_t kept = ascii_of(name, n, sent);
            assert_int_equal(ascii_of(json_string_value(value), json_string_length(value), got), kept);
            assert_memory_equal(got, sent, kept);
        }
        json_decref(e);
    }
}

static void largest_event_fits_its_buffer(void **state)
{
    (void)state;
    sample_largest(&o);
    json_t *e = tls_event();
    assert_absent(e, "utwatch.shortened");
    assert_int_equal(json_array_size(at(e, "utwatch.client_hello.suites")), MAX_SUITES_LISTED);
    assert_non_null(at(e, "tls.ja3.string"));
    assert_non_null(at(e, "tls.ja4"));
    json_decref(e);
}

/* In any space there is either a whole line or nothing. */
static void no_space_breaks_an_event(void **state)
{
    (void)state;
    static struct observation large;
    sample_largest(&large);
    size_t full = 0;
    size_t shortened = 0;
    size_t nothing = 0;
    for (size_t space = 1; space < sizeof line; space += space < 4096 ? 1 : 97) {
        struct text t = text_over(line, space);
        text_put(&t, space > 2 ? "#\n" : "");
        const size_t before = t.n;
        sample_tls_event(&t, &large, &names);
        if (t.cut) {
            assert_int_equal(t.n, before);
            assert_int_equal(t.p[t.n], '\0');
            nothing++;
            continue;
        }
        const struct text event = {.p = t.p + before, .n = t.n - before, .cap = t.cap - before};
        json_t *e = parse(&event);
        const bool is_short = at(e, "utwatch.shortened") != NULL;
        assert_int_equal(is_short, at(e, "utwatch.client_hello.suites") == NULL);
        assert_text(e, "event_type", "tls");
        shortened += is_short;
        full += !is_short;
        json_decref(e);
    }
    assert_true(full > 0 && shortened > 0 && nothing > 0);
}

/* Advice and superseded demands are info to whoever sorts by EVE's severity, whatever the rule says. */
static void what_decides_nothing_is_marked(void **state)
{
    (void)state;
    sample_full(&o);
    const struct policy_case c = case_of_handshake(&o);
    struct verdict v = stand_in_verdict(RULE_KEY_BITS, VERDICT_FAIL);
    struct text t = text_over(line, sizeof line);
    json_alert_event(&t, &c, &names, &v, true, NULL);
    json_t *e = parse(&t);
    assert_number(e, "alert.severity", 4);
    assert_text(e, "alert.metadata.advice.0", "stand-in");
    assert_absent(e, "alert.metadata.superseded");
    json_decref(e);
    v = stand_in_verdict(RULE_SUPERSEDED, VERDICT_FAIL);
    v.severity = SEVERITY_INFO; /* as it is judged */
    t = text_over(line, sizeof line);
    json_alert_event(&t, &c, &names, &v, false, NULL);
    e = parse(&t);
    assert_number(e, "alert.severity", 4);
    assert_text(e, "alert.metadata.superseded.0", "RFC 0000 1");
    assert_absent(e, "alert.metadata.advice");
    json_decref(e);
}

static void stats_count_what_was_tallied(void **state)
{
    (void)state;
    static struct tally tally;
    assert_true(tally_open(&tally, stand_in_profile()));
    sample_full(&o);
    const struct verdict verdicts[] = {stand_in_verdict(RULE_ANONYMOUS, VERDICT_FAIL),
                                       stand_in_verdict(RULE_VERSION, VERDICT_NOT_OBSERVABLE),
                                       stand_in_verdict(RULE_SUPERSEDED, VERDICT_FAIL),
                                       stand_in_verdict(RULE_CERTIFICATE, VERDICT_NOTHING_AGAINST)};
    sample_add(&tally, &o, verdicts, 4);
    sample_add(&tally, &o, verdicts, 4);
    const struct capture_health health = {.frames = 10, .gaps = 1, .gap_bytes = 1460};
    struct text t = text_over(line, sizeof line);
    json_stats_event(&t, &tally, &health, o.side[CLIENT].hello_time);
    json_t *e = parse(&t);
    assert_text(e, "timestamp", "2026-11-23T17:50:00.123456+0000");
    assert_text(e, "event_type", "stats");
    assert_absent(e, "src_ip");
    assert_number(e, "utwatch.capture.gap_bytes", 1460);
    assert_number(e, "utwatch.handshakes.outcome.complete", 2);
    assert_text(e, "utwatch.handshakes.versions.0.name", "TLS 1.2");
    assert_number(e, "utwatch.handshakes.versions.0.count", 2);
    assert_text(e, "utwatch.handshakes.suites.0.name", "TLS_DHE_RSA_WITH_AES_128_CBC_SHA");
    assert_number(e, "utwatch.handshakes.suites.0.count", 2);
    assert_text(e, "utwatch.handshakes.key_bits.0.name", "128");
    assert_number(e, "stats.tcp.reassembly_gap", (int64_t)health.gaps);
    assert_number(e, "utwatch.violations.high", 2);
    assert_number(e, "utwatch.verdicts.not_observable", 2);
    assert_number(e, "utwatch.verdicts.nothing_against", 2);
    assert_number(e, "utwatch.verdicts.superseded", 2);
    assert_number(e, "utwatch.verdicts.fail", 2); /* without the superseded ones */
    assert_number(e, "utwatch.violations.medium", 0);
    assert_number(e, "utwatch.rules.5.fail", 2);
    assert_text(e, "utwatch.rules.5.superseded", "RFC 0000 1");
    assert_number(e, "utwatch.rules.4.nothing_against", 2);
    assert_number(e, "utwatch.verdicts.reasons.server-direction", 2);
    assert_int_equal(json_array_size(at(e, "utwatch.rules")), STAND_IN_RULES);
    assert_text(e, "utwatch.rules.0.rule", "ut-7.2-only-anonymous");
    assert_number(e, "utwatch.rules.0.fail", 2);
    assert_number(e, "utwatch.rules.0.servers", 1);
    assert_number(e, "utwatch.rules.2.reasons.server-direction", 2);
    json_decref(e);
    tally_close(&tally);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(full_event_has_the_contracts_shape),
        cmocka_unit_test(draft_of_tls13_is_shown_as_it_stands),
        cmocka_unit_test(sslv2_specifications_and_odd_alerts),
        cmocka_unit_test(one_side_gives_no_guess_of_the_other),
        cmocka_unit_test(live_events_name_the_interface),
        cmocka_unit_test(alert_carries_the_verdict),
        cmocka_unit_test(what_decides_nothing_is_marked),
        cmocka_unit_test(valid_names_come_back),
        cmocka_unit_test(hostile_names_stay_inside_their_strings),
        cmocka_unit_test(largest_event_fits_its_buffer),
        cmocka_unit_test(no_space_breaks_an_event),
        cmocka_unit_test(stats_count_what_was_tallied),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
