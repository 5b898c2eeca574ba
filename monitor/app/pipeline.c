/* One frame's way, from capture to the output; what is judged stands in judging.c, what is in clear in
 * talks.c. */
#include "app/pipeline_parts.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

/* The profile's limit on a session's life, when one of its rules is about keys in use. */
static int64_t key_limit(const struct profile *profile)
{
    int64_t limit = 0;
    bool about = false;
    for (size_t i = 0; profile && i < profile_rule_count(profile); i++)
        about |= (profile_rule(profile, i)->about & 1 << CASE_KEY) != 0;
    return about && profile_parameter(profile, "session-lifetime", &limit) ? limit : 0;
}

struct pipeline *pipeline_new(const struct site *site, const struct profile *profile,
                              const struct profile *advice, struct output *output)
{
    struct pipeline *p = calloc(1, sizeof *p);
    if (!p)
        return NULL;
    p->site = site;
    p->profile = profile;
    p->advice = advice;
    p->output = output;
    int64_t limits[] = {key_limit(profile), key_limit(advice)};
    p->key_limit = !limits[0] || (limits[1] && limits[1] < limits[0]) ? limits[1] : limits[0];
    p->verdicts = calloc(profile_rule_count(profile), sizeof *p->verdicts);
    p->advised = advice ? calloc(profile_rule_count(advice), sizeof *p->advised) : NULL;
    p->decoder = decoder_new();
    char message[256];
    p->sessions = sessions_new(&site->sessions, message, sizeof message);
    if (*message)
        (void)fprintf(stderr, "utwatch: %s\n", message);
    bool said = !p->sessions && *message;
    p->kept.capacity = site->handshakes / KEPT_SHARE;
    p->kept.place = calloc(p->kept.capacity, sizeof *p->kept.place);
    p->peers = peers_new(DEFAULT_SERVERS, DEFAULT_UES);
    p->tls = p->sessions ? tls_new(site->handshakes, sessions_key(p->sessions)) : NULL;
    if (p->verdicts && p->kept.place && (p->advised || !advice) && p->decoder && p->peers && p->tls &&
        talks_open(&p->talks, DEFAULT_HTTP_CONNECTIONS) &&
        (!site->sessions.shared || waiting_open(&p->waiting)) &&
        flow_table_open(&p->flows, site->flows, site->handshakes))
        return p;
    if (!said)
        (void)fputs("utwatch: not enough memory for the tables\n", stderr);
    pipeline_free(p);
    return NULL;
}

void pipeline_free(struct pipeline *p)
{
    if (!p)
        return;
    flow_table_close(&p->flows);
    tls_free(p->tls);
    talks_close(&p->talks);
    waiting_close(&p->waiting);
    free(p->kept.place);
    peers_free(p->peers);
    sessions_free(p->sessions);
    decoder_free(p->decoder);
    free(p->advised);
    free(p->verdicts);
    free(p);
}

static void forget_kept(struct pipeline *p)
{
    struct kept *k = &p->kept;
    const struct kept_flow *oldest = &k->place[k->first];
    if (oldest->flow->state >= FLOW_READABLE && flow_id(oldest->flow) == oldest->id)
        stream_forget_recent(&p->flows, oldest->flow);
    k->first = (k->first + 1) % k->capacity;
    k->count--;
}

/* A handshake that gave out a session: who answered in the server's name before the server, is found out when
 * the server's own bytes come. */
static void keep(struct pipeline *p, struct flow *flow)
{
    struct kept *k = &p->kept;
    if (k->count == k->capacity)
        forget_kept(p);
    k->place[(k->first + k->count++) % k->capacity] = (struct kept_flow){
        .flow = flow, .id = flow_id(flow), .until = p->now + KEPT_SECONDS * NANOS_PER_SECOND};
}

static void compare_late(struct pipeline *p, struct flow *flow, const struct segment *segment, unsigned side)
{
    if (!stream_contradicts(&p->flows, flow, segment, side))
        return;
    stream_forget_recent(&p->flows, flow);
    if (!waiting_doubt(p, flow_id(flow)))
        sessions_doubt(p->sessions, flow_id(flow));
}

