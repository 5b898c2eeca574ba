#include "report/text_summary.h"

#include "report/names.h"
#include "report/text_report.h"

#include <stdlib.h>

#define INDENT         2
#define DEEPER         4
#define HANG           15
#define WORST_SHOWN    5 /* of the peers at fault with one rule */
#define RULE_COLUMN    36
#define CLAUSE_COLUMN  20
#define SUITES_SHOWN   12
#define PARAGRAPH      16384
#define WIDEST_COUNTER 9

enum tone severity_tone(enum severity severity)
{
    static const enum tone tones[SEVERITIES] = {TONE_FAINT, TONE_CYAN, TONE_YELLOW, TONE_RED};
    return tones[severity];
}

#define AND_MORE ", and others"

/* A list of rules may be longer than its room: room is kept to say so. */
static struct text list_over(char buffer[PARAGRAPH])
{
    return text_over(buffer, PARAGRAPH - sizeof AND_MORE);
}

static void list_add(struct text *t, const char *id, uint64_t count)
{
    char times[32];
    struct text n = text_over(times, sizeof times);
    if (count > 1) {
        text_put(&n, " (");
        text_count(&n, count);
        text_char(&n, ')');
    }
    text_printf(t, "%s%s%s", t->n ? ", " : "", id, times);
}

static void list_end(struct text *t)
{
    if (!t->cut)
        return;
    t->cap = PARAGRAPH;
    t->cut = false;
    text_put(t, AND_MORE);
}

/* ", " between the parts of an enumeration. */
static void separate(struct text *t)
{
    if (t->n)
        text_put(t, ", ");
}

static void put_outcomes(struct page *page, const struct tally *tally)
{
    static const enum outcome order[OUTCOMES] = {OUTCOME_COMPLETE, OUTCOME_REFUSED, OUTCOME_ABORTED,
                                                 OUTCOME_UNFINISHED, OUTCOME_ONE_SIDED};
    char buffer[256];
    struct text t = text_over(buffer, sizeof buffer);
    for (size_t i = 0; i < OUTCOMES; i++) {
        if (!tally->outcome[order[i]])
            continue;
        separate(&t);
        text_count(&t, tally->outcome[order[i]]);
        text_char(&t, ' ');
        text_put(&t, word_of(outcome_words, order[i]));
    }
    if (tally->resumed) {
        text_put(&t, "; ");
        text_count(&t, tally->resumed);
        text_put(&t, " resumed");
    }
    page_field(page, INDENT, HANG, "outcome", buffer);
}

static void put_versions(struct page *page, const struct tally *tally)
{
    char buffer[256];
    struct text t = text_over(buffer, sizeof buffer);
    for (unsigned i = TALLY_SSLV2; i <= TALLY_VERSIONS; i++) {
        const unsigned v = i % TALLY_VERSIONS; /* "none" comes last */
        if (!tally->version[v])
            continue;
        separate(&t);
        text_put(&t,
                 v == TALLY_NO_VERSION ? "no ServerHello seen" : tally_version_name((enum tally_version)v));
        text_put(&t, ": ");
        text_count(&t, tally->version[v]);
    }
    page_field(page, INDENT, HANG, "version", buffer);
}

static void put_key_bits(struct page *page, const struct tally *tally)
{
    char buffer[512];
    struct text t = text_over(buffer, sizeof buffer);
    for (uint64_t i = 0; i < TALLY_KEY_BITS; i++) {
        if (!tally->key_bits[i])
            continue;
        separate(&t);
        text_uint(&t, i * 8);
        text_put(&t, " bits: ");
        text_count(&t, tally->key_bits[i]);
    }
    if (t.n)
        page_field(page, INDENT, HANG, "key", buffer);
}

static void put_suites(struct page *page, const struct tally *tally)
{
    const char *label = "suite";
    size_t shown = 0;
    char buffer[128];
    size_t i = tally_next_suite(tally, suite_count);
    for (; i < suite_count && shown < SUITES_SHOWN; i = tally_next_suite(tally, i), shown++) {
        struct text t = text_over(buffer, sizeof buffer);
        text_put(&t, suite_table[i].name);
        text_put(&t, ": ");
        text_count(&t, tally->suite[i]);
        page_field(page, INDENT, HANG, label, buffer);
        label = "";
    }
    uint64_t rest = 0;
    for (; i < suite_count; i = tally_next_suite(tally, i))
        rest += tally->suite[i];
    struct text t = text_over(buffer, sizeof buffer);
    if (rest) {
        text_put(&t, "others: ");
        text_count(&t, rest);
    }
    if (tally->unnamed_suites) {
        separate(&t);
        text_put(&t, "codes without a name: ");
        text_count(&t, tally->unnamed_suites);
    }
    if (t.n)
        page_field(page, INDENT, HANG, label, buffer);
}

