/* The last bytes handed on of both directions of a handshake, and of what may become one, for comparison with
 * later copies. */
#ifndef UTWATCH_FLOW_RECENT_H
#define UTWATCH_FLOW_RECENT_H

#include "flow/flow.h"

/* Memory for so many handshakes in progress, in bytes. */
size_t recent_memory(uint32_t handshakes);
bool recent_open(struct flow_table *table, uint32_t handshakes);
void recent_close(struct flow_table *table);
/* Retransmissions need not be compared any more. */
void recent_forget(struct flow_table *table, struct flow *flow);

/* A handshake of the connection, or its cleartext, has just ended: what is remembered stays, whatever the
 * connection does, until recent_let_go() has been called as many times. False: too many of them need it. */
bool recent_keep(struct flow_table *table, const struct flow *flow);
void recent_let_go(struct flow_table *table, struct flow *flow);
/* The same as recent_forget(), unless recent_keep() keeps them. */
void recent_forget_unkept(struct flow_table *table, struct flow *flow);

/* The connection ends while a handshake needs the bytes: they pass to the copy of the flow that the caller
 * made before, until it forgets them. False: none needs them. */
bool recent_move(struct flow_table *table, struct flow *flow);

/* recent_let_go() will be called: has the processor fetch what leads to the bytes, and then their ends. */
void recent_expect(const struct flow_table *table, const struct flow *flow);
void recent_expect_bytes(const struct flow_table *table, const struct flow *flow);

/* Is `seq` before the end of such a handshake? */
bool recent_is_of_handshake(const struct flow_table *table, const struct flow *flow, unsigned side,
                            uint32_t seq);

/* Is what is kept cleartext, from before any handshake or long after it? */
bool recent_is_in_clear(const struct flow_table *table, const struct flow *flow);

/* The connection is searched from now on: its bytes are kept as long as those of any other such
 * connection. */
void recent_search(struct flow_table *table, struct flow *flow);

/* Called after `bytes` were handed on, so they end just before `next`. */
void recent_remember(struct flow_table *table, struct flow *flow, unsigned side, struct span bytes);

/* The side starts over at its `next`. */
void recent_forget_side(struct flow_table *table, const struct flow *flow, unsigned side);

enum recent_answer {
    RECENT_SAME,
    RECENT_DIFFERS,
    RECENT_NOT_KNOWN, /* a part was handed on, but is no longer here */
    RECENT_OLD,       /* likewise, because so much came after it */
};

/* Is the copy the same as what was handed on? */
enum recent_answer recent_compare(const struct flow_table *table, const struct flow *flow, unsigned side,
                                  uint32_t seq, struct span copy);

#endif
