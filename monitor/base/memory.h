/* Memory for large tables that are touched in no order, such as those that are found by a hash. */
#ifndef UTWATCH_BASE_MEMORY_H
#define UTWATCH_BASE_MEMORY_H

#include <stddef.h>

/* `count` elements of `size` bytes, all zero and aligned to 64 bytes; NULL without memory. From 960 KiB
 * on they come from the kernel in huge pages as far as it has them, when they are touched: small pages cost a
 * page fault each, and the processor knows the addresses of only some. A smaller table is resident from
 * the beginning on (from Linux 5.14 on). A read or write past their end is a fault that ends the process.
 * memory_unmap() returns them. The sanitizer of leaks does not look for pointers in them. */
void *memory_map(size_t count, size_t size);

/* NULL does nothing. */
void memory_unmap(void *memory);

#endif
