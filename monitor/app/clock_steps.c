#include "app/clock_steps.h"

#include "decode/tcp_options.h"
#include "flow/stream.h"

enum {
    STAMP_MS = 10,     /* behind a quiet time as many at once as have room */
    LOOK_SECONDS = 60, /* behind a pause, in which connections go on */
    LIVE_SECONDS = 60, /* before it, in which a connection did something */
    /* A sender waits up to 60 seconds or more (RFC 6298 2.5; Linux: 120) before it sends something again. */
    RETRANSMISSION_SECONDS = 300,
    HANDSHAKE_SECONDS = 3600,
    AHEAD_SECONDS = 3600,
    BOTH = 3,
    MS = NANOS_PER_MILLISECOND,
    RATE_MS = 1000,         /* in which a rate is measured, at least, */
    RATE_MS_MOST = 3600000, /* and at most, so that the ticks do not begin anew unnoticed */
};

/* Ticks that may have begun anew are not compared. */
static const uint64_t most_ticks = UINT32_MAX / 2;

void clock_steps_pause(struct clock_steps *c, nanos before, nanos after)
{
    c->before = c->pause_before = before;
    c->after = c->pause_after = after;
    c->told = false;
    c->witnesses = 0;
}

/* A clock that is corrected by less than half of the pause leaves most of it. */
bool clock_steps_were_ahead(const struct clock_steps *c, nanos last, nanos time)
{
    const nanos behind = time - c->pause_before;
    const bool short_time = last - c->pause_after <= AHEAD_SECONDS * NANOS_PER_SECOND;
    return c->pause_after && short_time && behind >= -CLOCK_SET_SECONDS * NANOS_PER_SECOND &&
           behind <= (c->pause_after - c->pause_before) / 2;
}

static struct clock_stamp *stamp_of(struct clock_steps *c, const struct flow *flow, unsigned side)
{
    const unsigned kept = c->stamps < CLOCK_STAMPS ? c->stamps : CLOCK_STAMPS;
    for (struct clock_stamp *s = c->stamp; s < c->stamp + kept; s++)
        if (s->flow == flow && s->first_seen == flow->first_seen && s->side == side)
            return s;
    return NULL;
}

static void keep_stamp(struct clock_steps *c, const struct flow *flow, const struct segment *segment)
{
    uint32_t value;
    if (segment->belief != BELIEVED || !stream_knows_other(flow, segment) || !tcp_timestamp(segment, &value))
        return;
    struct clock_stamp *s = stamp_of(c, flow, segment->side);
    if (!s) {
        s = &c->stamp[c->stamps++ % CLOCK_STAMPS];
        *s = (struct clock_stamp){.flow = flow,
                                  .first_seen = flow->first_seen,
                                  .side = segment->side,
                                  .rate_from = segment->time,
                                  .rate_value = value};
    }
    const nanos measured = (segment->time - s->rate_from) / MS;
    if (measured >= RATE_MS && measured <= RATE_MS_MOST) {
        s->rate_ticks = value - s->rate_value;
        s->rate_ms = (uint32_t)measured;
    }
    if (measured < 0 || measured >= RATE_MS_MOST / 2) {
        s->rate_from = segment->time;
        s->rate_value = value;
    }
    s->time = segment->time;
    s->value = value;
    c->other = flow == c->other ? NULL : flow;
    c->other_side = !segment->side;
    const nanos step = (nanos)STAMP_MS * MS;
    const nanos burst = CLOCK_STAMPS * step;
    const bool counts = c->next_stamp > segment->time - burst && c->next_stamp < segment->time + burst;
    c->next_stamp = (counts ? c->next_stamp : segment->time - burst) + step;
}

/* Half of it, and twice as much, since neither clock is exact. Where no rate was measured, that of most hosts
 * counts, which is also the fastest of RFC 7323 5.4. */
static enum clock_fact look_at_ticks(struct clock_steps *c, const struct flow *flow,
                                     const struct segment *segment)
{
    uint32_t value;
    const struct clock_stamp *s = stamp_of(c, flow, segment->side);
    if (!s || segment->time <= s->time || !tcp_timestamp(segment, &value))
        return CLOCK_NOTHING;
    const uint32_t ticks = value - s->value;
    const uint64_t ms = (uint64_t)((segment->time - s->time) / MS);
    if (ticks < ms / 1000 / 2)
        return CLOCK_TICKED_LESS;
    const uint64_t due = s->rate_ms ? ms * s->rate_ticks / s->rate_ms : ms;
    return due && due < most_ticks && ticks >= due / 2 && ticks / 2 <= due ? CLOCK_KEPT_PACE : CLOCK_NOTHING;
}

