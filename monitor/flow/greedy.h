/* Whose connections go first when the table of connections is full: those of the client that has most. A
 * connection has no room for a place in its client's queue, so that they are counted only, and looked for
 * when one is needed. */
#ifndef UTWATCH_FLOW_GREEDY_H
#define UTWATCH_FLOW_GREEDY_H

#include "flow/flow.h"

size_t greedy_memory(void);
bool greedy_open(struct flow_table *table);
void greedy_close(struct flow_table *table);

/* A connection that is confirmed, and its end. */
void greedy_add(struct flow_table *table, const struct flow *flow);
void greedy_remove(struct flow_table *table, const struct flow *flow);

/* Of a full table: a connection of the client that has most, one that was quiet for long and has no handshake
 * in progress. NULL: nobody has more than a share of the table, or none was found soon. */
struct flow *greedy_victim(struct flow_table *table);

#endif
