#include "app/output.h"

#include "app/delivered.h"
#include "app/delivery.h"
#include "app/evidence_folder.h"
#include "app/expect.h"
#include "app/reports.h"
#include "base/clock.h"
#include "base/limits.h"
#include "evidence/frames.h"
#include "evidence/streams.h"
#include "report/alert_message.h"
#include "report/event_json.h"
#include "report/first_sight.h"
#include "report/known_members.h"
#include "report/spells.h"
#include "report/text_report.h"

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

struct evidence_parcel {
    struct evidence_name name;
    uint8_t bytes[EVIDENCE_FILE_BYTES];
};

struct output {
    const struct options *options;
    struct input_names names;
    struct parcel_sink sink;
    bool events;
    struct summing *messages; /* equal alerts for receivers of syslog; NULL: there are none */
    struct alert_writer writer;
    struct summing *beyond_limit; /* equal alerts beyond json-limit; NULL: nothing limits them */
    uint32_t limit, this_second;  /* alerts a second, 0: any number; and in `second` of packet time */
    nanos now, second;
    struct reports *reports;
    struct spells spells; /* of the sensor's blindness */
    struct tally tally;
    struct tally advice;               /* of --advise */
    struct first_sights *first_sights; /* of breaches of superseded demands */
    char event[MAX_EVENT_BYTES];
    char of_case[MAX_EVENT_BYTES];  /* the event of the case whose alerts are written */
    struct shared_text shared;      /* parts of it */
    struct streams *streams;        /* NULL: nobody asks for their numbers, or no file has them */
    struct evidence_frames *frames; /* NULL: no evidence is wanted */
    struct evidence_parcel *evidence;
    char evidence_path[4096]; /* of the last file, as alerts name it */
};

static void put_message(const struct output *out, enum severity severity, struct span message)
{
    uint8_t parcel[sizeof(struct parcel_alert) + SYSLOG_MOST_BYTES];
    const struct parcel_alert alert = {.severity = severity};
    memcpy(parcel, &alert, sizeof alert);
    memcpy(parcel + sizeof alert, message.p, message.n);
    parcel_put(&out->sink, PARCEL_ALERT, span_of(parcel, sizeof alert + message.n));
}

static struct text new_event(struct output *out)
{
    return text_over(out->event, sizeof out->event);
}

static void write_event(const struct output *out, const struct text *event)
{
    parcel_put(&out->sink, PARCEL_EVENT, span_of(event->p, event->n));
}

static void put_summed_messages(void *context, const struct alert_sum *sum)
{
    struct output *out = context;
    put_message(out, sum->severity, alert_summary(&out->writer, sum));
}

static void put_summed_events(void *context, const struct alert_sum *sum)
{
    struct output *out = context;
    struct text event = new_event(out);
    json_sum_event(&event, sum);
    write_event(out, &event);
}

static bool open_alerts(struct output *out, const struct destinations *to, const struct site *site)
{
    const bool limited = out->events && out->options->live;
    if (to->alerts)
        out->messages = summing_new(site->summary_interval, put_summed_messages, out);
    if (limited)
        out->beyond_limit = summing_new(site->summary_interval, put_summed_events, out);
    out->limit = site->json_limit;
    out->writer.origin = syslog_origin_here(site->enterprise, site->message_bytes);
    out->writer.names = &out->names;
    return (out->messages || !to->alerts) && (out->beyond_limit || !limited);
}

static bool open_evidence(struct output *out)
{
    if (!out->options->evidence)
        return true;
    out->frames = evidence_frames_new();
    out->evidence = malloc(sizeof *out->evidence);
    return out->frames && out->evidence;
}

/* Nobody numbers the connections of interfaces, and a filter leaves out some. */
static bool open_streams(struct output *out)
{
    if (!reports_show_records(out->reports) || out->options->endless || out->options->filter)
        return true;
    out->streams = streams_new();
    return out->streams != NULL;
}

