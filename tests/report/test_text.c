/* The report for people: what it may say, how often, and that nothing from the wire reaches the terminal raw.
 */
#include "report/page.h"
#include "report/text_report.h"
#include "stand_in.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct observation o;
static struct tally tally;
static char *written;
static size_t written_bytes;
static FILE *out;
static struct text_report *report;
static const char *const files[] = {"some/folder/ims.pcap"};
static const struct input_names names = {.name = files, .count = 1, .config = "site.yaml"};

static const struct text_choice in_short = {.least = SEVERITY_INFO};
static const struct text_choice in_full = {.details = true, .rules = true, .unseen = true};
static const struct text_choice high_only = {.details = true, .least = SEVERITY_HIGH};

static int open_report(const struct text_look *look, const struct text_choice *choice)
{
    stand_in_observed(NULL);
    stand_in_profile_words(NULL, NULL);
    out = open_memstream(&written, &written_bytes);
    report = out ? text_report_new(out, look, choice, &names) : NULL;
    return report && tally_open(&tally, stand_in_profile()) ? 0 : -1;
}

static int setup(void **state)
{
    (void)state;
    return open_report(&(struct text_look){.columns = 100}, &in_full);
}

static int setup_short(void **state)
{
    (void)state;
    return open_report(&(struct text_look){0}, &in_short);
}

static int setup_high(void **state)
{
    (void)state;
    return open_report(&(struct text_look){0}, &high_only);
}

static int setup_narrow(void **state)
{
    (void)state;
    return open_report(&(struct text_look){.columns = 60}, &in_full);
}

static int setup_wide(void **state)
{
    (void)state;
    return open_report(&(struct text_look){.columns = 300}, &in_full);
}

static int setup_colour(void **state)
{
    (void)state;
    return open_report(&(struct text_look){.colour = true}, &in_full);
}

static int teardown(void **state)
{
    (void)state;
    tally_close(&tally);
    text_report_free(report);
    (void)fclose(out);
    free(written);
    return 0;
}

static const char *text(void)
{
    assert_int_equal(fflush(out), 0);
    return written;
}

/* As if no line had been broken. */
static bool says(const char *what)
{
    char *flat = strdup(text());
    assert_non_null(flat);
    size_t n = 0;
    for (const char *at = flat; *at; at++)
        if (*at != '\n' && (*at != ' ' || (n && flat[n - 1] != ' ')))
            flat[n++] = *at;
        else if (*at == '\n' && n && flat[n - 1] != ' ')
            flat[n++] = ' ';
    flat[n] = '\0';
    const bool found = strstr(flat, what) != NULL;
    free(flat);
    return found;
}

static size_t occurrences(const char *what)
{
    size_t count = 0;
    for (const char *at = strstr(text(), what); at; at = strstr(at + 1, what))
        count++;
    return count;
}

static void judge(size_t rule, enum verdict_value value)
{
    const struct verdict v = stand_in_verdict(rule, value);
    const struct policy_case c = case_of_handshake(&o);
    sample_add(&tally, &o, &v, 1);
    if (value == VERDICT_FAIL)
        text_report_violation(report, &c, &v);
}

