/*
 * Slots of one size, all memory taken at start. A slot's name is its index; index 0 is never given out, so
 * that 0 can mean "none". Untouched slots cost address space, not memory.
 */
#ifndef UTWATCH_BASE_POOL_H
#define UTWATCH_BASE_POOL_H

#include "base/span.h"

struct pool {
    uint8_t *slots;
    size_t slot_bytes;
    uint32_t capacity; /* slots that can be given out */
    uint32_t used;
    uint32_t fresh;   /* the next slot that was never given out */
    uint32_t free;    /* head of the list of returned slots */
    uint64_t refused; /* times it was full */
};

/* Bytes of address space for so many slots; slot_bytes is rounded up to 64. */
size_t pool_memory(size_t slot_bytes, uint32_t capacity);

/* Buckets of a hash table over so many slots: a power of two, at most one slot each on average. */
uint32_t pool_buckets(uint32_t capacity);

/* False when the memory cannot be reserved. */
bool pool_open(struct pool *pool, size_t slot_bytes, uint32_t capacity);
void pool_close(struct pool *pool);

/* An index, its content undefined; 0 when the pool is full (counted). */
uint32_t pool_take(struct pool *pool);
void pool_give(struct pool *pool, uint32_t index);

/* As many as are linked by their first four bytes, from `first` to `last`: none of those in between is
 * touched. */
void pool_give_linked(struct pool *pool, uint32_t first, uint32_t last, uint32_t count);

/* Valid for an index that was given out and not returned. */
void *pool_at(const struct pool *pool, uint32_t index);

#endif
