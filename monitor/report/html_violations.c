/* Who broke which rule: servers and UEs by address, UE stacks by JA4; the worst first, the rest counted. */
#include "report/html_parts.h"

#include "report/names.h"
#include "report/text_summary.h"

#define ADDRESS_TEXT 64

/* If many rules are violated, each gets less room. */
static size_t peers_shown(const struct tally *tally)
{
    size_t violated = 0;
    for (size_t i = 0; i < tally->rule_count; i++)
        violated += tally->rules[i].value[VERDICT_FAIL] > 0;
    return violated <= 64 ? HTML_PEERS_SHOWN : violated <= 160 ? HTML_PEERS_SHOWN / 2 : 3;
}

struct offending {
    uint64_t count;
    size_t index;
    const struct endpoint *end; /* of a peer */
    const char *name;           /* by which a server was asked for; "": none, or there are several */
};

/* Falling by count; equal ones keep the order of appearance. */
static void insert_peer(struct offending *peers, size_t n, struct offending p)
{
    while (n && peers[n - 1].count < p.count) {
        peers[n] = peers[n - 1];
        n--;
    }
    peers[n] = p;
}

struct list {
    const char *heading, *column, *one, *many; /* "other server", "other servers" */
    size_t shown, rows, others;
    uint64_t other_count;
};

static void open_list(struct html *h, const struct list *list)
{
    html_put(h, "<table><caption>");
    html_put(h, list->heading);
    html_put(h, "</caption><thead><tr><th scope=\"col\">");
    html_put(h, list->column);
    html_put(h, "</th><th scope=\"col\">Times</th></tr></thead>\n<tbody>\n");
}

/* True when the peer still has a row of its own; otherwise it is counted among the others. */
static bool take_row(struct html *h, struct list *list, uint64_t count)
{
    if (list->rows == list->shown) {
        list->others++;
        list->other_count += count;
        return false;
    }
    if (list->rows++ == 0)
        open_list(h, list);
    return true;
}

static void put_row(struct html *h, const char *label, uint64_t count)
{
    html_put(h, "<tr><td>");
    html_text(h, label, HTML_TEXT_MOST);
    html_put(h, "</td><td>");
    html_count(h, count);
    html_put(h, "</td></tr>\n");
}

static void close_list(struct html *h, const struct list *list)
{
    if (!list->rows)
        return;
    if (list->others) {
        html_put(h, "<tr class=\"rest\"><td>");
        html_counted(h, list->others, list->one, list->many);
        html_put(h, "</td><td>");
        html_count(h, list->other_count);
        html_put(h, "</td></tr>\n");
    }
    html_put(h, "</tbody></table>\n");
}

static uint64_t shared_count(const struct rule_tally *rule, const struct endpoint *ue)
{
    for (size_t i = 0; i < rule->sharers; i++)
        if (endpoint_equal(&rule->by->sharer[i].end, ue))
            return rule->by->sharer[i].count;
    return 0;
}

static bool is_offender(const struct rule_tally *rule, const struct endpoint *ue)
{
    for (size_t i = 0; i < rule->offenders; i++)
        if (rule->by->offender[i].side == CLIENT && endpoint_equal(&rule->by->offender[i].end, ue))
            return true;
    return false;
}

/* Those of one side in falling order. A UE counts what it did alone and what it did with a server. */
static size_t peers_of(const struct rule_tally *rule, enum side side, struct offending *peers)
{
    size_t n = 0;
    for (size_t i = 0; i < rule->offenders; i++) {
        const struct offender *o = &rule->by->offender[i];
        if (o->side == side)
            insert_peer(
                peers, n++,
                (struct offending){.count = o->count + (side == CLIENT ? shared_count(rule, &o->end) : 0),
                                   .end = &o->end,
                                   .name = o->asked ? o->behind : ""});
    }
    for (size_t i = 0; side == CLIENT && i < rule->sharers; i++) {
        const struct offender *o = &rule->by->sharer[i];
        if (!is_offender(rule, &o->end))
            insert_peer(peers, n++, (struct offending){.count = o->count, .end = &o->end});
    }
    return n;
}

