#include "flow/recent.h"

#include "base/chain.h"

struct recent {
    struct chain bytes;
    uint32_t next; /* sequence number after the last of them */
};

struct recents {
    struct recent side[2];
};

/* Handshakes in progress, and those that have just ended. */
static uint32_t recents_for(uint32_t handshakes)
{
    return handshakes + handshakes / KEPT_SHARE;
}

static uint32_t pieces_for(uint32_t handshakes)
{
    return recents_for(handshakes) * (RECENT_SHARE / PIECE_BYTES) + 2 * RECENT_BYTES / PIECE_BYTES;
}

size_t recent_memory(uint32_t handshakes)
{
    return pool_memory(sizeof(struct recents), recents_for(handshakes)) +
           chain_memory(pieces_for(handshakes));
}

bool recent_open(struct flow_table *table, uint32_t handshakes)
{
    return pool_open(&table->recents, sizeof(struct recents), recents_for(handshakes)) &&
           chain_open(&table->recent_pieces, pieces_for(handshakes));
}

void recent_close(struct flow_table *table)
{
    pool_close(&table->recents);
    pool_close(&table->recent_pieces);
}

static void drop(struct flow_table *table, struct recent *recent, size_t n)
{
    chain_drop(&table->recent_pieces, &recent->bytes, n);
}

void recent_forget(struct flow_table *table, struct flow *flow)
{
    if (!flow->recent)
        return;
    struct recents *recents = pool_at(&table->recents, flow->recent);
    for (unsigned side = 0; side < 2; side++)
        drop(table, &recents->side[side], recents->side[side].bytes.length);
    pool_give(&table->recents, flow->recent);
    flow->recent = 0;
}

static struct recents *recents_of(struct flow_table *table, struct flow *flow)
{
    if (flow->recent)
        return pool_at(&table->recents, flow->recent);
    flow->recent = pool_take(&table->recents);
    if (!flow->recent)
        return NULL;
    struct recents *fresh = pool_at(&table->recents, flow->recent);
    for (unsigned side = 0; side < 2; side++)
        fresh->side[side] = (struct recent){.next = flow->side[side].next};
    return fresh;
}

void recent_remember(struct flow_table *table, struct flow *flow, unsigned side, struct span bytes)
{
    struct recents *recents = recents_of(table, flow);
    if (!recents)
        return;
    struct recent *recent = &recents->side[side];
    if (bytes.n > RECENT_BYTES)
        bytes = span_skip(bytes, bytes.n - RECENT_BYTES);
    if (recent->next !=
        flow->side[side].next - (uint32_t)bytes.n) /* a gap: what was before it is not next to it */
        drop(table, recent, recent->bytes.length);
    recent->next = flow->side[side].next;
    const size_t length = recent->bytes.length + bytes.n;
    if (length > RECENT_BYTES)
        drop(table, recent, length - RECENT_BYTES);
    if (chain_append(&table->recent_pieces, &recent->bytes, bytes))
        return;
    table->counters.not_compared += recent->bytes.length + bytes.n;
    drop(table, recent, recent->bytes.length);
}

bool recent_differs(const struct flow_table *table, const struct flow *flow, unsigned side, uint32_t seq,
                    struct span copy)
{
    if (!flow->recent)
        return false;
    const struct recents *recents = pool_at(&table->recents, flow->recent);
    const struct recent *recent = &recents->side[side];
    const uint32_t oldest = recent->next - recent->bytes.length;
    const int32_t before = (int32_t)(oldest - seq);
    if (before > 0) {
        copy = span_skip(copy, (size_t)before);
        seq = oldest;
    }
    const int32_t ahead = (int32_t)(recent->next - seq);
    if (ahead <= 0)
        return false;
    return chain_differs(&table->recent_pieces, &recent->bytes, seq - oldest, span_head(copy, (size_t)ahead));
}
