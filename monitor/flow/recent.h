/* The last bytes handed on of both directions of a handshake, to compare with what is seen of them once more.
 */
#ifndef UTWATCH_FLOW_RECENT_H
#define UTWATCH_FLOW_RECENT_H

#include "flow/flow.h"

/* Bytes for so many handshakes in progress. */
size_t recent_memory(uint32_t handshakes);
bool recent_open(struct flow_table *table, uint32_t handshakes);
void recent_close(struct flow_table *table);
/* The handshake is over: retransmissions need not be compared any more. */
void recent_forget(struct flow_table *table, struct flow *flow);

/* Called after `bytes` were handed on, so they are the ones just before `next`. */
void recent_remember(struct flow_table *table, struct flow *flow, unsigned side, struct span bytes);

/* Does the copy differ from what was handed on? Only bytes that are still here can tell. */
bool recent_differs(const struct flow_table *table, const struct flow *flow, unsigned side, uint32_t seq,
                    struct span copy);

#endif
