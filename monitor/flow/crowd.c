#include "flow/crowd.h"

static struct member *member_at(const struct pool *pool, size_t at, uint32_t slot)
{
    uint8_t *bytes = pool_at(pool, slot);
    return (struct member *)(void *)(bytes + at);
}

static struct queue *queue_of(struct crowd *crowd, const struct member *m)
{
    return m->confirmed ? &crowd->confirmed : &crowd->unconfirmed;
}

static void enqueue(struct crowd *crowd, const struct pool *pool, size_t at, uint32_t slot, bool confirmed,
                    nanos now)
{
    struct member *m = member_at(pool, at, slot);
    m->confirmed = confirmed;
    m->last_activity = now;
    queue_push(queue_of(crowd, m), pool, at + offsetof(struct member, link), slot);
}

static void dequeue(struct crowd *crowd, const struct pool *pool, size_t at, uint32_t slot)
{
    queue_remove(queue_of(crowd, member_at(pool, at, slot)), pool, at + offsetof(struct member, link), slot);
}

void crowd_open(struct crowd *crowd)
{
    crowd->clients.key = siphash_random_key();
}

void crowd_join(struct crowd *crowd, const struct pool *pool, size_t at, uint32_t slot,
                const struct endpoint *client, bool confirmed, nanos now)
{
    struct member *m = member_at(pool, at, slot);
    m->client = client_number(&crowd->clients.key, client);
    enqueue(crowd, pool, at, slot, confirmed, now);
    client_add(&crowd->clients, pool, at + offsetof(struct member, of_client), m->client, slot);
}

void crowd_active(struct crowd *crowd, const struct pool *pool, size_t at, uint32_t slot, bool confirmed,
                  nanos now)
{
    dequeue(crowd, pool, at, slot);
    enqueue(crowd, pool, at, slot, confirmed, now);
}

void crowd_leave(struct crowd *crowd, const struct pool *pool, size_t at, uint32_t slot)
{
    const uint16_t client = member_at(pool, at, slot)->client;
    dequeue(crowd, pool, at, slot);
    client_remove(&crowd->clients, pool, at + offsetof(struct member, of_client), client, slot);
}

uint32_t crowd_victim(struct crowd *crowd)
{
    if (crowd->unconfirmed.oldest)
        return crowd->unconfirmed.oldest;
    const uint32_t greediest = client_greediest(&crowd->clients);
    return greediest ? greediest : crowd->confirmed.oldest;
}

uint32_t crowd_quietest(const struct crowd *crowd, const struct pool *pool, size_t at)
{
    const uint32_t a = crowd->unconfirmed.oldest;
    const uint32_t b = crowd->confirmed.oldest;
    if (!a || !b)
        return a ? a : b;
    return member_at(pool, at, a)->last_activity <= member_at(pool, at, b)->last_activity ? a : b;
}
