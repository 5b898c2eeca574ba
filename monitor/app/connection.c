#include "app/connection.h"

#include "app/pipeline_parts.h"
#include "flow/between.h"
#include "flow/networks.h"
#include "flow/recent.h"
#include "wire/http.h"
#include "wire/opening.h"

#include <assert.h>

/* Enters the next state, and releases what only the last one needed. */
static void become(struct pipeline *p, struct flow *flow, enum flow_state next)
{
    flow->state = (uint8_t)next & 7U;
    switch (next) {
    case FLOW_SEARCHING:
        break;
    case FLOW_HANDSHAKE:
        if (flow->clear_kind == CLEAR_NAMING)
            cleartext_forget(p, flow);
        break;
    case FLOW_READABLE: /* goes on from where the handshake is, also with what came early */
        break;
    case FLOW_RECORDS:
        stream_release_held(&p->flows, flow);
        break;
    case FLOW_IGNORED: /* late bytes are still compared with a handshake that has just ended */
        stream_release_held(&p->flows, flow);
        recent_forget_unkept(&p->flows, flow);
        break;
    }
}

/* Before the end, what follows a hole is read as well: the hole is then a gap. */
static void flush(struct pipeline *p, struct flow *flow, nanos when)
{
    const struct segment at_end = {.time = when, .source = p->source};
    for (unsigned side = 0; side < 2; side++) {
        struct runs runs = stream_flush(&p->flows, flow, side);
        struct run run;
        while (flow->state <= FLOW_READABLE && runs_next(&runs, &run))
            (void)connection_run(p, flow, &at_end, &run);
    }
}

/* What was in clear is judged, and nothing else is expected from the connection, unless TLS has begun on
 * it. */
static void end_clear(struct pipeline *p, struct flow *flow, uint32_t damage)
{
    if (flow->clear_kind == CLEAR_HTTP)
        flush(p, flow, p->now);
    const bool of_ut = cleartext_end(p, flow, damage);
    if (flow->state == FLOW_HANDSHAKE)
        return;
    if (of_ut && flow->recent)
        late_check_begin(p, flow);
    become(p, flow, FLOW_IGNORED);
}

static void read_plain(struct pipeline *p, struct flow *flow, const struct segment *segment,
                       const struct run *run, bool first)
{
    for (struct flow *victim; (victim = cleartext_plain(p, flow, segment, run, first));)
        end_clear(p, victim, HTTP_DAMAGE_EVICTED);
}

/* A handshake, or the search for one, gives way to another. */
static void make_room(struct pipeline *p, const struct flow *needs)
{
    struct flow *victim = tls_victim(p->tls, needs);
    assert(victim);
    connection_evict(p, victim);
}

static enum tls_progress search(struct pipeline *p, struct flow *flow, const struct segment *segment,
                                struct run *run)
{
    const size_t place = cleartext_place(p, flow, run);
    enum tls_progress progress;
    while ((progress = tls_search(p->tls, flow, segment, run, place)) == TLS_NO_SLOT)
        make_room(p, flow);
    return progress;
}

static bool feed(struct pipeline *p, struct flow *flow, const struct segment *segment, enum side who,
                 const struct run *run)
{
    enum tls_progress progress;
    while ((progress = tls_feed(p->tls, flow, segment, who, run)) == TLS_NO_SLOT)
        make_room(p, flow);
    const struct observation *answered = p->docket ? NULL : tls_answered(p->tls, flow);
    if (answered)
        judge_expect(p->judge, answered);
    return progress == TLS_COMPLETE;
}

/* A later handshake has begun on a readable connection. False: it has lost its place to others. */
static bool begin_again(struct pipeline *p, struct flow *flow, const struct segment *segment)
{
    const struct clear_reader reader = *cleartext_reader(p, flow);
    const struct session_use unknown = {.resumed = true}; /* so nothing is reported */
    reauthentication_begin(p, flow, &unknown);
    while (!tls_renegotiate(p->tls, flow, segment, &reader)) {
        make_room(p, flow);
        if (flow->state != FLOW_READABLE) /* its own place was given up */
            return false;
    }
    become(p, flow, FLOW_HANDSHAKE);
    return true;
}

/* Readable data, up to a readable hello: this begins a handshake of its own (RFC 5246 7.4.1.1, 7.4.1.2),
 * which is judged. */
