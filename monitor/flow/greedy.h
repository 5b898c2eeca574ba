/* When the table of connections is full, those of the client that has most go first. A connection has no room
 * for a place in a queue of its client, so they are only counted, and one is looked for when it is needed. */
#ifndef UTWATCH_FLOW_GREEDY_H
#define UTWATCH_FLOW_GREEDY_H

#include "flow/flow.h"

size_t greedy_memory(void);
bool greedy_open(struct flow_table *table);
void greedy_close(struct flow_table *table);

/* A connection becomes confirmed; it ends. */
void greedy_add(struct flow_table *table, const struct flow *flow);
void greedy_remove(struct flow_table *table, const struct flow *flow);

/* If the table is full: a connection of the client that has most, one that has long been quiet and has no
 * handshake in progress. NULL: nobody has more than a share of the table, or none was found soon. */
struct flow *greedy_victim(struct flow_table *table);

/* A connection of this client may become confirmed: has the processor fetch its count. */
void greedy_expect(const struct flow_table *table, const struct flow *flow);

#endif
