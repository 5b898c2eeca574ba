#include "flow/greedy.h"

#include "base/expect.h"
#include "base/memory.h"
#include "flow/clients.h"

#include <stdlib.h>

size_t greedy_memory(void)
{
    return CLIENT_NUMBERS * sizeof(uint32_t);
}

bool greedy_open(struct flow_table *table)
{
    table->greedy.count = memory_map(CLIENT_NUMBERS, sizeof *table->greedy.count);
    return table->greedy.count;
}

void greedy_close(struct flow_table *table)
{
    memory_unmap(table->greedy.count);
}

/* The ends may change places, but the same one is always chosen. */
static uint16_t number_of(const struct flow_table *table, const struct flow *flow)
{
    const struct endpoint *a = &flow->end[0];
    const struct endpoint *b = &flow->end[1];
    const bool first = a->port != b->port ? a->port > b->port : memcmp(a, b, sizeof *a) > 0;
    return client_number(&table->key, first ? a : b);
}

void greedy_expect(const struct flow_table *table, const struct flow *flow)
{
    expect(&table->greedy.count[number_of(table, flow)], 1);
}

void greedy_add(struct flow_table *table, const struct flow *flow)
{
    struct greedy *g = &table->greedy;
    const uint16_t number = number_of(table, flow);
    if (++g->count[number] > g->had) {
        g->greediest = number;
        g->had = g->count[number];
    }
}

void greedy_remove(struct flow_table *table, const struct flow *flow)
{
    table->greedy.count[number_of(table, flow)]--;
}

/* The client that had most counts as greediest until it has only half of them. */
static void find_greediest(struct greedy *g)
{
    if (g->count[g->greediest] > g->had / 2)
        return;
    for (uint32_t i = 0; i < CLIENT_NUMBERS; i++)
        if (g->count[i] > g->count[g->greediest])
            g->greediest = i;
    g->had = g->count[g->greediest];
}

struct flow *greedy_victim(struct flow_table *table)
{
    enum {
        FEW = 16,
        SLOTS = 64,
        MOST_SLOTS = 1024
    }; /* if a client has a share, most runs of slots hold several of its connections */
    struct greedy *g = &table->greedy;
    find_greediest(g);
    const uint32_t capacity = table->flows.capacity;
    if (g->count[g->greediest] <= capacity / GREEDY_SHARE || g->count[g->greediest] <= FEW)
        return NULL;
    struct flow *victim = NULL;
    for (uint32_t i = 0; (i < SLOTS || !victim) && i < MOST_SLOTS; i++) {
        g->hand = g->hand % capacity + 1;
        struct flow *flow = pool_at(&table->flows, g->hand);
        if (!flow->in_confirmed || flow->handshake || number_of(table, flow) != g->greediest)
            continue;
        if (!victim || flow->last_seen < victim->last_seen)
            victim = flow;
    }
    return victim;
}
