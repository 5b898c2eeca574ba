#include "flow/networks.h"

#include "base/memory.h"

/* Slots are counted from 1. */
size_t networks_memory(uint32_t capacity)
{
    return ((size_t)capacity + 1) * sizeof(struct flow_networks);
}

bool networks_open(struct flow_table *table, uint32_t capacity)
{
    table->networks = memory_map((size_t)capacity + 1, sizeof *table->networks);
    return table->networks;
}

void networks_close(struct flow_table *table)
{
    memory_unmap(table->networks);
}

uint16_t networks_of_side(const struct flow_table *table, const struct flow *flow, unsigned side)
{
    return flow->numbered >> side & 1 ? table->networks[flow_slot(table, flow)].of[side] : 0;
}

void networks_note(struct flow_table *table, struct flow *flow, unsigned side, uint16_t network)
{
    const unsigned bit = 1U << side;
    flow->numbered = (network ? flow->numbered | bit : flow->numbered & ~bit) & 7U;
    if (network)
        table->networks[flow_slot(table, flow)].of[side] = network;
}

void networks_note_copy(struct flow_table *table, struct flow *flow, unsigned side, uint16_t network)
{
    if (!flow->parted && network < networks_of_side(table, flow, side))
        networks_note(table, flow, side, network);
}

struct networks networks_of_flow(const struct flow_table *table, const struct flow *flow)
{
    return (struct networks){{networks_of_side(table, flow, flow_side_of(flow, CLIENT)),
                              networks_of_side(table, flow, flow_side_of(flow, SERVER))}};
}
