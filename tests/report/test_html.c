/* The report as HTML: nothing hostile reaches the page raw, its size is bounded, and it says what is true. */
#include "pages.h"
#include "report/html.h"
#include "report/html_report.h"
#include "report/names.h"
#include "report/page.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct tally tally;
static struct capture_health health;
static char *page;
static size_t page_bytes;
static const char *const files[] = {"ims.pcap"};
static const struct input_names one_file = {.name = files, .count = 1};

static int setup(void **state)
{
    (void)state;
    stand_in_profile_words(NULL, NULL);
    memset(&health, 0, sizeof health);
    memset(&tally, 0, sizeof tally);
    page = NULL;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    tally_close(&tally);
    free(page);
    return 0;
}

static void write_page(const struct input_names *names, const char *made_at)
{
    free(page);
    FILE *out = open_memstream(&page, &page_bytes);
    assert_non_null(out);
    html_report_write(
        out, &(struct html_report){.tally = &tally, .health = &health, .names = names, .made_at = made_at});
    assert_int_equal(fclose(out), 0);
}

static size_t occurrences(const char *what)
{
    size_t count = 0;
    for (const char *at = strstr(page, what); at; at = strstr(at + 1, what))
        count++;
    return count;
}

static void escaped(const char *from, size_t most, const char *to)
{
    char *written = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&written, &n);
    assert_non_null(out);
    struct html h = {.out = out};
    html_text(&h, from, most);
    assert_int_equal(fclose(out), 0);
    assert_string_equal(written, to);
    assert_int_equal(h.written, n);
    free(written);
}

static void text_is_escaped(void **state)
{
    (void)state;
    escaped("", 10, "");
    escaped("a<b>&\"'", 100, "a&lt;b&gt;&amp;&#34;&#39;");
    escaped("\x01\x1b[2J\n", 100, "\\x01\\x1b[2J\\x0a");
    escaped("\xff\xc0\x80 \xed\xa0\x80", 100, "\\xff\\xc0\\x80 \\xed\\xa0\\x80");
    escaped("\xe2\x80\xaegpj", 100, "\\xe2\\x80\\xaegpj"); /* right-to-left override */
    escaped("Zürich", 100, "Zürich");
}

static void long_text_ends_in_an_ellipsis(void **state)
{
    (void)state;
    escaped("abcdef", 6, "abcdef");
    escaped("abcdefg", 6, "abcdef…");
    escaped("ab<", 4, "ab…");   /* an entity is whole or not there */
    escaped("abcü", 4, "abc…"); /* and so is a character */
    char long_text[3 * HTML_TEXT_MOST];
    memset(long_text, 'x', sizeof long_text - 1);
    long_text[sizeof long_text - 1] = '\0';
    char expected[HTML_TEXT_MOST + 8];
    memset(expected, 'x', HTML_TEXT_MOST);
    (void)strcpy(expected + HTML_TEXT_MOST, "…");
    escaped(long_text, HTML_TEXT_MOST, expected);
}

static void hostile_names_stay_text(void **state)
{
    (void)state;
    static const char attack[] =
        "</title></code><script>alert(1)</script><img src=\"http://x/\" onerror='y'>\xff\x07";
    static const char *const inputs[] = {attack, NULL};
    const struct input_names names = {.name = inputs, .count = 2};
    assert_true(page_ordinary(&tally));
    stand_in_profile_words(attack, attack);
    struct rule_facts rule = stand_in_rules[RULE_KEY_BITS];
    rule.id = rule.clause = rule.requires = rule.title = attack;
    tally.rules[RULE_KEY_BITS].rule = &rule;
    (void)strcpy(tally.stacks[0].ja4, "\"><script>\xfe");
    write_page(&names, attack);
    assert_int_equal(occurrences("<script"), 0);
    assert_int_equal(occurrences("<img"), 0);
    assert_int_equal(occurrences("</title>"), 1 + 4); /* the page's and those of four charts */
    assert_int_equal(occurrences("\xff"), 0);
    assert_int_equal(occurrences("\x07"), 0);
    assert_true(occurrences("&lt;script&gt;alert(1)") >= 6);
    assert_true(occurrences("\\xff\\x07") >= 3);
    assert_int_equal(occurrences("&#34;&gt;&lt;script&gt;\\xfe"), 1);
}

static void nothing_seen_is_nothing_judged(void **state)
{
    (void)state;
    assert_true(tally_open(&tally, stand_in_profile()));
    write_page(NULL, NULL);
    assert_int_equal(occurrences("Nothing was judged: no frame was read."), 1);
    assert_int_equal(occurrences(">not applicable</span>"), STAND_IN_RULES);
    assert_int_equal(occurrences(">passed"), 0);
    assert_int_equal(occurrences("compliant"), 0);
    assert_int_equal(occurrences("Report made"), 0);
    assert_int_equal(occurrences("<svg"), 0);
    assert_int_equal(occurrences("class=\"overall pass\""), 0);
    assert_int_equal(occurrences("</html>\n"), 1);
}