static void put_handshakes(struct page *page, const struct tally *tally)
{
    char buffer[64];
    struct text t = text_over(buffer, sizeof buffer);
    text_put(&t, "Handshakes: ");
    text_count(&t, tally->handshakes);
    page_heading(page, buffer);
    if (tally->handshakes == 0) {
        page_field(page, INDENT, INDENT, "", "None was seen, so nothing was judged.");
        return;
    }
    put_outcomes(page, tally);
    put_versions(page, tally);
    put_key_bits(page, tally);
    put_suites(page, tally);
}

static void put_number(struct page *page, uint64_t count, enum tone tone)
{
    char buffer[32];
    struct text t = text_over(buffer, sizeof buffer);
    if (count)
        text_count(&t, count);
    else
        text_char(&t, '-');
    for (size_t i = t.n; i < WIDEST_COUNTER; i++)
        (void)fputc(' ', page->out);
    page_put(page, count ? tone : TONE_FAINT, 0, buffer);
}

static bool applied(const struct rule_tally *rule)
{
    return rule->value[VERDICT_PASS] || rule->value[VERDICT_FAIL] || rule->value[VERDICT_NOT_OBSERVABLE];
}

static void put_rule_row(struct page *page, const struct rule_tally *rule)
{
    (void)fputs("  ", page->out);
    page_put(page, TONE_PLAIN, RULE_COLUMN, rule->rule->id);
    (void)fputc(' ', page->out);
    page_put(page, TONE_PLAIN, CLAUSE_COLUMN, rule->rule->clause);
    put_number(page, rule->value[VERDICT_FAIL], severity_tone(rule->rule->severity));
    put_number(page, rule->value[VERDICT_PASS], TONE_PLAIN);
    put_number(page, rule->value[VERDICT_NOT_OBSERVABLE], TONE_PLAIN);
    put_number(page, rule->value[VERDICT_NOT_APPLICABLE], TONE_FAINT);
    (void)fputc('\n', page->out);
}

static void put_columns(struct page *page)
{
    char head[160];
    struct text t = text_over(head, sizeof head);
    text_printf(&t, "%-*s %-*s%*s%*s%*s%*s", RULE_COLUMN, "rule", CLAUSE_COLUMN, "clause", WIDEST_COUNTER,
                "fail", WIDEST_COUNTER, "pass", WIDEST_COUNTER, "not obs.", WIDEST_COUNTER, "n/a");
    (void)fputs("  ", page->out);
    page_put(page, TONE_FAINT, 0, head);
    (void)fputc('\n', page->out);
}

static void put_idle_rules(struct page *page, const struct tally *tally)
{
    char buffer[PARAGRAPH];
    struct text t = list_over(buffer);
    size_t idle = 0;
    for (size_t i = 0; i < tally->rule_count; i++) {
        if (applied(&tally->rules[i]) || tally->rules[i].value[VERDICT_NOTHING_AGAINST])
            continue;
        idle++;
        list_add(&t, tally->rules[i].rule->id, 1);
    }
    if (!idle)
        return;
    list_end(&t);
    (void)fputc('\n', page->out);
    page_field(page, INDENT, INDENT, "",
               idle == tally->rule_count ? "No rule applied to any handshake:"
                                         : "These rules applied to no handshake:");
    page_field(page, DEEPER, DEEPER, "", buffer);
}

/* The peer with the highest count below `below` ranks; ties in the order of appearance. */
static const struct offender *worst(const struct rule_tally *rule, const struct offender *after)
{
    const struct offender *best = NULL;
    for (uint32_t i = 0; i < rule->offenders; i++) {
        const struct offender *o = &rule->offender[i];
        const bool behind = !after || o->count < after->count || (o->count == after->count && o > after);
        if (behind && (!best || o->count > best->count))
            best = o;
    }
    return best;
}

