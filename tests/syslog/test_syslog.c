/* The parts of monitor/syslog that need no receiver: messages, addresses, answers of RELP, the window, the
 * spool. */
#include "syslog/address.h"
#include "syslog/message.h"
#include "syslog/relp.h"
#include "syslog/spool.h"
#include "syslog/window.h"

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static struct syslog_origin origin(size_t most)
{
    struct syslog_origin o = {.facility = 21, .host = "sensor", .process = "7", .most = most};
    (void)strcpy(o.element, "utwatch@32473");
    return o;
}

/* RFC 5424 6: header, two elements, words. */
static void message_has_the_form_of_the_rfc(void **state)
{
    (void)state;
    struct syslog_origin o = origin(480);
    static struct syslog_message m;
    char buffer[SYSLOG_MOST_BYTES + 1];
    syslog_begin(&m, buffer, &o, SYSLOG_WARNING, INT64_C(1764000000123456789), "a rule");
    syslog_param_text(&m, "src_ip", "192.0.2.1");
    syslog_words(&m, "In words");
    syslog_param_uint(&m, "dest_port", 443);
    (void)syslog_end(&m);
    assert_string_equal(buffer,
                        "<172>1 2025-11-24T16:00:00.123456Z sensor utwatch 7 arule [meta sequenceId=\"1\"]"
                        "[utwatch@32473 src_ip=\"192.0.2.1\" dest_port=\"443\"] In words");
}

static const char *value_of(struct span value)
{
    static struct syslog_message m;
    static char buffer[SYSLOG_MOST_BYTES + 1];
    struct syslog_origin o = origin(2048);
    syslog_begin(&m, buffer, &o, SYSLOG_WARNING, 0, "r");
    syslog_param(&m, "v", value);
    (void)syslog_end(&m);
    return strstr(buffer, " v=\"");
}

