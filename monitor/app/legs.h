/*
 * A handshake that is captured on two connections, before and behind a proxy that copies octets, a balancer
 * or an address translator, is told once: on the UE's connection.
 *
 * Either leg may be complete before the other. So it is kept for two seconds until that one has ended as
 * well; then the one behind is dropped, if both ends of the UE's took part, both legs show the same, and the
 * one behind has the hello later and the ServerHello earlier. Else each is judged by itself, since a hello's
 * random that comes once more proves nothing, and somebody may have written one handshake again for other
 * addresses. When all places are taken, the first is judged as it stands.
 */
#ifndef UTWATCH_APP_LEGS_H
#define UTWATCH_APP_LEGS_H

#include "app/statement.h"

struct judge;
struct kept_messages;
struct leg_kept;
struct leg_told;

struct legs {
    struct leg_kept *place;         /* KEPT_LEGS of them, a ring */
    struct kept_messages *messages; /* by place; NULL: nobody wants them */
    size_t first, count;
    struct leg_told *told; /* TOLD_LEGS, by their randoms */
    uint64_t dropped;      /* since their handshake is told on another connection */
};

size_t legs_memory(void);
/* `messages`: those of the handshakes are kept (tls/kept_messages.h). */
bool legs_open(struct legs *legs, bool messages);
void legs_close(struct legs *legs);

/* True: the handshake has several legs, and this one is kept or dropped. */
bool legs_take(struct judge *j, const struct statement *s);

/* Bytes of this side that came late contradict the handshake of this flow. False: it is not kept here. */
bool legs_contradict(struct judge *j, uint64_t flow_id, enum side side);

/* Judges those whose time has come by `now`. */
void legs_go_on(struct judge *j, nanos now);

#endif
