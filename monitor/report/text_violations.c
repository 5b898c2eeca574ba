/* Violations in the short report: worst first, each rule once, with those who broke it first. */
#include "report/names.h"
#include "report/text_summary.h"

#include <inttypes.h>

#define COLUMN          8
#define OFFENDERS_SHOWN 3

/* By the gravest of its offences, then by their number; ties in the order of appearance. */
static bool is_worse(const struct offender *a, const struct offender *b)
{
    if (a->severity != b->severity)
        return a->severity > b->severity;
    return a->count != b->count ? a->count > b->count : a < b;
}

/* The peer that comes after `after`, or the worst one. */
static const struct offender *worst(const struct rule_tally *rule, const struct offender *after)
{
    const struct offender *best = NULL;
    for (uint32_t i = 0; i < rule->offenders; i++) {
        const struct offender *o = &rule->by->offender[i];
        if ((!after || is_worse(after, o)) && (!best || is_worse(o, best)))
            best = o;
    }
    return best;
}

/*
 * Wireshark numbers the connections of a file in the order of their first segments. That number is certain
 * only for the single connection of a file of which every frame was decoded.
 */
static bool stream_is_certain(const struct summary *s)
{
    const struct capture_health *h = s->health;
    return !s->names->live && s->names->count == 1 && h->connections == 1 && !h->filtered &&
           !h->not_tcp_udp && !h->encapsulations && !h->fragments_kept && capture_whole(h);
}

/* A finding that is not in a file has the time, a filter for those who also record, and perhaps evidence. */
static void put_live_place(struct text *t, const struct offender *o)
{
    text_time(t, o->time, false);
    text_put(t, ", ");
    text_filter(t, &o->client, &o->server, PAGE_NO_BREAK);
    if (o->evidence[0])
        text_printf(t, ", evidence: %s", o->evidence);
}

/* ", first: frame.number == 4 in ims.pcap", or ", the first high one: ...". The filter stays on one line, so
 * that it can be copied. */
static void put_place(struct text *t, const struct summary *s, const struct offender *o)
{
    if (!o->frame) {
        text_put(t, ", last seen ");
        text_time(t, o->time, false);
        return;
    }
    if (o->mixed)
        text_printf(t, ", the first %s one: ", word_of(severity_words, o->severity));
    else
        text_put(t, o->count > 1 ? ", first: " : ": ");
    if (s->names->live) {
        put_live_place(t, o);
        return;
    }
    if (stream_is_certain(s))
        text_printf(t, "tcp.stream" PAGE_NO_BREAK "eq" PAGE_NO_BREAK "0, frame %" PRIu64, o->frame);
    else
        text_printf(t, "frame.number" PAGE_NO_BREAK "==" PAGE_NO_BREAK "%" PRIu64, o->frame);
    text_put(t, " in ");
    text_input(t, s->names, o->source);
}

static void put_offender(struct page *page, const struct summary *s, const struct offender *o)
{
    char buffer[1024];
    struct text t = text_over(buffer, sizeof buffer);
    text_put(&t, o->side == CLIENT ? "UE " : "server ");
    if (o->side == CLIENT)
        text_ue(&t, &o->end);
    else
        text_end(&t, &o->end);
    if (o->behind[0])
        text_printf(&t, o->asked ? " (%s)" : " (by CONNECT: %s)", o->behind);
    if (o->count > 1) {
        text_put(&t, ", ");
        text_counted(&t, o->count, "time", "times");
    }
    put_place(&t, s, o);
    page_field(page, COLUMN, COLUMN + 2, "-", buffer);
}

static void put_offenders(struct page *page, const struct summary *s, const struct rule_tally *rule)
{
    uint32_t shown = 0;
    for (const struct offender *o = worst(rule, NULL); o && shown < OFFENDERS_SHOWN;
         o = worst(rule, o), shown++)
        put_offender(page, s, o);
    if (rule->offenders == shown && !rule->other_offences)
        return;
    char buffer[128];
    struct text t = text_over(buffer, sizeof buffer);
    text_put(&t, rule->other_offences ? "and more than " : "and ");
    text_counted(&t, rule->offenders - shown, "other", "others");
    page_field(page, COLUMN, COLUMN + 2, "-", buffer);
}

/* UEs that are at fault together with a server. */
static void put_sharers(struct page *page, const struct rule_tally *rule)
{
    char buffer[512];
    struct text t = text_over(buffer, sizeof buffer);
    if (!rule->sharers)
        return;
    text_put(&t, rule->sharers == 1 && !rule->other_sharings ? "at fault as well: UE "
                                                             : "at fault as well: UEs ");
    for (uint32_t i = 0; i < rule->sharers && i < OFFENDERS_SHOWN; i++) {
        text_put(&t, i ? ", " : "");
        text_ue(&t, &rule->by->sharer[i].end);
    }
    if (rule->sharers > OFFENDERS_SHOWN || rule->other_sharings) {
        text_put(&t, rule->other_sharings ? " and more than " : " and ");
        text_counted(&t, rule->sharers - OFFENDERS_SHOWN, "other", "others");
    }
    page_field(page, COLUMN, COLUMN + 2, "", buffer);
}