struct output *output_new(const struct options *o, const struct ruleset *rules,
                          const struct parcel_sink *sink, bool goes_on)
{
    const struct site *site = rules->site;
    struct output *out = calloc(1, sizeof *out);
    if (!out)
        return NULL;
    const struct destinations to = destinations_of(o, site);
    out->options = o;
    out->sink = *sink;
    out->names = (struct input_names){
        .name = o->inputs, .count = o->input_count, .live = o->live, .folder = o->watch, .config = o->config};
    out->events = to.json != NULL;
    out->names.identities = identities_shown(site->identities_clear);
    out->first_sights = first_sights_new();
    out->reports = reports_new(o, rules, &to, &out->names, &out->sink, goes_on);
    out->shared.known = out->events ? known_members_new() : NULL;
    if (out->first_sights && out->reports && (out->shared.known || !out->events) &&
        open_alerts(out, &to, site) && open_evidence(out) && open_streams(out) &&
        tally_open(&out->tally, rules->profile) &&
        (!rules->advice || tally_open(&out->advice, rules->advice))) {
        out->tally.baseline = o->baseline;
        return out;
    }
    (void)fputs("utwatch: not enough memory for the report\n", stderr);
    output_free(out);
    return NULL;
}

void output_free(struct output *out)
{
    if (!out)
        return;
    evidence_frames_free(out->frames);
    streams_free(out->streams);
    free(out->evidence);
    reports_free(out->reports);
    summing_free(out->messages);
    summing_free(out->beyond_limit);
    tally_close(&out->tally);
    tally_close(&out->advice);
    first_sights_free(out->first_sights);
    known_members_free(out->shared.known);
    free(out);
}

bool output_go_on_with(struct output *out, const struct ruleset *rules)
{
    const struct site *site = rules->site;
    if (!tally_go_on_with(&out->tally, rules->profile))
        return false;
    if (rules->advice && !tally_go_on_with(&out->advice, rules->advice))
        abort(); /* half of it is changed: the sensor that follows begins with the new rules */
    summing_go_on_with(out->messages, site->summary_interval);
    summing_go_on_with(out->beyond_limit, site->summary_interval);
    out->limit = site->json_limit;
    syslog_origin_set(&out->writer.origin, site->enterprise, site->message_bytes);
    reports_go_on_with(out->reports, rules);
    out->names.identities.clear = site->identities_clear;
    return true;
}

/* More alerts in this second of packet time than are written one by one. */
static bool is_beyond_limit(struct output *out)
{
    if (!out->beyond_limit || !out->limit)
        return false;
    const nanos second = out->now / NANOS_PER_SECOND;
    if (second != out->second) {
        out->second = second;
        out->this_second = 0;
    }
    return ++out->this_second > out->limit;
}

static void write_alert(struct output *out, const struct policy_case *c, const struct verdict *v, bool advice)
{
    if (is_beyond_limit(out)) {
        summing_adds(out->beyond_limit, c, v, advice);
        return;
    }
    struct text event = new_event(out);
    json_alert_event(&event, c, &out->names, v, advice, &out->shared);
    write_event(out, &event);
}

/* A breach of a superseded demand is reported once for each offender. */
static bool is_told(struct output *out, const struct policy_case *c, const struct verdict *v)
{
    return !v->rule->superseded || first_sight(out->first_sights, c, v->rule, v->fault, v->excepted);
}

bool output_has_baseline(const struct output *out)
{
    return out->options->baseline;
}

const char *output_interface(const struct output *out, const struct whence *about)
{
    return out->names.live ? input_name(&out->names, about->source) : NULL;
}

bool output_knows(const struct output *out, const struct policy_case *c, const struct verdict *v)
{
    struct baseline *baseline = out->options->baseline;
    return baseline && !v->rule->superseded && baseline_has(baseline, c, v);
}

static enum finding_status status_of(const struct verdict *v)
{
    return v->known              ? FINDING_KNOWN
           : v->excepted         ? FINDING_EXCEPTED
           : v->rule->superseded ? FINDING_SUPERSEDED
                                 : FINDING_VIOLATION;
}

static int64_t stream_of(const struct output *out, const struct policy_case *c)
{
    const struct whence *about = &c->about;
    if (!out->streams || !about->flow_id || !about->frame_number)
        return -1;
    return streams_number(out->streams, about->source, &about->client, &about->server, about->frame_number);
}

