/*
 * What a fuzz target sets up once lies in an arena, and each input finds it as it was then: a finding does
 * not depend on the inputs before it. To restore it costs as much as was touched, not as much as there is.
 *
 * Of the target's own objects the calls of malloc(), mmap() and the like come here (--wrap), and only between
 * arena_enter() and arena_leave(). Static variables are not restored: what an input changes belongs into
 * memory that was allocated. Blocks have poisoned bytes around them, mappings a poisoned page behind them.
 */
#ifndef UTWATCH_FUZZ_ARENA_H
#define UTWATCH_FUZZ_ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* True, the first time: the target is to be set up, and arena_keep() to be called. */
bool arena_enter(void);
void arena_keep(void);
void arena_leave(void);

/* All that was allocated since then is freed: where the target's objects are to leave nothing behind. */
bool arena_is_free(void);

/* Of all that is in it; 0: the target has none. The same input leaves the same. */
uint64_t arena_digest(void);

/* For libraries that let their allocator be chosen. */
void *arena_allocate(size_t size);
void arena_free(void *block);

/* What nDPI allocates from now on. */
void arena_for_ndpi(void);

#endif