static void put_rule(struct page *page, const struct summary *s, const struct rule_tally *rule)
{
    char buffer[512];
    struct text t = text_over(buffer, sizeof buffer);
    text_rule(&t, rule->rule, tally_faults(rule));
    if (rule->value[VERDICT_FAIL] > 1) {
        text_put(&t, ", ");
        text_counted(&t, rule->value[VERDICT_FAIL], "time", "times");
        text_severities(&t, rule);
    }
    if (s->unshown->of_rule[rule->rule->index]) {
        text_put(&t, ", ");
        text_count(&t, s->unshown->of_rule[rule->rule->index]);
        text_put(&t, " of them not shown above");
    }
    page_field(page, COLUMN, COLUMN, "", buffer);
}

static void put_grave(struct page *page, const struct summary *s, const struct rule_tally *rule)
{
    page_put(page, severity_tone(rule->worst), COLUMN, severity_label(rule->worst));
    page_words(page, COLUMN, rule->rule->title);
    put_rule(page, s, rule);
    put_offenders(page, s, rule);
    put_sharers(page, rule);
}

/* What is low or info has one sentence, unless nothing is worse. */
static void put_light(struct page *page, const struct rule_tally *rule)
{
    char buffer[1024];
    struct text t = text_over(buffer, sizeof buffer);
    text_put(&t, rule->rule->title);
    text_printf(&t, ": %s, ", rule->rule->id);
    text_counted(&t, rule->value[VERDICT_FAIL], "time", "times");
    text_severities(&t, rule);
    page_put(page, TONE_PLAIN, COLUMN, severity_label(rule->worst));
    page_words(page, COLUMN, buffer);
}

static bool is_violated(const struct rule_tally *rule)
{
    return rule->value[VERDICT_FAIL] && !rule->rule->superseded;
}

static void put_other_kinds(struct page *page, const struct unshown *unshown)
{
    if (!unshown->other_kinds)
        return;
    char buffer[160];
    struct text t = text_over(buffer, sizeof buffer);
    text_put(&t, "There were more kinds of violation than can be distinguished: ");
    text_counted(&t, unshown->other_kinds, "violation was", "violations were");
    text_put(&t, " only counted.");
    page_field(page, 0, 0, "", buffer);
}

static void put_hidden_part(struct text *t, const char **separator, uint64_t count, const char *one,
                            const char *many)
{
    if (!count)
        return;
    text_put(t, *separator);
    *separator = ", ";
    text_counted(t, count, one, many);
}

/* Superseded demands and advice are information. */
void summary_hidden(struct page *page, const struct summary *s)
{
    const enum severity least = s->choice->least;
    uint64_t violations = 0, superseded = 0, advised = 0;
    for (size_t i = 0; i < s->tally->rule_count; i++) {
        const struct rule_tally *r = &s->tally->rules[i];
        if (is_violated(r) && r->worst < least)
            violations += r->value[VERDICT_FAIL];
        else if (r->rule->superseded && least > SEVERITY_INFO)
            superseded += r->value[VERDICT_FAIL];
    }
    for (size_t i = 0; s->advice && least > SEVERITY_INFO && i < s->advice->rule_count; i++)
        advised += s->advice->rules[i].value[VERDICT_FAIL];
    if (!violations && !superseded && !advised)
        return;
    char buffer[256];
    struct text t = text_over(buffer, sizeof buffer);
    const char *separator = " ";
    text_printf(&t, "Less severe than %s and not shown:", word_of(severity_words, least));
    put_hidden_part(&t, &separator, violations, "violation", "violations");
    put_hidden_part(&t, &separator, superseded, "breach of superseded demands",
                    "breaches of superseded demands");
    put_hidden_part(&t, &separator, advised, "finding of the advice", "findings of the advice");
    text_char(&t, '.');
    (void)fputc('\n', page->out);
    page_field(page, 0, 0, "", buffer);
}

static enum severity worst_of(const struct tally *tally)
{
    enum severity severity = SEVERITY_INFO;
    for (size_t i = 0; i < tally->rule_count; i++)
        if (is_violated(&tally->rules[i]) && tally->rules[i].worst > severity)
            severity = tally->rules[i].worst;
    return severity;
}

void summary_violations(struct page *page, const struct summary *s)
{
    const struct tally *tally = s->tally;
    if (!tally->verdict[VERDICT_FAIL])
        return;
    const enum severity worst = worst_of(tally);
    if (worst >= s->choice->least)
        (void)fputc('\n', page->out);
    for (unsigned severity = SEVERITIES; severity-- > s->choice->least;)
        for (size_t i = 0; i < tally->rule_count; i++) {
            const struct rule_tally *rule = &tally->rules[i];
            if (!is_violated(rule) || rule->worst != severity)
                continue;
            if (severity >= SEVERITY_MEDIUM || severity == worst)
                put_grave(page, s, rule);
            else
                put_light(page, rule);
        }
    put_other_kinds(page, s->unshown);
}