static void put_peers(struct html *h, const struct rule_tally *rule, enum side side, size_t shown)
{
    static const struct list lists[] = {
        [CLIENT] = {.heading = "By UE", .column = "Address", .one = "other UE", .many = "other UEs"},
        [SERVER] = {.heading = "By server",
                    .column = "Address and port",
                    .one = "other server",
                    .many = "other servers"},
    };
    struct offending peers[2 * MAX_OFFENDERS];
    const size_t n = peers_of(rule, side, peers);
    struct list list = lists[side];
    list.shown = shown;
    for (size_t i = 0; i < n; i++) {
        if (!take_row(h, &list, peers[i].count))
            continue;
        char buffer[2 * ADDRESS_TEXT + 8];
        struct text t = text_over(buffer, sizeof buffer);
        const struct endpoint *end = peers[i].end;
        if (side == CLIENT)
            text_ue(&t, end);
        else
            text_end(&t, end);
        if (side == SERVER && peers[i].name[0])
            text_printf(&t, " (%s)", peers[i].name);
        put_row(h, buffer, peers[i].count);
    }
    close_list(h, &list);
}

static void put_rule_stacks(struct html *h, const struct tally *tally, const struct rule_tally *rule,
                            size_t shown)
{
    struct offending peers[MAX_RULE_STACKS];
    size_t n = 0;
    for (size_t i = 0; i < rule->stacks; i++)
        if (rule->by->stack[i].stack < tally->stack_count)
            insert_peer(
                peers, n++,
                (struct offending){.count = rule->by->stack[i].count, .index = rule->by->stack[i].stack});
    struct list list = {.heading = "By UE stack",
                        .column = "JA4",
                        .one = "other stack",
                        .many = "other stacks",
                        .shown = shown};
    for (size_t i = 0; i < n; i++)
        if (take_row(h, &list, peers[i].count))
            put_row(h, tally->stacks[peers[i].index].ja4, peers[i].count);
    close_list(h, &list);
}

/* What came after a table was full. `where`: "by peers beyond the first". */
static void put_untold(struct html *h, uint64_t count, const char *where, unsigned most)
{
    if (!count)
        return;
    html_put(h, "<p class=\"note\">");
    html_counted(h, count, "further offence is", "further offences are");
    html_put(h, where);
    html_number(h, most);
    html_put(h, ", which are not distinguished.</p>\n");
}

/* "4 handshakes judged": what the rule is about. */
static void put_judged(struct html *h, const struct rule_facts *rule, uint64_t count)
{
    static const char *const words[CASE_KINDS][2] = {
        [CASE_HANDSHAKE] = {"handshake judged", "handshakes judged"},
        [CASE_CONNECTION] = {"connection judged", "connections judged"},
        [CASE_EXCHANGE] = {"request judged", "requests judged"},
        [CASE_SERVER] = {"judgement of a server", "judgements of servers"},
        [CASE_UE] = {"judgement of a UE", "judgements of UEs"},
        [CASE_KEY] = {"connection judged", "connections judged"},
    };
    for (unsigned kind = 0; kind < CASE_KINDS; kind++)
        if (rule->about == 1u << kind) {
            html_counted(h, count, words[kind][0], words[kind][1]);
            return;
        }
    html_counted(h, count, "case judged", "cases judged");
}

