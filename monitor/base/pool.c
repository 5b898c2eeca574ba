#include "base/pool.h"

#include "base/expect.h"
#include "base/memory.h"

#include <assert.h>

enum { EXPECTED = 512 /* bytes of the next slot */ };

static size_t rounded(size_t slot_bytes)
{
    return (slot_bytes + 63) & ~(size_t)63;
}

size_t pool_memory(size_t slot_bytes, uint32_t capacity)
{
    return rounded(slot_bytes) * ((size_t)capacity + 1); /* index 0 is never given out */
}

uint32_t pool_buckets(uint32_t capacity)
{
    uint32_t buckets = 1;
    while (buckets < capacity)
        buckets *= 2;
    return buckets;
}

bool pool_open(struct pool *pool, size_t slot_bytes, uint32_t capacity)
{
    assert(slot_bytes >= sizeof(uint32_t) && capacity > 0);
    *pool = (struct pool){.slot_bytes = rounded(slot_bytes), .capacity = capacity, .fresh = 1};
    /* Slots are given out from the beginning on, so few huge pages are touched before they are needed.
     * Clearing one takes 100 us, and a third of that time of the faults which it saves. */
    pool->slots = memory_map((size_t)capacity + 1, rounded(slot_bytes));
    return pool->slots;
}

void pool_close(struct pool *pool)
{
    memory_unmap(pool->slots);
    *pool = (struct pool){0};
}

void *pool_at(const struct pool *pool, uint32_t index)
{
    assert(index > 0 && index < pool->fresh);
    return pool->slots + pool->slot_bytes * index;
}

uint32_t pool_take(struct pool *pool)
{
    uint32_t index = pool->free;
    if (index) {
        memcpy(&pool->free, pool_at(pool, index), sizeof pool->free);
        /* The next one to be taken, and what is likely to follow it: what was taken together comes back so.
         */
        const uint8_t *next = pool->slots + pool->slot_bytes * pool->free;
        expect(next, 1);
        expect(next + pool->slot_bytes, 1);
        expect(next + 2 * pool->slot_bytes, 1);
    } else if (pool->fresh <= pool->capacity) {
        index = pool->fresh++;
        expect(pool->slots + pool->slot_bytes * pool->fresh,
               pool->slot_bytes < EXPECTED ? pool->slot_bytes : EXPECTED);
    } else {
        pool->refused++;
        return 0;
    }
    pool->used++;
    return index;
}

void pool_give(struct pool *pool, uint32_t index)
{
    memcpy(pool_at(pool, index), &pool->free, sizeof pool->free);
    pool->free = index;
    assert(pool->used > 0);
    pool->used--;
}

void pool_give_linked(struct pool *pool, uint32_t first, uint32_t last, uint32_t count)
{
    assert(count > 0 && count <= pool->used);
    memcpy(pool_at(pool, last), &pool->free, sizeof pool->free);
    pool->free = first;
    pool->used -= count;
}
