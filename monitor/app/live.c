#include "app/live.h"

#include "app/live_parts.h"
#include "app/say.h"
#include "base/clock.h"
#include "capture/fanout.h"
#include "capture/scope_filter.h"

#include <stdlib.h>

enum { POLL_MS = 100 };

const char *live_scope(const struct site *site, char *room, size_t size)
{
    struct capture_scope scope = {.servers = site->servers,
                                  .server_count = site->server_count,
                                  .ports = site->ports,
                                  .port_count = site->port_count};
    for (size_t i = 0; i < site->tunnel_ports.count; i++)
        scope.tunnel_ports[scope.tunnel_port_count++] = site->tunnel_ports.port[i].port;
    struct text words = text_over(room, size);
    return scope_filter(&words, &scope) ? room : NULL;
}

/* Opens the sockets of one thread. */
static int open_sockets(struct live_capture *c, const struct options *o, struct reading *r, const char *scope,
                        struct fanout *fanouts)
{
    for (unsigned i = 0; i < o->input_count; i++) {
        const struct live_settings settings = {.interface = o->inputs[i],
                                               .source = i,
                                               .filter = o->filter,
                                               .scope = scope,
                                               .ring = o->ring,
                                               .fanout = fanouts ? &fanouts[i] : NULL,
                                               .may_be_gone = c->orders->links && c->orders->links[i].state,
                                               .index = c->orders->links ? c->orders->links[i].index : 0};
        enum live_failure failure;
        char error[512];
        r->interface[i] = live_open(&settings, &failure, error, sizeof error);
        if (!r->interface[i]) {
            say(o->inputs[i], error);
            return failure == LIVE_FILTER_FAULT ? EXIT_USAGE : EXIT_INPUT;
        }
        r->count++;
        if (c->orders->links)
            live_keep_closed(r->interface[i]);
    }
    if (reading_open(r, o->ring / 2))
        return EXIT_CLEAN;
    (void)fputs("utwatch: not enough memory to merge the interfaces\n", stderr);
    return EXIT_RUNTIME;
}

static void tell_links(struct live_capture *c, const struct options *o)
{
    for (unsigned i = 0; i < o->input_count; i++) {
        const struct live *interface = c->reading[0].interface[i];
        if (c->orders->links && c->orders->links[i].state)
            live_tell_change(c, i);
        else if (live_state(interface) != LIVE_UP)
            live_tell_edge(c, interface, o->inputs[i], LIVE_WENT_DOWN);
        if (live_state(interface) == LIVE_UP && o->verbose)
            say(o->inputs[i], "capturing");
    }
}

/* Several threads share what an interface gives; none takes a frame before all have joined. */
static int open_all(struct live_capture *c, const struct options *o)
{
    struct fanout fanouts[MAX_INTERFACES] = {0};
    const char *scope = live_scope(c->rules->site, c->scope, sizeof c->scope);
    const unsigned workers = c->orders->workers;
    const uint32_t key = fanout_key();
    for (size_t i = 0; i < MAX_INTERFACES; i++)
        fanouts[i].key = key;
    for (unsigned i = 0; i < workers; i++) {
        struct reading *r = &c->reading[i];
        r->pipeline = c->orders->pipeline[i];
        r->offset = &c->offset;
        r->shared = workers > 1;
        r->news = c->orders->turn ? c->orders->news : -1;
        const int status = open_sockets(c, o, r, scope, workers > 1 ? fanouts : NULL);
        if (status != EXIT_CLEAN)
            return status;
    }
    if (workers > 1) /* what came before a socket had joined is there to be dropped by then */
        (void)poll(NULL, 0, 2 * LIVE_BLOCK_MS);
    for (unsigned i = 0; i < workers && workers > 1; i++)
        for (size_t k = 0; k < c->reading[i].count; k++)
            live_begin(c->reading[i].interface[k]);
    tell_links(c, o);
    return EXIT_CLEAN;
}

static void capture(struct live_capture *c)
{
    struct reading *r = &c->reading[0];
    while (orders_go_on(c->orders)) {
        const size_t frames = reading_go_on(r);
        const int64_t now = clock_monotonic();
        live_do_what_is_due(c, now);
        if (frames) {
            self_watch_packets(&c->watch, r->read_time, now);
            continue;
        }
        reading_pass_time(r);
        output_flush(c->orders->output);
        reading_before_wait(r);
        reading_wait(r, POLL_MS);
        reading_after_wait(r);
    }
    c->gave_up = !reading_drain(r, self_watch_clock(&c->watch, clock_monotonic()));
}

int live_run(struct orders *orders, const struct options *o, const struct ruleset *rules)
{
    struct live_capture *c = calloc(1, sizeof *c);
    if (!c)
        return EXIT_RUNTIME;
    *c = (struct live_capture){.orders = orders, .rules = rules, .names = o->inputs};
    self_watch_begin(&c->watch, orders->output, clock_monotonic());
    c->watch.limits = live_limits(rules->site);
    int status = open_all(c, o);
    if (status == EXIT_CLEAN && orders->workers > 1) {
        status = workers_run(c) ? EXIT_CLEAN : EXIT_RUNTIME;
    } else if (status == EXIT_CLEAN && !orders_ready(orders)) {
        status = EXIT_RUNTIME;
    } else if (status == EXIT_CLEAN) {
        live_begin_watch(c);
        capture(c);
    }
    if (status == EXIT_CLEAN)
        live_note_counters(c);
    for (unsigned i = 0; i < orders->workers; i++)
        reading_close(&c->reading[i]);
    free(c);
    return status;
}