static struct span read_data(struct pipeline *p, struct flow *flow, const struct segment *segment,
                             const struct run *run)
{
    const struct span hello = cleartext_read(p, flow, segment, run);
    if (!hello.n)
        return hello;
    return begin_again(p, flow, segment) ? hello : span_of(NULL, 0);
}

/* As long as HTTP is followed, what a server says before its TLS belongs to HTTP: a document is not a
 * handshake. */
static struct run behind_http(struct pipeline *p, const struct flow *flow, const struct run *run)
{
    struct run rest = *run;
    const size_t place = cleartext_place(p, flow, run);
    if (place != TLS_ANYWHERE)
        rest.bytes = span_skip(rest.bytes, place);
    return rest;
}

static bool run_of_handshake(struct pipeline *p, struct flow *flow, const struct segment *segment,
                             const struct run *run)
{
    const enum side who = flow_role(flow, run->side);
    struct run rest = *run;
    if (tls_side_has_begun(p->tls, flow, who))
        return feed(p, flow, segment, who, run);
    if (who == SERVER && cleartext_answers(flow, run)) {
        read_plain(p, flow, segment, run, true);
        rest.bytes = span_skip(rest.bytes, rest.bytes.n);
    } else if (cleartext_before(p, flow)) {
        if (who == SERVER)
            rest = behind_http(p, flow, run);
        /* The request that led to TLS may be captured after the other side's hello. */
        read_plain(p, flow, segment, run, false);
    }
    return feed(p, flow, segment, who, &rest);
}

bool connection_run(struct pipeline *p, struct flow *flow, const struct segment *segment,
                    const struct run *run)
{
    struct run rest = *run;
    if (flow->state == FLOW_HANDSHAKE && tls_is_followed(p->tls, flow, flow_role(flow, run->side), run))
        connection_finish(p, flow, p->now, 0);
    if (flow->state == FLOW_HANDSHAKE && tls_is_left(p->tls, flow, flow_role(flow, run->side), run))
        connection_finish(p, flow, p->now, 0);
    if (flow->state > FLOW_READABLE) /* its place was needed */
        return false;
    if (flow->state == FLOW_READABLE) {
        rest = (struct run){.side = run->side,
                            .bytes = read_data(p, flow, segment, run),
                            .conflict = run->conflict,
                            .fin = run->fin};
        if (!rest.bytes.n)
            return false;
        run = &rest;
    }
    if (flow->state == FLOW_HANDSHAKE)
        return run_of_handshake(p, flow, segment, run);
    const bool first = flow->side[run->side].count == 0;
    const enum tls_progress progress = search(p, flow, segment, &rest);
    if (tls_has_begun(p->tls, flow))
        become(p, flow, FLOW_HANDSHAKE);
    read_plain(p, flow, segment, &rest, first);
    if (progress == TLS_NEVER) {
        if (flow->handshake)
            tls_release(p->tls, flow);
        if (flow->clear_kind != CLEAR_HTTP) /* else HTTP is read to its end */
            end_clear(p, flow, 0);
    }
    return progress == TLS_COMPLETE;
}

static void read_on(struct pipeline *p, struct flow *flow, const struct clear_reader *reader,
                    const struct clear_early early[2], const struct session_use *use)
{
    for (struct flow *victim; (victim = cleartext_readable(p, flow, reader, early, use));)
        end_clear(p, victim, HTTP_DAMAGE_EVICTED);
}

static enum tls_user user_of(const struct observation *o)
{
    const enum identified identified = observation_identified(o);
    if (identified == IDENTIFIED_UNKNOWN)
        return o->resumption > RESUMPTION_FULL && !o->renegotiation ? TLS_USER_OF_RESUMED
                                                                    : TLS_USER_NOT_KNOWN;
    return identified == IDENTIFIED_YES ? TLS_USER_KNOWN : TLS_USER_NONE;
}

static uint32_t tell_handshake(struct pipeline *p, struct flow *flow, const struct observation *o)
{
    struct statement f = {.kind = TOLD_HANDSHAKE,
                          .flow_id = o->whence.flow_id,
                          .flow = flow,
                          .observation = o,
                          .foreseen = !p->docket,
                          .session_in_progress = tls_may_begin_session(p->tls, o),
                          .other_side = tls_has_other_side(p->tls, flow, o),
                          .session_inside = tls_counters(p->tls)->renegotiations != 0,
                          .http = cleartext_before(p, flow)};
    pipeline_tell(p, &f);
    return f.key_since;
}

