/* To fetch memory that was last touched long ago takes the processor as long as some hundred instructions. If
 * the address is known early, the processor is asked for it in advance; an invalid address does no harm. */
#ifndef UTWATCH_BASE_EXPECT_H
#define UTWATCH_BASE_EXPECT_H

#include <stddef.h>
#include <stdint.h>

enum { CACHE_LINE = 64 };

/* All lines of the bytes. GCC takes a function that does nothing else for one without effect, and leaves out
 * its calls: hence the empty instruction. */
static inline void expect(const void *from, size_t bytes)
{
    const uint8_t *at = (const uint8_t *)from - (uintptr_t)from % CACHE_LINE;
    for (; at < (const uint8_t *)from + bytes; at += CACHE_LINE)
        __builtin_prefetch(at, 1);
    __asm__ volatile("" : : "r"(at));
}

#endif
