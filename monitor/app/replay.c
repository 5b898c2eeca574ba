#include "app/replay.h"

#include "app/foresight.h"
#include "app/progress.h"
#include "app/say.h"
#include "base/clock.h"
#include "capture/capture.h"
#include "process/signals.h"

#include <stdlib.h>

/* One input while it is read. */
struct part {
    struct capture *capture; /* NULL: it is not open */
    struct frame next;       /* of a merge: the frame that it is at */
    uint64_t frames;         /* that were looked at */
    bool understood;         /* at least one of them, by the decoder */
};

struct replay {
    const struct options *options;
    struct orders *orders;
    struct progress progress;
    struct part *part; /* by source */
    unsigned *order;   /* in which they are read: sources */
    size_t count;
    nanos time; /* of the last frame */
};

static uint64_t position(const struct replay *r)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < r->count; i++)
        sum += r->part[i].capture ? capture_position(r->part[i].capture) : 0;
    return sum;
}

/* Not inlined, as hardly any frame needs it. */
__attribute__((noinline)) static void show_progress(struct replay *r)
{
    progress_show(&r->progress, position(r), output_violations(r->orders->output));
}

/* Likewise. False: the run is to end. */
__attribute__((noinline)) static bool heed_signals(struct replay *r)
{
    progress_clear(&r->progress);
    return orders_heed(r->orders);
}

/* False: the run is to end. */
static bool take_frame(struct replay *r, const struct frame *frame)
{
    struct part *part = &r->part[frame->source];
    part->understood |= pipeline_frame(r->orders->pipeline[0], frame);
    foresee(r->orders->pipeline[0], r->options->inputs[frame->source], r->options->filter);
    part->frames++;
    r->time = frame->time;
    if (progress_frame(&r->progress))
        show_progress(r);
    return !signals_any() || heed_signals(r);
}

/*
 * A pipe has no more bytes now: show what was found so far. If none come for a second, packet time follows
 * the monotonic clock, so that a handshake that is over does not wait for the next frame. It does not while
 * files are merged, since another one may have earlier frames.
 */
static bool wait_for_bytes(void *context, int descriptor)
{
    enum { LOOK_MS = 250 };
    struct replay *r = context;
    struct pollfd p = {.fd = descriptor, .events = POLLIN};
    const int64_t start = clock_monotonic();
    do {
        if (signals_any() && !orders_heed(r->orders))
            return false;
        const int64_t waited = clock_monotonic() - start;
        if (waited >= NANOS_PER_SECOND && !r->options->merge)
            pipeline_time(r->orders->pipeline[0], r->time + waited);
        output_flush(r->orders->output);
    } while (signals_poll(&p, 1, LOOK_MS * NANOS_PER_MILLISECOND) <= 0);
    return true;
}

/* Leaves the part without a capture when the status is not clean, or when the run is to end. */
static int open_part(struct replay *r, unsigned source)
{
    const struct options *o = r->options;
    const struct capture_patience patience = {.wait = wait_for_bytes, .context = r};
    char error[512];
    bool filter_fault;
    r->part[source].capture = capture_open_file(o->inputs[source], source, o->filter, &patience, error,
                                                sizeof error, &filter_fault);
    if (r->part[source].capture && o->verbose)
        say(o->inputs[source], "reading");
    if (r->part[source].capture || signals_stop())
        return EXIT_CLEAN;
    say(o->inputs[source], error);
    r->orders->broken_inputs += !filter_fault;
    return filter_fault ? EXIT_USAGE : EXIT_INPUT;
}

/* `result`: how reading it ended. Returns an exit status: clean, wrong filter, not readable to its end, or
 * not understood. */
static int close_part(struct replay *r, unsigned source, enum capture_result result)
{
    struct part *part = &r->part[source];
    const char *name = r->options->inputs[source];
    progress_clear(&r->progress);
    if (result == CAPTURE_BROKEN || result == CAPTURE_FILTER_FAULT)
        say(name, capture_error(part->capture));
    r->orders->filtered += capture_filtered(part->capture);
    r->progress.done += capture_position(part->capture);
    capture_close(part->capture);
    part->capture = NULL;
    if (result == CAPTURE_FILTER_FAULT)
        return EXIT_USAGE;
    if (result == CAPTURE_BROKEN) {
        r->orders->broken_inputs++;
        return EXIT_INPUT;
    }
    if (result == CAPTURE_STOPPED || !part->frames || part->understood)
        return EXIT_CLEAN;
    say(name, "no frame could be decoded");
    return EXIT_INPUT;
}

