#include "report/html_report.h"

#include "report/html_parts.h"
#include "report/report_css.h" /* made of report.css */
#include "report/text_report.h"

static void put_head(struct html *h, const struct tally *tally)
{
    html_put(h, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src &#39;none&#39;; "
                "style-src &#39;unsafe-inline&#39;; img-src data:\">\n"
                "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                "<meta name=\"color-scheme\" content=\"light dark\">\n"
                "<meta name=\"referrer\" content=\"no-referrer\">\n"
                "<link rel=\"icon\" href=\"data:,\">\n<title>TLS compliance report: ");
    html_text(h, profile_name(tally->profile), HTML_ID_MOST);
    html_put(h, "</title>\n<style>\n");
    html_put(h, report_style);
    html_put(h, "</style>\n</head>\n<body>\n<main>\n");
}

static void put_title(struct html *h, const struct tally *tally)
{
    const char *status = profile_status(tally->profile);
    html_put(h, "<header>\n<p class=\"kind\">TLS compliance report</p>\n<h1>");
    html_text(h, profile_title(tally->profile), HTML_NAME_MOST);
    html_put(h, "</h1>\n<p class=\"of\">Profile <code>");
    html_text(h, profile_name(tally->profile), HTML_ID_MOST);
    html_put(h, "</code>, status: ");
    html_text(h, status, HTML_ID_MOST);
    html_put(h, "</p>\n</header>\n");
    if (strcmp(status, "draft") == 0)
        html_put(
            h, "<p class=\"draft\"><b>This profile is a draft.</b> Its requirements are not settled, and the "
               "verdicts of this report hold for the draft only.</p>\n");
}

static void put_overall(struct html *h, const struct tally *tally, const struct capture_health *health,
                        const struct input_names *names)
{
    char buffer[512];
    struct text t = text_over(buffer, sizeof buffer);
    text_overall(&t, tally, health, names);
    const bool failed = tally->verdict[VERDICT_FAIL] > 0;
    const bool whole = tally->handshakes && tally->verdict[VERDICT_PASS] &&
                       !tally->verdict[VERDICT_NOT_OBSERVABLE] && !tally->superseded &&
                       capture_whole(health) && !health->renegotiations;
    html_put(h, failed  ? "<p class=\"overall fail\">"
                : whole ? "<p class=\"overall pass\">"
                        : "<p class=\"overall doubt\">");
    html_safe_text(h, buffer, HTML_TEXT_MOST);
    html_put(h, "</p>\n");
    if (tally->excepted) {
        html_put(h, "<p class=\"note\">Besides, ");
        html_counted(h, tally->excepted, "fail is", "fails are");
        html_put(h, " excepted by the operator&#39;s configuration and included in no other number.</p>\n");
    }
}

static void put_inputs(struct html *h, const struct input_names *names)
{
    if (!names || !names->count)
        return;
    const size_t count = names->folder ? 1 : names->count;
    html_put(h, names->live ? "<dt>Interfaces</dt><dd>" : "<dt>Inputs</dt><dd>");
    for (size_t i = 0; i < count && i < HTML_INPUTS_SHOWN; i++) {
        html_put(h, i ? ", <code>" : "<code>");
        html_text(h, names->name[i] ? names->name[i] : "?", HTML_NAME_MOST);
        html_put(h, "</code>");
    }
    if (count > HTML_INPUTS_SHOWN) {
        html_put(h, " and ");
        html_counted(h, count - HTML_INPUTS_SHOWN, "other", "others");
    }
    html_put(h, "</dd>\n");
}

static void put_facts(struct html *h, const struct capture_health *health, const struct input_names *names,
                      const char *made_at)
{
    html_put(h, "<dl class=\"facts\">\n<dt>Captured</dt><dd>");
    if (health->frames) {
        html_time(h, health->first_time, false);
        html_put(h, " to ");
        html_time(h, health->last_time, false);
    } else {
        html_put(h, "no frames");
    }
    html_put(h, "</dd>\n");
    put_inputs(h, names);
    html_put(h, "<dt>Read</dt><dd>");
    html_counted(h, health->frames, "frame", "frames");
    html_put(h, ", ");
    html_counted(h, health->connections, "TCP connection", "TCP connections");
    if (health->tls_connections) {
        html_put(h, ", ");
        html_count(h, health->tls_connections);
        html_put(h, " with TLS");
    }
    html_put(h, capture_whole(health) ? "; nothing is known to be missing</dd>\n"
                                      : "; <a href=\"#capture\">the capture is incomplete</a></dd>\n");
    if (made_at) {
        html_put(h, "<dt>Report made</dt><dd><time>");
        html_text(h, made_at, HTML_ID_MOST);
        html_put(h, "</time></dd>\n");
    }
    html_put(h, "</dl>\n");
}

static void put_figure(struct html *h, const char *id, uint64_t count, const char *words, const char *class)
{
    html_put(h, "<div id=\"");
    html_put(h, id);
    html_put(h, count ? class : "\" class=\"zero\">");
    html_put(h, "<dt>");
    html_put(h, words);
    html_put(h, "</dt><dd>");
    html_count(h, count);
    html_put(h, "</dd></div>\n");
}

