/* Memory for large tables that are touched in no order, such as those that are found by a hash. */
#ifndef UTWATCH_BASE_MEMORY_H
#define UTWATCH_BASE_MEMORY_H

#include <stddef.h>

/* `count` elements of `size` bytes, all zero and aligned to 64 bytes; NULL without memory. They come from the
 * kernel in huge pages as far as it has them: a table of small ones costs a page fault for each, and the
 * processor knows where only some of them lie. Who reads or writes past their end ends with a fault.
 * memory_unmap() gives them back.
 * The sanitizer of leaks does not look for pointers in them. */
void *memory_map(size_t count, size_t size);

/* NULL is none. */
void memory_unmap(void *memory);

#endif
