#include "report/junit_report.h"

#include "report/html.h"
#include "report/names.h"
#include "report/text_report.h"

#include <inttypes.h>

/* What became of a rule, as a test case. It is green when all that was judged of it passed: what was not
 * observable counts before what passed, and where a rule can only be broken, that it was not is no pass. */
enum test_outcome { TEST_PASSED, TEST_FAILED, TEST_SKIPPED };

static enum test_outcome outcome_of(const struct rule_tally *r, enum severity fail_on)
{
    if (r->value[VERDICT_FAIL] && !r->rule->superseded && r->worst >= fail_on)
        return TEST_FAILED;
    const bool open = r->value[VERDICT_FAIL] || r->value[VERDICT_NOT_OBSERVABLE] || r->excepted || r->known;
    return r->value[VERDICT_PASS] && !open ? TEST_PASSED : TEST_SKIPPED;
}

static void put_attribute(struct html *x, const char *name, const char *text)
{
    html_put(x, " ");
    html_put(x, name);
    html_put(x, "=\"");
    html_text(x, text, HTML_TEXT_MOST);
    html_put(x, "\"");
}

static void put_count(struct html *x, const char *name, size_t count)
{
    char number[32];
    (void)snprintf(number, sizeof number, "%zu", count);
    put_attribute(x, name, number);
}

static void put_offender(struct text *t, const struct offender *o, const struct input_names *names)
{
    text_put(t, o->side == CLIENT ? "UE " : "server ");
    if (o->side == CLIENT)
        text_ue(t, &o->end);
    else
        text_end(t, &o->end);
    if (o->asked && o->behind[0])
        text_printf(t, " (%s)", o->behind);
    text_printf(t, ", %" PRIu64 " %s", o->count, o->count == 1 ? "time" : "times");
    const char *input = input_name(names, o->source);
    if (o->frame && input) {
        text_printf(t, ", first: frame %" PRIu64 " of ", o->frame);
        text_safe(t, span_of(input, strlen(input)));
    }
}

static void put_failure(struct html *x, const struct rule_tally *r, const struct input_names *names)
{
    html_put(x, "<failure");
    put_attribute(x, "type", word_of(severity_words, r->worst));
    put_attribute(x, "message", r->rule->title);
    html_put(x, ">");
    html_text(x, r->rule->requires, HTML_TEXT_MOST);
    for (uint32_t i = 0; i < r->offenders; i++) {
        char words[HTML_TEXT_MOST];
        struct text t = text_over(words, sizeof words);
        put_offender(&t, &r->by->offender[i], names);
        html_put(x, "\n");
        html_text(x, words, HTML_TEXT_MOST);
    }
    html_put(x, "</failure>");
}

static void put_not_observable(struct text *t, const struct rule_tally *r)
{
    const uint64_t count = r->value[VERDICT_NOT_OBSERVABLE];
    const uint64_t all = count + r->value[VERDICT_PASS] + r->value[VERDICT_NOTHING_AGAINST];
    if (all > count)
        text_printf(t, "%" PRIu64 " of %" PRIu64 " verdicts ", count, all);
    text_put(t, "not observable: ");
    bool first = true;
    for (unsigned bit = 0; bit < UNOBSERVED_COUNT; bit++) {
        if (!r->reason[bit])
            continue;
        text_put(t, first ? "" : "; ");
        text_put(t, reason_words(bit));
        first = false;
    }
}

static void put_skipped(struct html *x, const struct rule_tally *r)
{
    char words[HTML_TEXT_MOST];
    struct text t = text_over(words, sizeof words);
    if (r->value[VERDICT_FAIL] && r->rule->superseded)
        text_printf(&t, "broken %" PRIu64 " %s, superseded by %s", r->value[VERDICT_FAIL],
                    r->value[VERDICT_FAIL] == 1 ? "time" : "times", r->rule->superseded);
    else if (r->value[VERDICT_FAIL])
        text_printf(&t, "broken, below the severity that fails: %s", word_of(severity_words, r->worst));
    else if (r->excepted)
        text_printf(&t, "excepted: %s", r->exception);
    else if (r->known)
        text_printf(&t, "known from the baseline: broken %" PRIu64 " %s", r->known,
                    r->known == 1 ? "time" : "times");
    else if (r->value[VERDICT_NOT_OBSERVABLE])
        put_not_observable(&t, r);
    else if (r->value[VERDICT_NOTHING_AGAINST])
        text_put(&t, "nothing was seen against it, which is no pass");
    else
        text_put(&t, "not applicable: the situation never occurred");
    html_put(x, "<skipped");
    put_attribute(x, "message", words);
    html_put(x, "/>");
}