/* After a handshake that came to nothing both sides may go on: with another one, or in clear. */
static void search_again(struct flow *flow)
{
    flow->again = true;
    stream_search(flow);
}

bool connection_in_clear(struct pipeline *p, struct flow *flow, const struct segment *segment)
{
    const struct span bytes = segment->payload;
    if (flow_sender(flow, segment) != CLIENT ||
        (http_looks_like_request(bytes) == PARSE_BAD && opening_look(bytes) != OPENING_CLIENT_HELLO))
        return false;
    recent_forget_unkept(&p->flows, flow);
    keys_end(flow);
    become(p, flow, FLOW_SEARCHING);
    stream_search_from(flow, segment);
    flow->again = true;
    flow->alone = 0;
    return true;
}

/* The directions may be captured one after the other: the one captured here need not be part of the handshake
 * that the other one shows later. */
static void note_alone(struct flow *flow, const struct observation *o)
{
    const enum side who = o->side[CLIENT].captured ? CLIENT : SERVER;
    const unsigned alone = o->outcome == OUTCOME_ONE_SIDED ? 1U << flow_side_of(flow, who) : 0;
    flow->alone = alone & 3U;
}

/* Notes where it comes from. A UE of the site may write the same header as a balancer. */
static void note_origin(struct pipeline *p, struct flow *flow)
{
    flow->outside = !decoder_trusts(p->decoder, &flow->end[0]);
    if (flow->proxied && site_lists_client(p->site, &flow->end[flow_side_of(flow, CLIENT)]))
        tls_no_balancer(flow);
}

enum { BOTH_SIDES = 3 };

static void contradict(struct pipeline *p, struct flow *flow)
{
    late_check_forget(p, flow);
    for (enum side who = CLIENT; who <= SERVER; who++) {
        struct statement f = {.kind = TOLD_CONTRADICTION, .flow_id = flow_id(flow), .side = who};
        pipeline_tell(p, &f);
    }
}

/* Two simultaneous connections in one network between the same ends: either a host between them rewrites
 * sequence numbers, and both say the same; or somebody impersonates others, and it is not known in which. */
static void settle_rewritten(struct pipeline *p, struct flow *flow)
{
    if (!flow->rewritten || !tls_has_begun(p->tls, flow))
        return;
    for (struct flow *other = NULL; (other = flow_beside(&p->flows, flow, other));) {
        if (!other->rewritten)
            continue;
        if (tls_is_same(p->tls, flow, other)) {
            flow_say_the_same(flow, other);
        } else if (flow->disputed != other->disputed) { /* the other one is the ends' own */
            continue;
        } else if (tls_has_begun(p->tls, other) && !(flow->same_words && other->same_words)) {
            tls_contradict(p->tls, flow, BOTH_SIDES);
            tls_contradict(p->tls, other, BOTH_SIDES);
        } else if (!other->handshake && other->recent && !(flow->same_words && other->same_words)) {
            contradict(p, other); /* what it said is reported, or held back */
        }
    }
}

/* Another handshake may follow. */
static void search_on(struct pipeline *p, struct flow *flow, bool halted)
{
    flow->halted = halted;
    search_again(flow);
    recent_search(&p->flows, flow);
}

/* Notes that the HTTP before does not lead to TLS. */
static void note_not_agreed(struct pipeline *p, const struct flow *flow)
{
    const struct http_connection *http = cleartext_before(p, flow);
    if (http && !http->agreed)
        tls_not_agreed(p->tls, flow);
}

/* What the connection goes on by. */
struct ended {
    bool again; /* it was not its first handshake */
    bool complete;
    bool halted;      /* nobody ended it */
    bool clear_suite; /* what follows is not encrypted */
    uint16_t version;
    struct session_use use;
};

static struct ended what_ended(const struct observation *o)
{
    return (struct ended){
        .again = o->renegotiation,
        .complete = o->outcome == OUTCOME_COMPLETE,
        .halted = !observation_fatal_alert(o) && !o->side[CLIENT].closed && !o->side[SERVER].closed,
        .clear_suite = observation_clear_suite(o) != NULL,
        .version = observation_version(o),
        .use = {.told = !o->renegotiation,
                .begun = o->side[CLIENT].hello_time,
                .user = user_of(o),
                .resumed = o->renegotiation || o->resumption != RESUMPTION_FULL},
    };
}

