#include "app/clock_steps.h"

#include "decode/tcp_options.h"

enum {
    STAMP_MS = 10,
    LOOK_SECONDS = 60, /* behind a pause, in which connections go on */
    LIVE_SECONDS = 60, /* before it, in which a connection did something */
    /* A sender waits up to 60 seconds or more (RFC 6298 2.5; Linux: 120) before it sends something again. */
    RETRANSMISSION_SECONDS = 300,
    HANDSHAKE_SECONDS = 3600,
};

void clock_steps_pause(struct clock_steps *c, nanos before, nanos after)
{
    c->before = before;
    c->after = after;
}

static void keep_stamp(struct clock_steps *c, const struct flow *flow, const struct segment *segment)
{
    uint32_t value;
    if (!tcp_timestamp(segment, &value))
        return;
    c->stamp[c->stamps++ % CLOCK_STAMPS] = (struct clock_stamp){.flow = flow,
                                                                .first_seen = flow->first_seen,
                                                                .time = segment->time,
                                                                .value = value,
                                                                .side = segment->side};
    c->next_stamp = segment->time + STAMP_MS * (NANOS_PER_SECOND / 1000);
}

static bool has_ticked_less(const struct clock_steps *c, const struct flow *flow,
                            const struct segment *segment)
{
    uint32_t value;
    const unsigned kept = c->stamps < CLOCK_STAMPS ? c->stamps : CLOCK_STAMPS;
    if (!kept || !tcp_timestamp(segment, &value))
        return false;
    for (unsigned i = 1; i <= kept; i++) {
        const struct clock_stamp *s = &c->stamp[(c->stamps - i) % CLOCK_STAMPS];
        /* Half of it, since neither clock is exact. */
        if (s->flow == flow && s->first_seen == flow->first_seen && s->side == segment->side)
            return value - s->value < (uint64_t)((segment->time - s->time) / NANOS_PER_SECOND) / 2;
    }
    return false;
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

bool clock_steps_shown(struct clock_steps *c, const struct flow *flow, const struct segment *segment)
{
    const bool looks =
        c->after && segment->time >= c->after && segment->time < c->after + LOOK_SECONDS * NANOS_PER_SECOND;
    if (!looks) {
        c->after = 0;
        if (segment->time >= c->next_stamp || segment->time < c->before)
            keep_stamp(c, flow, segment);
        return false;
    }
    if (!flow_is_undisputed(flow))
        return false;
    return has_ticked_less(c, flow, segment) || goes_on(c, flow, segment);
}
