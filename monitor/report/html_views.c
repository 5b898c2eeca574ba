/* Who is behind it: servers, and UE stacks, each with the rules that it broke. */
#include "report/html_parts.h"

enum { RULES_NAMED = 12 };

static bool worse(const struct party *a, const struct party *b)
{
    for (unsigned severity = SEVERITIES; severity-- > 0;)
        if (a->violations[severity] != b->violations[severity])
            return a->violations[severity] > b->violations[severity];
    return a->handshakes > b->handshakes;
}

/* Rules as links, a few of them by name. */
struct rule_list {
    struct html *h;
    const struct tally *tally;
    size_t count;
};

static void list_rule(struct rule_list *list, size_t index)
{
    if (list->count++ >= RULES_NAMED)
        return;
    html_put(list->h, list->count > 1 ? ", " : "");
    html_rule_link(list->h, &list->tally->rules[index], list->tally);
}

static void end_rules(const struct rule_list *list)
{
    if (list->count <= RULES_NAMED)
        return;
    html_put(list->h, " and ");
    html_counted(list->h, list->count - RULES_NAMED, "other", "others");
}

/* `name`: of the column, for narrow screens, which have no head. */
static void put_count(struct html *h, uint64_t count, const char *class, const char *name)
{
    html_put(h, "<td data-name=\"");
    html_put(h, name);
    html_put(h, "\" class=\"");
    html_put(h, count ? class : "zero");
    html_put(h, "\">");
    html_count(h, count);
    html_put(h, "</td>");
}

static void put_server(struct html *h, const struct tally *tally, const struct party *party)
{
    html_put(h, "<tr><th scope=\"row\"><code>");
    html_end(h, &party->end, true);
    html_put(h, "</code></th>");
    put_count(h, party->handshakes, "", "handshakes");
    put_count(h, party->violations[SEVERITY_HIGH], "fail", "high");
    put_count(h, party->violations[SEVERITY_MEDIUM], "doubt", "medium");
    put_count(h, party->violations[SEVERITY_LOW] + party->violations[SEVERITY_INFO], "", "low, info");
    html_put(h, "<td data-name=\"rules broken\">");
    struct rule_list list = {.h = h, .tally = tally};
    for (size_t i = 0; i < tally->rule_count; i++)
        if (party->rules[i / 64] >> i % 64 & 1)
            list_rule(&list, i);
    end_rules(&list);
    html_put(h, "</td></tr>\n");
}

/* The worst ones, in falling order. */
static size_t worst_servers(const struct parties *servers, const struct party **out)
{
    size_t count = 0;
    for (size_t i = 0; i < servers->count; i++) {
        const struct party *party = &servers->party[i];
        size_t place = count < HTML_PEERS_SHOWN ? count : HTML_PEERS_SHOWN;
        while (place && worse(party, out[place - 1])) {
            if (place < HTML_PEERS_SHOWN)
                out[place] = out[place - 1];
            place--;
        }
        if (place < HTML_PEERS_SHOWN)
            out[place] = party;
        count += count < HTML_PEERS_SHOWN;
    }
    return count;
}

void html_servers(struct html *h, const struct html_report *r)
{
    if (!r->material || !r->material->servers.count)
        return;
    const struct parties *servers = &r->material->servers;
    const struct party *shown[HTML_PEERS_SHOWN];
    const size_t count = worst_servers(servers, shown);
    html_put(h,
             "<section id=\"servers\"><h2>Servers</h2>\n<p class=\"note\">Each with its handshakes and the "
             "violations that it is at fault for, alone or together with the UE; the worst first.</p>\n"
             "<table class=\"views\"><thead><tr><th scope=\"col\">Server</th><th "
             "scope=\"col\">Handshakes</th><th scope=\"col\">High</th><th scope=\"col\">Medium</th>"
             "<th scope=\"col\">Low, info</th><th scope=\"col\">Rules broken</th></tr></thead>\n<tbody>\n");
    for (size_t i = 0; i < count; i++)
        put_server(h, r->tally, shown[i]);
    html_put(h, "</tbody></table>\n");
    if (servers->count > count) {
        html_put(h, "<p class=\"note\">");
        html_counted(h, servers->count - count, "further server is", "further servers are");
        html_put(h, " left out.</p>\n");
    }
    if (servers->others)
        html_put(h, "<p class=\"note\">There were more servers than are distinguished.</p>\n");
    html_put(h, "</section>\n");
}

