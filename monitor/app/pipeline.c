/* The way of a frame: time, decoding, its connection. connection.c handles connections, judging.c judges
 * them. */
#include "app/docket.h"
#include "app/pipeline_parts.h"
#include "base/uninitialized.h"
#include "flow/between.h"
#include "flow/greedy.h"

#include <stdlib.h>

/* Is one of this profile's rules about keys in use? The rules of profiles joined to it follow its own. */
static bool is_about_keys(const struct profile *profile)
{
    const struct profile *next = profile_next(profile);
    const size_t own = profile_rule_count(profile) - (next ? profile_rule_count(next) : 0);
    for (size_t i = 0; i < own; i++)
        if (profile_rule(profile, i)->about & 1 << CASE_KEY)
            return true;
    return false;
}

/* The lowest limit that these profiles set for a session's life; 0: none has a rule about keys. */
static int64_t key_limit(const struct profile *profile)
{
    int64_t least = 0;
    for (; profile; profile = profile_next(profile)) {
        int64_t limit;
        if (is_about_keys(profile) && profile_parameter(profile, "session-lifetime", &limit) &&
            (!least || limit < least))
            least = limit;
    }
    return least;
}

void pipeline_go_on_with(struct pipeline *p, const struct ruleset *rules)
{
    p->site = rules->site;
    decoder_trust(p->decoder, &p->site->tunnel_ends);
    decoder_open_ports(p->decoder, &p->site->tunnel_ports);
    const int64_t limits[] = {key_limit(rules->profile), key_limit(rules->advice)};
    p->key_limit = !limits[0] || (limits[1] && limits[1] < limits[0]) ? limits[1] : limits[0];
}

/* Each worker gets an equal share of a table. */
static uint32_t share_of(uint32_t size, unsigned workers)
{
    return (size + workers - 1) / workers;
}

struct pipeline *pipeline_new(const struct ruleset *rules, struct output *output, struct judge *judge,
                              const struct pipeline_worker *worker)
{
    struct pipeline *p = calloc(1, sizeof *p);
    if (!p)
        return NULL;
    const struct site *site = rules->site;
    p->output = output;
    p->judge = judge;
    p->docket = worker->docket;
    p->worker = worker->number;
    const uint32_t handshakes = share_of(site->handshakes, worker->workers);
    p->used_keys = p->docket ? used_keys_new() : NULL;
    p->evidence = output_evidence(output);
    p->streams = output_streams(output);
    p->decoder = decoder_new();
    p->checksums = checksums_new(site->checksums);
    p->tls = tls_new(handshakes, p->docket ? DOCKET_PLACES : 0, judge_identifier_key(judge));
    if (p->decoder && p->checksums && p->tls &&
        (!output_shows_messages(output) || tls_keep_messages(p->tls)) &&
        late_check_open(&p->late, late_check_places(handshakes)) &&
        cleartext_open(&p->cleartext, DEFAULT_HTTP_CONNECTIONS) &&
        flow_table_open(&p->flows, share_of(site->flows, worker->workers), handshakes) &&
        (p->used_keys || !p->docket)) {
        pipeline_go_on_with(p, rules);
        return p;
    }
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
    cleartext_close(&p->cleartext);
    late_check_close(&p->late);
    checksums_free(p->checksums);
    decoder_free(p->decoder);
    free(p->used_keys);
    free(p);
}

void pipeline_answer(struct pipeline *p, struct flow *flow, uint64_t id, uint32_t key_since)
{
    keys_answered(p, flow, id, key_since);
}

void pipeline_take_answers(struct pipeline *p)
{
    struct docket_answer a;
    while (docket_answered(p->docket, &a))
        keys_answered(p, a.flow, a.flow_id, a.key_since);
    telling_take_back(p);
}

void pipeline_share_identifiers(struct pipeline *p, const struct siphash_key *common)
{
    tls_share_identifiers(p->tls, common);
}

/* After runs of a connection: ends it, or its handshake, if they end it. */
static void settle(struct pipeline *p, struct flow *flow, bool complete)
{
    if (complete)
        connection_finish(p, flow, p->now, 0);
    else if (flow->state == FLOW_READABLE
                 ? flow_has_closed(flow) || cleartext_is_over(p, flow)
                 : flow->state == FLOW_SEARCHING && flow->clear_kind != CLEAR_NONE && flow_has_closed(flow))
        connection_end(p, flow, p->now, 0);
}

