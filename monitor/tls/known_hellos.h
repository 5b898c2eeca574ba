/*
 * ClientHellos that were met before. All UEs of one stack send the same but for what each hello has of its
 * own: random, ids, tickets, keys, names, and GREASE. What they have in common is known by a number.
 */
#ifndef UTWATCH_TLS_KNOWN_HELLOS_H
#define UTWATCH_TLS_KNOWN_HELLOS_H

#include "base/siphash.h"
#include "tls/observation.h"

struct known_hellos;

/* Bytes for all of them. */
size_t known_hellos_memory(void);

/* NULL when there is no memory. `key` hides where a hello is kept from those who choose its bytes. */
struct known_hellos *known_hellos_new(struct siphash_key key);
void known_hellos_free(struct known_hellos *hellos);

/* Gives the facts of a hello their number, when all of them were learned. */
void known_hellos_number(struct known_hellos *hellos, struct client_hello_facts *f);

#endif
