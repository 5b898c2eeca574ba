#include "app/live.h"

#include "app/say.h"
#include "app/self_watch.h"
#include "base/clock.h"
#include "base/limits.h"
#include "capture/live.h"
#include "capture/merge.h"
#include "capture/scope_filter.h"

#include <assert.h>
#include <poll.h>

enum {
    READ_FRAMES = 4096, /* at most, before clocks and signals are looked at again */
    POLL_MS = 100,
    UNREAD_MS = 2 * LIVE_BLOCK_MS, /* older frames cannot be in a ring that had none to read */
    LOOK_MS = 100,                 /* between looks at the links */
};

struct live_capture {
    struct orders *orders;
    const struct ruleset *rules; /* of which the content may change, see orders.turn */
    struct self_watch watch;
    struct live *interface[MAX_INTERFACES];
    const char *const *names; /* of the interfaces, as the user wrote them */
    size_t count;
    struct pollfd poll[MAX_INTERFACES];
    struct merge *merge; /* of several interfaces; NULL: there is one */
    int64_t now;         /* when reading began */
    nanos read_time;     /* of the last frame that was read, perhaps to be held */
    nanos known_time;    /* of the last frame of a whole reading, */
    int64_t known_at;    /* which had ended by then: see packet_clock() */
    nanos frame_time;    /* of the last frame */
    int64_t frame_at;    /* when it was read */
    int64_t next_look;   /* on the monotonic clock, as the next */
    int64_t next_stats;
    char scope[LIVE_SCOPE_BYTES];
    bool gave_up; /* reading at the end */
    nanos end;    /* frames stamped later are not taken; 0: it goes on */
};

static void tell_edge(struct live_capture *c, const struct live *interface, const char *name,
                      enum live_edge edge)
{
    static const struct {
        enum sensor_condition condition;
        enum sensor_edge edge;
        const char *words;
    } table[] = {
        [LIVE_WENT_DOWN] = {SENSOR_LINK_DOWN, SENSOR_BEGINS, "the link is down"},
        [LIVE_CAME_UP] = {SENSOR_LINK_DOWN, SENSOR_ENDS, "the link is up"},
        [LIVE_RENAMED] = {SENSOR_INTERFACE_RENAMED, SENSOR_CHANGES, "the interface is now called "},
        [LIVE_REMOVED] = {SENSOR_INTERFACE_GONE, SENSOR_BEGINS, "the interface was removed"},
        [LIVE_CREATED] = {SENSOR_INTERFACE_GONE, SENSOR_ENDS, "the interface is back"},
    };
    char observed[128];
    struct text t = text_over(observed, sizeof observed);
    assert(table[edge].words);
    text_put(&t, table[edge].words);
    if (edge == LIVE_RENAMED)
        text_safe(&t, span_of(live_name(interface), strlen(live_name(interface))));
    self_watch_tell(&c->watch, table[edge].condition, table[edge].edge, name, observed);
}

static void note_links(struct live_capture *c)
{
    for (size_t i = 0; c->orders->links && i < c->count; i++)
        c->orders->links[i] = (unsigned char)(1 + live_state(c->interface[i]));
}

/* Since the sensor before this one looked last. */
static void tell_change(struct live_capture *c, size_t i)
{
    const enum live_state before = (enum live_state)(c->orders->links[i] - 1);
    const enum live_state now = live_state(c->interface[i]);
    if (now == before)
        return;
    if (before == LIVE_GONE)
        tell_edge(c, c->interface[i], c->names[i], LIVE_CREATED);
    else if (now == LIVE_UP)
        tell_edge(c, c->interface[i], c->names[i], LIVE_CAME_UP);
    if (now != LIVE_UP)
        tell_edge(c, c->interface[i], c->names[i], now == LIVE_GONE ? LIVE_REMOVED : LIVE_WENT_DOWN);
}

const char *live_scope(const struct site *site, char *room, size_t size)
{
    const struct capture_scope scope = {.servers = site->servers,
                                        .server_count = site->server_count,
                                        .ports = site->ports,
                                        .port_count = site->port_count};
    struct text words = text_over(room, size);
    return scope_filter(&words, &scope) ? room : NULL;
}