/* True: this completes the handshake. */
static bool take_runs(struct pipeline *p, struct flow *flow, const struct segment *segment, struct runs *runs)
{
    struct run run;
    bool complete = false;
    while (flow->state <= FLOW_READABLE && runs_next(runs, &run)) {
        if (run.ack.any)
            tls_acknowledged(p->tls, flow, run.side, run.ack.number, segment->time);
        complete |= connection_run(p, flow, segment, &run);
    }
    return complete;
}

/* A stream that has waited too long for missing bytes goes on after the hole. */
static void give_up_holes(struct pipeline *p, int most)
{
    struct runs runs;
    struct flow *flow;
    for (; most && (flow = stream_overdue(&p->flows, p->now, &runs)); most--) {
        const struct segment now = {.time = p->now, .source = p->source};
        settle(p, flow, take_runs(p, flow, &now, &runs));
    }
}

/* If the judge has no thread of its own. */
static void ask_judge(struct pipeline *p)
{
    struct siphash_key common;
    if (judge_new_common_key(p->judge, &common))
        tls_share_identifiers(p->tls, &common);
    judge_go_on(p->judge, p->now, ENDED_AT_A_FRAME);
}

/* Not inlined, since no frame comes here unless a handshake is in progress. */
__attribute__((noinline)) static void expire_handshakes(struct pipeline *p, int most)
{
    nanos end;
    for (struct flow *flow; most && (flow = tls_expired(p->tls, p->now, &end)); most--) {
        p->due = end;
        connection_expire(p, flow, end);
        p->due = 0;
    }
}

/* Ends at most so many of each kind: thousands at once must not delay the next frame. */
static void expire(struct pipeline *p, int most)
{
    late_check_expire(p);
    replaced_expire(p);
    if (stream_any_held(&p->flows))
        give_up_holes(p, most);
    if (tls_in_progress(p->tls))
        expire_handshakes(p, most);
    connection_expire_clear(p, most);
    if (p->docket)
        return;
    ask_judge(p);
    output_time(p->output, p->now);
}

/* Has the processor fetch what the next segments of a new connection need. */
static struct flow *expect_more(struct pipeline *p, struct flow *flow)
{
    checksums_expect(p->checksums, &flow->end[1]);
    greedy_expect(&p->flows, flow);
    tls_expect(p->tls, flow);
    if (!p->docket)
        judge_expect_hosts(p->judge, &flow->end[0], &flow->end[1]);
    return flow;
}

static struct flow *new_flow(struct pipeline *p, struct segment *segment)
{
    if (segment->transport == TRANSPORT_TCP)
        decoder_meets(p->decoder, segment);
    struct flow *flow = flow_add(&p->flows, segment);
    if (flow)
        return expect_more(p, flow);
    struct flow *victim = flow_victim(&p->flows);
    if (victim->handshake && flow_is_confirmed(victim)) /* then all of the oldest have handshakes */
        victim = tls_victim(p->tls, NULL);
    connection_evict(p, victim);
    replaced_keep(p, victim);
    flow_remove(&p->flows, victim);
    p->flows.counters.evicted++;
    return flow_add(&p->flows, segment);
}

/* Protected data, of which nothing is judged. A segment that begins after all others is not a second copy of
 * a handshake's bytes, which late_check.c would have to compare. */
static bool is_bulk(const struct flow *flow, const struct segment *segment)
{
    return flow && flow->state >= FLOW_RECORDS && flow->pending_side == NO_SIDE &&
           !(segment->flags & (TCP_SYN | TCP_FIN | TCP_RST)) &&
           segment->time - flow->last_seen <= FLOW_REUSE_SECONDS * NANOS_PER_SECOND &&
           (!flow->recent || stream_place(flow, segment) == STREAM_FOLLOWS);
}

/* Evidence is what the receiver accepts. The checksums of bulk data are not worth the time. */
static enum belief belief_in(struct pipeline *p, const struct flow *flow, const struct segment *segment)
{
    if (is_bulk(flow, segment))
        return BELIEVED;
    const enum acquaintance known = !flow || !flow->believed                ? ALONE
                                    : flow_is_confirmed(flow)               ? BOTH_ANSWERED
                                    : flow->confirmed >> segment->side & 1U ? SENDER_ANSWERED
                                                                            : ACQUAINTED;
    return checksums_belief(p->checksums, segment, known);
}

