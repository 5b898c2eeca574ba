/* The last bytes handed on of both directions of a handshake, and of what may become one, to compare with
 * what is seen of them once more. */
#ifndef UTWATCH_FLOW_RECENT_H
#define UTWATCH_FLOW_RECENT_H

#include "flow/flow.h"

/* Bytes for so many handshakes in progress. */
size_t recent_memory(uint32_t handshakes);
bool recent_open(struct flow_table *table, uint32_t handshakes);
void recent_close(struct flow_table *table);
/* Retransmissions need not be compared any more. */
void recent_forget(struct flow_table *table, struct flow *flow);

/* The connection is searched from now on: what is kept of it is kept as long as of any other such. */
void recent_search(struct flow_table *table, struct flow *flow);

/* Called after `bytes` were handed on, so they are the ones just before `next`. */
void recent_remember(struct flow_table *table, struct flow *flow, unsigned side, struct span bytes);

/* The side begins anew at its `next`. */
void recent_forget_side(struct flow_table *table, const struct flow *flow, unsigned side);

enum recent_answer {
    RECENT_SAME,
    RECENT_DIFFERS,
    RECENT_NOT_KNOWN, /* a part was handed on, and is no longer here */
    RECENT_OLD,       /* likewise, because so much came after it */
};

/* Is the copy what was handed on? */
enum recent_answer recent_compare(const struct flow_table *table, const struct flow *flow, unsigned side,
                                  uint32_t seq, struct span copy);

#endif