/* In its event, and to receivers of syslog. */
static void announce(struct output *out, const struct policy_case *c, const struct verdict *v, bool advice)
{
    const bool excused = v->excepted || v->known;
    const bool to_receivers = out->messages && !excused && !advice;
    const bool told = (out->events || to_receivers) && is_told(out, c, v);
    if (to_receivers && told && !summing_takes(out->messages, c, v))
        put_message(out, v->severity, alert_message(&out->writer, c, v));
    if (out->events && told)
        write_alert(out, c, v, advice);
}

static void on_finding(struct output *out, const struct policy_case *c, const struct verdict *v, bool advice)
{
    reports_finding(out->reports, c, v, advice ? FINDING_ADVICE : status_of(v), stream_of(out, c));
    announce(out, c, v, advice);
}

/* The event of the case itself, beside its alerts. */
static void write_case(struct output *out, const struct policy_case *c)
{
    struct text event = text_over(out->of_case, sizeof out->of_case);
    out->shared = (struct shared_text){.known = out->shared.known};
    if (c->kind == CASE_HANDSHAKE && tally_is_handshake(c->observation))
        json_tls_event(&event, c, &out->names, &out->shared);
    else if (c->kind == CASE_CONNECTION)
        json_flow_event(&event, c, &out->names);
    write_event(out, &event);
}

struct evidence_frames *output_evidence(struct output *out)
{
    return out->frames;
}

struct streams *output_streams(struct output *out)
{
    return out->streams;
}

bool output_shows_messages(const struct output *out)
{
    return reports_show_records(out->reports);
}

const struct findings_counters *output_findings(const struct output *out)
{
    return reports_findings(out->reports);
}

/* What Wireshark shows beside the file: which rules were broken, by whom, and how it was seen. */
static bool put_findings(struct text *t, const struct policy_case *c, const struct verdict *verdicts,
                         size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct verdict *v = &verdicts[i];
        if (v->value != VERDICT_FAIL || v->excepted || v->known || v->rule->superseded)
            continue;
        if (t->n)
            text_char(t, '\n');
        text_printf(t, "%s: %s (%s, %s", v->rule->id, v->rule->title, v->rule->clause,
                    word_of(severity_words, v->severity));
        if (v->fault != FAULT_NONE)
            text_printf(t, ", at fault: %s", word_of(side_words, v->fault));
        text_put(t, "): ");
        verdict_observed(v, c, t);
    }
    return t->n > 0;
}

/* The frames of the case's connection as a parcel. The file's name; NULL: there is none, or files cannot be
 * written now. */
static const char *put_evidence(struct output *out, const struct policy_case *c,
                                const struct verdict *verdicts, size_t count)
{
    char findings[4096];
    struct text t = text_over(findings, sizeof findings);
    if (!c->about.flow_id || !put_findings(&t, c, verdicts, count))
        return NULL;
    const struct evidence_request request = {.flow_id = c->about.flow_id,
                                             .frame_number = c->about.frame_number,
                                             .source = c->about.source,
                                             .time = c->about.time,
                                             .comment = findings};
    struct evidence_parcel *e = out->evidence;
    const size_t size = evidence_file(out->frames, &request, e->bytes, sizeof e->bytes);
    if (!size)
        return NULL;
    evidence_name(&e->name, c->about.time, c->about.flow_id, word_of(case_kind_words, c->kind));
    parcel_put(&out->sink, PARCEL_EVIDENCE, span_of(e, sizeof e->name + size));
    if (out->sink.delivered && atomic_load(&out->sink.delivered->failing[OUTPUT_EVIDENCE]))
        return NULL;
    struct text path = text_over(out->evidence_path, sizeof out->evidence_path);
    text_printf(&path, "%s/%s", out->options->evidence, e->name.text);
    return out->evidence_path;
}

void output_expect(const struct output *out, const struct endpoint *offender, uint64_t asked)
{
    first_sights_expect(out->first_sights, offender, asked);
    tally_expect(&out->tally, offender, asked);
}

void output_case(struct output *out, const struct policy_case *c, const struct verdict *verdicts,
                 size_t count, const struct verdict *advice, size_t advised)
{
    struct policy_case told = *c;
    told.packets = out->frames ? put_evidence(out, c, verdicts, count) : NULL;
    if (out->events)
        write_case(out, c);
    reports_case(out->reports, c);
    tally_add(&out->tally, &told, verdicts, count); /* at first: the exit status is to be right by then */
    for (size_t i = 0; i < count; i++)
        if (verdicts[i].value == VERDICT_FAIL)
            on_finding(out, &told, &verdicts[i], false);
    for (size_t i = 0; i < advised; i++)
        if (advice[i].value == VERDICT_FAIL)
            on_finding(out, c, &advice[i], true);
    out->tally.untold = out->first_sights->untold;
    if (advised)
        tally_add(&out->advice, c, advice, advised);
}