static void note_acknowledged(struct pipeline *p, struct flow *flow, const struct segment *segment)
{
    if (!segment_continues(segment))
        return;
    tls_acknowledged(p->tls, flow, segment->side, segment->ack, segment->time);
    if (flow->clear_kind == CLEAR_HTTP)
        cleartext_acknowledged(p, flow, flow_sender(flow, segment), segment->ack);
}

/* Of the other connections between the ends of this one, those that are over make room for another. */
static void end_beside(struct pipeline *p, const struct flow *flow)
{
    for (struct flow *next = flow_beside(&p->flows, flow, NULL), *other; (other = next);) {
        next = flow_beside(&p->flows, flow, other);
        if (!flow_has_ended(other))
            continue;
        connection_end(p, other, p->now, 0);
        replaced_keep(p, other);
        flow_remove(&p->flows, other);
    }
}

/* Begins a connection between the same ends, in another network or with other numbers. */
static struct flow *other_flow(struct pipeline *p, struct flow *flow, struct segment *segment,
                               enum stream_start start)
{
    const struct start_beside beside = stream_leave_beside(&p->flows, flow, segment, start);
    const bool alike = start != STREAM_BEGINS_BESIDE;
    end_beside(p, flow);
    if (alike)
        flow_note_rewritten(flow);
    struct flow *other = new_flow(p, segment); /* which may evict the first */
    flow_begin_beside(&p->flows, other, segment, &beside);
    if (alike)
        flow_note_rewritten(other);
    return other;
}

/* Findings may already be on their way to the report, waiting for a contradiction. */
static bool may_be_told(const struct flow *flow)
{
    return flow->state >= FLOW_READABLE || flow->clear_kind == CLEAR_HTTP;
}

/* A reset that is not believed, or an ICMP error, ends nothing, but may still disown a connection. */
static void note_disowned(struct pipeline *p, struct flow *flow, const struct segment *segment)
{
    if (may_be_told(flow))
        late_check_dispute(p, flow, segment);
    else
        (void)dispute_begins(flow, segment);
}

/* The connection of a segment: a known one, a new one, or a new one on the ports of a known one. A segment
 * that is not evidence does not begin a connection; NULL for it, unless bytes of its connection are still
 * being put in order. */
static struct flow *flow_of(struct pipeline *p, struct segment *segment)
{
    struct flow *flow = flow_find(&p->flows, segment);
    segment->belief = belief_in(p, flow, segment) & 0xffU;
    if (!decoder_believes(p->decoder, segment) && segment->belief == BELIEVED)
        segment->belief = UNPROVEN;
    if (segment->belief >= ON_RECEIPT) {
        if (flow && segment->flags & TCP_RST)
            note_disowned(p, flow, segment);
        return flow && flow->state <= FLOW_READABLE ? flow : NULL;
    }
    if (!flow)
        return new_flow(p, segment);
    nanos end;
    if (!stream_completes_start(&p->flows, flow, segment))
        note_acknowledged(p, flow, segment);
    if (tls_is_overdue(p->tls, flow, p->now, &end))
        connection_expire(p, flow, end);
    const enum stream_start start = stream_start(&p->flows, flow, segment);
    if (stream_begins_beside(start))
        return other_flow(p, flow, segment, start);
    bool doubted = false;
    if (start == STREAM_BEGINS_ANEW) {
        doubted = connection_replace(p, flow);
        replaced_keep(p, flow);
    } else if (start == STREAM_WAS_STALE) {
        connection_forget(p, flow);
    } else if (start == STREAM_IS_DOUBTED) {
        connection_doubt(p, flow);
    }
    if (stream_begins(start)) {
        flow_restart(&p->flows, flow, segment);
        if (doubted)
            flow_contest(flow);
    }
    flow_goes_on(flow, segment);
    return flow;
}

/* What the flags of a segment say about HTTP under NULL encryption. */
static void watch_end(struct pipeline *p, const struct flow *flow, const struct segment *segment)
{
    if (segment->flags & TCP_ACK && flow_sender(flow, segment) == SERVER)
        reauthentication_acknowledged(p, flow, segment->ack);
    if (segment->flags & TCP_RST)
        reauthentication_follow(p, flow);
}