static void put_offenders(struct page *page, const struct rule_tally *rule)
{
    char buffer[128];
    const struct offender *o = worst(rule, NULL);
    uint64_t rest = rule->value[VERDICT_FAIL];
    for (size_t i = 0; o && i < WORST_SHOWN; i++, o = worst(rule, o)) {
        struct text t = text_over(buffer, sizeof buffer);
        text_counted(&t, o->count, "time", "times");
        text_put(&t, o->side == CLIENT ? " by UE " : " by server ");
        if (o->side == CLIENT)
            text_address(&t, &o->end);
        else
            text_end(&t, &o->end);
        page_field(page, 10, 10, "", buffer);
        rest -= o->count;
    }
    if (!rest)
        return;
    struct text t = text_over(buffer, sizeof buffer);
    text_counted(&t, rest, "time", "times");
    text_put(&t, " by ");
    if (rule->other_offences) {
        text_put(&t, "others, more than can be told apart");
    } else {
        text_counted(&t, rule->offenders - WORST_SHOWN, "other", "others");
    }
    page_field(page, 10, 10, "", buffer);
}

static void put_violated(struct page *page, const struct rule_tally *rule, uint64_t hidden)
{
    const enum severity severity = rule->rule->severity;
    (void)fputs("  ", page->out);
    page_put(page, severity_tone(severity), 8, word_of(severity_words, severity));
    char buffer[256];
    struct text t = text_over(buffer, sizeof buffer);
    text_put(&t, rule->rule->id);
    text_put(&t, ": ");
    text_counted(&t, rule->value[VERDICT_FAIL], "violation", "violations");
    if (hidden) {
        text_put(&t, ", ");
        text_count(&t, hidden);
        text_put(&t, " of them not shown above");
    }
    (void)fprintf(page->out, "%s\n", buffer);
    put_offenders(page, rule);
}

static void put_violations(struct page *page, const struct tally *tally, const struct unshown *unshown)
{
    if (!tally->verdict[VERDICT_FAIL])
        return;
    page_heading(page, "Violations");
    for (unsigned severity = SEVERITIES; severity-- > 0;)
        for (size_t i = 0; i < tally->rule_count; i++)
            if (tally->rules[i].value[VERDICT_FAIL] && tally->rules[i].rule->severity == severity &&
                !tally->rules[i].rule->superseded)
                put_violated(page, &tally->rules[i], unshown->of_rule[i]);
    if (unshown->other_kinds) {
        char buffer[160];
        struct text t = text_over(buffer, sizeof buffer);
        text_put(&t, "There were more kinds of violation than can be told apart: ");
        text_counted(&t, unshown->other_kinds, "violation was", "violations were");
        text_put(&t, " only counted.");
        page_field(page, INDENT, INDENT, "", buffer);
    }
}

/* Rules that can only find breaches, and found none. */
static void put_nothing_against(struct page *page, const struct tally *tally)
{
    char buffer[PARAGRAPH];
    struct text t = list_over(buffer);
    for (size_t i = 0; i < tally->rule_count; i++)
        if (tally->rules[i].value[VERDICT_NOTHING_AGAINST])
            list_add(&t, tally->rules[i].rule->id, tally->rules[i].value[VERDICT_NOTHING_AGAINST]);
    list_end(&t);
    if (!t.n)
        return;
    (void)fputc('\n', page->out);
    page_field(page, INDENT, INDENT, "", "Nothing was seen against these, which can only find breaches:");
    page_field(page, DEEPER, DEEPER, "", buffer);
}

static void put_remarks(struct page *page, const struct tally *tally)
{
    char buffer[PARAGRAPH];
    struct text t = list_over(buffer);
    for (size_t i = 0; i < tally->rule_count; i++)
        if (tally->rules[i].remarks)
            list_add(&t, tally->rules[i].rule->id, tally->rules[i].remarks);
    list_end(&t);
    if (!t.n)
        return;
    (void)fputc('\n', page->out);
    page_field(page, INDENT, INDENT, "", "Passes with a remark (--explain RULE tells it):");
    page_field(page, DEEPER, DEEPER, "", buffer);
}

static void put_rules(struct page *page, const struct tally *tally)
{
    page_heading(page, "Rules");
    size_t rows = 0;
    for (size_t i = 0; i < tally->rule_count; i++) {
        if (!applied(&tally->rules[i]))
            continue;
        if (rows++ == 0)
            put_columns(page);
        put_rule_row(page, &tally->rules[i]);
    }
    put_nothing_against(page, tally);
    put_remarks(page, tally);
    put_idle_rules(page, tally);
}

