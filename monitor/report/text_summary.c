#include "report/text_summary.h"

#include "report/ages.h"
#include "report/baseline.h"
#include "report/names.h"

#define INDENT 2
#define DEEPER 4

/* "ims.pcap and 2 others, judged by ts33141-pcr2 (draft)" */
static void put_what(struct page *page, const struct summary *s)
{
    char buffer[1024];
    struct text t = text_over(buffer, sizeof buffer);
    text_input(&t, s->names, 0);
    if (s->names && s->names->count > 1 && !s->names->folder) {
        text_put(&t, " and ");
        text_counted(&t, s->names->count - 1, "other", "others");
    }
    text_put(&t, ", judged by ");
    text_put(&t, profile_name(s->tally->profile));
    const char *status = profile_status(s->tally->profile);
    if (status && strcmp(status, "draft") == 0)
        text_put(&t, " (draft)");
    text_char(&t, '.');
    page_field(page, 0, 0, "", buffer);
}

/* As exact as a reader wants it. */
static void put_duration(struct text *t, nanos duration)
{
    const nanos second = NANOS_PER_SECOND;
    const nanos unit = duration >= 7200 * second ? 60 * second : duration >= second ? second : second / 1000;
    text_duration(t, duration / unit * unit);
}

/* "12 frames in 3 h 20 min from 2026-11-23T17:50:00Z; 4 TCP connections, 2 TLS." */
static void put_extent(struct page *page, const struct capture_health *h)
{
    char buffer[256];
    struct text t = text_over(buffer, sizeof buffer);
    text_counted(&t, h->frames, "frame", "frames");
    if (h->frames) {
        text_put(&t, " in ");
        put_duration(&t, h->last_time > h->first_time ? h->last_time - h->first_time : 0);
        text_put(&t, " from ");
        text_time(&t, h->first_time, false);
    }
    text_put(&t, "; ");
    text_counted(&t, h->connections, "TCP connection", "TCP connections");
    if (h->connections) {
        text_put(&t, ", ");
        text_count(&t, h->tls_connections);
        text_put(&t, " TLS");
    }
    text_char(&t, '.');
    page_field(page, 0, 0, "", buffer);
}

static void put_verdict(struct page *page, const struct summary *s)
{
    char buffer[1024];
    struct text t = text_over(buffer, sizeof buffer);
    text_overall(&t, s->tally, s->health, s->names);
    page_tone(page, s->tally->verdict[VERDICT_FAIL] ? TONE_RED : TONE_STRONG);
    page_words(page, 0, buffer);
    page_tone(page, TONE_PLAIN);
}

static void put_excepted(struct page *page, const struct tally *tally)
{
    if (!tally->excepted)
        return;
    page_heading(page, "Broken, and excepted by the site's configuration");
    for (size_t i = 0; i < tally->rule_count; i++) {
        const struct rule_tally *r = &tally->rules[i];
        if (!r->excepted)
            continue;
        char buffer[1024];
        struct text t = text_over(buffer, sizeof buffer);
        text_put(&t, r->rule->id);
        text_put(&t, ": ");
        text_counted(&t, r->excepted, "time", "times");
        text_put(&t, ", because: ");
        text_safe(&t, span_of(r->exception, strlen(r->exception)));
        page_field(page, INDENT, DEEPER, "-", buffer);
    }
}

/* "title: rule, 3 times"; `several`: of more than one profile, and two may have a rule of the name. */
static void put_times(struct page *page, const struct rule_tally *r, uint64_t count, bool several)
{
    char buffer[1024];
    struct text t = text_over(buffer, sizeof buffer);
    text_printf(&t, "%s: %s", r->rule->title, r->rule->id);
    if (several)
        text_printf(&t, " (%s)", r->rule->profile);
    text_put(&t, ", ");
    text_counted(&t, count, "time", "times");
    page_field(page, INDENT, DEEPER, "-", buffer);
}

static void put_known(struct page *page, const struct tally *tally)
{
    if (!tally->known)
        return;
    page_heading(page, "Known from the baseline; they do not count");
    for (size_t i = 0; i < tally->rule_count; i++)
        if (tally->rules[i].known)
            put_times(page, &tally->rules[i], tally->rules[i].known, false);
}

/* What of the baseline was not met again. */
static void put_gone(struct page *page, const struct tally *tally)
{
    enum { SHOWN = 5 };
    const size_t gone = tally->baseline ? baseline_gone(tally->baseline, tally->profile) : 0;
    size_t at = 0;
    char buffer[1024];
    struct text t = text_over(buffer, sizeof buffer);
    if (!gone)
        return;
    page_heading(page, "In the baseline, and not found this time");
    for (size_t shown = 0; shown < SHOWN && baseline_next_gone(tally->baseline, tally->profile, &at, &t);
         shown++) {
        page_field(page, INDENT, DEEPER, "-", buffer);
        t = text_over(buffer, sizeof buffer);
    }
    if (gone <= SHOWN)
        return;
    text_put(&t, "and ");
    text_counted(&t, gone - SHOWN, "other", "others");
    page_field(page, INDENT, DEEPER, "-", buffer);
}