static int open_all(struct live_capture *c, const struct options *o)
{
    const char *scope = live_scope(c->rules->site, c->scope, sizeof c->scope);
    for (unsigned i = 0; i < o->input_count; i++) {
        const struct live_settings settings = {.interface = o->inputs[i],
                                               .source = i,
                                               .filter = o->filter,
                                               .scope = scope,
                                               .ring = o->ring,
                                               .may_be_gone = c->orders->links && c->orders->links[i]};
        enum live_failure failure;
        char error[512];
        c->interface[i] = live_open(&settings, &failure, error, sizeof error);
        if (!c->interface[i]) {
            say(o->inputs[i], error);
            return failure == LIVE_FILTER_FAULT ? EXIT_USAGE : EXIT_INPUT;
        }
        c->count++;
        if (c->orders->links)
            live_keep_closed(c->interface[i]);
        if (c->orders->links && c->orders->links[i])
            tell_change(c, i);
        else if (live_state(c->interface[i]) != LIVE_UP)
            tell_edge(c, c->interface[i], o->inputs[i], LIVE_WENT_DOWN);
        if (live_state(c->interface[i]) == LIVE_UP && o->verbose)
            say(o->inputs[i], "capturing");
    }
    if (c->count > 1 && !(c->merge = merge_new((unsigned)c->count, o->ring / 2))) {
        (void)fputs("utwatch: not enough memory to merge the interfaces\n", stderr);
        return EXIT_RUNTIME;
    }
    return EXIT_CLEAN;
}

static bool take_frame(void *context, const struct frame *frame)
{
    struct live_capture *c = context;
    if (c->end && frame->time > c->end)
        return false;
    c->frame_time = frame->time;
    if (!c->merge)
        c->read_time = frame->time;
    pipeline_frame(c->orders->pipeline, frame);
    return true;
}

/* What frames that arrive now are stamped with, or a little less: by the monotonic clock since the last
 * reading, so that setting the clock does not change the order of frames. */
static nanos packet_clock(const struct live_capture *c, int64_t now)
{
    return c->known_time + (now - c->known_at);
}

/* A frame that is held back until the other interfaces' earlier ones have come. */
static bool hold_frame(void *context, const struct frame *frame)
{
    struct live_capture *c = context;
    c->read_time = frame->time;
    while (!merge_put(c->merge, frame, c->now))
        if (!merge_give_one(c->merge, take_frame, c))
            break;
    return true;
}

static size_t read_merged(struct live_capture *c)
{
    size_t frames = 0;
    for (unsigned i = 0; i < c->count; i++) {
        const nanos before = packet_clock(c, clock_monotonic());
        const size_t n = live_read(c->interface[i], READ_FRAMES, hold_frame, c);
        if (!n)
            merge_seen(c->merge, i, before - UNREAD_MS * (NANOS_PER_SECOND / 1000));
        frames += n;
    }
    merge_give(c->merge, c->now, take_frame, c);
    return frames;
}

static size_t read_all(struct live_capture *c)
{
    c->now = clock_monotonic();
    const size_t frames = c->merge ? read_merged(c) : live_read(c->interface[0], READ_FRAMES, take_frame, c);
    if (frames) {
        c->known_time = c->read_time;
        c->known_at = clock_monotonic();
    }
    return frames;
}

/* On a quiet tap packet time advances with the monotonic clock, but stays behind frames that may still be in
 * a ring. */
static void pass_time(struct live_capture *c, int64_t now)
{
    const int64_t unread = UNREAD_MS + (c->merge ? MERGE_HOLD_MS : 0);
    if (c->frame_at)
        pipeline_time(c->orders->pipeline,
                      c->frame_time + (now - c->frame_at) - unread * (NANOS_PER_SECOND / 1000));
}

static void wait_for_frames(struct live_capture *c)
{
    for (size_t i = 0; i < c->count; i++)
        c->poll[i] = (struct pollfd){.fd = live_descriptor(c->interface[i]), .events = POLLIN};
    if (signals_poll(c->poll, (nfds_t)c->count, POLL_MS * (NANOS_PER_SECOND / 1000)) <= 0)
        return;
    for (size_t i = 0; i < c->count; i++)
        if (c->poll[i].revents & POLLERR)
            live_disturbed(c->interface[i]);
}