/* Passes bytes in order, as far as they are here, to their reader. */
static void follow(struct pipeline *p, struct flow *flow, const struct segment *segment)
{
    bool complete = false;
    const bool known = flow->handshake;
    if (flow->held[!segment->side]) {
        struct runs runs = stream_acknowledged(&p->flows, flow, segment);
        complete = take_runs(p, flow, segment, &runs);
    }
    struct runs runs = stream_put(&p->flows, flow, segment);
    if (flow_is_confirmed(flow) && !flow->in_confirmed)
        flow_confirmed(&p->flows, flow);
    complete |= take_runs(p, flow, segment, &runs);
    if (flow->handshake && !known) /* its segments may be captured before what they acknowledge */
        note_acknowledged(p, flow, segment);
    connection_await_start(p, flow);
    if (segment->flags & TCP_RST && flow->marks[segment->side] & SIDE_RST)
        connection_reset(p, flow, segment);
    if (flow->state == FLOW_READABLE && flow->clear_kind == CLEAR_HTTP)
        watch_end(p, flow, segment);
    settle(p, flow, complete);
}

/* Does the segment of protected data belong to the connection? Checksums are not worth the time as long as
 * nothing is missing. A segment that leaves a hole may be forged: within the window it has to acknowledge the
 * other side's numbers or have a right checksum, outside of it both. */
static bool is_in_stream(struct pipeline *p, const struct flow *flow, const struct segment *segment)
{
    if (!segment->payload_len)
        return true;
    switch (stream_place(flow, segment)) {
    case STREAM_NEAR:
        return stream_knows_other(flow, segment) || checksums_take(p->checksums, segment);
    case STREAM_FAR:
        return stream_knows_other(flow, segment) && checksums_take(p->checksums, segment);
    case STREAM_FOLLOWS:
        break;
    }
    return true;
}

/* An alert of the side has come. Somebody who does not see the connection may have sent it. */
static void look_at_close(struct pipeline *p, struct flow *flow, const struct segment *segment)
{
    if (!stream_knows_other(flow, segment) || !checksums_take(p->checksums, segment)) {
        stream_doubt_alert(flow, segment->side);
        return;
    }
    struct statement f = {.kind = TOLD_CLOSED,
                          .flow_id = flow_id(flow),
                          .client = flow->end[flow_side_of(flow, CLIENT)],
                          .closed = tls_closed(flow)};
    pipeline_tell(p, &f);
}

/* A protected segment. True: protection has ended, and the segment, cut to what follows, is to be read. */
static bool is_in_clear(struct pipeline *p, struct flow *flow, struct segment *segment)
{
    struct span rest;
    if (!is_in_stream(p, flow, segment)) {
        p->flows.counters.outside_window++;
        return false;
    }
    if (!stream_next_header(&p->flows, flow, segment, &rest))
        return false;
    const unsigned seen = tls_records(p->tls, flow, flow_sender(flow, segment), &rest);
    if (seen & RECORDS_DATA && flow->key_since)
        keys_used(p, flow, segment);
    if (seen & RECORDS_ALERT)
        look_at_close(p, flow, segment);
    if (!rest.n || !stream_knows_other(flow, segment) || !checksums_take(p->checksums, segment))
        return false;
    const size_t before = segment->payload.n - rest.n;
    struct segment following = *segment;
    following.payload = rest;
    following.payload_len -= before;
    following.seq += (uint32_t)before;
    if (!connection_in_clear(p, flow, &following))
        return false;
    *segment = following;
    return true;
}

/* Verdicts are about what came before protection began; protected data show nothing. */
static void keep_evidence(struct pipeline *p, const struct flow *flow, const struct frame *frame,
                          const struct segment *segment)
{
    if (p->evidence && flow->state <= FLOW_READABLE)
        evidence_keep(p->evidence, flow_id(flow), frame, segment);
}

static void tell_clock(struct pipeline *p, enum statement_kind kind, nanos before, nanos after)
{
    struct statement f = {.kind = kind, .before = before, .after = after};
    pipeline_tell(p, &f);
}

/* Does the segment show whether the capture's clock was set forward? One that may be forged shows nothing. */
static void look_at_clock(struct pipeline *p, const struct flow *flow, const struct segment *segment)
{
    struct clock_steps *c = &p->steps;
    const nanos after = c->after;
    const enum clock_fact fact = clock_steps_look(c, flow, segment);
    if (fact == CLOCK_NOTHING || segment->belief != BELIEVED || !stream_knows_other(flow, segment) ||
        !checksums_take(p->checksums, segment))
        return;
    const enum clock_verdict verdict = clock_steps_take(c, flow, segment, fact);
    if (verdict != CLOCK_UNDECIDED)
        tell_clock(p, verdict == CLOCK_WAS_SET ? TOLD_CLOCK_SET : TOLD_CLOCK_NOT_SET, c->before, after);
}

