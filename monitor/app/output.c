#include "app/output.h"

#include "base/limits.h"
#include "report/event_json.h"
#include "report/html_report.h"
#include "report/http_object.h"
#include "report/tally.h"
#include "report/text_report.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

struct output {
    const struct options *options;
    struct input_names names;
    FILE *json;                 /* NULL: none */
    struct text_report *report; /* NULL: none */
    FILE *page;                 /* of --report html, or text into a file; NULL: none */
    struct tally tally;
    struct tally advice; /* of --advise */
    bool violated;
    char event[MAX_EVENT_BYTES];
};

static FILE *open_file(const char *option, const char *path)
{
    FILE *f = fopen(path, "we");
    if (!f)
        (void)fprintf(stderr, "utwatch: %s: %s\n", option, strerror(errno));
    return f;
}

static bool open_json(struct output *out, const struct site *site)
{
    const char *path = out->options->json ? out->options->json : site->json;
    if (!path)
        return true;
    out->json = strcmp(path, "-") == 0 ? stdout : open_file("--json", path);
    return out->json != NULL;
}

/* Standard output is for one kind of data: events, a page, or the report for a person. */
static bool open_report(struct output *out)
{
    const struct options *o = out->options;
    const bool to_file = o->report_file != NULL;
    if (to_file && !(out->page = open_file("--report", o->report_file)))
        return false;
    if (o->report == REPORT_HTML && !to_file) {
        if (out->json == stdout) {
            (void)fputs("utwatch: --report html and --json - both want standard output\n", stderr);
            return false;
        }
        out->page = stdout;
        return true;
    }
    const bool text_to_file = to_file && o->report == REPORT_TEXT;
    if (!text_to_file && (o->quiet || out->json == stdout))
        return true;
    const char *no_colour = getenv("NO_COLOR");
    bool colour = !text_to_file && isatty(STDOUT_FILENO) && !(no_colour && *no_colour);
    out->report = text_report_new(text_to_file ? out->page : stdout, colour, &out->names);
    return out->report != NULL;
}

struct output *output_new(const struct options *o, const struct site *site, const struct profile *profile,
                          const struct profile *advice)
{
    struct output *out = calloc(1, sizeof *out);
    if (!out)
        return NULL;
    out->options = o;
    out->names = (struct input_names){.name = o->inputs, .count = o->input_count, .config = o->config};
    identities_in_clear(site->identities_clear);
    if (open_json(out, site) && open_report(out) && tally_open(&out->tally, profile) &&
        (!advice || tally_open(&out->advice, advice)))
        return out;
    (void)output_free(out);
    return NULL;
}

static bool close_file(FILE *f, const char *what)
{
    if (!f)
        return true;
    bool ok = fflush(f) == 0 && !ferror(f);
    if (f != stdout)
        ok &= fclose(f) == 0;
    if (!ok)
        (void)fprintf(stderr, "utwatch: %s\n", what);
    return ok;
}

bool output_free(struct output *out)
{
    bool ok = close_file(out->json, "--json: not all events could be written");
    ok &= close_file(out->page, "--report: it could not be written to its end");
    text_report_free(out->report);
    tally_close(&out->tally);
    tally_close(&out->advice);
    free(out);
    return ok;
}

static struct text new_event(struct output *out)
{
    return text_over(out->event, sizeof out->event);
}

static void write_event(struct output *out, const struct text *event)
{
    (void)fwrite(event->p, 1, event->n, out->json);
}

static void write_alert(struct output *out, const struct policy_case *c, const struct verdict *v, bool advice)
{
    struct text event = new_event(out);
    json_alert_event(&event, c, &out->names, v, advice);
    write_event(out, &event);
}

static void on_violation(struct output *out, const struct policy_case *c, const struct verdict *v)
{
    if (v->excepted)
        return; /* it stands in the summary as such */
    out->violated |= v->severity >= out->options->fail_on;
    if (out->report)
        text_report_violation(out->report, c, v);
    if (out->json)
        write_alert(out, c, v, false);
}

/* The event of the case itself, beside its alerts. */
static void write_case(struct output *out, const struct policy_case *c)
{
    struct text event = new_event(out);
    if (c->kind == CASE_HANDSHAKE && tally_is_handshake(c->observation))
        json_tls_event(&event, c, &out->names);
    else if (c->kind == CASE_CONNECTION)
        json_flow_event(&event, c, &out->names);
    write_event(out, &event);
}

void output_case(struct output *out, const struct policy_case *c, const struct verdict *verdicts,
                 size_t count, const struct verdict *advice, size_t advised)
{
    if (out->json)
        write_case(out, c);
    for (size_t i = 0; i < count; i++)
        if (verdicts[i].value == VERDICT_FAIL)
            on_violation(out, c, &verdicts[i]);
    for (size_t i = 0; i < advised && out->json; i++)
        if (advice[i].value == VERDICT_FAIL)
            write_alert(out, c, &advice[i], true);
    tally_add(&out->tally, c, verdicts, count);
    if (advised)
        tally_add(&out->advice, c, advice, advised);
}

bool output_judged(const struct output *out)
{
    return tally_judged(&out->tally);
}

/* Where no report says it. */
static void say_nothing(const struct output *out, const struct capture_health *health)
{
    char buffer[1024];
    struct text t = text_over(buffer, sizeof buffer);
    text_nothing(&t, &out->tally, health, &out->names);
    (void)fprintf(stderr, "utwatch: %s\n", buffer);
}

void output_end(struct output *out, const struct capture_health *health)
{
    if (out->json) {
        struct text event = new_event(out);
        json_stats_event(&event, &out->tally, health, health->last_time);
        write_event(out, &event);
    }
    const struct tally *advice = out->advice.profile ? &out->advice : NULL;
    if (out->page && out->options->report == REPORT_HTML) {
        char now[64];
        struct text t = text_over(now, sizeof now);
        text_time(&t, (nanos)time(NULL) * NANOS_PER_SECOND, false);
        html_report_write(out->page, &out->tally, advice, health, &out->names, now);
    }
    if (out->report)
        text_report_summary(out->report, &out->tally, advice, health);
    else if (!out->options->quiet && !output_judged(out))
        say_nothing(out, health);
}

bool output_violated(const struct output *out)
{
    return out->violated;
}