/* A complete observation: judge it; then read on where its data are in clear. */
static void finish(struct pipeline *p, struct flow *flow, uint32_t reasons)
{
    const struct observation *o = tls_finish(p->tls, flow, p->now, reasons);
    struct key_start key = {0};
    if (o)
        key = waiting_judge(p, flow, o, talks_before(p, flow));
    struct clear_reader reader;
    struct span early[2];
    bool readable = o && tls_clear_begin(p->tls, flow, &reader, early);
    if (o)
        talks_end(p, flow, 0);
    if (readable)
        talks_readable(p, flow, &reader, early);
    unsigned client;
    if (!o && tls_lost_hello(p->tls, flow, &client))
        judge_lost_hello(p, &flow->end[client], &flow->end[!client]);
    const bool gave_session =
        o && o->outcome == OUTCOME_COMPLETE && o->resumption == RESUMPTION_FULL && flow->recent;
    tls_release(p->tls, flow);
    stream_release_held(&p->flows, flow);
    if (gave_session)
        keep(p, flow);
    else
        stream_forget_recent(&p->flows, flow);
    if (readable) {
        flow->state = FLOW_READABLE;
    } else if (flow->state == FLOW_RECORDS) {
        note_key(p, flow, &key);
    }
}

/* What a hole holds back is looked at before the end: the hole is a gap then. */
static void flush(struct pipeline *p, struct flow *flow)
{
    struct segment at_end = {.time = p->now};
    for (unsigned side = 0; side < 2; side++) {
        struct runs runs = stream_flush(&p->flows, flow, side);
        struct run run;
        while (flow->state == FLOW_HANDSHAKE && runs_next(&runs, &run))
            (void)tls_feed(p->tls, flow, &at_end, flow_role(flow, side), &run);
    }
}

static void end_connection(struct pipeline *p, struct flow *flow, uint32_t reasons)
{
    const uint32_t damage = reasons & UNOBSERVED_EVICTED      ? HTTP_DAMAGE_EVICTED
                            : reasons & UNOBSERVED_UNFINISHED ? HTTP_DAMAGE_END
                                                              : 0;
    if (flow->handshake)
        flush(p, flow);
    if (flow->state == FLOW_SEARCHING && flow->talk_kind != TALK_NONE)
        talks_end(p, flow, damage);
    if (flow->handshake)
        finish(p, flow, reasons);
    if (flow->talk_kind != TALK_NONE)
        talks_end(p, flow, damage);
}

static void expire(struct pipeline *p)
{
    struct siphash_key common;
    if (sessions_new_common_key(p->sessions, &common))
        tls_share_names(p->tls, &common);
    waiting_go_on(p, false);
    while (p->kept.count && p->kept.place[p->kept.first].until < p->now)
        forget_kept(p);
    for (struct flow *flow; (flow = tls_expired(p->tls, p->now));)
        end_connection(p, flow, UNOBSERVED_UNFINISHED);
    talks_expire(p, false);
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
    if (flow->state == FLOW_HANDSHAKE)
        return tls_feed(p->tls, flow, segment, flow_role(flow, side), run);
    enum tls_progress progress = tls_search(p->tls, flow, segment, side, run);
    if (progress != TLS_NO_SLOT)
        return progress;
    struct flow *oldest = tls_oldest(p->tls);
    assert(oldest && oldest != flow);
    end_connection(p, oldest, UNOBSERVED_EVICTED);
    return tls_search(p->tls, flow, segment, side, run);
}

/* Both sides said FIN, or one gave up. */
static bool has_ended(const struct flow *flow)
{
    return flow->marks[0] & flow->marks[1] & SIDE_FIN || (flow->marks[0] | flow->marks[1]) & SIDE_RST;
}

