/* What was last touched long ago takes the processor as long as some hundred instructions to fetch. Where it
 * is known early, it is asked for meanwhile; an address that is none does no harm. */
#ifndef UTWATCH_BASE_EXPECT_H
#define UTWATCH_BASE_EXPECT_H

#include <stddef.h>
#include <stdint.h>

enum { CACHE_LINE = 64 };

static inline void expect(const void *from, size_t bytes)
{
    for (size_t at = 0; at < bytes; at += CACHE_LINE)
        __builtin_prefetch((const uint8_t *)from + at, 1);
}

#endif
