#include "app/replaced.h"

#include "app/pipeline_parts.h"
#include "base/limits.h"
#include "flow/recent.h"

enum { BEYOND_CAPTURED = 16384 /* octets of the other side that may not have been captured */ };

static void forget_oldest(struct pipeline *p)
{
    struct replaced *r = &p->replaced;
    recent_forget(&p->flows, &r->place[r->first].flow);
    r->first = (r->first + 1) % REPLACED_FLOWS;
    r->count--;
}

/* Whether an end disowns the oldest is no longer seen, so that it counts as disowned. */
static void make_room(struct pipeline *p)
{
    struct replaced *r = &p->replaced;
    const struct replaced_flow *oldest = &r->place[r->first];
    if (oldest->until >= p->now && !oldest->flow.disputed) {
        r->forgotten++;
        late_check_tell_dispute(p, &oldest->flow);
    }
    forget_oldest(p);
}

void replaced_keep(struct pipeline *p, struct flow *flow)
{
    struct replaced *r = &p->replaced;
    const nanos until = flow->last_seen + KEPT_SECONDS * NANOS_PER_SECOND;
    /* A second reset says no more than the first; late bytes still do. */
    if (flow->client == NO_SIDE || (flow->disputed && !flow->recent) || until < p->now)
        return;
    struct replaced_flow kept = {.flow = *flow, .until = until};
    if (!recent_move(&p->flows, flow))
        kept.flow.recent = 0;
    if (!kept.flow.recent && !flow_is_confirmed(flow)) /* it had no handshake that anybody may disown */
        return;
    if (r->count == REPLACED_FLOWS)
        make_room(p);
    r->place[(r->first + r->count++) % REPLACED_FLOWS] = kept;
}

/* The segment as one of this connection. False: it has other ends. */
static bool is_between(const struct flow *flow, const struct segment *segment, struct segment *out)
{
    const enum side from = endpoint_equal(&segment->src, &flow->end[1]);
    if (!endpoint_equal(&segment->src, &flow->end[from]) || !endpoint_equal(&segment->dst, &flow->end[!from]))
        return false;
    *out = *segment;
    out->side = (uint8_t)from;
    return true;
}

/* Does the segment acknowledge this connection, as far as its other side is known? A client that reopens it
 * may draw its old number, but not the server's, nor the server the client's: what it says then contradicts
 * nothing. */
static bool acknowledges(const struct flow *flow, const struct segment *segment)
{
    const struct flow_side *other = &flow->side[!segment->side];
    const int32_t from = (int32_t)(segment->ack - other->first);
    const int32_t beyond = (int32_t)(segment->ack - other->next);
    return !(flow->marks[!segment->side] & SIDE_KNOWN) || (from >= 0 && beyond <= BEYOND_CAPTURED);
}

/* Does the segment repeat bytes of the handshake, and not as they were? */
static bool contradicts(struct pipeline *p, const struct flow *flow, const struct segment *segment)
{
    const unsigned side = segment->side;
    return (int32_t)(segment->seq - flow->side[side].first) >= 0 && acknowledges(flow, segment) &&
           recent_is_of_handshake(&p->flows, flow, side, segment_data_at(segment)) &&
           stream_contradicts(&p->flows, flow, segment);
}

void replaced_compare(struct pipeline *p, const struct segment *segment)
{
    struct replaced *r = &p->replaced;
    for (size_t i = 0; i < r->count; i++) {
        struct flow *flow = &r->place[(r->first + i) % REPLACED_FLOWS].flow;
        struct segment own;
        if (!flow->recent || !is_between(flow, segment, &own) || !contradicts(p, flow, &own))
            continue;
        const bool in_clear = recent_is_in_clear(&p->flows, flow);
        recent_forget(&p->flows, flow);
        late_check_tell_contradiction(p, flow, &own, in_clear);
    }
}

void replaced_expire(struct pipeline *p)
{
    while (p->replaced.count && p->replaced.place[p->replaced.first].until < p->now)
        forget_oldest(p);
}

void replaced_reset(struct pipeline *p, const struct segment *segment)
{
    struct replaced *r = &p->replaced;
    for (size_t i = 0; i < r->count; i++) {
        struct flow *flow = &r->place[(r->first + i) % REPLACED_FLOWS].flow;
        struct segment own;
        if (is_between(flow, segment, &own) && dispute_begins(flow, &own))
            late_check_tell_dispute(p, flow);
    }
}
