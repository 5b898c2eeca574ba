/*
 * The bytes of a complete handshake, and the last bytes in clear, are remembered for two seconds after their
 * end: if somebody spoofed the server's answer, the server's own later bytes reveal it, or a reset from an
 * end that knows nothing of the connection. A breach is then not reported (held_back.h), and the origin of a
 * session that was issued is only a bound.
 */
#ifndef UTWATCH_APP_LATE_CHECK_H
#define UTWATCH_APP_LATE_CHECK_H

#include "flow/flow.h"

struct pipeline;

/* Connections whose bytes are still remembered, the oldest first, whether TLS or in clear: both have these
 * places together, unlike those in held_back.h. */
struct late_check {
    struct late_flow {
        struct flow *flow;
        nanos first_seen; /* that of the flow; the slot holds another one when it differs */
        nanos until;
    } * place; /* a ring */
    size_t capacity, first, count;
    uint64_t early; /* not checked any more before their time, for lack of room */
};

/* As many places as there are windows of bytes for handshakes that have ended (flow/recent.h). */
size_t late_check_places(uint32_t handshakes);

bool late_check_open(struct late_check *late, size_t capacity);
void late_check_close(struct late_check *late);

/* The handshake of this flow has just ended, or what it said in clear. When the ring is full, the oldest is
 * not checked any more. */
void late_check_begin(struct pipeline *p, struct flow *flow);

/* The handshakes of this flow so far are contradicted: what is remembered from now on is of a later one,
 * which has two seconds of its own. */
void late_check_forget(struct pipeline *p, struct flow *flow);

/* A reset behind a handshake or amid HTTP, or what follows a reset, before its time is noted: does an end
 * disown the connection? */
void late_check_dispute(struct pipeline *p, struct flow *flow, const struct segment *segment);

/* Somebody else spoke in the name of an end of this handshake, or in that of the segment's side; `in_clear`:
 * only in what was in clear, which says nothing of a handshake. */
void late_check_tell_dispute(struct pipeline *p, const struct flow *flow);
void late_check_tell_contradiction(struct pipeline *p, const struct flow *flow, const struct segment *segment,
                                   bool in_clear);

/* Compares a later segment of such a flow with what was remembered. */
void late_check_segment(struct pipeline *p, struct flow *flow, const struct segment *segment);

/* Forgets those whose time has passed. */
void late_check_expire(struct pipeline *p);

#endif