/* Bytes in order, as far as they are here, to the handshake. */
static void follow(struct pipeline *p, struct flow *flow, const struct segment *segment, unsigned side)
{
    struct runs runs = stream_put(&p->flows, flow, segment, side);
    struct run run;
    bool complete = false;
    while (flow->state <= FLOW_HANDSHAKE && runs_next(&runs, &run)) {
        bool searching = flow->state == FLOW_SEARCHING;
        bool first = searching && flow->side[side].count == 0;
        enum tls_progress progress = feed(p, flow, segment, side, &run);
        if (searching)
            talks_plain(p, flow, segment, side, &run, first);
        switch (progress) {
        case TLS_COMPLETE:
            complete = true;
            break;
        case TLS_NEVER:
            if (flow->handshake)
                tls_release(p->tls, flow);
            if (flow->talk_kind == TALK_HTTP)
                break; /* it is read to its end */
            talks_end(p, flow, 0);
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
    else if (flow->state == FLOW_SEARCHING && flow->talk_kind != TALK_NONE && has_ended(flow))
        end_connection(p, flow, 0);
}

static void on_segment(struct pipeline *p, const struct segment *segment)
{
    unsigned side;
    struct flow *flow = flow_of(p, segment, &side);
    if (!flow)
        return;
    flow->last_seen = segment->time;
    flow->used = true;
    if (flow->recent && flow->state >= FLOW_READABLE)
        compare_late(p, flow, segment, side);
    switch ((enum flow_state)flow->state) {
    case FLOW_SEARCHING:
    case FLOW_HANDSHAKE:
        follow(p, flow, segment, side);
        break;
    case FLOW_READABLE:
        talks_read(p, flow, segment, side);
        break;
    case FLOW_RECORDS: {
        if (flow->key_since && segment->payload_len &&
            segment->time / NANOS_PER_SECOND - flow->key_since > p->key_limit)
            judge_key(p, flow, segment);
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

/* What is in progress is judged as it stands. */
static void end_all(struct pipeline *p)
{
    for (struct flow *flow; (flow = tls_oldest(p->tls));)
        end_connection(p, flow, UNOBSERVED_UNFINISHED);
    talks_expire(p, true);
}

static void on_datagram(struct pipeline *p, const struct segment *segment)
{
    unsigned side = 0;
    struct flow *flow = flow_find(&p->flows, segment, &side);
    if (!flow)
        flow = new_flow(p, segment);
    if (!flow)
        return;
    flow->last_seen = segment->time;
    flow->used = true;
    talks_datagram(p, flow, segment, side);
}

/*
 * Packet time goes on with each frame and never back, but for a jump: another capture that is older, or a
 * clock that was set. What was in progress has no time that means anything then, and is judged as it stands.
 */
static void advance_time(struct pipeline *p, const struct frame *frame)
{
    const nanos time = frame->time;
    const nanos jump = HANDSHAKE_IDLE_SECONDS * NANOS_PER_SECOND;
    if (p->frames == 1)
        p->first_time = p->now = time;
    if (time < p->first_time)
        p->first_time = time;
    if (time < p->now - jump) {
        end_all(p);
        p->now = time;
    }
    if (time > p->now)
        p->now = time;
    if (time > p->last_time)
        p->last_time = time;
    if (frame->source == p->source && time < p->frame_time - CLOCK_SET_SECONDS * NANOS_PER_SECOND)
        sessions_clock_set(p->sessions, p->frame_time, time);
    p->source = frame->source;
    p->frame_time = time;
    expire(p);
}

void pipeline_frame(struct pipeline *p, const struct frame *frame)
{
    p->frames++;
    p->bytes += frame->wire_len;
    advance_time(p, frame);
    struct segment segment;
    if (decode_frame(p->decoder, frame, &segment) != DECODE_SEGMENT)
        return;
    if (segment.transport == TRANSPORT_TCP)
        on_segment(p, &segment);
    else if (talks_wants_datagram(p, &segment))
        on_datagram(p, &segment);
}

bool pipeline_end(struct pipeline *p)
{
    end_all(p);
    waiting_go_on(p, true);
    judge_peers(p);
    if (sessions_flush(p->sessions))
        return true;
    (void)fprintf(stderr, "utwatch: %s: the sessions could not be written: %s\n", p->site->sessions.state,
                  strerror(errno));
    return false;
}

double pipeline_loss(const struct pipeline *p)
{
    return p->handshakes ? 100.0 * (double)p->damaged / (double)p->handshakes : 0;
}
