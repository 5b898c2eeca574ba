#include "flow/flow.h"

#include "base/memory.h"
#include "flow/between.h"
#include "flow/greedy.h"
#include "flow/networks.h"
#include "flow/recent.h"
#include "flow/stream.h"

#include <assert.h>

size_t flow_table_memory(uint32_t capacity)
{
    return pool_memory(sizeof(struct flow), capacity) + pool_buckets(capacity) * sizeof(uint32_t) +
           networks_memory(capacity) + greedy_memory();
}

bool flow_table_open(struct flow_table *table, uint32_t capacity, uint32_t handshakes)
{
    *table = (struct flow_table){.key = siphash_random_key()};
    const uint32_t buckets = pool_buckets(capacity);
    table->bucket_mask = buckets - 1;
    table->buckets = memory_map(buckets, sizeof *table->buckets);
    if (table->buckets && networks_open(table, capacity) &&
        pool_open(&table->flows, sizeof(struct flow), capacity) &&
        stream_stores_open(table, OUT_OF_ORDER_STORES) && recent_open(table, handshakes) &&
        greedy_open(table))
        return true;
    flow_table_close(table);
    return false;
}

void flow_table_close(struct flow_table *table)
{
    memory_unmap(table->buckets);
    networks_close(table);
    pool_close(&table->flows);
    pool_close(&table->stores);
    greedy_close(table);
    recent_close(table);
    *table = (struct flow_table){0};
}

static struct queue *queue_of(struct flow_table *table, const struct flow *flow)
{
    return flow->in_confirmed ? &table->confirmed : &table->unconfirmed;
}

static void queue_newest(struct flow_table *table, struct flow *flow)
{
    table->unconfirmed_count += !flow->in_confirmed;
    queue_push(queue_of(table, flow), &table->flows, offsetof(struct flow, link), flow_slot(table, flow));
}

static void unqueue(struct flow_table *table, struct flow *flow)
{
    table->unconfirmed_count -= !flow->in_confirmed;
    queue_remove(queue_of(table, flow), &table->flows, offsetof(struct flow, link), flow_slot(table, flow));
}

static void begin(struct flow *flow, struct segment *segment)
{
    segment->side = 0;
    flow->end[0] = segment->src;
    flow->end[1] = segment->dst;
    flow->first_seen = flow->last_seen = segment->time;
    memset(flow->side, 0, sizeof flow->side);
    flow->marks[0] = flow->marks[1] = 0;
    flow->used = false;
    flow->renegotiated = flow->requested = false;
    flow->granted = 0;
    flow->clear_kind = CLEAR_NONE;
    flow->clear = 0;
    flow->handshake = 0;
    flow->held[0] = flow->held[1] = 0;
    flow->recent = 0;
    flow->state = FLOW_SEARCHING;
    flow->pending_side = flow->client = NO_SIDE;
    flow->pending_isn = 0;
    flow->second_answer = flow->with_data = false;
    flow->pending_far = false;
    flow->dropped = flow->gaps = flow->confirmed = 0;
    flow->spoke = flow->odd = flow->taken = 0;
    flow->again = flow->halted = false;
    flow->alone = 0;
    flow->proxied = false;
    flow->outside = false;
    flow->contested = 0;
    flow->multipath = 0;
    flow->joined = false;
    flow->rewritten = flow->same_words = false;
    flow->altered = 0;
    flow->disputed = false;
    flow->opened = 0;
    flow->reset = 0;
    flow->believed = segment->belief == BELIEVED;
}

struct flow *flow_add(struct flow_table *table, struct segment *segment)
{
    uint32_t index = pool_take(&table->flows);
    if (!index)
        return NULL;
    struct flow *flow = pool_at(&table->flows, index);
    begin(flow, segment);
    flow->in_confirmed = flow->parted = false;
    flow->numbered = 0;
    uint32_t *bucket = &table->buckets[flow_bucket_of(table, &segment->src, &segment->dst)];
    flow->hash_next = *bucket;
    *bucket = index;
    queue_newest(table, flow);
    table->counters.created++;
    if (!(segment->flags & TCP_SYN))
        table->counters.midstream++;
    return flow;
}

void flow_confirmed(struct flow_table *table, struct flow *flow)
{
    unqueue(table, flow);
    flow->in_confirmed = true;
    queue_newest(table, flow);
    greedy_add(table, flow);
}

/* The oldest of a queue that was not used since it was queued and has no handshake; if all of the oldest few
 * were used, the oldest of those without a handshake. */
