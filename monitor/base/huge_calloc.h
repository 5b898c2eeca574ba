/* Memory for large tables that are touched in no order, such as those that are found by a hash. */
#ifndef UTWATCH_BASE_HUGE_CALLOC_H
#define UTWATCH_BASE_HUGE_CALLOC_H

#include <stddef.h>

/* As calloc(), and free() takes it back, but in huge pages as far as the kernel has them: a table of small
 * ones costs a page fault for each, and the processor knows where only some of them lie. */
void *huge_calloc(size_t count, size_t size);

#endif
