/* What is known of interfaces and of the capture as a whole: reported when it changes, and counted. */
#include "app/live_parts.h"
#include "app/metrics_board.h"
#include "app/metrics_of_sensor.h"
#include "base/clock.h"

#include <assert.h>

enum {
    LOOK_MS = 100,      /* between looks at the links */
    COUNT_SECONDS = 10, /* between readings of the kernel's counters, which have 32 bits */
};

void live_tell_edge(struct live_capture *c, const struct live *interface, const char *name,
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
    for (size_t i = 0; c->orders->links && i < c->reading[0].count; i++) {
        const struct live *interface = c->reading[0].interface[i];
        atomic_store(&c->orders->links[i].state, (unsigned char)(1 + live_state(interface)));
        atomic_store(&c->orders->links[i].index, live_index(interface));
    }
}

/* Since the sensor before this one looked last. */
void live_tell_change(struct live_capture *c, size_t i)
{
    const enum live_state before = (enum live_state)(c->orders->links[i].state - 1);
    const enum live_state now = live_state(c->reading[0].interface[i]);
    if (now == before)
        return;
    if (before == LIVE_GONE)
        live_tell_edge(c, c->reading[0].interface[i], c->names[i], LIVE_CREATED);
    else if (now == LIVE_UP)
        live_tell_edge(c, c->reading[0].interface[i], c->names[i], LIVE_CAME_UP);
    if (now != LIVE_UP)
        live_tell_edge(c, c->reading[0].interface[i], c->names[i],
                       now == LIVE_GONE ? LIVE_REMOVED : LIVE_WENT_DOWN);
}

static void look_at_links(struct live_capture *c)
{
    for (size_t i = 0; i < c->reading[0].count; i++)
        for (enum live_edge edge; (edge = live_look(c->reading[0].interface[i]));)
            live_tell_edge(c, c->reading[0].interface[i], c->names[i], edge);
    note_links(c);
}

void live_note_counters(struct live_capture *c)
{
    for (unsigned i = 0; i < c->orders->workers; i++) {
        struct live_counters own = {0};
        reading_count(&c->reading[i], &own, i == 0);
        const uint64_t read = pipeline_frames(c->orders->pipeline[i]);
        const uint64_t left = own.kernel_packets - own.kernel_drops;
        if (c->gave_up && left > read)
            own.left_in_rings = left - read;
        pipeline_captured(c->orders->pipeline[i], &own);
    }
}

static void look_at_all(struct live_capture *c, struct capture_health *health,
                        struct metrics_interfaces *links)
{
    orders_hold(c->orders, c->orders->workers);
    live_note_counters(c);
    orders_health(c->orders, health);
    for (; links->count < c->reading[0].count; links->count++) {
        links->name[links->count] = c->names[links->count];
        links->up[links->count] = live_state(c->reading[0].interface[links->count]) == LIVE_UP;
    }
    orders_let_go(c->orders);
}

static void tell_metrics(struct live_capture *c)
{
    struct capture_health health = {0};
    struct metrics_interfaces links = {0};
    look_at_all(c, &health, &links);
    metrics_of_sensor(c->orders, c->rules->site, &c->watch, &health, &links);
}

static void tell_statistics(struct live_capture *c)
{
    struct capture_health health = {0};
    struct metrics_interfaces links = {0};
    look_at_all(c, &health, &links);
    output_statistics(c->orders->output, &health, clock_of_day());
    self_watch_interval(&c->watch, &health);
}

struct self_watch_limits live_limits(const struct site *site)
{
    return (struct self_watch_limits){.quiet = site->quiet_limit,
                                      .lag = site->lag_limit,
                                      .drops = site->loss_limit,
                                      .one_sided = MOST_ONE_SIDED};
}

static void count_again(struct live_capture *c, int64_t now)
{
    orders_hold(c->orders, c->orders->workers);
    live_note_counters(c);
    orders_let_go(c->orders);
    c->next_count = now + COUNT_SECONDS * NANOS_PER_SECOND;
}

void live_begin_watch(struct live_capture *c)
{
    const int64_t now = clock_monotonic();
    note_links(c);
    c->next_stats = now + c->rules->site->stats_interval;
    c->next_count = now + COUNT_SECONDS * NANOS_PER_SECOND;
}

void live_do_what_is_due(struct live_capture *c, int64_t now)
{
    if (now >= c->next_look) {
        c->watch.limits = live_limits(c->rules->site);
        orders_hold(c->orders, 1); /* the first worker looks at the interfaces for all */
        look_at_links(c);
        orders_let_go(c->orders);
        self_watch_quiet(&c->watch, now);
        if (c->orders->delivered)
            self_watch_outputs(&c->watch, c->orders->delivered);
        c->next_look = now + LOOK_MS * NANOS_PER_MILLISECOND;
    }
    if (now >= c->next_count)
        count_again(c, now);
    if (c->next_stats > now + c->rules->site->stats_interval) /* it was longer before the last reload */
        c->next_stats = now + c->rules->site->stats_interval;
    if (now >= c->next_stats) {
        tell_statistics(c);
        c->next_stats += c->rules->site->stats_interval;
    }
    if (metrics_board_is_due(c->orders->metrics, now))
        tell_metrics(c);
}