static void a_profile_without_rules(void **state)
{
    (void)state;
    assert_true(tally_open(&tally, stand_in_profile()));
    tally.rule_count = 0;
    write_page(&one_file, NULL);
    assert_int_equal(occurrences("The profile has no rules."), 1);
}

static void only_a_whole_view_is_called_compliant(void **state)
{
    (void)state;
    assert_true(tally_open(&tally, stand_in_profile()));
    tally.handshakes = 1;
    tally.verdict[VERDICT_PASS] = tally.rules[0].value[VERDICT_PASS] = 1;
    write_page(&one_file, NULL);
    assert_int_equal(occurrences("compliant with stand-in."), 1);
    assert_int_equal(occurrences("class=\"overall pass\""), 1);
    health.gaps = 1;
    write_page(&one_file, NULL);
    assert_int_equal(occurrences("compliant"), 0);
    assert_int_equal(occurrences("class=\"overall pass\""), 0);
    health.gaps = 0;
    tally.verdict[VERDICT_NOT_OBSERVABLE] = tally.rules[1].value[VERDICT_NOT_OBSERVABLE] = 1;
    write_page(&one_file, NULL);
    assert_int_equal(occurrences("compliant"), 0);
    assert_int_equal(occurrences("class=\"overall pass\""), 0);
}

static void a_draft_is_said_to_be_one(void **state)
{
    (void)state;
    assert_true(tally_open(&tally, stand_in_profile()));
    write_page(&one_file, NULL);
    assert_int_equal(occurrences("This profile is a draft."), 1);
    stand_in_profile_words(NULL, "final");
    write_page(&one_file, NULL);
    assert_int_equal(occurrences("draft"),
                     occurrences("class=\"draft\"") + occurrences(".draft {") + occurrences(".draft,"));
    assert_int_equal(occurrences("class=\"draft\""), 0);
    assert_int_equal(occurrences("status: final"), 1);
}