static void finish(struct pipeline *p, struct flow *flow, nanos when, uint32_t reasons)
{
    settle_rewritten(p, flow);
    /* A side that sent bytes that were not read may have said something else than those that were. */
    tls_contradict(p->tls, flow, pipeline_missed(p, flow));
    memset(p->cleartext.rest.length, 0, sizeof p->cleartext.rest.length);
    note_origin(p, flow);
    note_not_agreed(p, flow);
    const struct networks networks = networks_of_flow(&p->flows, flow);
    const struct observation *o = tls_finish(p->tls, flow, &networks, when, reasons);
    if (!o) { /* it was not TLS, or nothing followed its start in time */
        const bool waits =
            reasons & UNOBSERVED_UNFINISHED && !tls_has_begun(p->tls, flow) && !flow_has_ended(flow);
        tls_release(p->tls, flow);
        become(p, flow, FLOW_SEARCHING);
        if (waits)
            return;
        (void)cleartext_end(p, flow, 0);
        become(p, flow, FLOW_IGNORED);
        return;
    }
    note_alone(flow, o);
    struct clear_reader reader;
    struct clear_early early[2];
    const bool readable = tls_clear_begin(p->tls, flow, &reader, early);
    const struct ended ended = what_ended(o);
    const bool may_be_contradicted = ended.complete && flow->recent;
    const uint32_t key_since = tell_handshake(p, flow, o); /* from here on `o` is the judge's */
    if (!ended.again)
        (void)cleartext_end(p, flow, 0);
    if (readable)
        read_on(p, flow, &reader, early, &ended.use);
    else if (ended.again)
        (void)cleartext_end(p, flow, 0);
    if (!readable && ended.use.resumed && ended.use.told && ended.clear_suite)
        reauthentication_unreadable(p, flow);
    const bool records = tls_release(p->tls, flow);
    const bool came_to_nothing = !ended.complete && !(reasons & UNOBSERVED_EVICTED);
    if (may_be_contradicted)
        late_check_begin(p, flow);
    else if (readable || records || !came_to_nothing)
        recent_forget_unkept(&p->flows, flow);
    become(p, flow,
           readable          ? FLOW_READABLE
           : records         ? FLOW_RECORDS
           : came_to_nothing ? FLOW_SEARCHING
                             : FLOW_IGNORED);
    if (flow->state == FLOW_RECORDS) {
        stream_begin_records(flow);
        keys_begin(p, flow, key_since, ended.version);
    }
    if (flow->state == FLOW_SEARCHING)
        search_on(p, flow, ended.halted);
}

/* Reads what has already come of a later handshake. True: it is complete. */
static bool read_rest(struct pipeline *p, struct flow *flow)
{
    const struct clear_rest rest = p->cleartext.rest; /* other connections may end meanwhile, to make room */
    const enum side first = rest.length[CLIENT] ? CLIENT : SERVER;
    if (!rest.length[first])
        return false;
    memset(p->cleartext.rest.length, 0, sizeof p->cleartext.rest.length);
    struct segment of[2];
    for (enum side who = CLIENT; who <= SERVER; who++)
        of[who] = (struct segment){.time = rest.length[who] ? rest.at[who].time : p->now,
                                   .frame_number = rest.at[who].frame_number,
                                   .source = rest.at[who].source,
                                   .wrappers = rest.at[who].wrappers};
    if (!begin_again(p, flow, &of[first]))
        return false;
    bool complete = false;
    for (enum side who = CLIENT; who <= SERVER; who++) {
        const struct run run = {.side = flow_side_of(flow, who),
                                .bytes = span_of(rest.bytes[who], rest.length[who]),
                                .fin = flow->marks[flow_side_of(flow, who)] & SIDE_FIN};
        if (run.bytes.n || run.fin)
            complete |= feed(p, flow, &of[who], who, &run);
    }
    return complete;
}

void connection_finish(struct pipeline *p, struct flow *flow, nanos when, uint32_t reasons)
{
    finish(p, flow, when, reasons);
    while (flow->state == FLOW_READABLE && read_rest(p, flow))
        finish(p, flow, p->now, 0);
}

