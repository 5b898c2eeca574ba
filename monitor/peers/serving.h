/* Hosts that were recently TLS servers. One that is also a client is not a UE: it forwards requests, like an
 * authentication proxy or a balancer that terminates TLS. */
#ifndef UTWATCH_PEERS_SERVING_H
#define UTWATCH_PEERS_SERVING_H

#include "base/siphash.h"
#include "peers/forgotten.h"
#include "tls/observation.h"

#include <stdbool.h>

/* If all places for a hash are taken, the host in the next one gives way; it still counts as a server. */
enum { SERVING_HOSTS = 4096 };

struct serving {
    struct siphash_key key;
    uint64_t host[SERVING_HOSTS]; /* its hash; 0: none */
    uint32_t turn;
    uint64_t forgotten; /* hosts that gave way */
    struct forgotten before;
};

void serving_learn(struct serving *s, const struct observation *o);

/* Has the processor fetch what answers the next question. */
void serving_expect(const struct serving *s, const struct whence *whence);

/* Has the client been a server? A host that speaks to itself shows nothing, nor does a loopback address,
 * which all programs of a host share. */
bool serving_has_client(const struct serving *s, const struct whence *whence);

#endif
