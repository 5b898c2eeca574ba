#include "app/replaced.h"

#include "app/pipeline_parts.h"
#include "base/limits.h"

static void forget_oldest(struct replaced *r)
{
    r->first = (r->first + 1) % REPLACED_FLOWS;
    r->count--;
}

void replaced_keep(struct pipeline *p, const struct flow *flow)
{
    struct replaced *r = &p->replaced;
    const nanos until = flow->last_seen + KEPT_SECONDS * NANOS_PER_SECOND;
    if (flow->client == NO_SIDE || flow->disputed || until < p->now)
        return;
    if (r->count == REPLACED_FLOWS) {
        r->forgotten += r->place[r->first].until >= p->now;
        forget_oldest(r);
    }
    r->place[(r->first + r->count++) % REPLACED_FLOWS] =
        (struct replaced_flow){.flow = *flow, .until = until};
}

/* The segment as one of this connection. False: it has other ends. */
static bool is_between(const struct flow *flow, const struct segment *segment, struct segment *out)
{
    const enum side from = endpoint_equal(&segment->src, &flow->end[1]);
    if (!endpoint_equal(&segment->src, &flow->end[from]) || !endpoint_equal(&segment->dst, &flow->end[!from]))
        return false;
    *out = *segment;
    out->side = from;
    return true;
}

void replaced_reset(struct pipeline *p, const struct segment *segment)
{
    struct replaced *r = &p->replaced;
    while (r->count && r->place[r->first].until < p->now)
        forget_oldest(r);
    for (size_t i = 0; i < r->count; i++) {
        struct flow *flow = &r->place[(r->first + i) % REPLACED_FLOWS].flow;
        struct segment own;
        if (!is_between(flow, segment, &own) || !dispute_begins(flow, &own))
            continue;
        struct statement f = {.kind = TOLD_DISPUTE, .flow_id = flow_id(flow)};
        pipeline_tell(p, &f);
    }
}
