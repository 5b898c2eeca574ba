#include "app/delivery.h"

#include "app/delivered.h"
#include "app/evidence_folder.h"
#include "app/line_file.h"
#include "app/metrics_page.h"
#include "app/say.h"
#include "app/watched.h"
#include "app/whole_file.h"
#include "base/clock.h"
#include "policy/policy.h"
#include "syslog/receivers.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { RETRY_NANOS = NANOS_PER_SECOND };

#define WORK_NANOS (5 * NANOS_PER_MILLISECOND) /* that messages may wait for others */
#define TOLD_APART (60 * NANOS_PER_SECOND)     /* of one output */

/* A disk with next to no room takes some and refuses others. */
struct trouble {
    bool told;
    int64_t told_at; /* the last time; 0: there was none */
};

struct delivery {
    struct destinations to;
    struct line_file *json;                   /* NULL: none */
    struct whole_file *report[MAX_REPORTS];   /* by destination; NULL: not open */
    struct receivers_config receivers_config; /* without any: none are wanted */
    struct receivers *receivers;              /* of alerts; NULL: not opened */
    int64_t receivers_retry;
    struct evidence_folder *evidence;             /* NULL: none */
    FILE *watched;                                /* what was read of the watched folder; NULL: none is */
    struct metrics_page *metrics;                 /* NULL: none are served */
    int64_t worked;                               /* when they were last given time */
    struct delivered *delivered;                  /* NULL: nobody asks */
    struct delivered_counters earlier;            /* of writers before this one */
    int64_t retry;                                /* when to try again what waits */
    int json_failed, evidence_why;                /* errno, or 0 */
    int json_gone;                                /* likewise: it was removed, and cannot be made again */
    int64_t next_look;                            /* whether it was */
    bool receivers_failed;                        /* to open, and that was reported */
    uint64_t unwritten;                           /* files of evidence */
    struct watched_file unnoted[WATCHED_UNNOTED]; /* which were read, and have events that wait */
    size_t unnoted_count;
    uint64_t lines_lost; /* of events, when none of them had to wait */
    bool watched_failed;
    bool verbose, quiet;
    bool whole;                   /* the reports came to their end */
    struct trouble events, files; /* of JSON, and of evidence */
    char watched_path[4112];
    bool patient; /* the end may take as long as something moves */
};

struct destinations destinations_of(const struct options *o, const struct site *site)
{
    struct destinations to = {.json = o->json ? o->json : site->json, .evidence = o->evidence};
    to.alerts = o->syslog_count || site->receivers.count;
    const bool json_on_stdout = to.json && strcmp(to.json, "-") == 0;
    const struct report_wanted usual = {.form = REPORT_TEXT};
    for (size_t i = 0; i < o->report_count; i++)
        if (o->report[i].file || o->report[i].form != REPORT_TEXT || !(o->quiet || json_on_stdout))
            to.report[to.report_count++] = o->report[i];
    if (!o->report_count && !o->quiet && !json_on_stdout)
        to.report[to.report_count++] = usual;
    return to;
}

/* The command line overrides the site's file. */
static struct receivers_config receivers_wanted(const struct options *o, const struct site *site)
{
    struct receivers_config config = site->receivers;
    if (o->syslog_count) {
        memcpy(config.addresses, o->syslog, sizeof o->syslog);
        config.count = o->syslog_count;
    }
    return config;
}

static struct receivers *open_receivers(struct delivery *d)
{
    char error[512];
    struct receivers *r = receivers_new(&d->receivers_config, error, sizeof error);
    if (!r && !d->receivers_failed)
        say_line(error);
    d->receivers_failed = !r;
    return r;
}

/* Reports at the start what is wrong with the receivers. The process that sends to them opens them for good:
 * a new writer finds in the spool what a killed one had not delivered. */
static bool try_receivers(struct delivery *d)
{
    if (d->receivers_config.count == 0)
        return true;
    struct receivers *r = open_receivers(d);
    receivers_free(r);
    return r != NULL;
}

/* NULL: none are wanted, or they cannot be opened now. */
static struct receivers *receivers_of(struct delivery *d)
{
    const int64_t now = clock_monotonic();
    if (d->receivers || d->receivers_config.count == 0 || now < d->receivers_retry)
        return d->receivers;
    d->receivers_retry = now + RETRY_NANOS;
    d->receivers = open_receivers(d);
    return d->receivers;
}

