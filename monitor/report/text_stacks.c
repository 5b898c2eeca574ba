/* The stacks of the UEs: how many UEs and handshakes each had, and what its hellos share. */
#include "report/text_summary.h"

#define INDENT       2
#define DEEPER       4
#define STACKS_SHOWN 20
#define RULES_NAMED  12

/* "t13d...: 3 UEs, 12 handshakes, 4 violations" */
static void put_numbers(struct text *t, const struct stack_tally *stack, uint64_t ues, bool more)
{
    text_printf(t, "%s: ", stack->ja4);
    text_put(t, more ? "at least " : "");
    text_counted(t, ues, "UE", "UEs");
    text_put(t, ", ");
    text_counted(t, stack->handshakes, "handshake", "handshakes");
    if (!stack->violations)
        return;
    text_put(t, ", ");
    text_counted(t, stack->violations, "violation", "violations");
}

/* "; the UE breaks ut-6.2-ue-3des, ut-6.2-ue-null" */
static void put_rules(struct text *t, const struct tally *tally, size_t stack)
{
    size_t named = 0;
    for (size_t i = 0; i < tally->rule_count; i++) {
        if (!rule_broken_by_stack(&tally->rules[i], stack) || named++ >= RULES_NAMED)
            continue;
        text_put(t, named == 1 ? "; the UE breaks " : ", ");
        text_put(t, tally->rules[i].rule->id);
    }
    if (named > RULES_NAMED) {
        text_put(t, " and ");
        text_counted(t, named - RULES_NAMED, "other", "others");
    }
}

/* The others, in one line. */
static void put_rest(struct page *page, const struct tally *tally, const size_t *order, size_t n)
{
    char buffer[256];
    struct text t = text_over(buffer, sizeof buffer);
    uint64_t handshakes = 0, violations = 0;
    for (size_t i = STACKS_SHOWN; i < n; i++) {
        handshakes += tally->stacks[order[i]].handshakes;
        violations += tally->stacks[order[i]].violations;
    }
    if (n > STACKS_SHOWN) {
        text_counted(&t, n - STACKS_SHOWN, "other", "others");
        text_put(&t, ": ");
        text_counted(&t, handshakes, "handshake", "handshakes");
        text_put(&t, ", ");
        text_counted(&t, violations, "violation", "violations");
        page_field(page, INDENT, DEEPER, "-", buffer);
    }
    t = text_over(buffer, sizeof buffer);
    if (!tally->other_stacks)
        return;
    text_counted(&t, tally->other_stacks, "further handshake is", "further handshakes are");
    text_printf(&t, " of stacks beyond the first %d, which are not distinguished.", MAX_STACKS);
    page_field(page, INDENT, INDENT, "", buffer);
}

void summary_stacks(struct page *page, const struct tally *tally)
{
    size_t order[MAX_STACKS];
    uint32_t ues[MAX_STACKS];
    const size_t n = tally_worst_stacks(tally, order);
    const bool more = ue_stacks_count(tally->ue_stacks, ues);
    if (!n)
        return;
    char buffer[2048];
    struct text t = text_over(buffer, sizeof buffer);
    text_put(&t, "UE stacks, by the JA4 of their hellos: ");
    text_count(&t, n);
    page_heading(page, buffer);
    for (size_t i = 0; i < n && i < STACKS_SHOWN; i++) {
        t = text_over(buffer, sizeof buffer);
        put_numbers(&t, &tally->stacks[order[i]], ues[order[i]], more);
        put_rules(&t, tally, order[i]);
        page_field(page, INDENT, DEEPER, "-", buffer);
    }
    put_rest(page, tally, order, n);
}
