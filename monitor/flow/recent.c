#include "flow/recent.h"

#include "base/chain.h"
#include "base/expect.h"

#include <assert.h>

struct recent {
    struct chain bytes;
    uint32_t next; /* sequence number after the last of them */
    uint32_t end;  /* likewise, after the bytes of the handshake that is kept */
};

struct recents {
    struct recent side[2];
    struct queue_link link; /* among those that are searched */
    uint32_t flow;          /* slot */
    uint16_t kept;          /* how many handshakes that have just ended need them */
    bool searched : 1;
    bool in_clear : 1; /* what is kept is not of a handshake */
    uint8_t lost; /* a bit for each side: bytes before these are missing, though there would have been room */
};
static_assert(sizeof(struct recents) == 64, "one more byte would take a slot twice as large");

static uint32_t searched_for(uint32_t handshakes)
{
    return handshakes / SEARCHED_SHARE + 1;
}

/* Windows for handshakes in progress, those that have just ended, and connections that are searched. */
static uint32_t recents_for(uint32_t handshakes)
{
    return handshakes + handshakes / KEPT_SHARE + searched_for(handshakes);
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
    table->searched_most = searched_for(handshakes);
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

static void unqueue(struct flow_table *table, struct recents *recents, uint32_t slot)
{
    if (!recents->searched)
        return;
    queue_remove(&table->searched, &table->recents, offsetof(struct recents, link), slot);
    table->searched_count--;
    recents->searched = false;
}

/* The oldest of those that are searched gives way, so that a handshake always finds room. */
static void queue_searched(struct flow_table *table, struct recents *recents, uint32_t slot)
{
    if (table->searched_count == table->searched_most) {
        struct recents *oldest = pool_at(&table->recents, table->searched.oldest);
        recent_forget(table, pool_at(&table->flows, oldest->flow));
    }
    queue_push(&table->searched, &table->recents, offsetof(struct recents, link), slot);
    table->searched_count++;
    recents->searched = true;
}

void recent_forget_side(struct flow_table *table, const struct flow *flow, unsigned side)
{
    if (!flow->recent)
        return;
    struct recent *recent = &((struct recents *)pool_at(&table->recents, flow->recent))->side[side];
    drop(table, recent, recent->bytes.length);
    recent->next = flow->side[side].next;
}

void recent_forget(struct flow_table *table, struct flow *flow)
{
    if (!flow->recent)
        return;
    struct recents *recents = pool_at(&table->recents, flow->recent);
    unqueue(table, recents, flow->recent);
    for (unsigned side = 0; side < 2; side++)
        drop(table, &recents->side[side], recents->side[side].bytes.length);
    pool_give(&table->recents, flow->recent);
    flow->recent = 0;
}

bool recent_keep(struct flow_table *table, const struct flow *flow)
{
    struct recents *recents = pool_at(&table->recents, flow->recent);
    if (recents->kept == UINT16_MAX)
        return false;
    unqueue(table, recents, flow->recent);
    const bool of_handshake = flow->state == FLOW_HANDSHAKE;
    recents->in_clear = !of_handshake && (!recents->kept || recents->in_clear);
    recents->kept++;
    for (unsigned side = 0; side < 2; side++)
        recents->side[side].end = recents->side[side].next;
    return true;
}

void recent_let_go(struct flow_table *table, struct flow *flow)
{
    if (!flow->recent)
        return;
    struct recents *recents = pool_at(&table->recents, flow->recent);
    if (recents->kept)
        recents->kept--;
    if (flow->state >= FLOW_READABLE)
        recent_forget_unkept(table, flow);
    else if (!recents->kept)
        recent_search(table, flow); /* it may give way to others again */
}

void recent_expect(const struct flow_table *table, const struct flow *flow)
{
    if (flow->recent)
        expect(pool_at(&table->recents, flow->recent), sizeof(struct recents));
}

void recent_expect_bytes(const struct flow_table *table, const struct flow *flow)
{
    const struct recents *recents = flow->recent ? pool_at(&table->recents, flow->recent) : NULL;
    for (unsigned side = 0; recents && side < 2; side++)
        chain_expect(&table->recent_pieces, &recents->side[side].bytes);
}

bool recent_move(struct flow_table *table, struct flow *flow)
{
    struct recents *recents = flow->recent ? pool_at(&table->recents, flow->recent) : NULL;
    if (!recents || !recents->kept)
        return false;
    unqueue(table, recents, flow->recent);
    flow->recent = 0;
    return true;
}

void recent_forget_unkept(struct flow_table *table, struct flow *flow)
{
    if (flow->recent && !((const struct recents *)pool_at(&table->recents, flow->recent))->kept)
        recent_forget(table, flow);
}

bool recent_is_of_handshake(const struct flow_table *table, const struct flow *flow, unsigned side,
                            uint32_t seq)
{
    if (!flow->recent)
        return false;
    const struct recents *recents = pool_at(&table->recents, flow->recent);
    return recents->kept && (int32_t)(recents->side[side].end - seq) > 0;
}

bool recent_is_in_clear(const struct flow_table *table, const struct flow *flow)
{
    return flow->recent && ((const struct recents *)pool_at(&table->recents, flow->recent))->in_clear;
}

/* A new window begins `fresh` bytes before the side's `next`. */
static struct recents *recents_of(struct flow_table *table, struct flow *flow, unsigned side, size_t fresh)
{
    const bool search = flow->state == FLOW_SEARCHING;
    struct recents *recents = flow->recent ? pool_at(&table->recents, flow->recent) : NULL;
    if (recents && recents->searched != search && !recents->kept) {
        unqueue(table, recents, flow->recent);
        if (search)
            queue_searched(table, recents, flow->recent);
    }
    if (recents)
        return recents;
    const uint32_t slot = pool_take(&table->recents);
    if (!slot)
        return NULL;
    recents = pool_at(&table->recents, slot);
    *recents = (struct recents){.flow = flow_slot(table, flow)};
    for (unsigned i = 0; i < 2; i++) {
        const uint32_t next = flow->side[i].next - (i == side ? (uint32_t)fresh : 0);
        recents->side[i] = (struct recent){.next = next};
        recents->lost |= (uint8_t)((next != flow->side[i].first) << i);
    }
    if (search)
        queue_searched(table, recents, slot);
    flow->recent = slot & 0x7fffffU; /* there are no more, with the 2^20 handshakes that a site may ask for */
    return recents;
}

void recent_search(struct flow_table *table, struct flow *flow)
{
    if (flow->recent)
        (void)recents_of(table, flow, 0, 0);
}

void recent_remember(struct flow_table *table, struct flow *flow, unsigned side, struct span bytes)
{
    struct recents *recents = recents_of(table, flow, side, bytes.n);
    if (!recents) {
        table->counters.not_compared += bytes.n;
        return;
    }
    const size_t most = recents->searched ? SEARCHED_BYTES : RECENT_BYTES;
    struct recent *recent = &recents->side[side];
    const bool follows = recent->next == flow->side[side].next - (uint32_t)bytes.n;
    if (recents->kept && flow->state == FLOW_READABLE && !(follows && recent->bytes.length + bytes.n <= most))
        return; /* readable data after the handshake does not push out its bytes */
    const size_t left_out = bytes.n > most ? bytes.n - most : 0;
    bytes = span_skip(bytes, left_out);
    if (recent->next != flow->side[side].next - (uint32_t)(left_out + bytes.n)) {
        /* A gap: what came before it is not adjacent. */
        recents->lost |= (uint8_t)(1U << side);
        drop(table, recent, recent->bytes.length);
    }
    if (left_out)
        drop(table, recent, recent->bytes.length);
    recent->next = flow->side[side].next;
    const size_t length = recent->bytes.length + bytes.n;
    if (length > most)
        drop(table, recent, length - most);
    if (chain_append(&table->recent_pieces, &recent->bytes, bytes))
        return;
    table->counters.not_compared += recent->bytes.length + bytes.n;
    recents->lost |= (uint8_t)(1U << side);
    drop(table, recent, recent->bytes.length);
}

enum recent_answer recent_compare(const struct flow_table *table, const struct flow *flow, unsigned side,
                                  uint32_t seq, struct span copy)
{
    const struct flow_side *from = &flow->side[side];
    const struct recents *recents = flow->recent ? pool_at(&table->recents, flow->recent) : NULL;
    const struct recent none = {.next = from->next};
    const struct recent *recent = recents ? &recents->side[side] : &none;
    const uint32_t oldest = recent->next - recent->bytes.length;
    const int32_t before = (int32_t)(oldest - seq);
    bool known = true;
    if (before > 0) {
        /* What came before the first byte was never handed on. */
        const int32_t ahead = (int32_t)(from->first - seq);
        known = (ahead > 0 ? (size_t)ahead : 0) >= ((size_t)before < copy.n ? (size_t)before : copy.n);
        copy = span_skip(copy, (size_t)before);
        seq = oldest;
    }
    const int32_t ahead = (int32_t)(recent->next - seq);
    if (ahead > 0 &&
        chain_differs(&table->recent_pieces, &recent->bytes, seq - oldest, span_head(copy, (size_t)ahead)))
        return RECENT_DIFFERS;
    return known ? RECENT_SAME : !recents || recents->lost & 1U << side ? RECENT_NOT_KNOWN : RECENT_OLD;
}