static void put_stack_rules(struct html *h, const struct tally *tally, size_t stack)
{
    struct rule_list list = {.h = h, .tally = tally};
    for (size_t i = 0; i < tally->rule_count; i++)
        if (rule_broken_by_stack(&tally->rules[i], stack))
            list_rule(&list, i);
    end_rules(&list);
}

static void put_stack(struct html *h, const struct tally *tally, size_t index, uint32_t ues)
{
    const struct stack_tally *stack = &tally->stacks[index];
    html_put(h, "<tr><th scope=\"row\"><code>");
    html_text(h, stack->ja4, HTML_ID_MOST);
    html_put(h, "</code></th>");
    put_count(h, ues, "", "UEs");
    put_count(h, stack->handshakes, "", "handshakes");
    put_count(h, stack->violations, "", "violations");
    html_put(h, "<td data-name=\"rules broken\">");
    put_stack_rules(h, tally, index);
    html_put(h, "</td></tr>\n");
}

static void put_rest(struct html *h, size_t others, uint64_t handshakes, uint64_t violations)
{
    html_put(h, "<tr class=\"rest\"><th scope=\"row\">");
    html_counted(h, others, "other stack", "other stacks");
    html_put(h, "</th><td></td>");
    put_count(h, handshakes, "", "handshakes");
    put_count(h, violations, "", "violations");
    html_put(h, "<td></td></tr>\n");
}

void html_stacks(struct html *h, const struct tally *tally)
{
    if (!tally->stack_count)
        return;
    size_t order[MAX_STACKS];
    uint32_t ues[MAX_STACKS];
    const size_t n = tally_worst_stacks(tally, order);
    const bool more = ue_stacks_count(tally->ue_stacks, ues);
    html_put(h, "<section id=\"stacks\"><h2>UE stacks</h2>\n<p class=\"note\">A UE&#39;s TLS stack goes by "
                "the JA4 fingerprint of its hello. Violations are all fails in the handshakes of the stack, "
                "whoever is at fault; the rules are those that the UE is at fault for, alone or together "
                "with the server.</p>\n<table class=\"views\"><thead><tr><th scope=\"col\">JA4</th><th "
                "scope=\"col\">UEs</th><th "
                "scope=\"col\">Handshakes</th><th scope=\"col\">Violations</th><th scope=\"col\">Rules "
                "broken</th></tr></thead>\n<tbody>\n");
    uint64_t handshakes = 0, violations = 0;
    for (size_t i = 0; i < n; i++) {
        if (i < HTML_PEERS_SHOWN) {
            put_stack(h, tally, order[i], ues[order[i]]);
            continue;
        }
        handshakes += tally->stacks[order[i]].handshakes;
        violations += tally->stacks[order[i]].violations;
    }
    if (n > HTML_PEERS_SHOWN)
        put_rest(h, n - HTML_PEERS_SHOWN, handshakes, violations);
    html_put(h, "</tbody></table>\n");
    if (tally->other_stacks) {
        html_put(h, "<p class=\"note\">");
        html_counted(h, tally->other_stacks, "further handshake is", "further handshakes are");
        html_put(h, " of stacks beyond the first ");
        html_number(h, MAX_STACKS);
        html_put(h, ", which are not distinguished.</p>\n");
    }
    if (more)
        html_put(h, "<p class=\"note\">There may have been more UEs than are counted here.</p>\n");
    html_put(h, "</section>\n");
}