void connection_datagram(struct pipeline *p, struct flow *flow, const struct segment *segment)
{
    for (struct flow *victim; (victim = cleartext_datagram(p, flow, segment));)
        end_clear(p, victim, HTTP_DAMAGE_EVICTED);
    if (flow->clear_kind != CLEAR_NAMING)
        become(p, flow, FLOW_IGNORED);
}

void connection_reset(struct pipeline *p, struct flow *flow, const struct segment *segment)
{
    while (!tls_reset(p->tls, flow, segment))
        make_room(p, flow);
}

void connection_doubt(struct pipeline *p, struct flow *flow)
{
    if (flow->state == FLOW_SEARCHING) {
        flow_contest(flow);
        cleartext_contest(p, flow, CLIENT);
    }
    while (!tls_doubt(p->tls, flow))
        make_room(p, flow);
}

void connection_await_start(struct pipeline *p, struct flow *flow)
{
    if (flow->state != FLOW_SEARCHING || flow->clear_kind != CLEAR_NONE)
        return;
    for (unsigned side = 0; side < 2; side++) {
        if (stream_waits(&p->flows, flow, side) && !flow->side[side].count)
            tls_await_start(p->tls, flow, p->now);
    }
}

void connection_end(struct pipeline *p, struct flow *flow, nanos when, uint32_t reasons)
{
    const uint32_t damage = reasons & UNOBSERVED_EVICTED      ? HTTP_DAMAGE_EVICTED
                            : reasons & UNOBSERVED_UNFINISHED ? HTTP_DAMAGE_END
                                                              : 0;
    const struct flow *outer = tls_end_begins(p->tls, flow);
    if (flow->handshake || flow->clear_kind != CLEAR_NONE) /* TLS may follow a hole in the cleartext */
        flush(p, flow, when);
    if (flow->state == FLOW_SEARCHING && flow->clear_kind != CLEAR_NONE) {
        end_clear(p, flow, damage);
        if (flow->handshake) /* which never began: an alert may answer something other than TLS */
            tls_release(p->tls, flow);
    }
    while (flow->handshake) /* a later handshake may have come early */
        connection_finish(p, flow, when, reasons);
    tls_end_is_over(p->tls, outer);
    if (flow->clear_kind != CLEAR_NONE)
        end_clear(p, flow, damage);
}

bool connection_replace(struct pipeline *p, struct flow *flow)
{
    const bool goes_on = p->now - flow->last_seen <= HANDSHAKE_LINGER_SECONDS * NANOS_PER_SECOND;
    const bool doubted =
        goes_on && flow_is_confirmed(flow) && tls_is_open(p->tls, flow) && !flow_has_ended(flow);
    if (doubted)
        connection_doubt(p, flow);
    connection_end(p, flow, p->now, 0);
    return doubted;
}

void connection_expire(struct pipeline *p, struct flow *flow, nanos when)
{
    const bool waits = flow->state == FLOW_SEARCHING && flow->clear_kind == CLEAR_HTTP &&
                       !tls_has_begun(p->tls, flow) && !flow_has_ended(flow);
    if (waits)
        tls_release(p->tls, flow);
    else
        connection_end(p, flow, when, UNOBSERVED_UNFINISHED);
}

void connection_forget(struct pipeline *p, struct flow *flow)
{
    if (flow->handshake)
        tls_release(p->tls, flow);
    cleartext_forget(p, flow);
}

void connection_evict(struct pipeline *p, struct flow *flow)
{
    connection_end(p, flow, p->now, tls_is_result(p->tls, flow) ? 0 : UNOBSERVED_EVICTED);
}

void connection_expire_clear(struct pipeline *p, int most)
{
    for (struct flow *flow; most && (flow = cleartext_expired(p)); most--) {
        if (flow_has_ended(flow) || flow->state == FLOW_HANDSHAKE || flow->end[0].udp) {
            end_clear(p, flow, flow_has_ended(flow) ? 0 : HTTP_DAMAGE_END);
        } else if (flow->clear_kind == CLEAR_HTTP) {
            cleartext_go_on(p, flow);
        } else { /* what comes next may be TLS */
            (void)cleartext_end(p, flow, HTTP_DAMAGE_END);
            search_again(flow);
        }
    }
}

void connection_end_clear(struct pipeline *p)
{
    for (struct flow *flow; (flow = cleartext_any(p));)
        connection_end(p, flow, p->now, flow_has_ended(flow) ? 0 : UNOBSERVED_UNFINISHED);
}
