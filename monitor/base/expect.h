/* To fetch memory that was last touched long ago takes the processor as long as some hundred instructions. If
 * the address is known early, the processor is asked for it in advance; an invalid address does no harm. */
#ifndef UTWATCH_BASE_EXPECT_H
#define UTWATCH_BASE_EXPECT_H

#include <stddef.h>
#include <stdint.h>

enum { CACHE_LINE = 64 };

/* All lines of the bytes, at least one: each line's worth from the first byte on, and the last byte, which
 * may lie in one line more. A known number of bytes thus takes one instruction for each line. GCC takes a
 * function that does nothing else for one without effect, and leaves out its calls: hence the empty
 * instruction. */
static inline void expect(const void *from, size_t bytes)
{
    const uint8_t *first = from;
    __builtin_prefetch(first, 1);
    for (size_t at = CACHE_LINE; at < bytes; at += CACHE_LINE)
        __builtin_prefetch(first + at, 1);
    if (bytes > 1)
        __builtin_prefetch(first + bytes - 1, 1);
    __asm__ volatile("" : : "r"(first));
}

#endif
