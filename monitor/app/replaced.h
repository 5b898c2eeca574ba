/*
 * Connections that another one replaced while an end may still disown them: whoever forges a handshake can
 * begin another connection on its ports before the resets that answer him come (flow/dispute.c). Findings
 * about the handshake wait for these resets (held_back.h); its sequence numbers wait here, and so do its
 * bytes, which those of the real server may contradict (late_check.h). What gives way to others counts as
 * disowned.
 */
#ifndef UTWATCH_APP_REPLACED_H
#define UTWATCH_APP_REPLACED_H

#include "flow/flow.h"

struct pipeline;

enum { REPLACED_FLOWS = 256 };

struct replaced {
    struct replaced_flow {
        struct flow flow; /* as it was; of its slots only the bytes to compare are its own */
        nanos until;
    } place[REPLACED_FLOWS]; /* a ring, the oldest first */
    size_t first, count;
    uint64_t forgotten; /* before their time */
};

/* The connection is at its end, and another one takes its place. */
void replaced_keep(struct pipeline *p, struct flow *flow);

/* A reset, or what an error of ICMP quotes: does an end disown a connection that was replaced? */
void replaced_reset(struct pipeline *p, const struct segment *segment);

/* A segment with data: does it contradict the handshake of such a connection? */
void replaced_compare(struct pipeline *p, const struct segment *segment);

/* Forgets those whose time has passed. */
void replaced_expire(struct pipeline *p);

#endif
