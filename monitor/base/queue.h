/*
 * The slots of a pool in the order in which they were queued. Each slot type has a `struct queue_link`
 * member, by which its place in one queue is kept; `link` in the calls below is that member's offset in the
 * slot.
 */
#ifndef UTWATCH_BASE_QUEUE_H
#define UTWATCH_BASE_QUEUE_H

#include "base/pool.h"

#include <stddef.h>

struct queue_link {
    uint32_t older, newer; /* slots; 0: none */
};

struct queue {
    uint32_t oldest, newest; /* slots; 0: the queue is empty */
};

/* The slot must not be in a queue by this link. */
void queue_push(struct queue *queue, const struct pool *pool, size_t link, uint32_t slot);

/* The slot must be in this queue. */
void queue_remove(struct queue *queue, const struct pool *pool, size_t link, uint32_t slot);

#endif
