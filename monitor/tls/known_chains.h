/*
 * Known Certificate messages. A server sends the same chain in every full handshake; if all bytes are equal,
 * what was learned from it is used again, instead of parsing and hashing them.
 */
#ifndef UTWATCH_TLS_KNOWN_CHAINS_H
#define UTWATCH_TLS_KNOWN_CHAINS_H

#include "base/siphash.h"
#include "tls/observation.h"

struct known_chains;

/* Bytes for all chains. */
size_t known_chains_memory(void);

/* NULL: there is no memory. `key` hides where a chain is kept from those who choose its bytes. */
struct known_chains *known_chains_new(struct siphash_key key);
void known_chains_free(struct known_chains *chains);

/* Has the processor fetch what is known of the server, and then the chain that it showed last. */
void known_chains_expect_server(const struct known_chains *chains, const struct endpoint *server);
void known_chains_expect(const struct known_chains *chains, const struct endpoint *server);

/* learn_server_certificate(), with a memory. */
bool known_chains_learn(struct known_chains *chains, struct observation *o, struct span body);

#endif