/* Is it so young that what is captured may belong to the connection before it? */
static bool is_young(const struct pipeline *p, const struct flow *flow)
{
    return p->now - flow->first_seen <= KEPT_SECONDS * NANOS_PER_SECOND;
}

static void on_segment(struct pipeline *p, const struct frame *frame, struct segment *segment)
{
    if (segment->flags & TCP_RST && p->replaced.count)
        replaced_reset(p, segment);
    struct flow *flow = flow_of(p, segment);
    if (!flow)
        return;
    keep_evidence(p, flow, frame, segment);
    if (segment->belief >= ON_RECEIPT) {
        stream_doubt(&p->flows, flow, segment);
        return;
    }
    look_at_clock(p, flow, segment);
    if (p->replaced.count && segment->payload.n && is_young(p, flow))
        replaced_compare(p, segment);
    if ((segment->flags & TCP_RST || flow->marks[segment->side] & SIDE_RST) && may_be_told(flow))
        late_check_dispute(p, flow, segment);
    flow_seen(flow, segment);
    if (flow->recent)
        late_check_segment(p, flow, segment);
    switch ((enum flow_state)flow->state) {
    case FLOW_SEARCHING:
    case FLOW_HANDSHAKE:
    case FLOW_READABLE:
        follow(p, flow, segment);
        break;
    case FLOW_RECORDS:
        if (!is_in_clear(p, flow, segment)) {
            stream_note_end(&p->flows, flow, segment);
            break;
        }
        keep_evidence(p, flow, frame, segment);
        follow(p, flow, segment);
        break;
    case FLOW_IGNORED:
        stream_note_end(&p->flows, flow, segment);
        break;
    }
}

/* A segment that an ICMP error quotes. */
static void on_rejected(struct pipeline *p, const struct frame *frame, struct segment *segment)
{
    if (p->replaced.count)
        replaced_reset(p, segment);
    struct flow *flow = flow_find(&p->flows, segment);
    if (!flow)
        return;
    keep_evidence(p, flow, frame, segment);
    note_disowned(p, flow, segment);
}

/* What is in progress is judged in its present state, in the order in which its time would have run out. At
 * the end of the capture `last` is that time, by which the statements of several workers are put in order. */
static void end_all(struct pipeline *p, bool at_the_end)
{
    nanos end;
    for (struct flow *flow; (flow = tls_expired(p->tls, INT64_MAX, &end));) {
        p->last = at_the_end ? end : 0;
        connection_end(p, flow, p->captured_until, UNOBSERVED_UNFINISHED);
    }
    p->last = at_the_end ? INT64_MAX : 0;
    connection_end_clear(p);
}

static void on_datagram(struct pipeline *p, const struct frame *frame, struct segment *segment)
{
    struct flow *flow = flow_find(&p->flows, segment);
    if (flow)
        flow_goes_on(flow, segment);
    else
        flow = new_flow(p, segment);
    if (!flow)
        return;
    flow_seen(flow, segment);
    keep_evidence(p, flow, frame, segment);
    connection_datagram(p, flow, segment);
}

static void begin_time(struct pipeline *p, nanos time)
{
    p->now = p->captured_until = time;
    p->next_peers = time + p->site->peers_interval;
}

/* Servers and UEs are judged by all handshakes that had ended by then, as soon as these have been reported.
 * Not inlined, as hardly any frame ends an interval. */
__attribute__((noinline)) static void end_interval(struct pipeline *p, nanos time)
{
    const nanos interval = p->site->peers_interval;
    nanos end;
    if (p->now < p->next_peers)
        p->now = p->next_peers;
    expire(p, ENDED_AT_A_FRAME);
    if (tls_in_progress(p->tls) && tls_expired(p->tls, p->next_peers, &end))
        return;
    judge_interval_ends(p->judge);
    p->next_peers = time + interval - (time - p->next_peers) % interval;
}

