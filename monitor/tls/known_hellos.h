/*
 * Known ClientHellos. All UEs of one stack send the same, except for what is particular to each hello:
 * random, ids, tickets, keys, names, and GREASE. A number stands for what they have in common.
 */
#ifndef UTWATCH_TLS_KNOWN_HELLOS_H
#define UTWATCH_TLS_KNOWN_HELLOS_H

#include "base/siphash.h"
#include "tls/observation.h"

struct known_hellos;

/* Bytes for all of them. */
size_t known_hellos_memory(void);

/* NULL: there is no memory. `key` hides where a hello is kept from those who choose its bytes. */
struct known_hellos *known_hellos_new(struct siphash_key key);
void known_hellos_free(struct known_hellos *hellos);

/* Gives the facts of a hello their number, if all of them were learned. */
void known_hellos_number(struct known_hellos *hellos, struct client_hello_facts *f);

#endif
