/* The connections between two ends: usually one; several if networks have the same addresses, or if a host on
 * the path rewrites sequence numbers (start.c). */
#ifndef UTWATCH_FLOW_BETWEEN_H
#define UTWATCH_FLOW_BETWEEN_H

#include "base/expect.h"
#include "decode/endpoint_hash.h"
#include "flow/flow.h"

/* Both directions meet in one bucket. */
static inline uint32_t flow_bucket_of(const struct flow_table *table, const struct endpoint *a,
                                      const struct endpoint *b)
{
    const uint64_t hash = endpoint_hash(&table->key, a) + endpoint_hash(&table->key, b);
    return (uint32_t)(hash ^ hash >> 32) & table->bucket_mask;
}

/* Has the processor fetch where a connection between these ends will be looked for. */
static inline void flow_expect(const struct flow_table *table, const struct endpoint *a,
                               const struct endpoint *b)
{
    expect(&table->buckets[flow_bucket_of(table, a, b)], 1);
}

/* The segment's connection, or NULL; notes in the segment which side sent it. Of several between the same
 * ends it is one of the segment's network, if there is any, and of those the one whose numbers are nearest.
 */
struct flow *flow_find(struct flow_table *table, struct segment *segment);

/* The next other connection between the same ends: the one after `after`, the first for NULL; NULL: no
 * more. */
struct flow *flow_beside(struct flow_table *table, const struct flow *flow, const struct flow *after);

#endif
