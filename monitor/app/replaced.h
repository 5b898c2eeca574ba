/*
 * Connections whose place another one took while an end may still disown them: whoever makes a handshake up
 * can begin another connection on its ports before the resets come that answer him (flow/dispute.c). What is
 * told of the handshake waits for these resets (held_back.h), and so do its numbers, here.
 */
#ifndef UTWATCH_APP_REPLACED_H
#define UTWATCH_APP_REPLACED_H

#include "flow/flow.h"

struct pipeline;

enum { REPLACED_FLOWS = 256 };

struct replaced {
    struct replaced_flow {
        struct flow flow; /* as it was; of its slots only the numbers mean something */
        nanos until;
    } place[REPLACED_FLOWS]; /* a ring, the oldest first */
    size_t first, count;
    uint64_t forgotten; /* before their time */
};

/* The connection is at its end, and another one takes its place. */
void replaced_keep(struct pipeline *p, const struct flow *flow);

/* A reset: does an end disown a connection that was replaced? */
void replaced_reset(struct pipeline *p, const struct segment *segment);

#endif
