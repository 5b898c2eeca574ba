/*
 * Which of the servers behind one address a client asks for.
 *
 * Virtual hosts share an address and port, and are distinguished by the name in the hello (RFC 6066 3);
 * behind a proxy by the authority of a CONNECT. A hello without a name is answered by a host of its own, the
 * address's default: nobody outside knows which of the named ones that is, so its behaviour is evidence about
 * none of them.
 */
#ifndef UTWATCH_PEERS_ASKED_H
#define UTWATCH_PEERS_ASKED_H

#include "base/siphash.h"
#include "tls/observation.h"

/* Values that are not hashes of a name. */
enum { ASKED_NOBODY, ASKED_UNKNOWN }; /* the hello has no name; whether it has one was not seen */

/* A keyed hash of SNI and authority, in the form in which equal names are equal (wire/same_host.h). */
uint64_t asked_for(const struct siphash_key *key, const struct observation *o);

/* The name as it is shown: the SNI, else the authority; empty if there is none. */
struct span asked_name(const struct observation *o);

#endif
