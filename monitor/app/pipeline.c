#include "app/pipeline.h"

#include "decode/decode.h"
#include "flow/stream.h"
#include "tls/tls.h"

#include <assert.h>
#include <stdlib.h>

struct pipeline {
    struct decoder *decoder;
    struct flow_table flows;
    struct tls *tls;
    const struct profile *profile;
    struct verdict *verdicts; /* room for one handshake */
    struct output *output;
    nanos now; /* packet time, see advance_time() */
    nanos first_time, last_time;
    uint64_t frames, bytes;
    uint64_t handshakes, damaged;
};

struct pipeline *pipeline_new(const struct pipeline_limits *limits, const struct profile *profile,
                              struct output *output)
{
    struct pipeline *p = calloc(1, sizeof *p);
    if (!p)
        return NULL;
    p->profile = profile;
    p->output = output;
    p->verdicts = calloc(profile_rule_count(profile), sizeof *p->verdicts);
    p->decoder = decoder_new();
    p->tls = tls_new(limits->handshakes);
    if (p->verdicts && p->decoder && p->tls && flow_table_open(&p->flows, limits->flows, limits->handshakes))
        return p;
    pipeline_free(p);
    return NULL;
}

void pipeline_free(struct pipeline *p)
{
    if (!p)
        return;
    flow_table_close(&p->flows);
    tls_free(p->tls);
    decoder_free(p->decoder);
    free(p->verdicts);
    free(p);
}

/* A complete observation: judge it, report it. */
static void judge(struct pipeline *p, const struct observation *o)
{
    const uint32_t damage = UNOBSERVED_GAP | UNOBSERVED_TRUNCATED | UNOBSERVED_EVICTED | UNOBSERVED_OVERLAP;
    p->handshakes++;
    p->damaged += (o->unobserved & damage) != 0;
    struct policy_case c = {.observation = o};
    profile_judge(p->profile, &c, p->verdicts);
    output_handshake(p->output, &c, p->verdicts, profile_rule_count(p->profile));
}

static void finish(struct pipeline *p, struct flow *flow, uint32_t reasons)
{
    const struct observation *o = tls_finish(p->tls, flow, p->now, reasons);
    if (o)
        judge(p, o);
    tls_release(p->tls, flow);
    stream_release(&p->flows, flow);
}

/* What a hole holds back is looked at before the end: the hole is a gap then. */
static void flush(struct pipeline *p, struct flow *flow)
{
    struct segment at_end = {.time = p->now};
    for (unsigned side = 0; side < 2; side++) {
        struct runs runs = stream_flush(&p->flows, flow, side);
        struct run run;
        while (flow->state == FLOW_HANDSHAKE && runs_next(&runs, &run))
            (void)tls_feed(p->tls, flow, &at_end, side, &run);
    }
}

static void end_connection(struct pipeline *p, struct flow *flow, uint32_t reasons)
{
    if (!flow->handshake)
        return;
    flush(p, flow);
    finish(p, flow, reasons);
}

static void expire(struct pipeline *p)
{
    for (struct flow *flow; (flow = tls_expired(p->tls, p->now));)
        end_connection(p, flow, UNOBSERVED_UNFINISHED);
}

static struct flow *new_flow(struct pipeline *p, const struct segment *segment)
{
    struct flow *flow = flow_add(&p->flows, segment);
    if (flow)
        return flow;
    struct flow *victim = flow_victim(&p->flows);
    end_connection(p, victim, UNOBSERVED_EVICTED);
    flow_remove(&p->flows, victim);
    p->flows.counters.evicted++;
    return flow_add(&p->flows, segment);
}

/* The connection of a segment: a known one, a new one, or a new one on the ports of a known one. */
static struct flow *flow_of(struct pipeline *p, const struct segment *segment, unsigned *side)
{
    struct flow *flow = flow_find(&p->flows, segment, side);
    if (!flow) {
        *side = 0;
        return new_flow(p, segment);
    }
    if (stream_begins_anew(flow, segment, *side)) {
        end_connection(p, flow, 0);
        flow_restart(&p->flows, flow, segment, *side);
        *side = 0;
    }
    return flow;
}

static enum tls_progress feed(struct pipeline *p, struct flow *flow, const struct segment *segment,
                              unsigned side, const struct run *run)
{
    enum tls_progress progress = tls_feed(p->tls, flow, segment, side, run);
    if (progress != TLS_NO_SLOT)
        return progress;
    struct flow *oldest = tls_oldest(p->tls);
    assert(oldest && oldest != flow);
    end_connection(p, oldest, UNOBSERVED_EVICTED);
    return tls_feed(p->tls, flow, segment, side, run);
}