static void put_advice(struct page *page, const struct tally *advice)
{
    if (!advice)
        return;
    char buffer[256];
    struct text t = text_over(buffer, sizeof buffer);
    text_put(&t, "Advice by ");
    profile_names(advice->profile, &t);
    page_heading(page, buffer);
    if (!advice->verdict[VERDICT_FAIL] && !advice->superseded)
        page_field(page, INDENT, INDENT, "", "No finding.");
    for (unsigned severity = SEVERITIES; severity-- > 0;)
        for (size_t i = 0; i < advice->rule_count; i++) {
            const struct rule_tally *r = &advice->rules[i];
            if (r->value[VERDICT_FAIL] && r->worst == severity)
                put_times(page, r, r->value[VERDICT_FAIL], profile_next(advice->profile) != NULL);
        }
}

/* One cause a line, under the heading if it is the first. */
static void put_cause(struct page *page, bool *begun, const struct tally *tally, const char *words)
{
    uint64_t causes = 0;
    for (unsigned bit = 0; bit < UNOBSERVED_COUNT; bit++)
        causes += tally->reason[bit];
    if (!*begun)
        page_heading(page, causes > tally->verdict[VERDICT_NOT_OBSERVABLE]
                               ? "Not judged, or only in part; a verdict may have several of these causes"
                               : "Not judged, or only in part");
    *begun = true;
    page_field(page, INDENT, DEEPER, "-", words);
}

static void put_counted_cause(struct page *page, bool *begun, const struct summary *s,
                              const struct health_row *row)
{
    char buffer[512];
    struct text t = text_over(buffer, sizeof buffer);
    text_counted(&t, health_value(s->health, row), row->one, row->many);
    text_char(&t, ' ');
    text_put(&t, row->phrase);
    if (row->at == offsetof(struct capture_health, out_of_scope))
        text_outside(&t, s->health);
    text_char(&t, '.');
    put_cause(page, begun, s->tally, buffer);
}

/* Of what was not judged, one sentence a cause. */
static void put_causes(struct page *page, const struct summary *s)
{
    bool begun = false;
    for (unsigned bit = 0; bit < UNOBSERVED_COUNT; bit++) {
        if (!s->tally->reason[bit])
            continue;
        char buffer[256];
        struct text t = text_over(buffer, sizeof buffer);
        text_counted(&t, s->tally->reason[bit], "verdict", "verdicts");
        text_put(&t, ": ");
        text_put(&t, reason_words(bit));
        text_char(&t, '.');
        put_cause(page, &begun, s->tally, buffer);
    }
    for (size_t i = 0; i < health_row_count; i++) {
        const struct health_row *row = &health_rows[i];
        const bool left_out = row->at == offsetof(struct capture_health, out_of_scope) ||
                              row->at == offsetof(struct capture_health, filtered);
        const uint64_t count = health_value(s->health, row);
        if (count && (row->group == HEALTH_PARTS || (left_out && tally_judged(s->tally))))
            put_counted_cause(page, &begun, s, row);
    }
}

static void put_end(struct page *page, const struct summary *s)
{
    enum { LOSS = 4 };
    const char *const meaning[] = {s->tally->known ? "no new violation" : "no violation",
                                   "violations",
                                   "wrong usage",
                                   "an input could not be read",
                                   "nothing was judged",
                                   "runtime failure"};
    char buffer[256];
    struct text t = text_over(buffer, sizeof buffer);
    const bool light = s->status == 0 && s->tally->verdict[VERDICT_FAIL];
    if (s->status < 0)
        text_put(&t, "End of the summary so far.");
    else if (light)
        text_put(&t, "Exit status 0: no violation is severe enough for --fail-on.");
    else if (s->status == LOSS && tally_judged(s->tally))
        text_put(&t, "Exit status 4: too much was lost to judge.");
    else
        text_printf(&t, "Exit status %d: %s.", s->status,
                    (size_t)s->status < sizeof meaning / sizeof *meaning ? meaning[s->status] : "");
    text_put(&t, " More: --details, --rules, --unseen, --explain RULE.");
    page_field(page, 0, 0, "", buffer);
}

void summary_put(struct page *page, const struct summary *s)
{
    const struct text_choice *choice = s->choice;
    put_what(page, s);
    put_extent(page, s->health);
    put_verdict(page, s);
    summary_violations(page, s);
    summary_hidden(page, s);
    put_excepted(page, s->tally);
    put_known(page, s->tally);
    put_gone(page, s->tally);
    if (choice->least == SEVERITY_INFO) {
        summary_superseded(page, s->tally, choice->details);
        put_advice(page, s->advice);
    }
    if (choice->details) {
        summary_handshakes(page, s->tally);
        summary_stacks(page, s->tally);
        summary_ages(page, s->tally->ages);
    }
    if (choice->rules)
        summary_rules(page, s->tally);
    put_causes(page, s);
    if (choice->unseen)
        summary_unseen(page, s->tally);
    (void)fputc('\n', page->out);
    summary_capture(page, s->health);
    put_end(page, s);
}