static void put_case(struct html *x, const struct rule_tally *r, const struct input_names *names,
                     enum severity fail_on)
{
    html_put(x, "<testcase");
    put_attribute(x, "classname", r->rule->profile);
    put_attribute(x, "name", r->rule->id);
    html_put(x, ">");
    switch (outcome_of(r, fail_on)) {
    case TEST_FAILED:
        put_failure(x, r, names);
        break;
    case TEST_SKIPPED:
        put_skipped(x, r);
        break;
    case TEST_PASSED:
        break;
    }
    html_put(x, "</testcase>\n");
}

static void put_property(struct html *x, const char *name, const char *value)
{
    html_put(x, "<property");
    put_attribute(x, "name", name);
    put_attribute(x, "value", value);
    html_put(x, "/>\n");
}

/* That the numbers are not of a whole run. */
static void put_properties(struct html *x, const struct capture_health *health)
{
    char words[512];
    struct text t = text_over(words, sizeof words);
    const bool restarted = text_restarts(&t, health);
    if (!health->interrupted && !restarted)
        return;
    html_put(x, "<properties>\n");
    if (health->interrupted)
        put_property(x, "interrupted", health->interrupted);
    if (restarted)
        put_property(x, "restarted", words);
    html_put(x, "</properties>\n");
}

/* Blind is not green: what is wrong with the run where its exit status says so. */
static const char *error_of(int status)
{
    enum { UNREADABLE = 3, TOO_LITTLE = 4, FAILURE = 5 };
    return status == UNREADABLE ? "An input could not be read to its end, or no frame of it could be decoded."
           : status == TOO_LITTLE ? "Too much was lost to judge, or nothing was judged."
           : status == FAILURE    ? "The run failed."
                                  : NULL;
}

static void put_run(struct html *x, const struct tally *tally, const struct capture_health *health,
                    const struct input_names *names, const char *error)
{
    char words[HTML_TEXT_MOST];
    struct text t = text_over(words, sizeof words);
    text_put(&t, error);
    text_char(&t, ' ');
    text_overall(&t, tally, health, names);
    html_put(x, "<testcase");
    put_attribute(x, "classname", profile_name(tally->profile));
    put_attribute(x, "name", "the run");
    html_put(x, "><error");
    put_attribute(x, "type", "blind");
    put_attribute(x, "message", words);
    html_put(x, "/></testcase>\n");
}

void junit_report_write(FILE *out, const struct tally *tally, const struct capture_health *health,
                        const struct input_names *names, enum severity fail_on, int status)
{
    const char *error = error_of(status);
    struct html x = {.out = out};
    size_t count[3] = {0};
    for (size_t i = 0; i < tally->rule_count; i++)
        count[outcome_of(&tally->rules[i], fail_on)]++;
    html_put(&x, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n<testsuite");
    put_attribute(&x, "name", profile_name(tally->profile));
    put_count(&x, "tests", tally->rule_count + (error != NULL));
    put_count(&x, "failures", count[TEST_FAILED]);
    put_count(&x, "errors", error != NULL);
    put_count(&x, "skipped", count[TEST_SKIPPED]);
    html_put(&x, ">\n");
    put_properties(&x, health);
    if (error)
        put_run(&x, tally, health, names, error);
    for (size_t i = 0; i < tally->rule_count; i++)
        put_case(&x, &tally->rules[i], names, fail_on);
    html_put(&x, "</testsuite>\n</testsuites>\n");
}
