/*
 * Two byte streams through reassembly, records, messages and the machine, as the pipeline does it. Input:
 * pieces of one control byte (side, flags, order) and a 2-byte length; the pieces become TCP segments.
 */
#include "arena.h"
#include "base/cursor.h"
#include "flow/between.h"
#include "flow/networks.h"
#include "flow/stream.h"
#include "fuzz.h"
#include "tls/tls.h"

#include <assert.h>
#include <stdlib.h>

enum control {
    SIDE = 0x01,
    FIN = 0x02,
    RST = 0x04,
    AHEAD = 0x08,
    AGAIN = 0x10,
    CUT = 0x20,
    LATER = 0x40,
    SYN = 0x80
};

static struct flow_table *flows;
static struct tls *tls;

static void check(const struct observation *o)
{
    assert(o->text_used <= OBSERVATION_TEXT);
    assert(o->history_len <= MAX_HISTORY && o->history[o->history_len] == '\0');
    assert(o->alert_count <= MAX_ALERTS && o->client_hello.suite_count <= MAX_SUITES_LISTED);
    assert(!observation_settled(o, CLIENT) || !o->side[CLIENT].damage);
    assert(observation_missing(o, SERVER) != 0);
    (void)observation_text(o, o->client_hello.sni);
    for (size_t i = 0; i < o->certificate.alt_name_count; i++)
        (void)observation_text(o, o->certificate.alt_names[i]);
}

static void end(struct flow *flow, nanos now, uint32_t reasons)
{
    if (!flow->handshake)
        return;
    struct segment last = {.time = now};
    for (unsigned side = 0; side < 2; side++) {
        struct runs runs = stream_flush(flows, flow, side);
        struct run run;
        while (flow->state == FLOW_HANDSHAKE && runs_next(&runs, &run))
            (void)tls_feed(tls, flow, &last, flow_role(flow, side), &run);
    }
    const struct networks networks = networks_of_flow(flows, flow);
    const struct observation *o = tls_finish(tls, flow, &networks, now, reasons);
    if (o)
        check(o);
    flow->state = tls_release(tls, flow) ? FLOW_RECORDS : FLOW_IGNORED;
    stream_release(flows, flow);
}

static void put(struct flow **flow, struct segment *s)
{
    *flow = flow_find(flows, s);
    if (!*flow)
        *flow = flow_add(flows, s);
    else if (stream_begins(stream_start(flows, *flow, s))) {
        end(*flow, s->time, 0);
        flow_restart(flows, *flow, s);
    }
    (*flow)->last_seen = s->time;
    struct span at_header;
    if ((*flow)->state == FLOW_RECORDS) {
        if (stream_next_header(flows, *flow, s, &at_header))
            tls_records(tls, *flow, flow_sender(*flow, s), &at_header);
        return;
    }
    if ((*flow)->state == FLOW_IGNORED)
        return;
    struct runs runs = stream_put(flows, *flow, s);
    struct run run;
    bool complete = false;
    while ((*flow)->state <= FLOW_HANDSHAKE && runs_next(&runs, &run)) {
        enum tls_progress progress = (*flow)->state == FLOW_SEARCHING
                                         ? tls_search(tls, *flow, s, &run, TLS_ANYWHERE)
                                         : tls_feed(tls, *flow, s, flow_role(*flow, run.side), &run);
        if (tls_has_begun(tls, *flow))
            (*flow)->state = FLOW_HANDSHAKE;
        complete |= progress == TLS_COMPLETE;
        if (progress == TLS_NEVER)
            (*flow)->state = FLOW_IGNORED;
    }
    if (s->flags & TCP_RST)
        tls_reset(tls, *flow, s);
    if (complete)
        end(*flow, s->time, 0);
}

static void set_up(void)
{
    tls = tls_new(16, 0, (struct siphash_key){1, 2});
    flows = calloc(1, sizeof *flows);
    if (!tls || !flows || !flow_table_open(flows, 16, 16))
        abort();
}

static void converse(struct cursor c)
{
    uint32_t seq[2] = {0xfffffff0, 1000}; /* one side wraps around at once */
    nanos now = NANOS_PER_SECOND;
    struct flow *flow = NULL;
    while (cursor_left(&c)) {
        uint8_t control = cursor_u8(&c);
        size_t length = cursor_u16(&c);
        struct span bytes = cursor_take(&c, length < cursor_left(&c) ? length : cursor_left(&c));
        unsigned side = control & SIDE;
        struct segment s = {.time = now += NANOS_PER_SECOND / 100,
                            .transport = TRANSPORT_TCP,
                            .flags = TCP_ACK,
                            .payload = bytes,
                            .payload_len = bytes.n};
        s.src =
            (struct endpoint){.address = {10, 0, 0, (uint8_t)side}, .family = 4, .port = side ? 443 : 40000};
        s.dst =
            (struct endpoint){.address = {10, 0, 0, (uint8_t)!side}, .family = 4, .port = side ? 40000 : 443};
        s.seq = seq[side];
        s.flags |=
            (control & FIN ? TCP_FIN : 0) | (control & RST ? TCP_RST : 0) | (control & SYN ? TCP_SYN : 0);
        if (control & AHEAD)
            s.seq += (uint32_t)(length & 0xff);
        else if (control & AGAIN)
            s.seq -= (uint32_t)(length & 0xff);
        else
            seq[side] += (uint32_t)bytes.n + (control & SYN ? 1 : 0);
        if (control & CUT)
            s.payload_len += 7;
        if (control & LATER)
            now += 3 * NANOS_PER_SECOND;
        put(&flow, &s);
        nanos when;
        for (struct flow *idle; (idle = tls_expired(tls, now, &when));)
            end(idle, when, UNOBSERVED_UNFINISHED);
    }
    if (flow) {
        end(flow, now, UNOBSERVED_UNFINISHED);
        flow_remove(flows, flow);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (arena_enter()) {
        set_up();
        arena_keep();
    }
    converse(cursor_over(span_of(data, size)));
    arena_leave();
    return 0;
}
