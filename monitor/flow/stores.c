/* Bytes of a direction that came early, until those before them come. */
#include "flow/stream_parts.h"

#include <assert.h>

size_t stream_held_memory(uint32_t stores)
{
    return pool_memory(sizeof(struct store), stores);
}

bool stream_stores_open(struct flow_table *table, uint32_t stores)
{
    assert(stores <= UINT16_MAX);
    return pool_open(&table->stores, sizeof(struct store), stores);
}

void stream_release_side(struct flow_table *table, struct flow *flow, unsigned side)
{
    if (flow->held[side]) {
        queue_remove(&table->holding, &table->stores, offsetof(struct store, link), flow->held[side]);
        pool_give(&table->stores, flow->held[side]);
    }
    flow->held[side] = 0;
}

/* The oldest store of an unconfirmed connection, if there is one among the oldest few; else the oldest of
 * all. */
static const struct store *store_to_give_up(const struct flow_table *table)
{
    enum { LOOKED_AT = 64 };
    uint32_t slot = table->holding.oldest;
    for (int i = 0; i < LOOKED_AT && slot; i++) {
        const struct store *store = pool_at(&table->stores, slot);
        if (!flow_is_confirmed(pool_at(&table->flows, store->flow)))
            return store;
        slot = store->link.newer;
    }
    return pool_at(&table->stores, table->holding.oldest);
}

static uint16_t take_store(struct flow_table *table)
{
    uint32_t slot = pool_take(&table->stores);
    if (slot)
        return (uint16_t)slot;
    const struct store *victim = store_to_give_up(table);
    table->counters.held_evicted += victim->count + victim->doubted_count;
    stream_release_side(table, pool_at(&table->flows, victim->flow), victim->side);
    return (uint16_t)pool_take(&table->stores);
}

struct store *store_of(struct flow_table *table, struct flow *flow, unsigned side, nanos now)
{
    if (!flow->held[side]) {
        flow->held[side] = take_store(table);
        struct store *store = pool_at(&table->stores, flow->held[side]);
        store->count = store->doubted_count = store->used = 0;
        store->acknowledged = flow->side[side].next;
        store->since = now;
        store->flow = flow_slot(table, flow);
        store->side = side;
        queue_push(&table->holding, &table->stores, offsetof(struct store, link), flow->held[side]);
    }
    return pool_at(&table->stores, flow->held[side]);
}

static bool store_piece(struct store *store, uint32_t index, uint32_t seq, struct span bytes,
                        const struct acknowledged *ack)
{
    if (store->count == OUT_OF_ORDER_PIECES || bytes.n > OUT_OF_ORDER_BYTES - store->used)
        return false;
    memmove(&store->piece[index + 1], &store->piece[index], (store->count - index) * sizeof *store->piece);
    store->piece[index] =
        (struct piece){.seq = seq, .length = (uint32_t)bytes.n, .at = store->used, .ack = *ack};
    memcpy(store->bytes + store->used, bytes.p, bytes.n);
    store->used += (uint32_t)bytes.n;
    store->count++;
    return true;
}

/* A piece that continues the last one to arrive becomes part of it: a burst is one piece. It stays apart if
 * its sender has received something since then, which may matter to its reader. */
static bool extend_piece(struct store *store, uint32_t index, uint32_t seq, struct span bytes,
                         const struct acknowledged *ack)
{
    if (index == 0)
        return false;
    struct piece *before = &store->piece[index - 1];
    bool adjacent = before->seq + before->length == seq && before->at + before->length == store->used;
    const bool same_ack = before->ack.any == ack->any && before->ack.number == ack->number;
    if (!adjacent || !same_ack || bytes.n > OUT_OF_ORDER_BYTES - store->used)
        return false;
    memcpy(store->bytes + store->used, bytes.p, bytes.n);
    store->used += (uint32_t)bytes.n;
    before->length += (uint32_t)bytes.n;
    return true;
}

bool store_insert(struct store *store, uint32_t seq, struct span bytes, const struct acknowledged *ack,
                  bool *conflict)
{
    uint32_t index = 0;
    while (bytes.n) {
        while (index < store->count &&
               distance(store->piece[index].seq + store->piece[index].length, seq) >= 0)
            index++;
        if (index == store->count || distance(seq, store->piece[index].seq) > 0) {
            struct span fresh = bytes;
            if (index < store->count)
                fresh = span_head(bytes, (size_t)distance(seq, store->piece[index].seq));
            bool extended = extend_piece(store, index, seq, fresh, ack);
            if (!extended && !store_piece(store, index, seq, fresh, ack))
                return false;
            bytes = span_skip(bytes, fresh.n);
            seq += (uint32_t)fresh.n;
            if (!extended)
                index++;
            continue;
        }
        const struct piece *known = &store->piece[index];
        uint32_t offset = seq - known->seq;
        struct span again = span_head(bytes, known->length - offset);
        if (memcmp(store->bytes + known->at + offset, again.p, again.n) != 0)
            *conflict = true;
        bytes = span_skip(bytes, again.n);
        seq += (uint32_t)again.n;
        index++;
    }
    return true;
}

void stream_release_held(struct flow_table *table, struct flow *flow)
{
    stream_release_side(table, flow, 0);
    stream_release_side(table, flow, 1);
}
