/* Which client has which of the slots in use: a client is a network of /32 or /64, or the few that share a
 * number. */
#ifndef UTWATCH_FLOW_CLIENTS_H
#define UTWATCH_FLOW_CLIENTS_H

#include "base/queue.h"
#include "base/siphash.h"
#include "flow/flow.h"

enum { CLIENT_NUMBERS = 16384, GREEDY_CLIENTS = 3 };

/* A client with most handshakes in progress. */
struct greedy_client {
    struct endpoint network; /* /32 or /64; its port means nothing */
    uint32_t handshakes;     /* 0: there is none */
};

struct clients {
    struct siphash_key key;
    struct {
        struct queue queue;
        uint32_t count;
    } of[CLIENT_NUMBERS];
    uint32_t greediest; /* the number with the highest count */
    uint32_t had;       /* that count; it may have become smaller since */
};

/* The connection's client: the end with the higher port. */
const struct endpoint *client_end(const struct flow *flow);

/* The number of its network. */
uint16_t client_number(const struct siphash_key *key, const struct endpoint *client);

void client_add(struct clients *clients, const struct pool *slots, size_t link, uint16_t number,
                uint32_t slot);
void client_remove(struct clients *clients, const struct pool *slots, size_t link, uint16_t number,
                   uint32_t slot);

/* The oldest slot of the client that has most; 0: none has more than a few. */
uint32_t client_greediest(struct clients *clients);

/* The numbers with most slots, in falling order. */
void client_most(const struct clients *clients, uint32_t most[GREEDY_CLIENTS]);

#endif