static void violation_says_who_what_and_where(void **state)
{
    (void)state;
    sample_full(&o);
    judge(RULE_KEY_BITS, VERDICT_FAIL);
    const char *t = text();
    static const char *const parts[] = {"MEDIUM",
                                        "ut-6.3-key-length",
                                        "TS 33.141 6.3",
                                        "at fault: server",
                                        "2026-11-23T17:50:00.123456+0000",
                                        "ims.pcap",
                                        "frame 4",
                                        "198.51.100.7:40112 -> 192.0.2.1:443 (xcap.example.org)",
                                        "The effective length",
                                        "56 effective bits"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (!strstr(t, parts[i]))
            fail_msg("'%s' is missing in:\n%s", parts[i], t);
}

static void equal_violations_are_summed_up(void **state)
{
    (void)state;
    sample_full(&o);
    for (int i = 0; i < 100; i++) {
        o.whence.client.port = (uint16_t)(1000 + i);
        judge(RULE_ANONYMOUS, VERDICT_FAIL);
    }
    assert_int_equal(occurrences("\nHIGH") + 1, SHOWN_OF_A_KIND);
    assert_int_equal(occurrences("only counted"), 1);
    stand_in_observed("something else");
    judge(RULE_ANONYMOUS, VERDICT_FAIL);
    assert_int_equal(occurrences("something else"), 1);
    stand_in_observed(NULL);
    o.whence.server.port = 8443;
    judge(RULE_ANONYMOUS, VERDICT_FAIL);
    assert_int_equal(occurrences("192.0.2.1:8443"), 1);
    const struct capture_health health = {0};
    text_report_summary(report, &tally, NULL, &health, 1);
    assert_int_equal(occurrences("102 times, 97 of them not shown above"), 1);
    assert_true(says("server 192.0.2.1:443 (by CONNECT: xcap.example.org:443), 101 times, first: "
                     "frame.number == 4 in ims.pcap"));
}

/* More kinds than the table holds: the output ends, the counts go on. */
static void output_is_bounded(void **state)
{
    (void)state;
    sample_full(&o);
    const size_t kinds = MAX_KINDS + 1000;
    for (size_t i = 0; i < kinds; i++) {
        o.whence.server = sample_ipv4((uint32_t)i, 443);
        judge(RULE_ANONYMOUS, VERDICT_FAIL);
    }
    const size_t shown = occurrences("-> ");
    assert_true(shown > MAX_KINDS / 2 && shown < MAX_KINDS);
    const struct capture_health health = {0};
    text_report_summary(report, &tally, NULL, &health, 1);
    char expected[96];
    struct text t = text_over(expected, sizeof expected);
    text_put(&t, "more kinds of violation than can be distinguished: ");
    text_count(&t, kinds - shown);
    assert_int_equal(occurrences(expected), 1);
}

static void wire_text_cannot_reach_the_terminal(void **state)
{
    (void)state;
    sample_full(&o);
    /* ESC, line ends, NUL, no UTF-8, U+202E RIGHT-TO-LEFT OVERRIDE */
    static const uint8_t hostile[] = {'a', 0x1b, '[', '2', 'J', '\n', '\r', 0, 0xff, 0xe2, 0x80, 0xae};
    o.client_hello.sni = sample_text(&o, hostile, sizeof hostile);
    judge(RULE_ANONYMOUS, VERDICT_FAIL);
    const struct capture_health health = {0};
    text_report_summary(report, &tally, NULL, &health, 1);
    const char *t = text();
    assert_int_equal(strlen(t), written_bytes);
    for (size_t i = 0; i < written_bytes; i++)
        if (!(t[i] == '\n' || (t[i] >= ' ' && t[i] <= '~')))
            fail_msg("byte 0x%02x", (unsigned char)t[i]);
    assert_non_null(strstr(t, "a\\x1b[2J\\x0a\\x0d\\x00\\xff\\xe2\\x80\\xae"));
}

static void write_everything(void)
{
    sample_full(&o);
    stand_in_observed(
        "many short words, so that the line has to be broken somewhere, and once more, because one "
        "break alone would not show that the second line is treated in the same way as the first");
    judge(RULE_KEY_BITS, VERDICT_FAIL);
    judge(RULE_LIFETIME, VERDICT_NOT_OBSERVABLE);
    const struct capture_health health = {.frames = UINT64_MAX,
                                          .bytes = UINT64_MAX,
                                          .gaps = UINT64_MAX,
                                          .gap_bytes = UINT64_MAX,
                                          .malformed = UINT64_MAX,
                                          .conflicts = UINT64_MAX};
    text_report_summary(report, &tally, NULL, &health, 1);
}

/* The longest line; none ends in a space. */
static size_t longest_line(void)
{
    size_t most = 0;
    const char *line = text();
    while (*line) {
        const size_t n = strcspn(line, "\n");
        most = n > most ? n : most;
        assert_true(n == 0 || line[n - 1] != ' ');
        line += n + (line[n] == '\n');
    }
    return most;
}

static void lines_fit_a_narrow_screen(void **state)
{
    (void)state;
    write_everything();
    assert_in_range(longest_line(), 50, 60);
}

static void lines_are_never_wider_than_a_page(void **state)
{
    (void)state;
    write_everything();
    assert_in_range(longest_line(), 101, PAGE_MOST);
}

static void lines_in_a_file_fit_eighty_columns(void **state)
{
    (void)state;
    write_everything();
    assert_in_range(longest_line(), 70, PAGE_DEFAULT);
}

static void colour_only_when_asked(void **state)
{
    (void)state;
    sample_full(&o);
    judge(RULE_ANONYMOUS, VERDICT_FAIL);
    assert_non_null(strstr(text(), "\033[1;31mHIGH\033[0m"));
}

static const char *overall(const struct capture_health *health)
{
    static char buffer[512];
    struct text t = text_over(buffer, sizeof buffer);
    text_overall(&t, &tally, health, &names);
    return buffer;
}

/* What was there instead stands in the last line. */
static void nothing_judged_says_what_was_there(void **state)
{
    (void)state;
    static const struct {
        struct capture_health health;
        const char *text;
    } cases[] = {
        {{0}, "no frame was read"},
        {{.filtered = 1672}, "the filter let 0 of 1,672 frames through"},
        {{.filtered = 3, .frames = 2, .connections = 1},
         "the filter let 2 of 5 frames through, 1 TCP connection without TLS"},
        {{.frames = 9, .connections = 3, .tls_connections = 3, .out_of_scope = 3},
         "3 TLS connections are outside the scope of site.yaml"},
        {{.frames = 4, .connections = 1, .tls_midstream = 1},
         "1 TLS connection already past the hello when the capture began"},
        {{.frames = 12, .unknown_link = 4, .not_followed = 8},
         "4 frames of an unknown link type, 8 frames behind an unknown EtherType"},
        {{.frames = 7}, "7 frames without TCP"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char wanted[256];
        struct text t = text_over(wanted, sizeof wanted);
        text_printf(&t, "Nothing was judged: %s.", cases[i].text);
        assert_string_equal(overall(&cases[i].health), wanted);
    }
}

static void the_commonest_obstacle_is_named(void **state)
{
    (void)state;
    struct capture_health health = {
        .frames = 9, .not_followed = 8, .commonest = {.frames = 7, .code = 0x8926}};
    text_report_summary(report, &tally, NULL, &health, 1);
    assert_true(
        says("7 frames behind EtherType 0x8926 (where that is a tag, editcap -C 12:N writes a copy without"));
    health.commonest = (struct not_followed){.frames = 1, .code = 147, .kind = OBSTACLE_LINK_TYPE};
    text_report_summary(report, &tally, NULL, &health, 1);
    assert_true(says("1 frame of link type 147 (if it is a known one"));
}

static void only_a_whole_view_is_called_compliant(void **state)
{
    (void)state;
    const struct capture_health whole = {.frames = 10, .connections = 1};
    assert_string_equal(overall(&whole), "Nothing was judged: 1 TCP connection without TLS.");
    const struct capture_health open = {.frames = 10, .connections = 1, .handshakes_in_progress = 1};
    assert_string_equal(overall(&open), "Nothing was judged: 1 handshake in progress.");
    const struct capture_health cut = {.frames = 10, .connections = 2, .tls_connections = 2};
    assert_string_equal(overall(&cut), "Nothing was judged: what was captured decides no rule.");
    sample_full(&o);
    judge(RULE_VERSION, VERDICT_NOT_APPLICABLE);
    assert_string_equal(overall(&whole), "Nothing was judged: 1 handshake that gave no verdict.");
    judge(RULE_VERSION, VERDICT_PASS);
    assert_string_equal(overall(&whole),
                        "No violation in 2 handshakes; all was observable: compliant with stand-in.");
    /* Any damage of the capture takes the word away. */
    const struct capture_health damages[] = {
        {.kernel_drops = 1},
        {.broken_inputs = 1},
        {.cut_frames = 1},
        {.malformed = 1},
        {.fragments_lost = 1},
        {.conflicts = 1},
        {.gaps = 1},
        {.connections_midstream = 1},
        {.connections_one_direction = 1},
        {.connections_evicted = 1},
        {.handshakes_evicted = 1},
        {.truncated_segments = 1},
        {.messages_without_room = 1},
        {.too_deep = 1},
        {.unknown_link = 1},
        {.not_followed = 1},
        {.encrypted_frames = 1},
        {.desynchronised = 1},
        {.tls_midstream = 1},
        {.messages_malformed = 1},
        {.messages_too_long = 1},
    };
    for (size_t i = 0; i < sizeof damages / sizeof *damages; i++)
        assert_string_equal(overall(&damages[i]), "No violation seen in 2 handshakes; capture incomplete.");
    const struct capture_health again = {.frames = 10, .connections = 1, .renegotiations = 1};
    assert_string_equal(overall(&again), "No violation in 2 handshakes.");
    judge(RULE_KEY_BITS, VERDICT_NOT_OBSERVABLE);
    assert_string_equal(overall(&whole), "No violation seen in 3 handshakes; 1 verdict not observable.");
    judge(RULE_VERSION, VERDICT_FAIL);
    judge(RULE_ANONYMOUS, VERDICT_FAIL);
    judge(RULE_ANONYMOUS, VERDICT_FAIL);
    assert_string_equal(overall(&whole),
                        "3 violations (2 high, 1 low) in 6 handshakes; 1 verdict not observable.");
}

static void superseded_demands_are_told_apart(void **state)
{
    (void)state;
    sample_full(&o);
    const struct verdict v = stand_in_verdict(RULE_SUPERSEDED, VERDICT_FAIL);
    struct verdict of_ue = v;
    of_ue.fault = FAULT_UE;
    for (uint32_t i = 0; i < 3; i++) {
        o.whence.client = sample_ipv4(0x0a000001 + i, 1000);
        sample_add(&tally, &o, &of_ue, 1);
    }
    judge(RULE_CERTIFICATE, VERDICT_NOTHING_AGAINST);
    judge(RULE_VERSION, VERDICT_PASS);
    const struct capture_health whole = {.frames = 10};
    assert_string_equal(overall(&whole), "No violation seen in 5 handshakes; 1 further check found nothing; "
                                         "3 breaches of superseded demands.");
    text_report_summary(report, &tally, NULL, &whole, 1);
    assert_int_equal(occurrences("Superseded demands"), 1);
    assert_int_equal(occurrences("ut-6.2-des: The UE does not offer DES; 3 times by 3 UEs; UE stack"), 1);
    assert_int_equal(occurrences("(3)."), 1);
    assert_int_equal(occurrences("\nViolations"), 0);
    assert_int_equal(occurrences("Nothing was seen against these"), 1);
    assert_int_equal(occurrences("compliant"), 0);
}

static void summary_begins_with_the_overall_verdict(void **state)
{
    (void)state;
    sample_full(&o);
    judge(RULE_LIFETIME, VERDICT_NOT_OBSERVABLE);
    judge(RULE_CERTIFICATE, VERDICT_PASS);
    const struct capture_health health = {.frames = 1, .connections_midstream = 2};
    text_report_summary(report, &tally, NULL, &health, 0);
    const char *t = text();
    const char *verdict = strstr(t, overall(&health));
    assert_non_null(verdict);
    size_t line = 1;
    for (const char *at = t; at < verdict; at++)
        line += *at == '\n';
    assert_int_equal(line, 3);
    assert_non_null(strstr(t, "- 1 verdict: the server's direction was not captured."));
    assert_non_null(strstr(t, "- 2 connections that started before the capture."));
    assert_null(strstr(t, "compliant"));
}

static void a_clean_run_is_six_lines(void **state)
{
    (void)state;
    const nanos begin = INT64_C(1795470600) * NANOS_PER_SECOND;
    const struct capture_health whole = {.first_time = begin,
                                         .last_time = begin + 100000 * NANOS_PER_SECOND,
                                         .frames = 10,
                                         .connections = 1,
                                         .tls_connections = 1};
    sample_full(&o);
    judge(RULE_VERSION, VERDICT_PASS);
    text_report_summary(report, &tally, NULL, &whole, 0);
    assert_string_equal(text(),
                        "ims.pcap, judged by stand-in (draft).\n"
                        "10 frames in 27 h 46 min from 2026-11-23T21:50:00Z; 1 TCP connection, 1 TLS.\n"
                        "No violation in 1 handshake; all was observable: compliant with stand-in.\n"
                        "\n"
                        "Capture: nothing is known to be missing.\n"
                        "Exit status 0: no violation. More: --details, --rules, --unseen, --explain RULE.\n");
}

/* Who did it first stands below each rule, with a filter; what is light has one line. */
static void the_worst_comes_first_and_each_rule_once(void **state)
{
    (void)state;
    sample_full(&o);
    judge(RULE_CERTIFICATE, VERDICT_FAIL);
    judge(RULE_VERSION, VERDICT_FAIL);
    judge(RULE_KEY_BITS, VERDICT_FAIL);
    for (uint32_t i = 0; i < 5; i++) {
        o.whence.server = sample_ipv4(0xc0000201 + i, 443);
        o.whence.frame_number = 10 + i;
        judge(RULE_ANONYMOUS, VERDICT_FAIL);
    }
    judge(RULE_ANONYMOUS, VERDICT_FAIL);
    const struct capture_health health = {.frames = 20, .connections = 9};
    text_report_summary(report, &tally, NULL, &health, 1);
    const char *violations = strstr(text(), "\nHIGH");
    assert_non_null(violations);
    const char *wanted = "\n"
                         "HIGH    An offer of anonymous suites only was accepted\n"
                         "        ut-7.2-only-anonymous, TS 33.141 7.2 (1), at fault: server, 6 times\n"
                         "        - server 192.0.2.5:443 (by CONNECT: xcap.example.org:443), 2 times,\n"
                         "          first: frame.number == 14 in ims.pcap\n"
                         "        - server 192.0.2.1:443 (by CONNECT: xcap.example.org:443):\n"
                         "          frame.number == 10 in ims.pcap\n"
                         "        - server 192.0.2.2:443 (by CONNECT: xcap.example.org:443):\n"
                         "          frame.number == 11 in ims.pcap\n"
                         "        - and 2 others\n"
                         "MEDIUM  The key is too short\n"
                         "        ut-6.3-key-length, TS 33.141 6.3, at fault: server\n"
                         "        - server 192.0.2.1:443 (by CONNECT: xcap.example.org:443):\n"
                         "          frame.number == 4 in ims.pcap\n"
                         "LOW     The UE offers no version from TLS 1.0 on: ut-6.1-version, 1 time\n"
                         "INFO    The certificate is not X.509 version 3: ut-8.1-certificate-version, 1\n"
                         "        time\n"
                         "\n";
    assert_int_equal(strncmp(violations, wanted, strlen(wanted)), 0);
    assert_non_null(strstr(violations, "Exit status 1: violations."));
}

static void least_severity_hides_and_says_so(void **state)
{
    (void)state;
    sample_full(&o);
    judge(RULE_KEY_BITS, VERDICT_FAIL);
    judge(RULE_ANONYMOUS, VERDICT_FAIL);
    judge(RULE_SUPERSEDED, VERDICT_FAIL);
    const struct capture_health health = {.frames = 20};
    text_report_summary(report, &tally, NULL, &health, 1);
    assert_int_equal(occurrences("ut-6.3-key-length"), 0);
    assert_int_equal(occurrences("Superseded demands"), 0);
    assert_int_equal(occurrences("ut-7.2-only-anonymous"), 2);
    assert_int_equal(occurrences("Less severe than high and not shown: 1 violation, 1 breach of superseded"),
                     1);
    assert_int_equal(occurrences("2 violations (1 high, 1 medium)"), 1);
}

/* Each reason is explained in words: none stands in the report by its bare name. */
static void every_reason_has_its_sentence(void **state)
{
    (void)state;
    sample_full(&o);
    struct verdict v = stand_in_verdict(RULE_LIFETIME, VERDICT_NOT_OBSERVABLE);
    v.reasons = (1u << UNOBSERVED_COUNT) - 1;
    sample_add(&tally, &o, &v, 1);
    const struct capture_health health = {0};
    text_report_summary(report, &tally, NULL, &health, 1);
    for (unsigned bit = 0; bit < UNOBSERVED_COUNT; bit++) {
        char line[64];
        struct text t = text_over(line, sizeof line);
        text_printf(&t, "1    %s\n", unobserved_name(bit));
        assert_null(strstr(text(), line));
    }
    assert_int_equal(occurrences("ut-7.1-session-lifetime\n"), UNOBSERVED_COUNT);
}

static void counts_are_grouped_by_thousands(void **state)
{
    (void)state;
    static const struct {
        uint64_t count;
        const char *text;
    } cases[] = {{0, "0"},
                 {999, "999"},
                 {1000, "1,000"},
                 {1234567, "1,234,567"},
                 {UINT64_MAX, "18,446,744,073,709,551,615"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char buffer[64];
        struct text t = text_over(buffer, sizeof buffer);
        text_count(&t, cases[i].count);
        assert_string_equal(buffer, cases[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(violation_says_who_what_and_where, setup, teardown),
        cmocka_unit_test_setup_teardown(equal_violations_are_summed_up, setup_wide, teardown),
        cmocka_unit_test_setup_teardown(output_is_bounded, setup, teardown),
        cmocka_unit_test_setup_teardown(wire_text_cannot_reach_the_terminal, setup, teardown),
        cmocka_unit_test_setup_teardown(lines_fit_a_narrow_screen, setup_narrow, teardown),
        cmocka_unit_test_setup_teardown(lines_are_never_wider_than_a_page, setup_wide, teardown),
        cmocka_unit_test_setup_teardown(lines_in_a_file_fit_eighty_columns, setup_short, teardown),
        cmocka_unit_test_setup_teardown(a_clean_run_is_six_lines, setup_short, teardown),
        cmocka_unit_test_setup_teardown(the_worst_comes_first_and_each_rule_once, setup_short, teardown),
        cmocka_unit_test_setup_teardown(least_severity_hides_and_says_so, setup_high, teardown),
        cmocka_unit_test_setup_teardown(colour_only_when_asked, setup_colour, teardown),
        cmocka_unit_test_setup_teardown(nothing_judged_says_what_was_there, setup, teardown),
        cmocka_unit_test_setup_teardown(the_commonest_obstacle_is_named, setup_short, teardown),
        cmocka_unit_test_setup_teardown(only_a_whole_view_is_called_compliant, setup, teardown),
        cmocka_unit_test_setup_teardown(superseded_demands_are_told_apart, setup, teardown),
        cmocka_unit_test_setup_teardown(summary_begins_with_the_overall_verdict, setup, teardown),
        cmocka_unit_test_setup_teardown(every_reason_has_its_sentence, setup, teardown),
        cmocka_unit_test(counts_are_grouped_by_thousands),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