static enum finding_status told_as(const struct told_finding *told, const struct rule_facts *rule,
                                   bool advice)
{
    return advice             ? FINDING_ADVICE
           : told->known      ? FINDING_KNOWN
           : told->excepted   ? FINDING_EXCEPTED
           : rule->superseded ? FINDING_SUPERSEDED
                              : FINDING_VIOLATION;
}

static void tell_taken_back(struct output *out, const struct taken_back *t)
{
    const bool to_receivers = t->as == FINDING_VIOLATION || t->as == FINDING_SUPERSEDED;
    if (out->messages && to_receivers) {
        summing_settle(out->messages, t->about, t->now);
        put_message(out, (enum severity)t->told->severity, alert_taken_back(&out->writer, t));
    }
    if (out->events) {
        summing_settle(out->beyond_limit, t->about, t->now);
        struct text event = new_event(out);
        json_taken_back_event(&event, t, &out->names);
        write_event(out, &event);
    }
    if (t->as == FINDING_VIOLATION)
        reports_taken_back(out->reports, t);
}

/* Of a superseded demand, the offender is at first sight again; an event that never was is not taken back. */
static bool was_told(struct output *out, const struct policy_case *c, const struct verdict *v,
                     const struct told_finding *told)
{
    return !v->rule->superseded || !(out->events || out->messages) ||
           first_sight_forget(out->first_sights, c, v->rule, (enum fault)told->fault, told->excepted);
}

static void take_back(struct output *out, const struct policy_case *c, const struct verdict *v,
                      const struct told_finding *told, bool advice)
{
    const bool fails = v->value == VERDICT_FAIL;
    tally_take_back(advice ? &out->advice : &out->tally, c, v, told);
    if (told->known && !fails)
        baseline_take_back(out->options->baseline, c, v->rule, (enum fault)told->fault);
    if (fails && v->fault == (enum fault)told->fault && (v->excepted != NULL) == told->excepted)
        return;
    if (was_told(out, c, v, told) && !fails)
        tell_taken_back(out, &(struct taken_back){
                                 .about = c, .now = v, .told = told, .as = told_as(told, v->rule, advice)});
}

void output_peer(struct output *out, const struct policy_case *c, const struct verdict *v,
                 const struct peer_news *news, bool advice)
{
    struct tally *tally = advice ? &out->advice : &out->tally;
    const bool fails = v->value == VERDICT_FAIL;
    out->shared.after_type = out->shared.before_type = span_of(NULL, 0); /* it has no event of its own */
    if (news->before.state)
        take_back(out, c, v, &news->before, advice);
    if (news->tell) {
        tally_add_told(tally, c, v, news->told);
        announce(out, c, v, advice);
        out->tally.untold = out->first_sights->untold;
    }
    if (!news->last)
        return;
    if (fails && !news->tell)
        tally_renew(tally, c, v, news->told);
    if (fails)
        reports_finding(out->reports, c, v, advice ? FINDING_ADVICE : status_of(v), -1);
    else
        tally_add(tally, c, v, 1);
}

static void settle(struct output *out)
{
    tally_settle(&out->tally);
    if (out->advice.profile)
        tally_settle(&out->advice);
}

void output_statistics(struct output *out, const struct capture_health *health, nanos when)
{
    settle(out);
    if (!out->events)
        return;
    struct text event = new_event(out);
    json_stats_event(&event, &out->tally, health, when);
    write_event(out, &event);
}

const struct summing_counters *output_messages(const struct output *out)
{
    return summing_counters(out->messages);
}

const struct summing_counters *output_beyond_limit(const struct output *out)
{
    return summing_counters(out->beyond_limit);
}

bool output_judged(const struct output *out)
{
    return tally_judged(&out->tally);
}