static bool open_reports(struct delivery *d)
{
    for (size_t i = 0; i < d->to.report_count; i++) {
        const char *file = d->to.report[i].file;
        if (!file && d->to.json && strcmp(d->to.json, "-") == 0) {
            (void)fputs("utwatch: --report without a file and --json - both want standard output\n", stderr);
            return false;
        }
        if (!(d->report[i] = whole_file_open(file))) {
            say_failed("--report", file ? file : "-");
            return false;
        }
    }
    return true;
}

static bool open_all(struct delivery *d, bool patient)
{
    const struct destinations *to = &d->to;
    if (to->json && !(d->json = line_file_open(to->json, patient))) {
        say_failed("--json", to->json);
        return false;
    }
    if (to->evidence && !(d->evidence = evidence_folder_open(to->evidence))) {
        say_failed("--evidence", to->evidence);
        return false;
    }
    return open_reports(d);
}

struct delivery *delivery_new(const struct options *o, const struct site *site, bool patient)
{
    struct delivery *d = calloc(1, sizeof *d);
    if (!d)
        return NULL;
    d->to = destinations_of(o, site);
    d->receivers_config = receivers_wanted(o, site);
    d->verbose = o->verbose > 0;
    if (o->watch)
        (void)snprintf(d->watched_path, sizeof d->watched_path, "%s%s",
                       site->sessions.state ? site->sessions.state : o->watch,
                       site->sessions.state ? ".watched" : "/.utwatch-watched");
    d->quiet = o->quiet;
    const char *metrics = o->endless ? site->metrics : NULL;
    d->patient = patient;
    if (open_all(d, patient) && try_receivers(d) && (!metrics || (d->metrics = metrics_page_new(metrics))))
        return d;
    delivery_free(d);
    return NULL;
}

static void work_receivers(struct delivery *d, int64_t now)
{
    char line[512];
    d->worked = now;
    receivers_work(d->receivers, now);
    while (receivers_news(d->receivers, line, sizeof line, now))
        say_line(line);
}

static void take_alert(struct delivery *d, struct span bytes)
{
    struct parcel_alert alert;
    if (!receivers_of(d) || bytes.n < sizeof alert)
        return;
    memcpy(&alert, bytes.p, sizeof alert);
    receivers_take(d->receivers, alert.severity & SEVERITY_HIGH, span_skip(bytes, sizeof alert));
    const int64_t now = clock_monotonic();
    if (now - d->worked >= WORK_NANOS)
        work_receivers(d, now);
}

/* At once: the next alert names no file that is not there. */
static void tell_files(const struct delivery *d)
{
    struct delivered *o = d->delivered;
    if (!o)
        return;
    atomic_store(&o->failing[OUTPUT_JSON], d->json_failed);
    atomic_store(&o->failing[OUTPUT_EVIDENCE], d->evidence_why);
    atomic_store(&o->unwritten, d->earlier.unwritten + d->unwritten);
    if (d->json)
        atomic_store(&o->events_dropped, d->earlier.events_dropped + line_file_dropped(d->json));
}

/* Says once what is wrong, with errno. */
static void say_trouble(struct trouble *t, bool fails, const char *option, const char *name)
{
    const int why = errno;
    const int64_t now = clock_monotonic();
    if (!fails)
        t->told = false;
    if (!fails || t->told || (t->told_at && now - t->told_at < TOLD_APART))
        return;
    *t = (struct trouble){.told = true, .told_at = now};
    errno = why;
    say_failed(option, name);
}

/* Where the disk is full, each file is tried. */
static void put_evidence(struct delivery *d, struct span bytes)
{
    if (!d->evidence)
        return;
    const bool good = evidence_folder_put(d->evidence, bytes);
    const int why = good ? 0 : errno;
    say_trouble(&d->files, !good, "--evidence", d->to.evidence);
    d->evidence_why = why;
    d->unwritten += !good;
    tell_files(d);
}

static void put_page(struct delivery *d, struct span bytes)
{
    struct parcel_page page;
    if (bytes.n < sizeof page)
        return;
    memcpy(&page, bytes.p, sizeof page);
    if (page.report < MAX_REPORTS && d->report[page.report])
        whole_file_put(d->report[page.report], span_skip(bytes, sizeof page));
}

