/* Superseded demands in the text report: one sentence a rule, summed over everybody with the same breach. */
#include "report/text_summary.h"

#define INDENT       2
#define DEEPER       4
#define STACKS_NAMED 3

/* "20 times by 2 servers, with 10 UEs" */
static void put_sharers(struct text *t, const struct rule_tally *rule)
{
    bool more;
    const uint32_t servers = tally_offenders(rule, SERVER, &more);
    text_counted(t, rule->value[VERDICT_FAIL], "time", "times");
    if (servers) {
        text_put(t, more ? " by more than " : " by ");
        text_counted(t, servers, "server", "servers");
    }
    if (rule->sharing_ues) {
        text_put(t, servers ? ", with " : " by ");
        text_counted(t, rule->sharing_ues, "UE", "UEs");
    }
}

/* "; UE stacks: t13d... (20), t12d... (9) and 2 others" */
static void put_stacks(struct text *t, const struct tally *tally, const struct rule_tally *rule)
{
    if (!rule->stacks)
        return;
    text_put(t, rule->stacks == 1 ? "; UE stack " : "; UE stacks ");
    for (uint32_t i = 0; i < rule->stacks && i < STACKS_NAMED; i++) {
        text_put(t, i ? ", " : "");
        text_put(t, tally->stacks[rule->by->stack[i].stack].ja4);
        text_put(t, " (");
        text_count(t, rule->by->stack[i].count);
        text_char(t, ')');
    }
    if (rule->other_stacks) {
        text_put(t, " and more than can be distinguished");
    } else if (rule->stacks > STACKS_NAMED) {
        text_put(t, " and ");
        text_counted(t, rule->stacks - STACKS_NAMED, "other", "others");
    }
}

static void put_in_full(struct page *page, const struct tally *tally, const struct rule_tally *r)
{
    char buffer[2048];
    struct text t = text_over(buffer, sizeof buffer);
    text_put(&t, r->rule->id);
    text_put(&t, ": ");
    text_put(&t, r->rule->title);
    text_put(&t, "; ");
    put_sharers(&t, r);
    put_stacks(&t, tally, r);
    text_put(&t, ". Superseded by ");
    text_put(&t, r->rule->superseded);
    text_char(&t, '.');
    page_field(page, INDENT, DEEPER, "-", buffer);
}

static void put_in_short(struct page *page, const struct rule_tally *r)
{
    char buffer[1024];
    struct text t = text_over(buffer, sizeof buffer);
    text_put(&t, r->rule->title);
    text_printf(&t, ": %s, ", r->rule->id);
    put_sharers(&t, r);
    page_field(page, INDENT, DEEPER, "-", buffer);
}

void summary_superseded(struct page *page, const struct tally *tally, bool in_full)
{
    if (!tally->superseded)
        return;
    page_heading(page, "Superseded demands that were broken; they count only with --strict");
    for (size_t i = 0; i < tally->rule_count; i++) {
        const struct rule_tally *r = &tally->rules[i];
        if (!r->value[VERDICT_FAIL] || !r->rule->superseded)
            continue;
        if (in_full)
            put_in_full(page, tally, r);
        else
            put_in_short(page, r);
    }
    if (tally->untold) {
        char buffer[160];
        struct text t = text_over(buffer, sizeof buffer);
        text_counted(&t, tally->untold, "of these breaches has", "of these breaches have");
        text_put(&t, " no event, because too many offenders had one already.");
        page_field(page, INDENT, INDENT, "", buffer);
    }
}