static void hostile_values_stay_values(void **state)
{
    (void)state;
    static const struct {
        const char *value, *written;
    } cases[] = {
        {"a\"] forged", " v=\"a\\\\x22\\\\x5d forged\"]"},
        {"[x]", " v=\"\\\\x5bx\\\\x5d\"]"},
        {"back\\slash", " v=\"back\\\\x5cslash\"]"},
        {"line\nline\r\x1b[0m", " v=\"line\\\\x0aline\\\\x0d\\\\x1b\\\\x5b0m\"]"},
        {"\xc0\xaf\xff", " v=\"\\\\xc0\\\\xaf\\\\xff\"]"},
        {"\xe2\x80\xae", " v=\"\\\\xe2\\\\x80\\\\xae\"]"}, /* right-to-left override */
        {"m\xc3\xbcller", " v=\"m\xc3\xbcller\"]"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(value_of(span_of_text(cases[i].value)), cases[i].written);
    assert_string_equal(value_of(span_of("a\0b", 3)), " v=\"a\\\\x00b\"]");
}

/* Whatever the bytes: one line of valid UTF-8, and no quote but those around values. */
static void no_byte_leaves_its_value(void **state)
{
    (void)state;
    for (unsigned c = 0; c < 256; c++) {
        const uint8_t byte = (uint8_t)c;
        const char *written = value_of(span_of(&byte, 1));
        const char *closing = strchr(written + 4, '"');
        assert_non_null(closing);
        assert_string_equal(closing, "\"]");
        for (const char *p = written; *p; p++)
            assert_true(*p >= ' ' && *p < 0x7f);
    }
}

static void no_message_is_longer_than_its_bound(void **state)
{
    (void)state;
    static struct syslog_message m;
    char buffer[SYSLOG_MOST_BYTES + 1];
    char filler[600];
    memset(filler, 'x', sizeof filler);
    for (size_t length = 0; length < sizeof filler; length++) {
        struct syslog_origin o = origin(SYSLOG_LEAST_BYTES);
        o.sequence = 2147483646;
        syslog_begin(&m, buffer, &o, SYSLOG_CRITICAL, 0, "rule");
        syslog_param(&m, "long", span_of(filler, length));
        syslog_words(&m, "words of the rule");
        syslog_param_text(&m, "short", "1");
        const struct span whole = syslog_end(&m);
        assert_true(whole.n <= SYSLOG_LEAST_BYTES);
        const bool has_long = strstr(buffer, "long=\"") != NULL;
        const bool has_all = has_long && strstr(buffer, "short=\"1\"") && strstr(buffer, "words of the rule");
        assert_int_equal(has_all, strstr(buffer, "trunc=\"1\"") == NULL);
        if (has_long)
            assert_int_equal(strspn(strstr(buffer, "long=\"") + 6, "x"), length);
    }
}

/* RFC 5424 7.3.1: 2147483647 is followed by 1. */
static void sequence_begins_anew_after_its_largest(void **state)
{
    (void)state;
    static struct syslog_message m;
    char buffer[SYSLOG_MOST_BYTES + 1];
    struct syslog_origin o = origin(480);
    o.sequence = 2147483647;
    syslog_begin(&m, buffer, &o, SYSLOG_CRITICAL, 0, "rule");
    (void)syslog_end(&m);
    assert_non_null(strstr(buffer, "[meta sequenceId=\"1\"]"));
}

/* RFC 5424 6.2.7: MSGID has at most 32 characters; the whole id is a parameter then. */
static void long_rule_stands_in_a_parameter(void **state)
{
    (void)state;
    static struct syslog_message m;
    char buffer[SYSLOG_MOST_BYTES + 1];
    struct syslog_origin o = origin(480);
    syslog_begin(&m, buffer, &o, SYSLOG_CRITICAL, 0, "wapcert-6.4.3-signature-algorithm");
    (void)syslog_end(&m);
    assert_non_null(strstr(buffer, " 7 wapcert-6.4.3-signature-algorith ["));
    assert_non_null(strstr(buffer, " rule=\"wapcert-6.4.3-signature-algorithm\""));
}

static void addresses_are_read(void **state)
{
    (void)state;
    struct syslog_address a;
    assert_null(syslog_address_parse("unix:/dev/log", &a));
    assert_string_equal(a.host, "/dev/log");
    assert_null(syslog_address_parse("relp+tls:siem.example:2515", &a));
    assert_int_equal(a.transport, SYSLOG_RELP_TLS);
    assert_string_equal(a.host, "siem.example");
    assert_string_equal(a.port, "2515");
    assert_null(syslog_address_parse("udp:[2001:db8::1]:514", &a));
    assert_string_equal(a.host, "2001:db8::1");
    static const char *const wrong[] = {
        "",
        "tcp",
        "http:host:1",
        "tcp:host",
        "tcp:host:",
        "tcp::514",
        "tcp:h:0",
        "tcp:h:65536",
        "tcp:h:+1",
        "tcp:h:1x",
        "unix:log",
        "tcp:2001:db8::1:514",
        "tcp:[]:1",
        "tcp:h: 514",
        "TCP:h:514",
        "relp+tls+x:h:1",
        "unix:",
        "tcp:h:00000000514",
        "udp://127.0.0.1:514",
        "tcp:a/b:514",
        "tcp:a b:514",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_non_null(syslog_address_parse(wrong[i], &a));
}

/* In pieces of every size, an answer is the same. */
static void relp_answers_in_pieces(void **state)
{
    (void)state;
    static const char text[] =
        "1 rsp 93 200 OK\nrelp_version=0\nrelp_software=1.11.0,librelp,http://librelp."
        "adiscon.com\ncommands=syslog\n2 rsp 6 200 OK\n12 rsp 8 500 full\n0 serverclose 0\n";
    for (size_t piece = 1; piece < sizeof text; piece++) {
        struct relp_reader r = {0};
        struct relp_answer a[4];
        size_t count = 0;
        for (size_t at = 0; at < sizeof text - 1; at += piece) {
            struct span s = span_head(span_of(text + at, sizeof text - 1 - at), piece);
            while (s.n) {
                struct relp_answer one;
                const enum relp_result result = relp_read(&r, &s, &one);
                assert_int_not_equal(result, RELP_BROKEN);
                if (result == RELP_ANSWER)
                    a[count++] = one;
            }
        }
        assert_int_equal(count, 4);
        assert_int_equal(a[0].transaction, 1);
        assert_int_equal(a[0].code, 200);
        assert_int_equal(a[1].transaction, 2);
        assert_int_equal(a[2].transaction, 12);
        assert_int_equal(a[2].code, 500);
        assert_true(a[3].closes);
    }
}

static void what_is_no_relp_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "HTTP/1.1 400",     " 1 rsp 0\n",
        "1  rsp 0\n",       "1 rsp x\n",
        "1 rsp 6 200 OKx",  "1234567890 rsp 0\n",
        "1 rsp 999999999 ", "1 rsp 3\nabc",
        "1 r2p 0\n",        "1 abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz 0\n",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct relp_reader r = {0};
        struct relp_answer a;
        struct span s = span_of_text(wrong[i]);
        assert_int_equal(relp_read(&r, &s, &a), RELP_BROKEN);
    }
}

static void window_waits_for_acknowledgement_and_time(void **state)
{
    (void)state;
    static struct window w = {.grace = WINDOW_SECONDS * NANOS_PER_SECOND};
    const int64_t second = NANOS_PER_SECOND;
    window_sent(&w, 5, 100, 0);
    window_sent(&w, 9, 200, second);
    assert_int_equal(window_arrived(&w, 99, 10 * second), 0);
    assert_int_equal(window_arrived(&w, 100, 20 * second), 0);
    assert_int_equal(window_arrived(&w, 200, 21 * second), 0);
    assert_int_equal(window_arrived(&w, 200, 22 * second), 5);
    assert_int_equal(window_arrived(&w, 200, 23 * second), 9);
    assert_int_equal(w.count, 0);
}

/* However long nothing is acknowledged, no message is taken for arrived before its bytes are. */
static void full_window_keeps_what_was_sent_last(void **state)
{
    (void)state;
    static struct window w = {.grace = WINDOW_SECONDS * NANOS_PER_SECOND};
    const int64_t second = NANOS_PER_SECOND;
    for (uint64_t i = 1; i <= 1000; i++)
        window_sent(&w, i, i * 10, (int64_t)i * second);
    assert_int_equal(window_arrived(&w, 9990, 2000 * second), 0);
    assert_true(window_arrived(&w, 9990, 2002 * second) < 1000);
    assert_int_equal(window_arrived(&w, 10000, 2003 * second), 0);
    assert_int_equal(window_arrived(&w, 10000, 2005 * second), 1000);
}

static char folder[] = "/tmp/utwatch-spool-XXXXXX";

static int make_folder(void **state)
{
    (void)state;
    (void)strcpy(folder, "/tmp/utwatch-spool-XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    DIR *d = opendir(folder);
    char path[600];
    for (const struct dirent *e; d && (e = readdir(d));) {
        (void)snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
        (void)unlink(path);
    }
    (void)closedir(d);
    return rmdir(folder);
}

static struct spool *open_spool(const char *where, uint64_t cap)
{
    char error[256];
    struct spool *s = spool_open(where, "test", cap, error, sizeof error);
    assert_non_null(s);
    return s;
}

static void put(struct spool *s, unsigned class, unsigned number)
{
    char text[400];
    const int n = snprintf(text, sizeof text, "%u %0300u", class, number);
    (void)spool_put(s, class, span_of(text, (size_t)n));
}

/* The next message is this one. */
static void take(struct spool *s, unsigned class, unsigned number, uint64_t *place)
{
    char text[400];
    struct spool_message m;
    const int n = snprintf(text, sizeof text, "%u %0300u", class, number);
    assert_true(spool_peek(s, &m));
    assert_int_equal(m.bytes.n, n);
    assert_memory_equal(m.bytes.p, text, m.bytes.n);
    *place = m.number;
    spool_took(s);
}

static void messages_come_in_the_order_of_arrival(void **state)
{
    (void)state;
    const char *const where[] = {NULL, folder};
    for (size_t w = 0; w < 2; w++) {
        struct spool *s = open_spool(where[w], 4 << 20);
        uint64_t place = 0;
        uint64_t before = 0;
        for (unsigned i = 0; i < 1000; i++)
            put(s, i * 7 % 4, i);
        for (unsigned i = 0; i < 1000; i++) {
            take(s, i * 7 % 4, i, &place);
            assert_true(place > before);
            before = place;
            if (i == 499)
                spool_done(s, place);
        }
        spool_rewind(s);
        assert_int_equal(spool_counters(s).kept, 500);
        for (unsigned i = 500; i < 1000; i++)
            take(s, i * 7 % 4, i, &place);
        spool_done(s, place);
        struct spool_message m;
        assert_false(spool_peek(s, &m));
        assert_int_equal(spool_counters(s).kept, 0);
        spool_close(s);
    }
}

static void what_was_not_done_outlives_the_process(void **state)
{
    (void)state;
    struct spool *s = open_spool(folder, 4 << 20);
    uint64_t place = 0;
    for (unsigned i = 0; i < 300; i++)
        put(s, i % 4, i);
    for (unsigned i = 0; i < 100; i++)
        take(s, i % 4, i, &place);
    spool_done(s, place);
    spool_close(s);
    for (unsigned run = 0; run < 2; run++) {
        s = open_spool(folder, 4 << 20);
        assert_int_equal(spool_counters(s).kept, 200 + run);
        put(s, 3, 300 + run);
        for (unsigned i = 100; i < 300; i++)
            take(s, i % 4, i, &place);
        for (unsigned i = 0; i <= run; i++)
            take(s, 3, 300 + i, &place);
        spool_close(s);
    }
}

/* More often than there are segments, while nobody takes anything. */
static void started_again_and_again(void **state)
{
    (void)state;
    enum { TIMES = 100 };
    uint64_t place = 0;
    for (unsigned i = 0; i < TIMES; i++) {
        struct spool *s = open_spool(folder, LEAST_SPOOL_BYTES);
        for (unsigned class = 0; class < SPOOL_CLASSES; class ++)
            put(s, class, i);
        assert_int_equal(spool_counters(s).kept, (i + 1) * SPOOL_CLASSES);
        spool_close(s);
    }
    struct spool *s = open_spool(folder, LEAST_SPOOL_BYTES);
    for (unsigned i = 0; i < TIMES; i++)
        for (unsigned class = 0; class < SPOOL_CLASSES; class ++)
            take(s, class, i, &place);
    assert_int_equal(spool_counters(s).damaged, 0);
    spool_close(s);
}

/* A spool belongs to one process. */
static void second_user_is_refused(void **state)
{
    (void)state;
    char error[256] = "";
    struct spool *s = open_spool(folder, 4 << 20);
    assert_null(spool_open(folder, "test", 4 << 20, error, sizeof error));
    assert_non_null(strstr(error, "another process"));
    spool_close(s);
}

/* What lies in the folder for nobody is counted, and nothing else that lies there. */
static void files_of_strangers_are_found(void **state)
{
    (void)state;
    char first[64] = "";
    const struct spool_names none = {.count = 0};
    const struct spool_names mine = {.name = {"other", "test"}, .count = 2};
    struct spool *s = open_spool(folder, 4 << 20);
    put(s, 3, 1);
    assert_int_equal(spool_strangers(folder, &mine, first, sizeof first), 0);
    assert_int_equal(spool_strangers(folder, &none, first, sizeof first), 1);
    assert_string_equal(first, "test");
    spool_close(s);
    assert_int_equal(spool_strangers("/nowhere", &none, first, sizeof first), 0);
}

static void least_severe_go_first(void **state)
{
    (void)state;
    const unsigned each = 1000; /* 300 bytes each: four times the cap */
    struct spool *s = open_spool(folder, 600000);
    for (unsigned i = 0; i < each; i++)
        for (unsigned class = 0; class < 4; class ++)
            put(s, class, i);
    const struct spool_counters c = spool_counters(s);
    assert_true(c.bytes <= 600000);
    assert_int_equal(c.dropped[3], 0);
    assert_true(c.dropped[0] > each * 9 / 10);
    assert_true(c.dropped[0] >= c.dropped[1] && c.dropped[1] >= c.dropped[2]);
    assert_int_equal(c.kept + c.dropped[0] + c.dropped[1] + c.dropped[2], 4 * each);
    struct spool_message m;
    unsigned severe = 0;
    unsigned all = 0;
    for (; spool_peek(s, &m); spool_took(s), all++)
        severe += m.bytes.p[0] == '3';
    assert_int_equal(severe, each);
    assert_int_equal(all, c.kept);
    spool_close(s);
}

/* A file that was cut anywhere, or in which any byte was changed, gives whole messages only. */
static void torn_files_give_whole_messages(void **state)
{
    (void)state;
    struct spool *s = open_spool(folder, 4 << 20);
    for (unsigned i = 0; i < 3; i++)
        put(s, 2, i);
    spool_close(s);
    char path[600];
    (void)snprintf(path, sizeof path, "%s/test.2.0000000000000001", folder);
    uint8_t whole[2048];
    uint8_t changed[sizeof whole];
    int fd = open(path, O_RDONLY);
    const ssize_t n = read(fd, whole, sizeof whole);
    assert_true(n > 900 && close(fd) == 0);
    for (size_t i = 0; i < 2 * (size_t)n; i += 3) {
        const size_t at = i / 2;
        size_t length = (size_t)n;
        memcpy(changed, whole, length);
        if (i % 2)
            changed[at] ^= 0x10;
        else
            length = at;
        fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
        assert_true(fd >= 0 && write(fd, changed, length) == (ssize_t)length && close(fd) == 0);
        s = open_spool(folder, 4 << 20);
        struct spool_message m;
        for (unsigned k = 0; spool_peek(s, &m); k++) {
            char text[400];
            (void)snprintf(text, sizeof text, "%u %0300u", 2U, k);
            assert_memory_equal(m.bytes.p, text, m.bytes.n);
            spool_took(s);
        }
        spool_close(s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(message_has_the_form_of_the_rfc),
        cmocka_unit_test(hostile_values_stay_values),
        cmocka_unit_test(no_byte_leaves_its_value),
        cmocka_unit_test(no_message_is_longer_than_its_bound),
        cmocka_unit_test(sequence_begins_anew_after_its_largest),
        cmocka_unit_test(long_rule_stands_in_a_parameter),
        cmocka_unit_test(addresses_are_read),
        cmocka_unit_test(relp_answers_in_pieces),
        cmocka_unit_test(what_is_no_relp_is_refused),
        cmocka_unit_test(window_waits_for_acknowledgement_and_time),
        cmocka_unit_test(full_window_keeps_what_was_sent_last),
        cmocka_unit_test_setup_teardown(messages_come_in_the_order_of_arrival, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(what_was_not_done_outlives_the_process, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(started_again_and_again, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(second_user_is_refused, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(files_of_strangers_are_found, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(least_severe_go_first, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(torn_files_give_whole_messages, make_folder, remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
