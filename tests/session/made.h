/* Observations that are made up, for tests of the session memory. */
#ifndef UTWATCH_TESTS_MADE_H
#define UTWATCH_TESTS_MADE_H

#include "tls/observation.h"

#define HOUR (3600 * NANOS_PER_SECOND)
#define DAY1 (INT64_C(1795470000) * NANOS_PER_SECOND)

/* A complete handshake of TLS 1.2, all of it seen, the ServerHello a microsecond after the ClientHello. */
void made_handshake(struct observation *o, nanos when, enum resumption resumption);

/* Session ids of 32 times the same byte. */
void made_id(struct observation *o, uint8_t id, bool offered, bool echoed);

/* Names as two sensors make them: each under a key of its own (`sensor` tells which), and both under theirs.
 */
struct identifier_hash made_ticket(uint64_t ticket, unsigned sensor);

#endif
