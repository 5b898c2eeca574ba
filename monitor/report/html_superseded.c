/* Superseded demands on the page: one row a rule, summed over everybody with the same breach. */
#include "report/html_parts.h"

enum { STACKS_NAMED = 8, COLUMNS = 7 };

static void put_sharers(struct html *h, const struct rule_tally *rule)
{
    bool more;
    const uint32_t servers = tally_offenders(rule, SERVER, &more);
    html_put(h, servers && more ? "<td data-name=\"servers at fault\">more than "
                                : "<td data-name=\"servers at fault\">");
    html_count(h, servers);
    html_put(h, "</td><td data-name=\"UEs\">");
    html_count(h, rule->sharing_ues);
    html_put(h, "</td>");
}

static void put_stacks(struct html *h, const struct tally *tally, const struct rule_tally *rule)
{
    html_put(h, "<td data-name=\"UE stacks\">");
    for (uint32_t i = 0; i < rule->stacks && i < STACKS_NAMED; i++) {
        html_put(h, i ? ", <code>" : "<code>");
        html_text(h, tally->stacks[rule->by->stack[i].stack].ja4, HTML_ID_MOST);
        html_put(h, "</code> (");
        html_count(h, rule->by->stack[i].count);
        html_put(h, ")");
    }
    if (rule->stacks > STACKS_NAMED || (rule->stacks && rule->other_stacks))
        html_put(h, " and others");
    html_put(h, "</td>");
}

static void put_row(struct html *h, const struct html_report *r, const struct rule_tally *rule)
{
    const struct tally *tally = r->tally;
    html_put(h, "<tr><th scope=\"row\"><p>");
    html_text(h, rule->rule->title, HTML_CLAUSE_MOST);
    html_put(h, "</p><p class=\"of\">");
    html_rule_link(h, rule, tally);
    html_put(h, "</p>");
    html_put(h, "</th><td data-name=\"clause\">");
    html_text(h, rule->rule->clause, HTML_CLAUSE_MOST);
    html_put(h, "</td><td data-name=\"superseded by\">");
    html_text(h, rule->rule->superseded, HTML_CLAUSE_MOST);
    html_put(h, "</td><td data-name=\"times\">");
    html_count(h, rule->value[VERDICT_FAIL]);
    html_put(h, "</td>");
    put_sharers(h, rule);
    put_stacks(h, tally, rule);
    html_put(h, "</tr>\n");
    if (h->written < HTML_DETAILS_END)
        html_evidence_row(h, r, rule->rule, false, COLUMNS);
}

void html_superseded(struct html *h, const struct html_report *r)
{
    const struct tally *tally = r->tally;
    if (!tally->superseded)
        return;
    html_put(
        h,
        "<section id=\"superseded\"><h2>Superseded demands</h2>\n<p class=\"note\">A later text forbids or "
        "discourages what these clauses demand, or no longer demands it. Their breaches are in no other "
        "number, and decide nothing unless <code>--strict</code> is given.</p>\n<table "
        "class=\"overtaken\"><thead><tr>"
        "<th scope=\"col\">Breach</th><th scope=\"col\">Clause</th><th scope=\"col\">Superseded by</th>"
        "<th scope=\"col\">Times</th><th scope=\"col\">Servers at fault</th><th scope=\"col\">UEs</th>"
        "<th scope=\"col\">UE stacks (JA4)</th></tr></thead>\n<tbody>\n");
    for (size_t i = 0; i < tally->rule_count; i++)
        if (tally->rules[i].value[VERDICT_FAIL] && tally->rules[i].rule->superseded)
            put_row(h, r, &tally->rules[i]);
    html_put(h, "</tbody></table></section>\n");
}