static void look_at_links(struct live_capture *c)
{
    for (size_t i = 0; i < c->count; i++)
        for (enum live_edge edge; (edge = live_look(c->interface[i]));)
            tell_edge(c, c->interface[i], c->names[i], edge);
    note_links(c);
}

static void note_counters(struct live_capture *c)
{
    struct live_counters sum = {0};
    for (size_t i = 0; i < c->count; i++) {
        const struct live_counters *one = live_counters(c->interface[i]);
        sum.kernel_packets += one->kernel_packets;
        sum.kernel_drops += one->kernel_drops;
        sum.interface_drops += one->interface_drops;
    }
    if (c->gave_up) {
        struct capture_health health = {0};
        pipeline_health(c->orders->pipeline, &health);
        const uint64_t left = sum.kernel_packets - sum.kernel_drops;
        sum.left_in_rings = left > health.frames ? left - health.frames : 0;
    }
    sum.unordered = c->merge ? merge_unordered(c->merge) : 0;
    pipeline_captured(c->orders->pipeline, &sum);
}

static void tell_statistics(struct live_capture *c)
{
    struct capture_health health = {0};
    note_counters(c);
    orders_health(c->orders, &health);
    output_statistics(c->orders->output, &health, clock_of_day());
    self_watch_interval(&c->watch, &health);
}

static struct self_watch_limits limits_of(const struct site *site)
{
    return (struct self_watch_limits){.quiet = site->quiet_limit,
                                      .lag = site->lag_limit,
                                      .drops = site->loss_limit,
                                      .one_sided = MOST_ONE_SIDED};
}

static void do_what_is_due(struct live_capture *c, int64_t now)
{
    if (now >= c->next_look) {
        c->watch.limits = limits_of(c->rules->site);
        look_at_links(c);
        self_watch_quiet(&c->watch, now);
        if (c->orders->delivered)
            self_watch_outputs(&c->watch, c->orders->delivered);
        c->next_look = now + LOOK_MS * (NANOS_PER_SECOND / 1000);
    }
    if (now >= c->next_stats) {
        tell_statistics(c);
        c->next_stats += c->rules->site->stats_interval;
    }
}

static void capture(struct live_capture *c)
{
    c->next_stats = clock_monotonic() + c->rules->site->stats_interval;
    while (orders_go_on(c->orders)) {
        const size_t frames = read_all(c);
        const int64_t now = clock_monotonic();
        do_what_is_due(c, now);
        if (frames) {
            c->frame_at = now;
            self_watch_packets(&c->watch, c->read_time, now);
            continue;
        }
        pass_time(c, now);
        output_flush(c->orders->output);
        wait_for_frames(c);
    }
}

/* Frames that arrived before the signal are judged too, as far as they can be read within DRAIN_SECONDS. */
static void drain(struct live_capture *c)
{
    const int64_t block = INT64_C(2) * UNREAD_MS * (NANOS_PER_SECOND / 1000);
    const int64_t most = DRAIN_SECONDS * NANOS_PER_SECOND;
    const int64_t start = clock_monotonic();
    int64_t quiet_since = start;
    c->end = self_watch_clock(&c->watch, start) + block;
    for (int64_t now = start; now - quiet_since < block && now - start < most; now = clock_monotonic()) {
        if (read_all(c))
            quiet_since = clock_monotonic(); /* reading may have taken longer than the wait */
        else
            (void)poll(NULL, 0, LIVE_BLOCK_MS);
    }
    c->gave_up = clock_monotonic() - start >= most;
}

int live_run(struct orders *orders, const struct options *o, const struct ruleset *rules)
{
    struct live_capture c = {.orders = orders, .rules = rules, .names = o->inputs};
    self_watch_begin(&c.watch, orders->output, clock_monotonic());
    c.watch.limits = limits_of(rules->site);
    int status = open_all(&c, o);
    if (status == EXIT_CLEAN && !orders_ready(orders))
        status = EXIT_RUNTIME;
    if (status == EXIT_CLEAN) {
        note_links(&c);
        capture(&c);
        drain(&c);
        note_counters(&c);
    }
    for (size_t i = 0; i < c.count; i++)
        live_close(c.interface[i]);
    merge_free(c.merge);
    return status;
}
