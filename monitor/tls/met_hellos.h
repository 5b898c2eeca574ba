/*
 * Hellos that were met on another connection a moment before: a proxy that copies octets, a balancer or an
 * address translator between two places that are captured has two connections with one handshake. A hello's
 * random is that of no other (RFC 8446 4.1.2), and the UE's connection has it first. What comes on more than
 * three connections, somebody has written again for other addresses.
 *
 * All workers share them, since the kernel may give the connections to different ones. Of two hellos with one
 * place the later one takes it.
 */
#ifndef UTWATCH_TLS_MET_HELLOS_H
#define UTWATCH_TLS_MET_HELLOS_H

#include "base/nanos.h"
#include "tls/observation.h"

struct flow;
struct met_hellos;

size_t met_hellos_memory(void);
/* NULL when there is no memory. */
struct met_hellos *met_hellos_new(void);
void met_hellos_free(struct met_hellos *met);

/* A hello has come; `random`: of CLIENT_RANDOM_BYTES. */
void met_hellos_note(struct met_hellos *met, const uint8_t *random, const struct flow *flow, nanos time);

/* Where the flow stands among those that had the hello. */
enum leg met_hellos_leg(const struct met_hellos *met, const uint8_t *random, const struct flow *flow);

#endif