/* Sets packet time to `time`, which is not earlier. */
static void go_on(struct pipeline *p, nanos time)
{
    if (time >= p->next_peers && !p->docket)
        end_interval(p, time);
    p->now = time;
    expire(p, ENDED_AT_A_FRAME);
}

/* Before what is in progress is judged, which has to know it. */
static void tell_clock_back(struct pipeline *p, nanos time)
{
    struct statement f = {.kind = TOLD_CLOCK_SET, .before = p->frame_time, .after = time};
    if (clock_steps_were_ahead(&p->steps, p->frame_time, time)) {
        f.ahead_from = p->steps.pause_after;
        f.ahead_by = p->steps.pause_after - p->steps.pause_before;
    }
    pipeline_tell(p, &f);
}

/*
 * Packet time advances with each frame and never goes back, except for a jump: another, older capture, or a
 * clock that was set. The times of what is in progress then mean nothing any more, and it is judged in its
 * present state.
 */
static void advance_time(struct pipeline *p, const struct frame *frame)
{
    const nanos time = frame->time;
    const nanos jump = HANDSHAKE_IDLE_SECONDS * NANOS_PER_SECOND;
    if (p->frames == 1)
        begin_time(p, p->first_time = time);
    if (time < p->first_time)
        p->first_time = time;
    if (frame->source != p->source)
        p->inputs_unordered += time < p->frame_time - INPUT_JITTER_MS * NANOS_PER_MILLISECOND;
    else if (time < p->frame_time - CLOCK_SET_SECONDS * NANOS_PER_SECOND)
        tell_clock_back(p, time);
    if (time < p->now - jump) {
        end_all(p, false);
        begin_time(p, time);
    }
    if (time > p->captured_until)
        p->captured_until = time;
    if (time > p->last_time)
        p->last_time = time;
    if (time > p->frame_time + CLOCK_PAUSE_SECONDS * NANOS_PER_SECOND && p->frames > 1)
        clock_steps_pause(&p->steps, p->frame_time, time);
    p->source = frame->source;
    p->frame_time = time;
    go_on(p, time > p->now ? time : p->now);
}

void pipeline_time(struct pipeline *p, nanos time)
{
    if (p->frames && time > p->now)
        go_on(p, time);
    if (p->docket)
        docket_until(p->docket, p->frames ? p->now : time);
    else if (p->frames)
        judge_go_on(p->judge, p->now, SIZE_MAX); /* no frame waits meanwhile */
}

void pipeline_between_files(struct pipeline *p, int64_t waited)
{
    judge_go_on(p->judge, p->now + waited, SIZE_MAX); /* no frame waits meanwhile */
}

void pipeline_captured(struct pipeline *p, const struct live_counters *counters)
{
    p->captured = *counters;
}

/* Not inlined, since at most one frame in ten begins a connection. */
__attribute__((noinline)) static void expect_connection(const struct pipeline *p, const struct frame *frame)
{
    UNINITIALIZED struct segment segment;
    if (!decode_plain(frame, &segment))
        return;
    flow_expect(&p->flows, &segment.src, &segment.dst);
    checksums_expect(p->checksums, &segment.src);
}

void pipeline_expect(const struct pipeline *p, const struct frame *frame)
{
    if (decode_may_open(frame))
        expect_connection(p, frame);
}

bool pipeline_frame(struct pipeline *p, const struct frame *frame)
{
    p->frames++;
    p->bytes += frame->wire_len;
    advance_time(p, frame);
    if (p->docket) /* everything due by now has been passed on */
        docket_until(p->docket, p->now);
    struct segment *segment = &p->segment;
    const enum decode_result result = decode_frame(p->decoder, frame, segment);
    if (p->streams)
        streams_frame(p->streams, frame, result, segment);
    if (segment->rejected && result == DECODE_OTHER)
        on_rejected(p, frame, segment);
    if (result != DECODE_SEGMENT)
        return decode_understood(result);
    if (segment->transport == TRANSPORT_TCP)
        on_segment(p, frame, segment);
    else if (cleartext_wants_datagram(p, segment))
        on_datagram(p, frame, segment);
    return true;
}

void pipeline_end(struct pipeline *p)
{
    decoder_knows(p->decoder);
    end_all(p, true);
    decoder_end(p->decoder);
}

uint64_t pipeline_frames(const struct pipeline *p)
{
    return p->frames;
}

void pipeline_prepare(struct pipeline *p)
{
    cleartext_prepare_names(&p->cleartext);
}
