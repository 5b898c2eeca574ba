#include "base/huge_calloc.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

void *huge_calloc(size_t count, size_t size)
{
    enum {
        PAGE = 4096,
        OWN_PAGES = 128 << 10
    }; /* app/main.c: as much comes from the kernel, in whole pages */
    char *table = calloc(count, size);
    if (!table || count * size < OWN_PAGES)
        return table;
    char *first_page = table - (uintptr_t)table % PAGE;
    (void)madvise(first_page, (size_t)(table - first_page) + count * size, MADV_HUGEPAGE);
    return table;
}
