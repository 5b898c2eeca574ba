#include "base/queue.h"

static struct queue_link *link_at(const struct pool *pool, size_t link, uint32_t slot)
{
    uint8_t *at = pool_at(pool, slot);
    return (struct queue_link *)(void *)(at + link);
}

void queue_push(struct queue *queue, const struct pool *pool, size_t link, uint32_t slot)
{
    *link_at(pool, link, slot) = (struct queue_link){.older = queue->newest};
    if (queue->newest)
        link_at(pool, link, queue->newest)->newer = slot;
    else
        queue->oldest = slot;
    queue->newest = slot;
}

void queue_remove(struct queue *queue, const struct pool *pool, size_t link, uint32_t slot)
{
    const struct queue_link own = *link_at(pool, link, slot);
    if (own.older)
        link_at(pool, link, own.older)->newer = own.newer;
    else
        queue->oldest = own.newer;
    if (own.newer)
        link_at(pool, link, own.newer)->older = own.older;
    else
        queue->newest = own.older;
}
