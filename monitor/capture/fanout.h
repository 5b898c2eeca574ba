/*
 * Several sockets share what an interface gives (PACKET_FANOUT). All frames between two addresses go to one
 * of them, in whatever tags they come and in both directions; within GTP-U the addresses are those inside,
 * since all UEs of a base station share the outer ones.
 */
#ifndef UTWATCH_CAPTURE_FANOUT_H
#define UTWATCH_CAPTURE_FANOUT_H

#include <stdbool.h>
#include <stdint.h>

/* The sockets of one interface. Sockets that joined as the nth, on interfaces with the same key, get the same
 * pairs of addresses. */
struct fanout {
    uint32_t key;
    bool made; /* by the first that joined */
    uint16_t id;
};

/* Which nobody outside knows, so that nobody can give all work to one socket. */
uint32_t fanout_key(void);

/* The socket is open on its interface. False, with errno. */
bool fanout_join(struct fanout *f, int socket);

#endif