/* Once there is no event that waits. Of files whose events were dropped nothing is noted: it is better to
 * judge one twice than not at all. */
static void note_watched(struct delivery *d)
{
    const uint64_t lost = d->json ? line_file_dropped(d->json) : 0;
    const bool any = d->unnoted_count && lost == d->lines_lost;
    for (size_t i = 0; any && i < d->unnoted_count; i++)
        watched_write(&d->unnoted[i], d->watched);
    d->unnoted_count = 0;
    d->lines_lost = lost;
    if (any && fflush(d->watched) != 0 && !d->watched_failed) {
        d->watched_failed = true;
        say_failed("--watch", d->watched_path);
    }
}

/* One more than there is room for is judged again by the next run. */
static void put_watched(struct delivery *d, struct span bytes)
{
    struct watched_file file;
    if (!d->watched || bytes.n != sizeof file || d->unnoted_count == WATCHED_UNNOTED)
        return;
    memcpy(&file, bytes.p, sizeof file);
    d->unnoted[d->unnoted_count++] = file;
    delivery_flush(d);
}

void delivery_take(void *delivery, enum parcel_kind kind, struct span bytes)
{
    struct delivery *d = delivery;
    switch (kind) {
    case PARCEL_EVENT:
        if (d->json)
            line_file_put(d->json, bytes);
        break;
    case PARCEL_REPORT:
        put_page(d, bytes);
        break;
    case PARCEL_STATUS:
        (void)fwrite(bytes.p, 1, bytes.n, stderr);
        break;
    case PARCEL_FLUSH:
        delivery_flush(d);
        break;
    case PARCEL_END:
        d->whole = true;
        break;
    case PARCEL_ALERT:
        take_alert(d, bytes);
        break;
    case PARCEL_EVIDENCE:
        put_evidence(d, bytes);
        break;
    case PARCEL_WATCHED:
        put_watched(d, bytes);
        break;
    }
}

size_t delivery_wait_for(struct delivery *d, struct pollfd *fds, int64_t *until, int64_t now)
{
    if (d->json && line_file_waiting(d->json) && d->retry < *until)
        *until = d->retry;
    size_t count = receivers_of(d) ? receivers_wait_for(d->receivers, fds, until, now) : 0;
    if (d->metrics)
        count += metrics_page_wait_for(d->metrics, fds + count, until, now);
    return count;
}

/* Beside the state file, or in the folder itself. */
bool delivery_remembers(struct delivery *d, struct watched *watched)
{
    d->watched = watched_begin(watched, d->watched_path);
    if (d->watched)
        return true;
    const bool no_folder = errno == ENOENT || errno == ENOTDIR;
    char *name = strrchr(d->watched_path, '/');
    if (no_folder && name)
        *name = '\0';
    say_failed("--watch", d->watched_path);
    return false;
}

void delivery_tell(struct delivery *d, struct delivered *delivered)
{
    d->delivered = delivered;
    d->earlier = delivered_counters(delivered);
    atomic_store(&delivered->spool_cap, d->receivers_config.count ? d->receivers_config.cap : 0);
}

static void tell_delivered(struct delivery *d)
{
    struct delivered *o = d->delivered;
    const struct receivers_sum sum = d->receivers ? receivers_sum(d->receivers) : (struct receivers_sum){0};
    const bool spool_fails = sum.trouble || d->receivers_failed;
    atomic_store(&o->sent, d->earlier.sent + sum.sent);
    atomic_store(&o->resent, d->earlier.resent + sum.resent);
    atomic_store(&o->arrived, d->earlier.arrived + sum.arrived);
    atomic_store(&o->dropped, d->earlier.dropped + sum.dropped);
    atomic_store(&o->spool_bytes, sum.bytes);
    tell_files(d);
    atomic_store(&o->failing[OUTPUT_SPOOL], spool_fails ? EIO : 0);
    atomic_store(&o->failing[OUTPUT_RECEIVER], sum.refused ? ECONNREFUSED : 0);
}

/* Whoever renamed a file will say so (SIGHUP). */
static void make_again(struct delivery *d, int64_t now)
{
    if (!d->json || now < d->next_look)
        return;
    d->next_look = now + RETRY_NANOS;
    if (line_file_is_removed(d->json))
        d->json_failed = d->json_gone = line_file_reopen(d->json) ? 0 : errno;
}