static struct flow *victim_of(struct flow_table *table, const struct queue *queue)
{
    enum { CHANCES = 64 };
    struct flow *used = NULL;
    for (int i = 0; i < CHANCES && queue->oldest != queue->newest; i++) {
        struct flow *flow = pool_at(&table->flows, queue->oldest);
        const bool handshake = flow->state == FLOW_HANDSHAKE;
        if (flow_is_confirmed(flow) ? !flow->used && !handshake : !flow->used || !handshake)
            return flow;
        if (!handshake && !used)
            used = flow;
        flow->used = false;
        unqueue(table, flow);
        queue_newest(table, flow);
    }
    return used ? used : queue->oldest ? pool_at(&table->flows, queue->oldest) : NULL;
}

struct flow *flow_victim(struct flow_table *table)
{
    const bool enough = table->unconfirmed_count >= table->flows.capacity / UNCONFIRMED_SHARE;
    const bool first = table->unconfirmed.oldest && (enough || !table->confirmed.oldest);
    struct flow *greedy = first ? NULL : greedy_victim(table);
    return greedy ? greedy : victim_of(table, first ? &table->unconfirmed : &table->confirmed);
}

void flow_remove(struct flow_table *table, struct flow *flow)
{
    assert(flow->handshake == 0);
    stream_release(table, flow);
    uint32_t index = flow_slot(table, flow);
    uint32_t *link = &table->buckets[flow_bucket_of(table, &flow->end[0], &flow->end[1])];
    while (*link != index)
        link = &((struct flow *)pool_at(&table->flows, *link))->hash_next;
    *link = flow->hash_next;
    if (flow->in_confirmed)
        greedy_remove(table, flow);
    unqueue(table, flow);
    pool_give(&table->flows, index);
}

void flow_begin_beside(struct flow_table *table, struct flow *flow, const struct segment *segment,
                       const struct start_beside *start)
{
    const uint8_t marks = start->captured ? SIDE_KNOWN | SIDE_SYN : SIDE_KNOWN;
    flow->parted = true;
    flow->disputed = start->disputed;
    networks_note(table, flow, 0, networks_of_segment(segment));
    networks_note(table, flow, 1, start->network);
    flow->side[1].first = flow->side[1].next = segment->ack;
    flow->marks[1] = marks;
    if (segment->flags & TCP_SYN)
        return;
    flow->side[0].first = flow->side[0].next = segment->seq;
    flow->marks[0] = marks;
    table->counters.midstream -= start->captured; /* its SYN came before */
}

void flow_restart(struct flow_table *table, struct flow *flow, struct segment *segment)
{
    const unsigned side = segment->side;
    assert(flow->handshake == 0);
    assert(flow->clear_kind == CLEAR_NONE);
    stream_release(table, flow);
    uint32_t pending = flow->pending_isn;
    bool confirmed = flow->pending_side != NO_SIDE && flow->pending_side != side;
    const struct syn_answer *a = &table->answer[flow_slot(table, flow) % STRAYS];
    const bool answered = a->flow == flow && !a->declined && a->side != side && a->end == segment->ack;
    const bool opened = flow->pending_side == side && !(segment->flags & TCP_SYN) &&
                        (segment->seq == pending + 1 || (answered && segment->seq == a->ack));
    const uint16_t other = networks_of_side(table, flow, confirmed ? NO_SIDE : !side);
    begin(flow, segment);
    networks_note(table, flow, 0, networks_of_segment(segment));
    networks_note(table, flow, 1, other);
    if (opened) { /* the client's answer to a SYN/ACK, whether that was captured or not */
        flow->side[0].first = flow->side[0].next = pending + 1;
        flow->side[1].first = flow->side[1].next = segment->ack;
        flow->marks[0] = SIDE_KNOWN | SIDE_SYN;
        flow->marks[1] = SIDE_KNOWN | (answered ? SIDE_SYN : 0);
    }
    if (confirmed) { /* this is the SYN+ACK; the SYN that it answers was seen before it */
        flow->side[1].first = flow->side[1].next = pending + 1;
        flow->marks[1] = SIDE_KNOWN | SIDE_SYN;
    }
    table->counters.restarted++;
}

uint64_t flow_id(const struct flow *flow)
{
    static const struct siphash_key fixed = {
        0, 0}; /* not a table key: it only has to be the same in every run */
    struct {
        struct endpoint low, high;
        nanos first_seen;
    } name;
    memset(&name, 0, sizeof name);
    bool swap = memcmp(&flow->end[0], &flow->end[1], sizeof flow->end[0]) > 0;
    name.low = flow->end[swap];
    name.high = flow->end[!swap];
    name.first_seen = flow->first_seen;
    return siphash(&fixed, span_of(&name, sizeof name)) >> 11;
}

struct whence flow_whence(const struct flow *flow, const struct segment *segment)
{
    return (struct whence){.client = flow->end[flow_side_of(flow, CLIENT)],
                           .server = flow->end[flow_side_of(flow, SERVER)],
                           .time = segment->time,
                           .frame_number = segment->frame_number,
                           .source = segment->source,
                           .confirmed = flow_is_undisputed(flow),
                           .wrappers = segment->wrappers};
}