/* ---- one after the other */

static int replay_one(struct replay *r, unsigned source)
{
    const int status = open_part(r, source);
    struct part *part = &r->part[source];
    if (!part->capture)
        return status;
    struct frame frame = {0};
    struct frame ahead = {0};
    enum capture_result result;
    do {
        result = capture_next(part->capture, &frame);
        if (capture_ahead(part->capture, &ahead))
            pipeline_expect(r->orders->pipeline[0], &ahead);
    } while (result == CAPTURE_FRAME && take_frame(r, &frame));
    return close_part(r, source, result == CAPTURE_FRAME ? CAPTURE_STOPPED : result);
}

struct begin {
    nanos time;
    unsigned source;
};

static int earlier(const void *a, const void *b)
{
    const struct begin *x = a;
    const struct begin *y = b;
    if (x->time != y->time)
        return x->time < y->time ? -1 : 1;
    return x->source < y->source ? -1 : x->source > y->source; /* by name */
}

/* The files of each folder in the order of their first frames. One that cannot be read is reported when its
 * turn comes. */
static bool sort(struct replay *r)
{
    const unsigned *folder = r->options->input_folder;
    struct begin *begin = calloc(r->count, sizeof *begin);
    if (!begin)
        return false;
    for (unsigned i = 0; i < r->count; i++)
        begin[i] = (struct begin){.source = i, .time = folder[i] ? capture_begin(r->options->inputs[i]) : 0};
    for (size_t i = 0, end; i < r->count; i = end) {
        for (end = i + 1; end < r->count && folder[i] && folder[end] == folder[i]; end++)
            ;
        qsort(begin + i, end - i, sizeof *begin, earlier);
    }
    for (size_t i = 0; i < r->count; i++)
        r->order[i] = begin[i].source;
    free(begin);
    return true;
}

static int replay_each(struct replay *r)
{
    int status = EXIT_CLEAN;
    for (size_t i = 0; i < r->count && status != EXIT_USAGE && !signals_stop(); i++)
        status = worse_status(status, replay_one(r, r->order[i]));
    return status;
}

/* ---- side by side */

/* To the next frame of this input, or to its end. */
static int advance(struct replay *r, unsigned source)
{
    struct part *part = &r->part[source];
    const enum capture_result result = capture_next(part->capture, &part->next);
    return result == CAPTURE_FRAME ? EXIT_CLEAN : close_part(r, source, result);
}

/* The input whose frame is the earliest; of equal ones the first named. NULL: all are at their end. */
static struct part *earliest(const struct replay *r)
{
    struct part *best = NULL;
    for (size_t i = 0; i < r->count; i++)
        if (r->part[i].capture && (!best || r->part[i].next.time < best->next.time))
            best = &r->part[i];
    return best;
}

static int replay_merged(struct replay *r)
{
    int status = EXIT_CLEAN;
    for (unsigned i = 0; i < r->count && status != EXIT_USAGE && !signals_stop(); i++) {
        status = worse_status(status, open_part(r, i));
        if (r->part[i].capture)
            status = worse_status(status, advance(r, i));
    }
    for (struct part *part; status != EXIT_USAGE && !signals_stop() && (part = earliest(r));) {
        if (!take_frame(r, &part->next))
            break;
        status = worse_status(status, advance(r, part->next.source));
    }
    for (unsigned i = 0; i < r->count; i++)
        if (r->part[i].capture)
            status = worse_status(status, close_part(r, i, CAPTURE_STOPPED));
    return status;
}

int replay_run(struct orders *orders, const struct options *o)
{
    struct replay r = {.options = o,
                       .orders = orders,
                       .count = o->input_count,
                       .part = calloc(o->input_count, sizeof *r.part),
                       .order = calloc(o->input_count, sizeof *r.order)};
    int status = r.part && r.order && orders_ready(orders) ? EXIT_CLEAN : EXIT_RUNTIME;
    progress_begin(&r.progress, o->inputs, o->input_count);
    if (status == EXIT_CLEAN && !o->merge && !sort(&r))
        status = EXIT_RUNTIME;
    if (status == EXIT_CLEAN)
        status = o->merge ? replay_merged(&r) : replay_each(&r);
    free(r.part);
    free(r.order);
    return status;
}
