/*
 * Handshakes that wait for what other sensors know of their session (--state redis://...).
 *
 * They are judged in the order in which they ended: a later one waits for those before it, because it may
 * resume their sessions. None waits for longer than SHARED_PATIENCE_MS, and the packet path goes on
 * meanwhile. When all places are taken, the first is judged with what is known by then.
 */
#ifndef UTWATCH_APP_WAITING_H
#define UTWATCH_APP_WAITING_H

#include "flow/flow.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct judge;
struct statement;
struct kept_messages;
struct waiting_handshake;
struct connection_session;

struct waiting {
    struct waiting_handshake *place; /* WAITING_HANDSHAKES of them, a ring; NULL: nobody else is asked */
    struct kept_messages *messages;  /* by place; NULL: nobody wants them */
    size_t first, count;
};

/* `messages`: those of the handshakes are kept (tls/kept_messages.h). */
bool waiting_open(struct waiting *w, bool messages);
size_t waiting_memory(void);
void waiting_close(struct waiting *w);

/* Judges the handshake now and returns its session; or keeps a copy of it and returns none, and whoever told
 * it gets the answer when it is judged. */
struct connection_session waiting_judge(struct judge *j, const struct statement *f);

/* Bytes of this side that came late contradict the handshake of this flow: when it still waits, it is judged
 * as damaged, and what it teaches is distrusted. False when it does not wait. */
bool waiting_contradict(struct judge *j, uint64_t flow_id, enum side side);

/* The same if an end resets what was sent in its name. */
bool waiting_dispute(struct judge *j, uint64_t flow_id);

/* Judges those whose time has come; `all`: waits for the others too. */
void waiting_go_on(struct judge *j, bool all);

#endif
