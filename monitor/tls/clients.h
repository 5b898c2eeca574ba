/* Which handshakes in progress are of which client: a network of /32 or /64, or the few that share a number.
 */
#ifndef UTWATCH_TLS_CLIENTS_H
#define UTWATCH_TLS_CLIENTS_H

#include "base/queue.h"
#include "base/siphash.h"
#include "flow/flow.h"

enum { CLIENT_NUMBERS = 16384 };

struct clients {
    struct siphash_key key;
    struct {
        struct queue queue;
        uint32_t count;
    } of[CLIENT_NUMBERS];
    uint32_t greediest; /* of all numbers, when it was last looked for */
    uint32_t had;       /* its count then */
};

/* The number of a connection's client; it has the higher port. */
uint16_t client_number(const struct clients *clients, const struct flow *flow);

void client_add(struct clients *clients, const struct pool *slots, size_t link, uint16_t number,
                uint32_t slot);
void client_remove(struct clients *clients, const struct pool *slots, size_t link, uint16_t number,
                   uint32_t slot);

/* The oldest slot of the client that has most of them; 0: none has more than a few. */
uint32_t client_greediest(struct clients *clients);

#endif
