/* The first page: what was broken, worst first, a line a rule. */
#include "report/html_parts.h"

enum { RULES_SHOWN = 12 };

static const char *fault_in_words(unsigned faults)
{
    const unsigned ue = 1u << FAULT_UE;
    const unsigned server = 1u << FAULT_SERVER;
    const unsigned both = faults & 1u << FAULT_BOTH ? ue | server : faults & (ue | server);
    return both == (ue | server) ? "UE and server" : both == ue ? "UE" : both == server ? "server" : "";
}

static void put_rule(struct html *h, const struct rule_tally *rule, const struct tally *tally)
{
    const char *severity = word_of(severity_words, rule->worst);
    html_put(h, "<tr><td class=\"");
    html_put(h, severity);
    html_put(h, "\">");
    html_put(h, severity);
    html_put(h, "</td><th scope=\"row\"><a href=\"#v");
    html_number(h, (uint64_t)(rule - tally->rules));
    html_put(h, "\">");
    html_text(h, rule->rule->title, HTML_CLAUSE_MOST);
    html_put(h, "</a></th><td>");
    html_put(h, fault_in_words(tally_faults(rule)));
    html_put(h, "</td><td>");
    html_count(h, rule->value[VERDICT_FAIL]);
    html_put(h, "</td></tr>\n");
}

void html_summary(struct html *h, const struct tally *tally)
{
    if (!tally->verdict[VERDICT_FAIL])
        return;
    html_put(h, "<table class=\"broken\"><caption>What was broken</caption><thead><tr><th "
                "scope=\"col\">Severity</th><th scope=\"col\">Breach</th><th scope=\"col\">At fault</th>"
                "<th scope=\"col\">Times</th></tr></thead>\n<tbody>\n");
    size_t rules = 0;
    for (unsigned severity = SEVERITIES; severity-- > 0;)
        for (size_t i = 0; i < tally->rule_count; i++) {
            const struct rule_tally *rule = &tally->rules[i];
            if (rule->value[VERDICT_FAIL] && !rule->rule->superseded && rule->worst == severity &&
                rules++ < RULES_SHOWN)
                put_rule(h, rule, tally);
        }
    html_put(h, "</tbody></table>\n");
    if (rules > RULES_SHOWN) {
        html_put(h, "<p class=\"note\">And <a href=\"#violations\">");
        html_counted(h, rules - RULES_SHOWN, "other rule", "other rules");
        html_put(h, "</a>, less severe or later in the profile.</p>\n");
    }
}
