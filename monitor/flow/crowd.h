/*
 * The slots of a pool that connections share, and which one goes first when all are in use: that of the
 * quietest unconfirmed connection (flow_is_confirmed()), then the oldest of the client that has most of them,
 * then the quietest of all. Each slot type has a `struct member`; `at` in the calls below is its offset in
 * the slot.
 */
#ifndef UTWATCH_FLOW_CROWD_H
#define UTWATCH_FLOW_CROWD_H

#include "flow/clients.h"

struct member {
    struct queue_link link, of_client;
    nanos last_activity;
    uint16_t client; /* its number, see clients.h */
    bool confirmed;  /* in which queue it is */
};

struct crowd {
    struct queue unconfirmed, confirmed; /* by the last activity */
    struct clients clients;
};

void crowd_open(struct crowd *crowd);

/* The slot is in use from now on, for a connection of this client. */
void crowd_join(struct crowd *crowd, const struct pool *pool, size_t at, uint32_t slot,
                const struct endpoint *client, bool confirmed, nanos now);

/* Something has come for the slot's connection. */
void crowd_active(struct crowd *crowd, const struct pool *pool, size_t at, uint32_t slot, bool confirmed,
                  nanos now);

void crowd_leave(struct crowd *crowd, const struct pool *pool, size_t at, uint32_t slot);

/* The slot to give up; 0: none is in use. */
uint32_t crowd_victim(struct crowd *crowd);

/* The slot that was quiet for longest; 0: none is in use. */
uint32_t crowd_quietest(const struct crowd *crowd, const struct pool *pool, size_t at);

#endif
