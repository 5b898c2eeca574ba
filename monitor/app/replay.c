#include "app/replay.h"

#include "app/say.h"
#include "base/clock.h"
#include "capture/capture.h"

#include <inttypes.h>
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

/* All inputs, and the one that is being read. */
struct replay {
    const struct options *options;
    struct orders *orders;
    struct progress progress;
    const struct capture *capture; /* NULL: it is being opened */
    uint64_t frames;               /* of this input */
};

static bool take_frame(void *context, const struct frame *frame)
{
    struct replay *r = context;
    r->frames++;
    pipeline_frame(r->orders->pipeline, frame);
    show_progress(&r->progress, r->capture);
    if (!signals_any())
        return true;
    clear_progress(&r->progress);
    return orders_heed(r->orders);
}

/* A pipe has no more bytes now: what was found so far is shown meanwhile. */
static bool wait_for_bytes(void *context, int descriptor)
{
    struct replay *r = context;
    struct pollfd p = {.fd = descriptor, .events = POLLIN};
    output_flush(r->orders->output);
    do {
        if (signals_any() && !orders_heed(r->orders))
            return false;
    } while (signals_poll(&p, 1, -1) < 0);
    return true;
}

/* One input to its end. Returns an exit status: clean, wrong filter, not readable to its end, or not
 * understood. */
static int replay_one(struct replay *r, unsigned source)
{
    const struct options *o = r->options;
    const struct capture_patience patience = {.wait = wait_for_bytes, .context = r};
    char error[512];
    bool filter_fault;
    struct capture *capture = capture_open_file(o->inputs[source], source, o->filter, &patience, error,
                                                sizeof error, &filter_fault);
    if (!capture && signals_stop())
        return EXIT_CLEAN;
    if (!capture) {
        say(o->inputs[source], error);
        r->orders->broken_inputs += !filter_fault;
        return filter_fault ? EXIT_USAGE : EXIT_INPUT;
    }
    if (o->verbose)
        say(o->inputs[source], "reading");
    const uint64_t understood_before = pipeline_understood(r->orders->pipeline);
    r->capture = capture;
    r->frames = 0;
    const enum capture_result result = capture_run(capture, take_frame, r);
    clear_progress(&r->progress);
    if (result == CAPTURE_BROKEN || result == CAPTURE_FILTER_FAULT)
        say(o->inputs[source], capture_error(capture));
    r->orders->filtered += capture_filtered(capture);
    capture_close(capture);
    switch (result) {
    case CAPTURE_FILTER_FAULT:
        return EXIT_USAGE;
    case CAPTURE_BROKEN:
        r->orders->broken_inputs++;
        return EXIT_INPUT;
    case CAPTURE_END:
    case CAPTURE_STOPPED:
        break;
    }
    if (!r->frames || result == CAPTURE_STOPPED ||
        pipeline_understood(r->orders->pipeline) > understood_before)
        return EXIT_CLEAN;
    say(o->inputs[source], "no frame could be decoded");
    return EXIT_INPUT;
}

int replay_run(struct orders *orders, const struct options *o)
{
    struct replay r = {.options = o, .orders = orders, .progress = {.on = isatty(STDERR_FILENO)}};
    int status = orders_ready(orders) ? EXIT_CLEAN : EXIT_RUNTIME;
    for (unsigned i = 0; i < o->input_count && status != EXIT_USAGE && !signals_stop(); i++)
        status = worse_status(status, replay_one(&r, i));
    return status;
}