static bool is_next(const struct flow *flow, const struct segment *segment)
{
    const unsigned side = segment->side;
    return flow->marks[side] & SIDE_KNOWN && segment->seq == flow->side[side].next;
}

/* The first that comes of this connection is what its end would have said at once. */
static bool goes_on(const struct clock_steps *c, const struct flow *flow, const struct segment *segment)
{
    const unsigned side = segment->side;
    const nanos pause = (c->after - c->before) / NANOS_PER_SECOND;
    const bool first =
        flow->last_seen <= c->before && flow->last_seen >= c->before - LIVE_SECONDS * NANOS_PER_SECOND;
    if (!first || flow->state > FLOW_READABLE || flow_has_ended(flow) || !is_next(flow, segment))
        return false;
    const bool awaited = flow->marks[!side] & SIDE_DATA && !(flow->taken >> !side & 1) &&
                         segment->ack == flow->side[!side].next;
    const bool in_handshake = (flow->handshake || flow->halted) && segment->payload_len;
    return (awaited && pause >= RETRANSMISSION_SECONDS) || (in_handshake && pause >= HANDSHAKE_SECONDS);
}

/* The number of witnesses: it is none. */
static unsigned witness_of(const struct clock_steps *c, const struct flow *flow)
{
    unsigned i = 0;
    while (i < c->witnesses && !(c->witness[i].flow == flow && c->witness[i].first_seen == flow->first_seen))
        i++;
    return i;
}

/* Not an acknowledgement alone: a host makes those whatever its program does. */
static bool is_answer(const struct clock_steps *c, const struct flow *flow, const struct segment *segment)
{
    const unsigned i = witness_of(c, flow);
    const unsigned went_on = i < c->witnesses ? c->witness[i].went_on : 0;
    return went_on && !(went_on >> segment->side & 1) && segment->payload_len && is_next(flow, segment);
}

enum clock_fact clock_steps_look(struct clock_steps *c, const struct flow *flow,
                                 const struct segment *segment)
{
    const bool looks =
        c->after && segment->time >= c->after && segment->time < c->after + LOOK_SECONDS * NANOS_PER_SECOND;
    if (!looks) {
        c->after = 0;
        const bool other_too = flow == c->other && segment->side == c->other_side;
        if (segment->time >= c->next_stamp || segment->time < c->before || other_too)
            keep_stamp(c, flow, segment);
        return CLOCK_NOTHING;
    }
    if (!flow_is_undisputed(flow))
        return CLOCK_NOTHING;
    const enum clock_fact fact = look_at_ticks(c, flow, segment);
    if (fact != CLOCK_NOTHING)
        return fact;
    return goes_on(c, flow, segment) || is_answer(c, flow, segment) ? CLOCK_WENT_ON : CLOCK_NOTHING;
}

static bool have_host_in_common(const struct clock_witness *a, const struct clock_witness *b)
{
    for (unsigned i = 0; i < 2; i++)
        for (unsigned k = 0; k < 2; k++)
            if (endpoint_same_host(&a->end[i], &b->end[k]))
                return true;
    return false;
}

/* Does another one, of which neither host is a host of this one, say the same? */
static bool is_confirmed(const struct clock_steps *c, const struct clock_witness *w)
{
    for (const struct clock_witness *other = c->witness; other < c->witness + c->witnesses; other++)
        if (!have_host_in_common(w, other))
            return true;
    return false;
}

enum clock_verdict clock_steps_take(struct clock_steps *c, const struct flow *flow,
                                    const struct segment *segment, enum clock_fact fact)
{
    if (fact == CLOCK_KEPT_PACE) {
        c->after = c->pause_after = 0;
        return c->told ? CLOCK_WAS_NOT_SET : CLOCK_UNDECIDED;
    }
    const unsigned i = witness_of(c, flow);
    if (i == CLOCK_WITNESSES)
        return CLOCK_UNDECIDED;
    struct clock_witness *w = &c->witness[i];
    if (i == c->witnesses) {
        c->witnesses++;
        *w = (struct clock_witness){
            .flow = flow, .first_seen = flow->first_seen, .end = {flow->end[0], flow->end[1]}};
    }
    uint8_t *sides = fact == CLOCK_TICKED_LESS ? &w->ticked_less : &w->went_on;
    *sides = (uint8_t)(*sides | 1U << segment->side);
    if (c->told || !(*sides == BOTH || is_confirmed(c, w)))
        return CLOCK_UNDECIDED;
    c->told = true;
    return CLOCK_WAS_SET;
}

bool clock_steps_are_open(const struct clock_steps *c, const struct flow *flow)
{
    return c->after && !c->told && witness_of(c, flow) < c->witnesses;
}
