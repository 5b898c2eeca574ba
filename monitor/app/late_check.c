#include "app/late_check.h"

#include "app/pipeline_parts.h"
#include "base/expect.h"
#include "base/memory.h"
#include "flow/recent.h"

#include <stdlib.h>

size_t late_check_places(uint32_t handshakes)
{
    return handshakes / KEPT_SHARE;
}

bool late_check_open(struct late_check *late, size_t capacity)
{
    late->capacity = capacity;
    late->place = memory_map(capacity, sizeof *late->place);
    return late->place;
}

void late_check_close(struct late_check *late)
{
    memory_unmap(late->place);
}

/* The place so many behind the oldest; at most `capacity` are in use. */
static struct late_flow *place_after(const struct late_check *late, size_t ahead)
{
    const size_t at = late->first + ahead;
    return &late->place[at < late->capacity ? at : at - late->capacity];
}

/* Each of these flows was last touched two seconds ago: those that come next are fetched meanwhile, a flow
 * first, then what leads to its bytes, then their ends. */
static void expect_next(const struct pipeline *p)
{
    enum { AHEAD = 3 };
    const struct late_check *late = &p->late;
    if (late->count <= AHEAD)
        return;
    expect(place_after(late, AHEAD)->flow, sizeof(struct flow));
    const struct late_flow *then = place_after(late, 2), *next = place_after(late, 1);
    if (then->flow->first_seen == then->first_seen)
        recent_expect(&p->flows, then->flow);
    if (next->flow->first_seen == next->first_seen)
        recent_expect_bytes(&p->flows, next->flow);
}

static void forget_oldest(struct pipeline *p)
{
    struct late_check *late = &p->late;
    expect_next(p);
    const struct late_flow *oldest = &late->place[late->first];
    if (oldest->flow->first_seen == oldest->first_seen)
        recent_let_go(&p->flows, oldest->flow);
    late->first = late->first + 1 < late->capacity ? late->first + 1 : 0;
    late->count--;
}

void late_check_forget(struct pipeline *p, struct flow *flow)
{
    struct late_check *late = &p->late;
    recent_forget(&p->flows, flow);
    for (size_t i = 0; i < late->count; i++) {
        struct late_flow *l = place_after(late, i);
        if (l->flow == flow)
            l->first_seen = INT64_MIN; /* that of no flow */
    }
}

void late_check_begin(struct pipeline *p, struct flow *flow)
{
    struct late_check *late = &p->late;
    if (!recent_keep(&p->flows, flow))
        return;
    if (late->count == late->capacity) {
        late->early += late->place[late->first].until >= p->now;
        forget_oldest(p);
    }
    *place_after(late, late->count++) = (struct late_flow){
        .flow = flow, .first_seen = flow->first_seen, .until = p->now + KEPT_SECONDS * NANOS_PER_SECOND};
}

void late_check_tell_dispute(struct pipeline *p, const struct flow *flow)
{
    struct statement f = {.kind = TOLD_DISPUTE, .flow_id = flow_id(flow)};
    pipeline_tell(p, &f);
}

void late_check_tell_contradiction(struct pipeline *p, const struct flow *flow, const struct segment *segment,
                                   bool in_clear)
{
    struct statement f = {.kind = in_clear ? TOLD_CONTEST : TOLD_CONTRADICTION,
                          .flow_id = flow_id(flow),
                          .side = flow_sender(flow, segment)};
    pipeline_tell(p, &f);
}

void late_check_dispute(struct pipeline *p, struct flow *flow, const struct segment *segment)
{
    const bool ended_lately =
        flow->state != FLOW_RECORDS && segment->time - flow->last_seen <= KEPT_SECONDS * NANOS_PER_SECOND;
    if ((flow->recent || ended_lately) && dispute_begins(flow, segment))
        late_check_tell_dispute(p, flow);
}

void late_check_segment(struct pipeline *p, struct flow *flow, const struct segment *segment)
{
    const bool over = flow->state >= FLOW_READABLE;
    if (!(over || recent_is_of_handshake(&p->flows, flow, segment->side, segment_data_at(segment))) ||
        !stream_contradicts(&p->flows, flow, segment))
        return;
    const bool in_clear = recent_is_in_clear(&p->flows, flow);
    late_check_forget(p, flow);
    cleartext_contest(p, flow, flow_sender(flow, segment));
    late_check_tell_contradiction(p, flow, segment, in_clear);
}

void late_check_expire(struct pipeline *p)
{
    struct late_check *late = &p->late;
    while (late->count && late->place[late->first].until < p->now)
        forget_oldest(p);
}
