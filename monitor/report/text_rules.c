/* The table of the rules, and what could not be judged, rule by rule. */
#include "report/names.h"
#include "report/text_summary.h"

#define INDENT         2
#define DEEPER         4
#define RULE_COLUMN    34
#define CLAUSE_COLUMN  20
#define PARAGRAPH      16384
#define WIDEST_COUNTER 9

#define AND_MORE ", and others"

/* A list of rules may be too long; room is reserved to say so. */
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

/* Only a wide page shows the clause; a narrow one puts the numbers on a line of their own. */
static void put_row_head(struct page *page, const char *id, const char *clause, enum tone tone)
{
    const size_t numbers = (size_t)4 * WIDEST_COUNTER;
    const bool narrow = INDENT + RULE_COLUMN + numbers > page->width;
    (void)fprintf(page->out, "%*s", INDENT, "");
    page_put(page, tone, narrow ? 0 : RULE_COLUMN, id);
    if (narrow)
        (void)fprintf(page->out, "\n%*s", INDENT, "");
    if (INDENT + RULE_COLUMN + CLAUSE_COLUMN + numbers <= page->width)
        page_put(page, tone, CLAUSE_COLUMN, clause);
}

static void put_rule_row(struct page *page, const struct rule_tally *rule)
{
    put_row_head(page, rule->rule->id, rule->rule->clause, TONE_PLAIN);
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
    text_printf(&t, "%*s%*s%*s%*s", WIDEST_COUNTER, "fail", WIDEST_COUNTER, "pass", WIDEST_COUNTER,
                "not obs.", WIDEST_COUNTER, "n/a");
    put_row_head(page, "rule", "clause", TONE_FAINT);
    page_put(page, TONE_FAINT, 0, head);
    (void)fputc('\n', page->out);
}

static uint64_t nothing_against(const struct rule_tally *rule)
{
    return rule->value[VERDICT_NOTHING_AGAINST];
}

static uint64_t remarks(const struct rule_tally *rule)
{
    return rule->remarks;
}

static uint64_t excepted(const struct rule_tally *rule)
{
    return rule->excepted;
}

static uint64_t known(const struct rule_tally *rule)
{
    return rule->known;
}

static void put_idle_rules(struct page *page, const struct tally *tally)
{
    char buffer[PARAGRAPH];
    struct text t = list_over(buffer);
    size_t idle = 0;
    for (size_t i = 0; i < tally->rule_count; i++) {
        const struct rule_tally *rule = &tally->rules[i];
        if (applied(rule) || nothing_against(rule) || excepted(rule) || known(rule))
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

/* A paragraph of the rules that have such a count; nothing when none has. */
static void put_list(struct page *page, const struct tally *tally, const char *heading,
                     uint64_t (*count)(const struct rule_tally *rule))
{
    char buffer[PARAGRAPH];
    struct text t = list_over(buffer);
    for (size_t i = 0; i < tally->rule_count; i++)
        if (count(&tally->rules[i]))
            list_add(&t, tally->rules[i].rule->id, count(&tally->rules[i]));
    list_end(&t);
    if (!t.n)
        return;
    (void)fputc('\n', page->out);
    page_field(page, INDENT, INDENT, "", heading);
    page_field(page, DEEPER, DEEPER, "", buffer);
}

void summary_rules(struct page *page, const struct tally *tally)
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
    put_list(page, tally, "Nothing was seen against these, which can only find breaches:", nothing_against);
    put_list(page, tally, "Broken, and excepted by the site's configuration:", excepted);
    put_list(page, tally, "Broken, and known from the baseline:", known);
    put_list(page, tally, "Passes with a remark (shown by --explain RULE):", remarks);
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

void summary_unseen(struct page *page, const struct tally *tally)
{
    if (!tally->verdict[VERDICT_NOT_OBSERVABLE])
        return;
    page_heading(page, "Not observable, rule by rule");
    for (unsigned bit = 0; bit < UNOBSERVED_COUNT; bit++) {
        if (!tally->reason[bit])
            continue;
        put_number(page, tally->reason[bit], TONE_PLAIN);
        (void)fputs("    ", page->out);
        page_words(page, INDENT + 2 + WIDEST_COUNTER, reason_words(bit));
        put_unobserved_rules(page, tally, bit);
    }
}