static void put_figures(struct html *h, const struct tally *tally)
{
    html_put(h, "<dl class=\"figures\">\n");
    put_figure(h, "n-handshakes", tally->handshakes, tally->handshakes == 1 ? "handshake" : "handshakes",
               "\">");
    put_figure(h, "n-pass", tally->verdict[VERDICT_PASS], "pass", "\">");
    put_figure(h, "n-fail", tally->verdict[VERDICT_FAIL], "fail", "\" class=\"fail\">");
    put_figure(h, "n-nothing", tally->verdict[VERDICT_NOTHING_AGAINST], "nothing seen against", "\">");
    put_figure(h, "n-unseen", tally->verdict[VERDICT_NOT_OBSERVABLE], "not observable",
               "\" class=\"doubt\">");
    put_figure(h, "n-idle", tally->verdict[VERDICT_NOT_APPLICABLE], "not applicable", "\">");
    put_figure(h, "n-excepted", tally->excepted, "excepted", "\">");
    if (tally->baseline)
        put_figure(h, "n-known", tally->known, "known", "\">");
    put_figure(h, "n-superseded", tally->superseded, "superseded", "\">");
    html_put(h, "</dl>\n");
}

static void put_contents(struct html *h, const struct html_report *r)
{
    const struct tally *tally = r->tally;
    html_put(h, "<nav aria-label=\"Contents\"><a href=\"#violations\">Violations</a> ");
    html_put(h, tally->superseded ? "<a href=\"#superseded\">Superseded demands</a> " : "");
    html_put(h, r->advice ? "<a href=\"#advice\">Advice</a> " : "");
    html_put(h, r->material && r->material->servers.count ? "<a href=\"#servers\">Servers</a> " : "");
    html_put(h, tally->stack_count ? "<a href=\"#stacks\">UE stacks</a> " : "");
    html_put(h, "<a href=\"#unseen\">What could not be seen</a> <a href=\"#handshakes\">Handshakes</a> ");
    html_put(h, tally->ages->count ? "<a href=\"#ages\">Ages of sessions</a> " : "");
    html_put(h, "<a href=\"#rules\">Rules by clause</a> <a href=\"#capture\">Capture health</a> <a "
                "href=\"#provenance\">Provenance</a></nav>\n");
}

static void put_advised(struct html *h, const struct html_report *r, const struct rule_tally *rule)
{
    html_put(h, "<tr><th scope=\"row\">");
    html_text(h, rule->rule->title, HTML_TEXT_MOST);
    html_put(h, "</th><td>");
    html_text(h, rule->rule->clause, HTML_TEXT_MOST);
    if (profile_next(r->advice->profile)) {
        html_put(h, ", profile ");
        html_text(h, rule->rule->profile, HTML_ID_MOST);
    }
    html_put(h, "</td><td>");
    html_count(h, rule->value[VERDICT_FAIL]);
    html_put(h, "</td></tr>\n");
    html_evidence_row(h, r, rule->rule, true, 3);
}

/* Findings of the second profile: no violations, and in no number above. */
static void put_advice(struct html *h, const struct html_report *r)
{
    const struct tally *advice = r->advice;
    if (!advice)
        return;
    char names[256];
    struct text t = text_over(names, sizeof names);
    profile_names(advice->profile, &t);
    html_put(h, "<section id=\"advice\"><h2>Advice by ");
    html_text(h, names, HTML_TEXT_MOST);
    html_put(h, "</h2>\n<p class=\"note\">");
    for (const struct profile *p = advice->profile; p; p = profile_next(p)) {
        html_text(h, profile_title(p), HTML_TEXT_MOST);
        html_put(h, ". ");
    }
    html_put(h, "Findings of further profiles; they are not violations, and no other number includes "
                "them.</p>\n<table><thead><tr>"
                "<th scope=\"col\">Requirement</th><th scope=\"col\">Clause</th><th "
                "scope=\"col\">Findings</th></tr></thead><tbody>\n");
    for (size_t i = 0; i < advice->rule_count; i++)
        if (advice->rules[i].value[VERDICT_FAIL] && h->written < HTML_DETAILS_END)
            put_advised(h, r, &advice->rules[i]);
    html_put(h, "</tbody></table></section>\n");
}

void html_report_write(FILE *out, const struct html_report *r)
{
    struct html h = {.out = out};
    const struct tally *tally = r->tally;
    put_head(&h, tally);
    /* The summary has a page of its own, but not of one handshake, about which there is little to sum up. */
    html_put(&h, tally->handshakes > 1 ? "<div class=\"first\">\n" : "<div>\n");
    put_title(&h, tally);
    put_overall(&h, tally, r->health, r->names);
    put_facts(&h, r->health, r->names, r->made_at);
    put_figures(&h, tally);
    html_summary(&h, tally);
    html_timeline(&h, r->material, r->health);
    html_put(&h, "</div>\n");
    put_contents(&h, r);
    html_violations(&h, r);
    html_superseded(&h, r);
    put_advice(&h, r);
    html_servers(&h, r);
    html_stacks(&h, tally);
    html_unseen(&h, tally);
    html_distributions(&h, tally);
    html_ages(&h, tally->ages);
    html_rules(&h, tally);
    html_health(&h, r->health);
    html_provenance(&h, r);
    html_put(
        &h,
        "<footer>\n<p>Written by utwatch, a passive monitor: it judges what was captured and nothing else."
        "</p>\n<p class=\"sign\"><span>Examined by</span><span>Date</span></p>\n</footer>\n"
        "</main>\n</body>\n</html>\n");
}