static void put_violated(struct html *h, const struct html_report *r, const struct rule_tally *rule,
                         size_t shown)
{
    const struct tally *tally = r->tally;
    const uint64_t failed = rule->value[VERDICT_FAIL];
    const char *severity = word_of(severity_words, rule->rule->severity);
    html_put(h, "<section class=\"violated\" id=\"v");
    html_number(h, (uint64_t)(rule - tally->rules));
    html_put(h, "\"><h3>");
    html_text(h, rule->rule->title, HTML_TEXT_MOST);
    html_put(h, " ");
    html_rule_link(h, rule, tally);
    html_put(h, "</h3>\n<p class=\"of\">");
    html_text(h, rule->rule->clause, HTML_CLAUSE_MOST);
    html_put(h, " · <span class=\"");
    html_put(h, severity);
    html_put(h, "\">");
    html_put(h, severity);
    html_put(h, "</span> · binds ");
    html_put(h, word_of(side_words, rule->rule->binds));
    html_put(h, "</p>\n<p>");
    html_text(h, rule->rule->requires, HTML_REQUIRES_MOST);
    html_put(h, "</p>\n<p class=\"sum\"><b>");
    html_counted(h, failed, "violation", "violations");
    html_put(h, "</b>");
    char severities[128];
    struct text t = text_over(severities, sizeof severities);
    text_severities(&t, rule);
    html_put(h, severities);
    html_put(h, " in ");
    put_judged(h, rule->rule, failed + rule->value[VERDICT_PASS]);
    html_put(h, ".</p>\n");
    html_evidence(h, r, rule->rule, false);
    html_put(h, failed == 1 ? "<div class=\"peers single\">\n" : "<div class=\"peers\">\n");
    put_peers(h, rule, SERVER, shown);
    put_peers(h, rule, CLIENT, shown);
    put_rule_stacks(h, tally, rule, shown);
    html_put(h, "</div>\n");
    put_untold(h, rule->other_offences, " by peers beyond the first ", MAX_OFFENDERS);
    put_untold(h, rule->other_sharings, " by UEs together with a server, beyond the first ", MAX_OFFENDERS);
    put_untold(h, rule->other_stacks, " by UE stacks of this rule beyond the first ", MAX_RULE_STACKS);
    html_put(h, "</section>\n");
}

/* What the baseline has is named here as well: who looks for it among the violations must find it. */
static void put_known(struct html *h, const struct tally *tally)
{
    if (!tally->known)
        return;
    html_put(h,
             "<h3>Known from the baseline</h3>\n<p class=\"note\">They are in no other number.</p>\n<ul>\n");
    for (size_t i = 0; i < tally->rule_count; i++) {
        const struct rule_tally *rule = &tally->rules[i];
        if (!rule->known)
            continue;
        html_put(h, "<li>");
        html_text(h, rule->rule->title, HTML_REQUIRES_MOST);
        html_put(h, " (");
        html_rule_link(h, rule, tally);
        html_put(h, "): ");
        html_counted(h, rule->known, "time", "times");
        html_put(h, "</li>\n");
    }
    html_put(h, "</ul>\n");
}

void html_violations(struct html *h, const struct html_report *r)
{
    const struct tally *tally = r->tally;
    html_put(h, "<section id=\"violations\"><h2>Violations</h2>\n");
    if (!tally->verdict[VERDICT_FAIL])
        html_put(h, tally->known        ? "<p>None is new.</p>\n"
                    : tally->handshakes ? "<p>None was seen.</p>\n"
                                        : "<p>No handshake was seen, so none was judged.</p>\n");
    else
        html_put(
            h, "<p class=\"note\">The rules of the highest severity come first, and for each rule those who "
               "broke it most often. A server goes by its address and port, a UE by its address alone, a UE "
               "stack "
               "by the JA4 fingerprint of its hello.</p>\n");
    const size_t shown = peers_shown(tally);
    size_t left_out = 0;
    for (unsigned severity = SEVERITIES; severity-- > 0;) {
        for (size_t i = 0; i < tally->rule_count; i++) {
            const struct rule_tally *rule = &tally->rules[i];
            if (!rule->value[VERDICT_FAIL] || rule->rule->superseded || rule->worst != severity)
                continue;
            if (h->written >= HTML_DETAILS_END)
                left_out++;
            else
                put_violated(h, r, rule, shown);
        }
    }
    if (left_out) {
        html_put(h, "<p class=\"note\">");
        html_counted(h, left_out, "further violated rule is", "further violated rules are");
        html_put(h, " left out here to keep the page small; the tables above have all counts.</p>\n");
    }
    put_known(h, tally);
    html_put(h, "</section>\n");
}
