/* To fetch memory that was last touched long ago takes the processor as long as some hundred instructions. If
 * the address is known early, the processor is asked for it in advance; an invalid address does no harm. */
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