static void standing_of_a_rule(void **state)
{
    (void)state;
    static const struct {
        uint64_t pass, fail, hidden, excepted, nothing;
        const char *words;
    } cases[] = {
        {1, 1, 1, 1, 0, "violated"},       {1, 0, 1, 0, 0, "passed where it could be seen"},
        {1, 0, 0, 0, 0, "passed"},         {1, 0, 0, 1, 0, "passed but for exceptions"},
        {0, 0, 1, 1, 0, "not observable"}, {0, 0, 0, 1, 0, "excepted"},
        {0, 0, 0, 0, 0, "not applicable"}, {0, 0, 0, 0, 1, "nothing seen against it"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_true(tally_open(&tally, stand_in_profile()));
        tally.rule_count = 1;
        struct rule_tally *r = &tally.rules[0];
        r->value[VERDICT_PASS] = cases[i].pass;
        r->value[VERDICT_FAIL] = cases[i].fail;
        r->value[VERDICT_NOT_OBSERVABLE] = cases[i].hidden;
        r->value[VERDICT_NOTHING_AGAINST] = cases[i].nothing;
        r->excepted = cases[i].excepted;
        r->value[VERDICT_NOT_APPLICABLE] = 7;
        write_page(&one_file, NULL);
        char expected[64];
        struct text t = text_over(expected, sizeof expected);
        text_printf(&t, "\">%s</span></p>", cases[i].words);
        assert_int_equal(occurrences(expected), 1);
        tally_close(&tally);
    }
}

static void superseded_demands_have_a_section(void **state)
{
    (void)state;
    assert_true(page_ordinary(&tally));
    write_page(&one_file, NULL);
    assert_int_equal(occurrences("<section id=\"superseded\">"), 1);
    assert_int_equal(occurrences("The UE does not offer DES"),
                     1); /* in that section, not among the violations */
    assert_int_equal(occurrences("RFC 0000 1"), 1);
    assert_int_equal(occurrences("broken; superseded</span>"), 1);
    assert_int_equal(occurrences("</code> (31)</td>"), 1); /* the stack that shares it */
    assert_int_equal(occurrences("<td data-name=\"times\">31</td><td data-name=\"servers at "
                                 "fault\">0</td><td data-name=\"UEs\">1</td>"),
                     1);
}

static void every_health_counter_has_its_row(void **state)
{
    (void)state;
    assert_true(tally_open(&tally, stand_in_profile()));
    const uint64_t first = 700100;
    page_health_of(&health, first);
    write_page(&one_file, NULL);
    for (uint64_t i = 2; i < offsetof(struct capture_health, commonest) / sizeof(uint64_t);
         i++) { /* after the two times */
        char cell[48];
        struct text t = text_over(cell, sizeof cell);
        text_put(&t, ">");
        text_count(&t, first + i);
        text_put(&t, "</td>");
        assert_int_equal(occurrences(cell), 1);
    }
    assert_int_equal(occurrences("700 frames behind EtherType 0x8926 (where that is a tag, editcap -C 12:N"),
                     1);
}

static void reasons_stand_in_words(void **state)
{
    (void)state;
    assert_true(tally_open(&tally, stand_in_profile()));
    tally.handshakes = 1;
    tally.verdict[VERDICT_NOT_OBSERVABLE] = 1;
    tally.rules[0].value[VERDICT_NOT_OBSERVABLE] = 1;
    for (unsigned bit = 0; bit < UNOBSERVED_COUNT; bit++)
        tally.rules[0].reason[bit] = tally.reason[bit] = 1;
    write_page(&one_file, NULL);
    for (unsigned bit = 0; bit < UNOBSERVED_COUNT; bit++) {
        const char *words = reason_words(bit);
        assert_string_not_equal(words, unobserved_name(bit));
        /* In the section of its own, and the first ones at the rule. */
        assert_int_equal(occurrences(words), bit < 6 ? 2 : 1);
    }
    assert_int_equal(occurrences("; and <a href=\"#unseen\">other reasons</a>"), 1);
}

static void peers_are_sorted_and_capped(void **state)
{
    (void)state;
    assert_true(page_ordinary(&tally));
    write_page(&one_file, "2026-11-24T08:00:00Z");
    const char *worst = strstr(page, "<td>192.0.2.26:443</td><td>29</td>");
    const char *next = strstr(page, "<td>192.0.2.25:443</td><td>28</td>");
    assert_non_null(worst);
    assert_true(next > worst);
    assert_non_null(strstr(page, "<td>192.0.2.7:443</td><td>10</td>")); /* the twentieth */
    assert_null(strstr(page, "<td>192.0.2.6:443</td>"));
    assert_int_equal(occurrences("<td>6 other servers</td><td>39</td>"), 1); /* 4 + 5 + 6 + 7 + 8 + 9 */
    assert_int_equal(occurrences("<td>10.0.0.7</td><td>66</td>"), 1);
    assert_int_equal(occurrences("174 further offences are by peers beyond the first 64"), 1);
    assert_int_equal(occurrences("<td>t10d050400_a1c3d9e2f011_000000000000</td><td>401</td>"), 1);
    /* Rules of higher severity come first. */
    assert_true(strstr(page, "id=\"v0\"") < strstr(page, "id=\"v1\""));
}

static void size_is_bounded(void **state)
{
    const bool hostile = *(const bool *)*state;
    static struct rule_facts rules[MAX_RULES];
    static char name[4000];
    memset(name, '<', sizeof name - 1);
    const char *inputs[1000];
    for (size_t i = 0; i < 1000; i++)
        inputs[i] = name;
    const struct input_names names = {.name = inputs, .count = 1000};
    assert_true(page_worst(&tally, rules, hostile));
    page_health_of(&health, UINT64_C(987654321987));
    stand_in_profile_words(name, name);
    write_page(&names, name);
    print_message("%zu bytes\n", page_bytes);
    assert_in_range(page_bytes, 0, (size_t)4 << 20);
    assert_int_equal(occurrences("</html>\n"), 1);
    assert_int_equal(occurrences("<tr id=\"r"), MAX_RULES);
    if (!hostile)
        assert_int_equal(occurrences("<section class=\"violated\""), MAX_RULES - MAX_RULES / STAND_IN_RULES);
}

static void nothing_comes_from_outside(void **state)
{
    (void)state;
    assert_true(page_ordinary(&tally));
    write_page(&one_file, NULL);
    assert_int_equal(occurrences("http://") + occurrences("https://") + occurrences("@import") +
                         occurrences("url(") + occurrences(" src="),
                     0);
    assert_int_equal(occurrences(" href="), occurrences(" href=\"#") + occurrences(" href=\"data:,\""));
    assert_int_equal(occurrences("style="), 0);
}

int main(void)
{
    static bool hostile = true, plain = false;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_escaped),
        cmocka_unit_test(long_text_ends_in_an_ellipsis),
        cmocka_unit_test_setup_teardown(hostile_names_stay_text, setup, teardown),
        cmocka_unit_test_setup_teardown(nothing_seen_is_nothing_judged, setup, teardown),
        cmocka_unit_test_setup_teardown(a_profile_without_rules, setup, teardown),
        cmocka_unit_test_setup_teardown(only_a_whole_view_is_called_compliant, setup, teardown),
        cmocka_unit_test_setup_teardown(a_draft_is_said_to_be_one, setup, teardown),
        cmocka_unit_test_setup_teardown(standing_of_a_rule, setup, teardown),
        cmocka_unit_test_setup_teardown(superseded_demands_have_a_section, setup, teardown),
        cmocka_unit_test_setup_teardown(every_health_counter_has_its_row, setup, teardown),
        cmocka_unit_test_setup_teardown(reasons_stand_in_words, setup, teardown),
        cmocka_unit_test_setup_teardown(peers_are_sorted_and_capped, setup, teardown),
        cmocka_unit_test_prestate_setup_teardown(size_is_bounded, setup, teardown, &plain),
        cmocka_unit_test_prestate_setup_teardown(size_is_bounded, setup, teardown, &hostile),
        cmocka_unit_test_setup_teardown(nothing_comes_from_outside, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