/* For runs without a report. */
static void say_nothing(const struct output *out, const struct capture_health *health)
{
    char buffer[1024];
    struct text t = text_over(buffer, sizeof buffer);
    text_put(&t, "utwatch: ");
    text_nothing(&t, &out->tally, health, &out->names);
    text_char(&t, '\n');
    parcel_put(&out->sink, PARCEL_STATUS, span_of(t.p, t.n));
}

/* Between other talk a summary has to say what it is, and of which moment: by the clock, and by the frames.
 */
static void head_status(FILE *text, const struct capture_health *health)
{
    char buffer[256];
    struct text t = text_over(buffer, sizeof buffer);
    text_put(&t, "utwatch: the summary so far, at ");
    text_time(&t, (nanos)time(NULL) * NANOS_PER_SECOND, false);
    if (health->frames) {
        text_put(&t, ", up to the frame of ");
        text_time(&t, health->last_time, false);
    }
    (void)fprintf(text, "%s; the run goes on.\n", buffer);
}

void output_status(struct output *out, const struct capture_health *health)
{
    char *bytes = NULL;
    size_t length = 0;
    FILE *text = open_memstream(&bytes, &length);
    const struct text_look look = {.columns = columns_of(STDERR_FILENO)};
    struct text_report *report = text ? text_report_new(text, &look, &out->options->show, &out->names) : NULL;
    settle(out);
    if (text)
        head_status(text, health);
    if (report)
        text_report_summary(report, &out->tally, out->advice.profile ? &out->advice : NULL, health, -1);
    text_report_free(report);
    if (text && fclose(text) == 0)
        parcel_put(&out->sink, PARCEL_STATUS, span_of(bytes, length));
    free(bytes);
}

static void say_finding(const struct sensor_finding *finding)
{
    char buffer[512];
    struct text t = text_over(buffer, sizeof buffer);
    text_put(&t, "utwatch: ");
    if (finding->interface) {
        text_safe(&t, span_of(finding->interface, strnlen(finding->interface, 64)));
        text_put(&t, ": ");
    }
    text_put(&t, finding->observed);
    (void)fprintf(stderr, "%s\n", buffer);
}

void output_sensor(struct output *out, const struct sensor_finding *finding)
{
    say_finding(finding);
    spells_note(&out->spells, finding);
    if (out->messages)
        put_message(out, alert_severity_of_sensor(finding), alert_of_sensor(&out->writer, finding));
    if (!out->events)
        return;
    struct text event = new_event(out);
    json_sensor_event(&event, finding);
    write_event(out, &event);
    if (finding->edge != SENSOR_BEGINS)
        return;
    event = new_event(out);
    json_sensor_alert(&event, finding);
    write_event(out, &event);
}

void output_blind(const struct output *out, int64_t now, struct capture_health *health)
{
    spells_health(&out->spells, now, health);
}

void output_time(struct output *out, nanos now)
{
    out->now = now;
    summing_time(out->messages, now);
    summing_time(out->beyond_limit, now);
}

void output_flush(struct output *out)
{
    reports_flush(out->reports);
    parcel_put(&out->sink, PARCEL_FLUSH, span_of(NULL, 0));
}

void output_pause(struct output *out, const struct capture_health *health)
{
    summing_flush(out->messages);
    summing_flush(out->beyond_limit);
    const bool of_packets = !out->options->endless;
    output_statistics(out, health, of_packets ? health->last_time : clock_of_day());
    output_flush(out);
}

void output_end(struct output *out, const struct capture_health *health, int status)
{
    output_pause(out, health);
    const struct tally *advice = out->advice.profile ? &out->advice : NULL;
    reports_end(out->reports, &out->tally, advice, health, status);
    if (!reports_any_text(out->reports) && !out->options->quiet && !output_judged(out))
        say_nothing(out, health);
    output_flush(out);
    parcel_put(&out->sink, PARCEL_END, span_of(NULL, 0));
}

bool output_violated(const struct output *out)
{
    for (size_t severity = out->options->fail_on; severity < SEVERITIES; severity++)
        if (out->tally.violation[severity])
            return true;
    return false;
}

const struct tally *output_tally(struct output *out)
{
    settle(out);
    return &out->tally;
}

uint64_t output_violations(const struct output *out)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < SEVERITIES; i++)
        sum += out->tally.violation[i];
    return sum;
}

bool output_as_expected(const struct output *out)
{
    return expect_met(out->options, &out->tally, stdout);
}
