#include "flow/between.h"

#include "flow/networks.h"

/* Is it between these ends? *side: that of `src`. */
static bool is_between(const struct flow *flow, const struct endpoint *src, const struct endpoint *dst,
                       uint8_t *side)
{
    if (endpoint_equal(&flow->end[0], src) && endpoint_equal(&flow->end[1], dst))
        *side = 0;
    else if (endpoint_equal(&flow->end[1], src) && endpoint_equal(&flow->end[0], dst))
        *side = 1;
    else
        return false;
    return true;
}

static uint32_t apart(uint32_t a, uint32_t b)
{
    return a - b < b - a ? a - b : b - a;
}

/* How far the segment's numbers are from those in use, as far as these are known. */
static uint64_t distance_of(const struct flow *flow, const struct segment *segment, unsigned side)
{
    const struct flow_side *from = &flow->side[side];
    const struct flow_side *to = &flow->side[!side];
    const bool known = flow->marks[side] & SIDE_KNOWN;
    const bool other_known = flow->marks[!side] & SIDE_KNOWN && segment->flags & TCP_ACK;
    return (known ? apart(segment->seq, from->next) : 0U) +
           (uint64_t)(other_known ? apart(segment->ack, to->next) : 0U);
}

/* One of several between the same ends. */
static struct flow *find_parted(struct flow_table *table, struct segment *segment)
{
    struct flow *found = NULL;
    bool found_here = false;
    uint64_t nearest = 0;
    for (uint32_t i = table->buckets[flow_bucket_of(table, &segment->src, &segment->dst)]; i;) {
        struct flow *flow = pool_at(&table->flows, i);
        uint8_t from;
        i = flow->hash_next;
        if (!is_between(flow, &segment->src, &segment->dst, &from))
            continue;
        const bool here = !(flow->marks[from] & SIDE_KNOWN) ||
                          networks_of_side(table, flow, from) == networks_of_segment(segment);
        const uint64_t away = distance_of(flow, segment, from);
        if (found && (here == found_here ? away >= nearest : found_here))
            continue;
        found = flow;
        found_here = here;
        nearest = away;
        segment->side = from;
    }
    return found;
}

struct flow *flow_find(struct flow_table *table, struct segment *segment)
{
    for (uint32_t i = table->buckets[flow_bucket_of(table, &segment->src, &segment->dst)]; i;) {
        struct flow *flow = pool_at(&table->flows, i);
        i = flow->hash_next;
        if (is_between(flow, &segment->src, &segment->dst, &segment->side))
            return flow->parted ? find_parted(table, segment) : flow;
    }
    return NULL;
}

struct flow *flow_beside(struct flow_table *table, const struct flow *flow, const struct flow *after)
{
    uint32_t i =
        after ? after->hash_next : table->buckets[flow_bucket_of(table, &flow->end[0], &flow->end[1])];
    uint8_t side;
    while (i) {
        struct flow *other = pool_at(&table->flows, i);
        if (other != flow && is_between(other, &flow->end[0], &flow->end[1], &side))
            return other;
        i = other->hash_next;
    }
    return NULL;
}