/* The rules with the reason, as "ut-a (3), ut-b". */
static void put_unobserved_rules(struct page *page, const struct tally *tally, unsigned bit)
{
    char buffer[PARAGRAPH];
    struct text t = list_over(buffer);
    for (size_t i = 0; i < tally->rule_count; i++)
        if (tally->rules[i].reason[bit])
            list_add(&t, tally->rules[i].rule->id, tally->rules[i].reason[bit]);
    list_end(&t);
    page_field(page, INDENT + 2 + WIDEST_COUNTER, INDENT + 2 + WIDEST_COUNTER, "", buffer);
}

static void put_unobservable(struct page *page, const struct tally *tally)
{
    if (!tally->verdict[VERDICT_NOT_OBSERVABLE])
        return;
    page_heading(page, "Not observable");
    for (unsigned bit = 0; bit < UNOBSERVED_COUNT; bit++) {
        if (!tally->reason[bit])
            continue;
        put_number(page, tally->reason[bit], TONE_PLAIN);
        (void)fprintf(page->out, "    %s\n", reason_words(bit));
        put_unobserved_rules(page, tally, bit);
    }
}

static void put_excepted(struct page *page, const struct tally *tally)
{
    if (!tally->excepted)
        return;
    page_heading(page, "Excepted by the site's configuration (broken, and not counted as violations)");
    for (size_t i = 0; i < tally->rule_count; i++) {
        const struct rule_tally *r = &tally->rules[i];
        if (!r->excepted)
            continue;
        char buffer[1024];
        struct text t = text_over(buffer, sizeof buffer);
        text_put(&t, r->rule->id);
        text_put(&t, ": ");
        text_counted(&t, r->excepted, "time", "times");
        text_put(&t, ", because: ");
        text_safe(&t, span_of(r->exception, strlen(r->exception)));
        page_field(page, INDENT, DEEPER, "", buffer);
    }
}

static void put_advice(struct page *page, const struct tally *advice)
{
    if (!advice)
        return;
    char buffer[PARAGRAPH];
    struct text t = text_over(buffer, sizeof buffer);
    text_put(&t, "Advice by ");
    text_put(&t, profile_name(advice->profile));
    page_heading(page, buffer);
    page_field(page, INDENT, INDENT, "", profile_title(advice->profile));
    if (!advice->verdict[VERDICT_FAIL] && !advice->superseded) {
        page_field(page, INDENT, INDENT, "", "No finding.");
        return;
    }
    for (size_t i = 0; i < advice->rule_count; i++) {
        const struct rule_tally *r = &advice->rules[i];
        if (!r->value[VERDICT_FAIL])
            continue;
        t = text_over(buffer, sizeof buffer);
        text_put(&t, r->rule->id);
        text_put(&t, ": ");
        text_counted(&t, r->value[VERDICT_FAIL], "finding", "findings");
        text_put(&t, ". ");
        text_put(&t, r->rule->title);
        text_char(&t, '.');
        page_field(page, INDENT, DEEPER, "", buffer);
    }
}

void summary_put(struct page *page, const struct tally *tally, const struct tally *advice,
                 const struct capture_health *health, const struct input_names *names,
                 const struct unshown *unshown)
{
    char buffer[512];
    struct text t = text_over(buffer, sizeof buffer);
    text_put(&t, "Summary, judged by ");
    text_put(&t, profile_name(tally->profile));
    page_put(page, TONE_STRONG, 0, buffer);
    (void)fputc('\n', page->out);
    page_field(page, INDENT, INDENT, "", profile_title(tally->profile));
    put_handshakes(page, tally);
    summary_ages(page, tally->ages);
    put_violations(page, tally, unshown);
    summary_superseded(page, tally);
    put_excepted(page, tally);
    if (tally->verdict[VERDICT_PASS] || tally->verdict[VERDICT_FAIL] || tally->superseded ||
        tally->verdict[VERDICT_NOT_OBSERVABLE] || tally->handshakes) {
        put_rules(page, tally);
        put_unobservable(page, tally);
    }
    put_advice(page, advice);
    summary_capture(page, health);
    t = text_over(buffer, sizeof buffer);
    text_overall(&t, tally, health, names);
    (void)fputc('\n', page->out);
    const bool failed = tally->verdict[VERDICT_FAIL] > 0;
    page_put(page, failed ? TONE_RED : TONE_STRONG, 0, buffer);
    (void)fputc('\n', page->out);
}
