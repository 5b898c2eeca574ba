/* The header that a balancer may put before the client's stream to say whose connection it is: HAProxy's
 * PROXY protocol (proxy-protocol.txt). Nothing but the sender vouches for it. */
#ifndef UTWATCH_WIRE_PROXY_H
#define UTWATCH_WIRE_PROXY_H

#include "base/span.h"

#include <stdbool.h>

/* Family 0: it names none (UNKNOWN, LOCAL, no TCP), came in pieces (senders send it at once, 2.1, 2.2), or
 * another one follows. */
struct proxy_client {
    uint8_t family; /* 4 or 6 */
    uint16_t port;
    uint8_t address[16];
};

/* Of one direction of a connection; zeroed: no header has begun. */
struct proxy_header {
    struct proxy_client client; /* whom it names, if it is the only one */
    uint8_t fixed[16];          /* version 2: its first part */
    uint8_t length;             /* of it, as far as it has come; 0: no header is under way */
    bool line;                  /* version 1 */
    uint16_t left; /* version 1: bytes that the line may still have; version 2: those of the second part */
};

/* These bytes, at the start of a stream, are a header, or may become one. */
bool proxy_begins(struct span bytes);

/* The header goes on in the bytes to come. */
bool proxy_awaits(const struct proxy_header *p);

/* A whole header has come. */
bool proxy_is_there(const struct proxy_header *p);

/* Takes from the bytes what belongs to headers that are under way or begin here; nothing, if it turns out to
 * be none. */
void proxy_follow(struct proxy_header *p, struct span *bytes);

#endif
