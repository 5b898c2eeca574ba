/* The findings of one rule, one by one: when, where, who, what was observed, and the record that decided. */
#include "report/html_parts.h"

#include "report/names.h"

static void put_fact(struct html *h, const char *name)
{
    html_put(h, "<div><dt>");
    html_put(h, name);
    html_put(h, "</dt><dd>");
}

static void end_fact(struct html *h)
{
    html_put(h, "</dd></div>");
}

/* Filters for Wireshark and tshark. Where the number of the stream is not certain, the ends say the same. */
static void put_filters(struct html *h, const struct finding *f, bool numbered)
{
    if (numbered && f->frame) {
        html_put(h, "<code class=\"copy\">frame.number == ");
        html_number(h, f->frame);
        html_put(h, "</code> or ");
    }
    html_put(h, "<code class=\"copy\">");
    if (numbered && f->stream >= 0) {
        html_put(h, "tcp.stream eq ");
        html_number(h, (uint64_t)f->stream);
    } else {
        char filter[256];
        struct text t = text_over(filter, sizeof filter);
        text_filter(&t, &f->client, &f->server, " ");
        html_text(h, filter, sizeof filter);
    }
    html_put(h, "</code>");
}

static void put_where(struct html *h, const struct finding *f, const struct html_report *r)
{
    const bool numbered = r->names && !r->names->live;
    put_fact(h, f->frame ? "Time" : "Last seen");
    html_time(h, f->time, true);
    end_fact(h);
    if (f->frame && r->names) {
        put_fact(h, numbered ? "Capture" : "Interface");
        html_input(h, r->names, f->source);
        end_fact(h);
    }
    if (f->frame && numbered) {
        put_fact(h, "Frame");
        html_number(h, f->frame);
        if (f->shows) {
            html_put(h, " (");
            html_put(h, f->shows);
            html_put(h, ")");
        }
        end_fact(h);
    }
    put_fact(h, "Filter");
    put_filters(h, f, numbered);
    end_fact(h);
}

static void put_who(struct html *h, const struct finding *f, const struct findings *all)
{
    if (f->client.family) {
        put_fact(h, "UE");
        html_end(h, &f->client, f->client.port);
        end_fact(h);
    }
    if (f->server.family) {
        put_fact(h, "Server");
        html_end(h, &f->server, true);
        end_fact(h);
    }
    if (f->name) {
        put_fact(h, "Name");
        html_safe_text(h, finding_text(all, f->name), HTML_NAME_MOST);
        end_fact(h);
    }
}

static void put_told(struct html *h, const struct endpoint *ue)
{
    char buffer[100];
    struct text t = text_over(buffer, sizeof buffer);
    if (ue->space != SPACE_TOLD)
        return;
    text_put(&t, "; UE ");
    text_ue(&t, ue);
    html_put(h, buffer);
}

static void put_what(struct html *h, const struct finding *f, const struct findings *all)
{
    put_fact(h, "Observed");
    html_safe_text(h, finding_text(all, f->observed), HTML_REQUIRES_MOST);
    end_fact(h);
    if (f->fault != FAULT_NONE) {
        put_fact(h, "At fault");
        html_put(h, word_of(side_words, f->fault));
        put_told(h, &f->ue);
        if (f->times > 1) {
            html_put(h, ", ");
            html_counted(h, f->times, "time", "times");
        }
        end_fact(h);
    }
    put_fact(h, "Basis");
    html_put(h, word_of(basis_words, f->basis));
    end_fact(h);
    put_fact(h, "Severity");
    html_put(h, word_of(severity_words, f->severity));
    end_fact(h);
    if (f->status == FINDING_KNOWN) {
        put_fact(h, "Status");
        html_put(h, "known from the baseline");
        end_fact(h);
    }
    if (f->note) {
        put_fact(h, f->status == FINDING_EXCEPTED ? "Excepted" : "Note");
        html_text(h, finding_text(all, f->note), HTML_REQUIRES_MOST);
        end_fact(h);
    }
}

static void put_records(struct html *h, const struct finding *f, const struct html_report *r)
{
    const struct findings *all = &r->material->findings;
    if (!f->records)
        return;
    if (h->written >= HTML_RECORDS_END) {
        html_put(h, "<p class=\"note\">Its record is left out to keep the page small.</p>");
        return;
    }
    html_put(h, "<div class=\"records\">\n");
    for (size_t i = 0; i < f->records; i++)
        html_record(h, all, &all->record[f->record + i], f, r->names);
    html_put(h, "</div>");
}

static void put_finding(struct html *h, const struct finding *f, const struct html_report *r)
{
    const struct findings *all = &r->material->findings;
    html_put(h, "<li class=\"finding\" id=\"f");
    html_number(h, (uint64_t)(f - all->finding));
    html_put(h, "\"><dl class=\"evidence\">");
    put_where(h, f, r);
    put_who(h, f, all);
    put_what(h, f, all);
    html_put(h, "</dl>\n");
    put_records(h, f, r);
    html_put(h, "</li>\n");
}

static bool comes_before(const struct finding *a, const struct finding *b)
{
    return a->severity != b->severity ? a->severity > b->severity : a->time < b->time;
}

/* The graver ones first, equal ones in order of time, and those of one moment in the order of their coming.
 */
static size_t collect(const struct findings *all, uint16_t last, const struct finding **out, size_t most)
{
    size_t count = 0;
    for (uint16_t at = last; at && count < most; at = all->finding[at - 1].before) {
        const struct finding *f = &all->finding[at - 1];
        size_t place = count++;
        while (place && !comes_before(out[place - 1], f)) {
            out[place] = out[place - 1];
            place--;
        }
        out[place] = f;
    }
    return count;
}

void html_evidence(struct html *h, const struct html_report *r, const struct rule_facts *rule, bool advice)
{
    enum { MOST = 4 * FINDINGS_OF_RULE };
    if (!r->material)
        return;
    const struct findings *all = &r->material->findings;
    const struct finding *found[MOST] = {0};
    const size_t count = collect(all, all->last[advice][rule->index], found, MOST);
    if (!count)
        return;
    html_put(h, "<ol class=\"findings\">\n");
    for (size_t i = 0; i < count; i++)
        if (found[i]->rule)
            put_finding(h, found[i], r);
    html_put(h, "</ol>\n");
}

void html_evidence_row(struct html *h, const struct html_report *r, const struct rule_facts *rule,
                       bool advice, unsigned columns)
{
    if (!r->material || !r->material->findings.last[advice][rule->index])
        return;
    html_put(h, "<tr class=\"shown\"><td colspan=\"");
    html_number(h, columns);
    html_put(h, "\">");
    html_evidence(h, r, rule, advice);
    html_put(h, "</td></tr>\n");
}
