#include "app/self_watch.h"

#include "base/clock.h"
#include "base/limits.h"
#include "report/names.h"

#include <errno.h>
#include <inttypes.h>

enum {
    TEXT_BYTES = 256,
    OUTPUTS_GOOD_SECONDS = 5, /* after which they are believed to be */
};

void self_watch_begin(struct self_watch *w, struct output *output, int64_t now)
{
    *w = (struct self_watch){.output = output, .packet_at = now};
}

static void tell(struct self_watch *w, enum sensor_condition condition, enum sensor_edge edge,
                 const char *interface, const char *observed, int64_t at)
{
    const struct sensor_finding finding = {.condition = condition,
                                           .edge = edge,
                                           .time = clock_of_day(),
                                           .at = at,
                                           .interface = interface,
                                           .observed = observed};
    output_sensor(w->output, &finding);
}

void self_watch_tell(struct self_watch *w, enum sensor_condition condition, enum sensor_edge edge,
                     const char *interface, const char *observed)
{
    tell(w, condition, edge, interface, observed, clock_monotonic());
}

/* Reports whether the condition is present, if that has changed. */
static void set(struct self_watch *w, enum sensor_condition condition, bool holds, const char *observed)
{
    if (w->on[condition] == holds)
        return;
    w->on[condition] = holds;
    const bool since_last = condition == SENSOR_NO_PACKETS && holds; /* it began when the last one came */
    tell(w, condition, holds ? SENSOR_BEGINS : SENSOR_ENDS, NULL, observed,
         since_last ? w->packet_at : clock_monotonic());
}

static double seconds(int64_t nanoseconds)
{
    return (double)nanoseconds / NANOS_PER_SECOND;
}

/* How long ago the packet arrived. The clock that stamps packets may be set, the monotonic one may not: the
 * lag is their difference minus the least difference so far, and starts again when the clock was set back. */
static int64_t lag_of(struct self_watch *w, nanos stamp, int64_t now)
{
    const int64_t offset = now - stamp;
    if (!w->stamp || offset < w->least_offset || stamp < w->stamp - NANOS_PER_SECOND)
        w->least_offset = offset;
    w->stamp = stamp;
    return offset - w->least_offset;
}

nanos self_watch_clock(const struct self_watch *w, int64_t now)
{
    return w->stamp ? now - w->least_offset : 0;
}

void self_watch_packets(struct self_watch *w, nanos stamp, int64_t now)
{
    char text[TEXT_BYTES];
    struct text t = text_over(text, sizeof text);
    if (w->on[SENSOR_NO_PACKETS]) {
        text_printf(&t, "a packet after %.1f seconds without one", seconds(now - w->packet_at));
        set(w, SENSOR_NO_PACKETS, false, text);
    }
    w->packet_at = now;
    const int64_t lag = w->lag = lag_of(w, stamp, now);
    /* It ends well below the limit, so that it is not reported again and again. */
    const bool behind = lag > (w->on[SENSOR_LAG] ? w->limits.lag / 2 : w->limits.lag);
    if (behind == w->on[SENSOR_LAG])
        return;
    t = text_over(text, sizeof text);
    text_printf(&t, "packets are read %.1f seconds after they arrived", seconds(lag));
    set(w, SENSOR_LAG, behind, text);
}

/* It begins when more than half is full, and ends well below a quarter, so that it is not reported again and
 * again. */
static void watch_spool(struct self_watch *w, uint64_t bytes, uint64_t cap)
{
    const uint64_t limit = w->on[SENSOR_SPOOL_FILLS] ? cap / 4 : cap / 2;
    const bool fills = cap && bytes > limit;
    if (fills == w->on[SENSOR_SPOOL_FILLS])
        return;
    char text[TEXT_BYTES];
    struct text t = text_over(text, sizeof text);
    text_printf(&t, "alerts wait in %" PRIu64 " KiB of the %" PRIu64 " KiB of the spool", bytes >> 10,
                cap >> 10);
    set(w, SENSOR_SPOOL_FILLS, fills, text);
}