void delivery_work(struct delivery *d, int64_t now)
{
    make_again(d, now);
    if (receivers_of(d))
        work_receivers(d, now);
    if (d->json && line_file_waiting(d->json) && now >= d->retry)
        delivery_flush(d);
    if (d->delivered)
        tell_delivered(d);
    if (d->metrics)
        metrics_page_work(d->metrics, now);
}

void delivery_serve_metrics(struct delivery *d, const struct metrics_board *sensor, const struct pulse *pulse)
{
    const struct metrics_sources sources = {
        .sensor = sensor, .pulse = pulse, .delivered = d->delivered, .receivers = &d->receivers};
    if (d->metrics)
        metrics_page_serve(d->metrics, &sources);
}

void delivery_flush(struct delivery *d)
{
    for (size_t i = 0; i < d->to.report_count; i++)
        whole_file_flush(d->report[i]);
    const bool good = !d->json || line_file_flush(d->json);
    const int why = errno;
    if (good)
        note_watched(d);
    if (!d->json)
        return;
    errno = why;
    d->json_failed = good ? d->json_gone : errno;
    say_trouble(&d->events, !good && d->json_failed != EAGAIN, "--json", d->to.json);
    tell_files(d);
    d->retry = clock_monotonic() + RETRY_NANOS;
}

void delivery_reopen(struct delivery *d)
{
    if (d->json && !line_file_reopen(d->json))
        say_failed("--json", d->to.json);
    if (d->evidence && !evidence_folder_reopen(d->evidence))
        say_failed("--evidence", d->to.evidence);
}

static bool finish_receivers(struct delivery *d, int64_t most)
{
    uint64_t kept;
    if (!receivers_of(d))
        return d->receivers_config.count == 0;
    const uint64_t missing = receivers_finish(d->receivers, most, d->patient, &kept);
    work_receivers(d, clock_monotonic());
    char line[512];
    for (size_t i = 0; d->verbose && receivers_summary(d->receivers, i, line, sizeof line); i++)
        say_line(line);
    if (missing)
        (void)fprintf(stderr, "utwatch: syslog: %" PRIu64 " alert%s did not arrive%s\n", missing,
                      missing == 1 ? "" : "s",
                      !kept          ? ""
                      : missing == 1 ? "; it waits in the spool for the next run"
                                     : "; they wait in the spool for the next run");
    return missing == 0;
}

/* Unless another message says so, the user learns where the report is. */
static bool finish_report(struct delivery *d, size_t index)
{
    const char *file = d->to.report[index].file;
    char safe[SAID_BYTES];
    if (!whole_file_finish(d->report[index])) {
        say_failed("--report", file ? file : "-");
        return false;
    }
    if (file && !d->quiet)
        (void)fprintf(stderr, "utwatch: report in %s\n", say_safely(file, safe));
    return true;
}

bool delivery_finish(struct delivery *d, int64_t most)
{
    bool good = finish_receivers(d, most);
    delivery_flush(d);
    if (d->json && !line_file_close(d->json)) {
        (void)fprintf(stderr, "utwatch: --json: not all events could be written: %s\n", strerror(errno));
        good = false;
    }
    d->json = NULL;
    if (d->unwritten) {
        (void)fprintf(stderr, "utwatch: --evidence: %" PRIu64 " file%s could not be written\n", d->unwritten,
                      d->unwritten == 1 ? "" : "s");
        good = false;
    }
    for (size_t i = 0; i < d->to.report_count && d->whole; i++)
        good &= finish_report(d, i);
    return good;
}

void delivery_free(struct delivery *d)
{
    if (!d)
        return;
    (void)line_file_close(d->json);
    for (size_t i = 0; i < d->to.report_count; i++)
        whole_file_free(d->report[i]);
    receivers_free(d->receivers);
    evidence_folder_close(d->evidence);
    metrics_page_free(d->metrics);
    if (d->watched)
        (void)fclose(d->watched);
    free(d);
}

void delivery_abandon(struct delivery *d)
{
    if (!d)
        return;
    line_file_abandon(d->json);
    for (size_t i = 0; i < d->to.report_count; i++)
        whole_file_abandon(d->report[i]);
    evidence_folder_close(d->evidence);
    metrics_page_free(d->metrics);
    if (d->watched)
        (void)fclose(d->watched);
    free(d);
}
