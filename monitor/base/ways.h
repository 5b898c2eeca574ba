/* Tables that remember what was met lately: a hash leads to a few places, so that two things that share it do
 * not drive each other out. */
#ifndef UTWATCH_BASE_WAYS_H
#define UTWATCH_BASE_WAYS_H

#include <stddef.h>
#include <stdint.h>

enum { WAYS = 4 };

/* The first of the WAYS places of a hash; `places` is a multiple of WAYS. */
static inline size_t ways_of(uint64_t hash, size_t places)
{
    return hash % (places / WAYS) * WAYS;
}

/* Which of them a new thing takes; `turn` is the table's. */
static inline size_t next_way(uint32_t *turn)
{
    return (*turn)++ % WAYS;
}

#endif