void self_watch_outputs(struct self_watch *w, const struct delivered *delivered)
{
    static const char *const names[OUTPUT_KINDS] = {[OUTPUT_JSON] = "--json cannot be written",
                                                    [OUTPUT_EVIDENCE] = "--evidence cannot be written",
                                                    [OUTPUT_SPOOL] = "the spool of alerts cannot be written",
                                                    [OUTPUT_RECEIVER] = "alerts do not arrive"};
    watch_spool(w, atomic_load(&delivered->spool_bytes), atomic_load(&delivered->spool_cap));
    bool any = false;
    char text[TEXT_BYTES];
    struct text t = text_over(text, sizeof text);
    for (size_t i = 0; i < OUTPUT_KINDS; i++) {
        const int why = atomic_load(&delivered->failing[i]);
        if (!why)
            continue;
        text_printf(&t, "%s%s: %s", any ? "; " : "", names[i],
                    i == OUTPUT_RECEIVER   ? "a receiver of syslog refuses them"
                    : why == EAGAIN        ? "nobody reads it"
                    : strerrordesc_np(why) ? strerrordesc_np(why)
                                           : "?");
        any = true;
    }
    const int64_t now = clock_monotonic();
    if (any)
        w->failed_at = now; /* a disk with next to no room takes some and refuses others */
    if (any || now - w->failed_at >= OUTPUTS_GOOD_SECONDS * NANOS_PER_SECOND)
        set(w, SENSOR_OUTPUT_FAILS, any, any ? text : "all outputs can be written to again");
}

void self_watch_quiet(struct self_watch *w, int64_t now)
{
    if (w->on[SENSOR_NO_PACKETS] || now - w->packet_at < w->limits.quiet)
        return;
    char text[TEXT_BYTES];
    struct text t = text_over(text, sizeof text);
    text_printf(&t, "no packet for %.1f seconds", seconds(now - w->packet_at));
    set(w, SENSOR_NO_PACKETS, true, text);
}

static double percent(uint64_t part, uint64_t whole)
{
    return whole ? 100.0 * (double)part / (double)whole : 0;
}

/* Whatever gave way to others, and who has most of what is in progress. */
static void watch_tables(struct self_watch *w, const struct capture_health *health)
{
    const uint64_t all = health->connections_evicted + health->handshakes_evicted;
    const uint64_t evicted = all - w->evicted;
    w->evicted = all;
    char text[TEXT_BYTES];
    struct text t = text_over(text, sizeof text);
    text_printf(&t, "%" PRIu64 " connection%s gave way to others", evicted,
                evicted == 1 ? " or handshake" : "s or handshakes");
    for (size_t i = 0; i < GREEDY_CLIENTS && health->greediest[i].handshakes; i++) {
        const struct greedy_client *c = &health->greediest[i];
        text_printf(&t, "%s", i ? ", " : "; most handshakes are in progress from ");
        text_address(&t, &c->network);
        text_printf(&t, "%s (%" PRIu32 ")", c->network.family == 6 ? "/64" : "", c->handshakes);
    }
    set(w, SENSOR_TABLE_FULL, evicted > 0, text);
}

void self_watch_interval(struct self_watch *w, const struct capture_health *health)
{
    const uint64_t all_drops = health->kernel_drops + health->interface_drops;
    const uint64_t packets = health->kernel_packets - w->packets;
    const uint64_t drops = all_drops - w->drops;
    const uint64_t handshakes = health->tls_connections - w->handshakes;
    const uint64_t one_sided = health->connections_one_direction - w->one_sided;
    w->packets = health->kernel_packets;
    w->drops = all_drops;
    w->handshakes = health->tls_connections;
    w->one_sided = health->connections_one_direction;
    char text[TEXT_BYTES];
    struct text t = text_over(text, sizeof text);
    text_printf(&t, "%" PRIu64 " of %" PRIu64 " packets were dropped", drops, packets);
    set(w, SENSOR_DROPS, percent(drops, packets) > w->limits.drops, text);
    t = text_over(text, sizeof text);
    text_printf(&t, "of %" PRIu64 " TLS connections %" PRIu64 " had only one direction", handshakes,
                one_sided);
    if (handshakes >= ENOUGH_CONNECTIONS)
        set(w, SENSOR_ONE_DIRECTION, percent(one_sided, handshakes) > w->limits.one_sided, text);
    watch_tables(w, health);
}
