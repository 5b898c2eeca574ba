/*
 * The VLAN or overlay network in which a connection was seen, as a digest of the numbers (decode/spaces.h).
 * It is kept for each side, since a mirror may tag only one direction, and apart from the connections, as
 * most have none.
 */
#ifndef UTWATCH_FLOW_NETWORKS_H
#define UTWATCH_FLOW_NETWORKS_H

#include "flow/flow.h"

/* Bytes for so many connections. */
size_t networks_memory(uint32_t capacity);

/* False when they cannot be reserved. */
bool networks_open(struct flow_table *table, uint32_t capacity);
void networks_close(struct flow_table *table);

/* The network of a segment; 0: it has no number. */
static inline uint16_t networks_of_segment(const struct segment *segment)
{
    return (uint16_t)(segment->network ^ segment->network >> 16);
}

/* Notes the network of a side's first segment; NO_SIDE: that of the remembered SYN. */
void networks_note(struct flow_table *table, struct flow *flow, unsigned side, uint16_t network);

/* Notes that of a copy of it. Copies with different tags come in any order: the lowest number represents
 * all. */
void networks_note_copy(struct flow_table *table, struct flow *flow, unsigned side, uint16_t network);

/* 0: it has no number, or is not known yet. */
uint16_t networks_of_side(const struct flow_table *table, const struct flow *flow, unsigned side);

/* Of the client and the server. */
struct networks networks_of_flow(const struct flow_table *table, const struct flow *flow);

#endif
