/* utwatch: command line in, exit status out. */
#include "app/delivery.h"
#include "app/live.h"
#include "app/options.h"
#include "app/output.h"
#include "app/pipeline.h"
#include "app/profiles.h"
#include "base/clock.h"
#include "base/limits.h"
#include "capture/capture.h"

#include <inttypes.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* A line on a terminal that tells how far a long replay is. */
struct progress {
    bool on;
    bool shown;
    int64_t next_ms;
    uint64_t frames;
};

static void show_progress(struct progress *p, const struct capture *capture)
{
    enum { EVERY_FRAMES = 16384, EVERY_MS = 200 };
    if (++p->frames % EVERY_FRAMES || !p->on)
        return;
    int64_t now = clock_monotonic() / 1000000;
    if (now < p->next_ms)
        return;
    p->next_ms = now + EVERY_MS;
    uint64_t done;
    uint64_t size;
    capture_progress(capture, &done, &size);
    if (size)
        (void)fprintf(stderr, "\r%3" PRIu64 "%%  %" PRIu64 " frames ", done * 100 / size, p->frames);
    else
        (void)fprintf(stderr, "\r%" PRIu64 " MiB  %" PRIu64 " frames ", done >> 20, p->frames);
    p->shown = true;
}

static void clear_progress(struct progress *p)
{
    if (p->shown)
        (void)fputs("\r\033[K", stderr);
    p->shown = false;
}

static void say(const char *path, const char *what)
{
    char safe[1024];
    struct text t = text_over(safe, sizeof safe);
    text_safe(&t, span_of(path, strnlen(path, sizeof safe / 8)));
    (void)fprintf(stderr, "utwatch: %s: %s\n", safe, what);
}

/* One input that is being read. */
struct replay {
    struct pipeline *pipeline;
    const struct capture *capture;
    struct progress *progress;
    uint64_t frames;
};

/* All inputs. */
struct replayed {
    uint64_t broken;   /* not readable to their end */
    uint64_t filtered; /* frames that the filter left out */
};

static bool take_frame(void *context, const struct frame *frame)
{
    struct replay *run = context;
    run->frames++;
    pipeline_frame(run->pipeline, frame);
    show_progress(run->progress, run->capture);
    return true;
}

/* One input to its end. Returns an exit status: clean, wrong filter, not readable to its end, or not
 * understood. */
static int replay_one(struct pipeline *pipeline, const struct options *o, unsigned source,
                      struct progress *progress, struct replayed *all)
{
    char error[512];
    bool filter_fault;
    struct capture *capture =
        capture_open_file(o->inputs[source], source, o->filter, error, sizeof error, &filter_fault);
    if (!capture) {
        say(o->inputs[source], error);
        all->broken += !filter_fault;
        return filter_fault ? EXIT_USAGE : EXIT_INPUT;
    }
    if (o->verbose)
        say(o->inputs[source], "reading");
    const uint64_t understood_before = pipeline_understood(pipeline);
    struct replay run = {.pipeline = pipeline, .capture = capture, .progress = progress};
    const enum capture_result result = capture_run(capture, take_frame, &run);
    clear_progress(progress);
    if (result != CAPTURE_END)
        say(o->inputs[source], capture_error(capture));
    all->filtered += capture_filtered(capture);
    capture_close(capture);
    switch (result) {
    case CAPTURE_FILTER_FAULT:
        return EXIT_USAGE;
    case CAPTURE_BROKEN:
        all->broken++;
        return EXIT_INPUT;
    case CAPTURE_END:
    case CAPTURE_STOPPED:
        break;
    }
    if (!run.frames || pipeline_understood(pipeline) > understood_before)
        return EXIT_CLEAN;
    say(o->inputs[source], "no frame could be decoded");
    return EXIT_INPUT;
}

/* When several hold: runtime, usage, input, violations, too little to judge. */
static int worse(int a, int b)
{
    static const int order[] = {EXIT_RUNTIME, EXIT_USAGE, EXIT_INPUT, EXIT_VIOLATIONS, EXIT_LOSS};
    for (size_t i = 0; i < sizeof order / sizeof *order; i++)
        if (a == order[i] || b == order[i])
            return order[i];
    return EXIT_CLEAN;
}

static int replay_all(struct pipeline *pipeline, const struct options *o, struct replayed *all)
{
    struct progress progress = {.on = isatty(STDERR_FILENO)};
    int status = EXIT_CLEAN;
    for (unsigned i = 0; i < o->input_count && status != EXIT_USAGE; i++)
        status = worse(status, replay_one(pipeline, o, i, &progress, all));
    return status;
}

/* All files or interfaces, and the end. */
static int judge_all(struct pipeline *pipeline, struct output *output, const struct options *o,
                     const struct site *site)
{
    struct replayed all = {0};
    int status = o->live ? live_run(pipeline, output, o, site) : replay_all(pipeline, o, &all);
    if (status == EXIT_USAGE || (o->live && status != EXIT_CLEAN))
        return status;
    if (!pipeline_end(pipeline))
        status = EXIT_RUNTIME;
    struct capture_health health = {0};
    pipeline_health(pipeline, &health);
    health.broken_inputs = all.broken;
    health.filtered = all.filtered;
    output_end(output, &health);
    if (output_violated(output))
        status = worse(status, EXIT_VIOLATIONS);
    if (pipeline_loss(pipeline) > site->loss_limit || !output_judged(output))
        status = worse(status, EXIT_LOSS);
    return status;
}

static int judge(const struct options *o, const struct site *site, const struct profile *profile,
                 const struct profile *advice)
{
    struct delivery *delivery = delivery_new(o, site, true);
    if (!delivery)
        return EXIT_RUNTIME;
    const struct parcel_sink sink = {.take = delivery_take, .context = delivery};
    struct output *output = output_new(o, site, profile, advice, &sink);
    struct pipeline *pipeline = output ? pipeline_new(site, profile, advice, output) : NULL;
    int status = pipeline ? judge_all(pipeline, output, o, site) : EXIT_RUNTIME;
    pipeline_free(pipeline);
    output_free(output);
    if (!delivery_finish(delivery, 0))
        status = EXIT_RUNTIME;
    delivery_free(delivery);
    return status;
}

int main(int argc, char **argv)
{
    struct options options;
    int status = EXIT_USAGE;
    if (options_parse(argc, argv, &options)) {
        if (options.task != TASK_REPLAY) {
            status = look_up(&options);
        } else {
            struct site *site = site_or_mistakes(options.config);
            if (site && options.state)
                site->sessions.state = options.state;
            if (site && options.shared)
                site->sessions.shared = options.shared;
            if (site)
                site->sessions.take_memory = site->sessions.state;
            struct profile *profile = profile_or_mistakes(options.profile, site);
            struct profile *advice = options.advise ? profile_or_mistakes(options.advise, site) : NULL;
            if (site && profile)
                site_warn_of_exceptions(site, profile, stderr);
            if (site && profile && (advice || !options.advise))
                status = judge(&options, site, profile, advice);
            profile_free(advice);
            profile_free(profile);
            site_free(site);
        }
    }
    options_free(&options);
    if (fflush(stdout) != 0 || ferror(stdout))
        status = EXIT_RUNTIME;
    return status;
}
