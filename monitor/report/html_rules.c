/* What the profile requires, clause by clause, and how each rule fared; what could not be seen, and why. */
#include "report/html_parts.h"

#include "report/names.h"

static void put_row_id(struct html *h, const struct rule_tally *rule, const struct tally *tally)
{
    html_put(h, "r");
    html_number(h, (uint64_t)(rule - tally->rules));
}

void html_rule_link(struct html *h, const struct rule_tally *rule, const struct tally *tally)
{
    html_put(h, "<a href=\"#");
    put_row_id(h, rule, tally);
    html_put(h, "\"><code>");
    html_text(h, rule->rule->id, HTML_ID_MOST);
    html_put(h, "</code></a>");
}

struct standing {
    const char *class;
    const char *words;
};

/* A rule that was never decided is not called passed, and one that was sometimes hidden is passed only "where
 * seen".
 */
static struct standing standing_of(const struct rule_tally *rule)
{
    if (rule->value[VERDICT_FAIL] && rule->rule->superseded)
        return (struct standing){"doubt", "broken; superseded"};
    if (rule->value[VERDICT_FAIL])
        return (struct standing){"fail", "violated"};
    if (rule->value[VERDICT_PASS]) {
        if (rule->value[VERDICT_NOT_OBSERVABLE])
            return (struct standing){"doubt", "passed where it could be seen"};
        if (rule->excepted)
            return (struct standing){"doubt", "passed but for exceptions"};
        if (rule->known)
            return (struct standing){"doubt", "passed but for what the baseline has"};
        return (struct standing){"pass", "passed"};
    }
    if (rule->value[VERDICT_NOT_OBSERVABLE])
        return (struct standing){"doubt", "not observable"};
    if (rule->excepted)
        return (struct standing){"doubt", "excepted"};
    if (rule->known)
        return (struct standing){"doubt", "known from the baseline"};
    if (rule->value[VERDICT_NOTHING_AGAINST])
        return (struct standing){"idle", "nothing seen against it"};
    return (struct standing){"idle", "not applicable"};
}

static bool is_idle(const struct rule_tally *rule)
{
    return strcmp(standing_of(rule).class, "idle") == 0;
}

static void put_cell(struct html *h, uint64_t count, const char *class)
{
    html_put(h, count ? class : "<td class=\"zero\">");
    html_count(h, count);
    html_put(h, "</td>");
}

/* The most frequent reason, or the next one after `last`; UNOBSERVED_COUNT: from the first, and no more. */
static unsigned next_reason(const struct rule_tally *rule, unsigned last)
{
    unsigned best = UNOBSERVED_COUNT;
    for (unsigned bit = 0; bit < UNOBSERVED_COUNT; bit++) {
        const uint64_t count = rule->reason[bit];
        const uint64_t before = last < UNOBSERVED_COUNT ? rule->reason[last] : UINT64_MAX;
        const bool behind = count < before || (count == before && bit > last);
        if (count && behind && (best == UNOBSERVED_COUNT || count > rule->reason[best]))
            best = bit;
    }
    return best;
}

static void put_reasons(struct html *h, const struct rule_tally *rule)
{
    unsigned bit = next_reason(rule, UNOBSERVED_COUNT);
    if (bit == UNOBSERVED_COUNT)
        return;
    html_put(h, "<p class=\"why reasons\">Not observable: ");
    for (size_t shown = 0; bit < UNOBSERVED_COUNT && shown < HTML_REASONS_SHOWN; shown++) {
        html_put(h, shown ? "; " : "");
        html_put(h, reason_words(bit));
        html_put(h, " (");
        html_count(h, rule->reason[bit]);
        html_put(h, ")");
        bit = next_reason(rule, bit);
    }
    html_put(h, bit < UNOBSERVED_COUNT ? "; and <a href=\"#unseen\">other reasons</a>.</p>" : ".</p>");
}

static void put_remarks(struct html *h, const struct rule_tally *rule)
{
    if (!rule->remarks)
        return;
    html_put(h, "<p class=\"why\">");
    html_counted(h, rule->remarks, "pass", "passes");
    html_put(h, " with a remark, which <code>--explain</code> shows.</p>");
}

static void put_exception(struct html *h, const struct rule_tally *rule)
{
    if (!rule->excepted || !rule->exception)
        return;
    html_put(h, "<p class=\"why\">Excepted, because: ");
    html_text(h, rule->exception, HTML_REQUIRES_MOST);
    html_put(h, "</p>");
}

static void put_known(struct html *h, const struct rule_tally *rule)
{
    if (!rule->known)
        return;
    html_put(h, "<p class=\"why\">Known from the baseline, and in no number of this row: ");
    html_counted(h, rule->known, "violation", "violations");
    html_put(h, ".</p>");
}

static void put_rule(struct html *h, const struct tally *tally, const struct rule_tally *rule)
{
    const struct standing standing = standing_of(rule);
    html_put(h, "<tr id=\"");
    put_row_id(h, rule, tally);
    html_put(h, is_idle(rule) ? "\" class=\"unheard\"><th scope=\"row\"><p>" : "\"><th scope=\"row\"><p>");
    html_text(h, rule->rule->requires, HTML_REQUIRES_MOST);
    html_put(h, "</p><p class=\"of\"><code>");
    html_text(h, rule->rule->id, HTML_ID_MOST);
    html_put(h, "</code> <span class=\"");
    html_put(h, standing.class);
    html_put(h, "\">");
    html_put(h, standing.words);
    html_put(h, "</span></p>");
    put_reasons(h, rule);
    put_remarks(h, rule);
    put_exception(h, rule);
    put_known(h, rule);
    html_put(h, "</th><td>");
    html_put(h, word_of(side_words, rule->rule->binds));
    html_put(h, "</td><td>");
    html_put(h, word_of(severity_words, rule->rule->severity));
    html_put(h, "</td>");
    put_cell(h, rule->value[VERDICT_PASS] + rule->value[VERDICT_FAIL], "<td>");
    put_cell(h, rule->value[VERDICT_PASS], "<td>");
    put_cell(h, rule->value[VERDICT_FAIL], "<td class=\"fail\">");
    put_cell(h, rule->value[VERDICT_NOTHING_AGAINST], "<td>");
    put_cell(h, rule->value[VERDICT_NOT_OBSERVABLE], "<td class=\"doubt\">");
    put_cell(h, rule->value[VERDICT_NOT_APPLICABLE], "<td>");
    put_cell(h, rule->excepted, "<td>");
    html_put(h, "</tr>\n");
}

