/* Hosts that were servers of TLS lately. One that is also a client is none of the UEs: it passes on what they
 * ask, as an authentication proxy does, or a balancer that ends TLS. */
#ifndef UTWATCH_PEERS_SERVING_H
#define UTWATCH_PEERS_SERVING_H

#include "base/siphash.h"
#include "peers/forgotten.h"
#include "tls/observation.h"

#include <stdbool.h>

/* Where the places of a hash are taken, the next one of them gives way; it counts as a server all the same.
 */
enum { SERVING_HOSTS = 4096 };

struct serving {
    struct siphash_key key;
    uint64_t host[SERVING_HOSTS]; /* its hash; 0: none */
    uint32_t turn;
    uint64_t forgotten; /* hosts that gave way */
    struct forgotten before;
};

void serving_learn(struct serving *s, const struct observation *o);

/* Has the client of these two been a server? A host that speaks to itself shows nothing, and neither does a
 * loopback address, which all programs of a host share. */
bool serving_has_client(const struct serving *s, const struct whence *whence);

#endif