/* Bytes in order, as far as they are here, to the handshake. */
static void follow(struct pipeline *p, struct flow *flow, const struct segment *segment, unsigned side)
{
    struct runs runs = stream_put(&p->flows, flow, segment, side);
    struct run run;
    bool complete = false;
    while (flow->state <= FLOW_HANDSHAKE && runs_next(&runs, &run)) {
        switch (feed(p, flow, segment, side, &run)) {
        case TLS_COMPLETE:
            complete = true;
            break;
        case TLS_NEVER:
            if (flow->handshake)
                tls_release(p->tls, flow);
            flow->state = FLOW_IGNORED;
            stream_release(&p->flows, flow);
            break;
        case TLS_MORE:
        case TLS_NO_SLOT:
            break;
        }
    }
    if (segment->flags & TCP_ACK && !(segment->flags & TCP_RST))
        tls_acknowledged(p->tls, flow, side, segment->ack);
    if (segment->flags & TCP_RST && flow->marks[side] & SIDE_RST)
        tls_reset(p->tls, flow, side, p->now);
    if (complete)
        finish(p, flow, 0);
}

static void on_segment(struct pipeline *p, const struct segment *segment)
{
    unsigned side;
    struct flow *flow = flow_of(p, segment, &side);
    if (!flow)
        return;
    flow->last_seen = segment->time;
    flow->used = true;
    switch ((enum flow_state)flow->state) {
    case FLOW_SEARCHING:
    case FLOW_HANDSHAKE:
        follow(p, flow, segment, side);
        break;
    case FLOW_RECORDS: {
        struct span at_header;
        if (stream_next_header(&p->flows, flow, segment, side, &at_header))
            tls_records(p->tls, flow, side, at_header);
        stream_note_end(flow, segment, side);
        break;
    }
    case FLOW_IGNORED:
        stream_note_end(flow, segment, side);
        break;
    }
}

/*
 * Packet time goes on with each frame and never back, but for a jump: another capture that is older, or a
 * clock that was set. What was in progress has no time that means anything then, and is judged as it stands.
 */
static void advance_time(struct pipeline *p, nanos time)
{
    const nanos jump = HANDSHAKE_IDLE_SECONDS * NANOS_PER_SECOND;
    if (p->frames == 1)
        p->first_time = p->now = time;
    if (time < p->first_time)
        p->first_time = time;
    if (time < p->now - jump) {
        pipeline_end(p);
        p->now = time;
    }
    if (time > p->now)
        p->now = time;
    if (time > p->last_time)
        p->last_time = time;
    expire(p);
}

void pipeline_frame(struct pipeline *p, const struct frame *frame)
{
    p->frames++;
    p->bytes += frame->wire_len;
    advance_time(p, frame->time);
    struct segment segment;
    if (decode_frame(p->decoder, frame, &segment) == DECODE_SEGMENT && segment.transport == TRANSPORT_TCP)
        on_segment(p, &segment);
}

void pipeline_end(struct pipeline *p)
{
    for (struct flow *flow; (flow = tls_oldest(p->tls));)
        end_connection(p, flow, UNOBSERVED_UNFINISHED);
}

double pipeline_loss(const struct pipeline *p)
{
    return p->handshakes ? 100.0 * (double)p->damaged / (double)p->handshakes : 0;
}

void pipeline_health(const struct pipeline *p, struct capture_health *h)
{
    const struct decode_counters *d = decoder_counters(p->decoder);
    const struct flow_counters *f = &p->flows.counters;
    const struct tls_counters *t = tls_counters(p->tls);
    *h = (struct capture_health){
        .frames = p->frames,
        .bytes = p->bytes,
        .first_time = p->first_time,
        .last_time = p->last_time,
        .segments = d->result[DECODE_SEGMENT],
        .not_tcp_udp = d->result[DECODE_OTHER],
        .malformed = d->result[DECODE_MALFORMED],
        .cut_frames = d->result[DECODE_TRUNCATED],
        .too_deep = d->result[DECODE_TOO_DEEP],
        .unknown_link = d->result[DECODE_UNKNOWN_LINK],
        .fragments_kept = d->result[DECODE_FRAGMENT],
        .fragments_reassembled = d->reassembled,
        .fragments_lost = d->fragments_expired + d->fragments_evicted + d->fragments_rejected,
        .connections = f->created + f->restarted,
        .connections_midstream = f->midstream,
        .connections_evicted = f->evicted,
        .connections_one_direction = t->one_sided,
        .tls_connections = t->handshakes,
        .ports_reused = f->restarted,
        .out_of_order = f->out_of_order,
        .retransmitted = f->retransmitted,
        .conflicts = f->conflicts,
        .gaps = f->gaps,
        .gap_bytes = f->gap_bytes,
        .truncated_segments = f->truncated,
        .outside_window = f->outside_window,
        .tls_midstream = t->midstream,
        .handshakes_evicted = t->evicted,
        .messages_malformed = t->malformed,
        .messages_too_long = t->too_long,
        .messages_without_room = t->no_room,
        .desynchronised = t->desynchronised,
        .renegotiations = t->renegotiations,
    };
}