/* Some rule of the clause that begins there was not idle. */
static bool clause_is_heard(const struct tally *tally, size_t first)
{
    const char *clause = tally->rules[first].rule->clause;
    for (size_t i = first; i < tally->rule_count && strcmp(tally->rules[i].rule->clause, clause) == 0; i++)
        if (!is_idle(&tally->rules[i]))
            return true;
    return false;
}

static void open_clause(struct html *h, const struct tally *tally, size_t first)
{
    html_put(h, clause_is_heard(tally, first) ? "<tbody>" : "<tbody class=\"unheard\">");
    html_put(h, "<tr class=\"clause\"><th scope=\"rowgroup\" colspan=\"10\">");
    html_text(h, tally->rules[first].rule->clause, HTML_CLAUSE_MOST);
    html_put(h, "</th></tr>\n");
}

void html_rules(struct html *h, const struct tally *tally)
{
    html_put(h,
             "<section id=\"rules\"><h2>Rules by clause</h2>\n"
             "<p class=\"note\">Verdicts, one a rule and handshake. Judged: the rule could be decided, with "
             "pass or fail. Nothing against: the rule can only find breaches, and found none. Not obs.: the "
             "rule applies, but what would decide it was not in the capture. N/A: "
             "the rule is not about such a handshake. Excepted: a fail that the operator&#39;s configuration "
             "excepts; it is in no other column.</p>\n"
             "<p class=\"paper\">Rules that nothing was found for or against are not printed.</p>\n");
    if (!tally->rule_count) {
        html_put(h, "<p>The profile has no rules.</p>\n</section>\n");
        return;
    }
    html_put(h, "<table class=\"rules\">\n<thead><tr><th scope=\"col\">Requirement</th><th "
                "scope=\"col\">Binds</th><th scope=\"col\">Severity</th><th scope=\"col\">Judged</th><th "
                "scope=\"col\">Pass</th><th scope=\"col\">Fail</th><th scope=\"col\">Nothing against</th><th "
                "scope=\"col\">Not obs.</th><th scope=\"col\">N/A</th><th "
                "scope=\"col\">Excepted</th></tr></thead>\n");
    for (size_t i = 0; i < tally->rule_count; i++) {
        const char *clause = tally->rules[i].rule->clause;
        if (!i || strcmp(clause, tally->rules[i - 1].rule->clause) != 0) {
            html_put(h, i ? "</tbody>\n" : "");
            open_clause(h, tally, i);
        }
        put_rule(h, tally, &tally->rules[i]);
    }
    html_put(h, "</tbody></table>\n</section>\n");
}

static void put_rules_with_reason(struct html *h, const struct tally *tally, unsigned bit)
{
    size_t shown = 0, others = 0;
    for (size_t i = 0; i < tally->rule_count; i++) {
        const struct rule_tally *rule = &tally->rules[i];
        if (!rule->reason[bit])
            continue;
        if (shown == HTML_RULES_LISTED) {
            others++;
            continue;
        }
        html_put(h, shown++ ? ", " : "");
        html_rule_link(h, rule, tally);
        html_put(h, "&#160;(");
        html_count(h, rule->reason[bit]);
        html_put(h, ")");
    }
    if (others) {
        html_put(h, " and ");
        html_counted(h, others, "other", "others");
    }
}

void html_unseen(struct html *h, const struct tally *tally)
{
    html_put(h, "<section id=\"unseen\"><h2>What could not be seen, and why</h2>\n");
    if (!tally->verdict[VERDICT_NOT_OBSERVABLE]) {
        html_put(h, tally->handshakes
                        ? "<p>Every rule that applied could be decided.</p>\n</section>\n"
                        : "<p>No handshake was seen, so no rule had to be decided.</p>\n</section>\n");
        return;
    }
    html_put(h, "<p>");
    html_counted(h, tally->verdict[VERDICT_NOT_OBSERVABLE], "verdict", "verdicts");
    html_put(
        h, " could not be made. They count neither as pass nor as fail. One verdict may have several reasons."
           "</p>\n<table class=\"unseen\"><thead><tr><th scope=\"col\">Reason</th><th "
           "scope=\"col\">Verdicts</th>"
           "<th scope=\"col\">Rules, with the number of verdicts</th></tr></thead>\n<tbody>\n");
    for (unsigned bit = 0; bit < UNOBSERVED_COUNT; bit++) {
        if (!tally->reason[bit])
            continue;
        html_put(h, "<tr id=\"why-");
        html_put(h, unobserved_name(bit));
        html_put(h, "\"><th scope=\"row\">");
        html_put(h, reason_words(bit));
        html_put(h, "</th><td>");
        html_count(h, tally->reason[bit]);
        html_put(h, "</td><td>");
        put_rules_with_reason(h, tally, bit);
        html_put(h, "</td></tr>\n");
    }
    html_put(h, "</tbody></table></section>\n");
}
