#include "app/output.h"

#include "base/limits.h"
#include "report/event_json.h"
#include "report/tally.h"
#include "report/text_report.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

struct output {
    const struct options *options;
    struct input_names names;
    FILE *json;                 /* NULL: none */
    struct text_report *report; /* NULL: none */
    struct tally tally;
    bool violated;
    char event[MAX_EVENT_BYTES];
};

static bool open_json(struct output *out)
{
    const char *path = out->options->json;
    if (!path)
        return true;
    out->json = strcmp(path, "-") == 0 ? stdout : fopen(path, "we");
    if (out->json)
        return true;
    (void)fprintf(stderr, "utwatch: --json: %s\n", strerror(errno));
    return false;
}

/* Standard output is for one kind of data: events, or the report for a person. */
static bool open_report(struct output *out)
{
    if (out->options->quiet || out->json == stdout)
        return true;
    const char *no_colour = getenv("NO_COLOR");
    bool colour = isatty(STDOUT_FILENO) && !(no_colour && *no_colour);
    out->report = text_report_new(stdout, colour, &out->names);
    return out->report != NULL;
}

struct output *output_new(const struct options *o, const struct profile *profile)
{
    struct output *out = calloc(1, sizeof *out);
    if (!out)
        return NULL;
    out->options = o;
    out->names = (struct input_names){.name = o->inputs, .count = o->input_count};
    if (open_json(out) && open_report(out) && tally_open(&out->tally, profile))
        return out;
    (void)output_free(out);
    return NULL;
}

bool output_free(struct output *out)
{
    bool ok = true;
    if (out->json) {
        ok = fflush(out->json) == 0 && !ferror(out->json);
        if (out->json != stdout)
            ok &= fclose(out->json) == 0;
    }
    if (!ok)
        (void)fputs("utwatch: --json: not all events could be written\n", stderr);
    text_report_free(out->report);
    tally_close(&out->tally);
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

static void on_violation(struct output *out, const struct policy_case *c, const struct verdict *v)
{
    out->violated |= v->severity >= out->options->fail_on;
    if (out->report)
        text_report_violation(out->report, c, v);
    if (out->json) {
        struct text event = new_event(out);
        json_alert_event(&event, c, &out->names, v);
        write_event(out, &event);
    }
}

void output_handshake(struct output *out, const struct policy_case *c, const struct verdict *verdicts,
                      size_t count)
{
    const struct observation *o = c->observation;
    if (out->json && tally_is_handshake(o)) {
        struct text event = new_event(out);
        json_tls_event(&event, o, &out->names);
        write_event(out, &event);
    }
    for (size_t i = 0; i < count; i++)
        if (verdicts[i].value == VERDICT_FAIL)
            on_violation(out, c, &verdicts[i]);
    tally_add(&out->tally, o, verdicts, count);
}

void output_end(struct output *out, const struct capture_health *health)
{
    if (out->json) {
        struct text event = new_event(out);
        json_stats_event(&event, &out->tally, health, health->last_time);
        write_event(out, &event);
    }
    if (out->report)
        text_report_summary(out->report, &out->tally, health);
}

bool output_violated(const struct output *out)
{
    return out->violated;
}
