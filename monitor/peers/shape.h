/*
 * What a hello looks like but for its suites: all that a server may refuse it for instead of them.
 *
 * A server that insists on renegotiation_info, extended_master_secret or encrypt_then_mac refuses whoever
 * does not offer it, mostly with handshake_failure. So the extensions that a hello carries belong to its
 * shape, whatever they are: those of two hellos of one shape are the same.
 */
#ifndef UTWATCH_PEERS_SHAPE_H
#define UTWATCH_PEERS_SHAPE_H

#include "base/siphash.h"
#include "tls/observation.h"

struct hello_shape {
    uint64_t name, algorithms; /* hashes of the server name, and of signature_algorithms */
    uint64_t groups;           /* of supported_groups */
    uint64_t extensions;       /* of all other extension numbers, SCSV and format */
    bool known;                /* else the hello was longer than what is kept of one */
};

struct hello_shape shape_of_hello(const struct siphash_key *key, const struct observation *o);

/* Alike in all that matters where the groups do, or do not. */
bool shapes_match(const struct hello_shape *a, const struct hello_shape *b, bool with_groups);

/* Whether suites of the offer depend on the groups that the hello lists: those on elliptic curves (RFC
 * 8422 5.1), and finite-field ones where it lists groups for them (RFC 7919 4). */
bool offer_needs_groups(const struct suite_set *offer, const struct client_hello_facts *hello);

#endif
