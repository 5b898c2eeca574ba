#include "base/memory.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(address, bytes)   ((void)(address), (void)(bytes))
#define ASAN_UNPOISON_MEMORY_REGION(address, bytes) ((void)(address), (void)(bytes))
#endif

enum {
    PAGE = 4096,
    HUGE_PAGE = 2 * 1024 * 1024,
    HUGE_FROM = 960 * 1024, /* a table of this size is worth one */
    LINE = 64               /* of the processor's cache */
};

/* In a page of its own before the elements, so that a table that nobody uses takes no huge page. The elements
 * end at one more page, which nobody may touch. */
struct mapping {
    size_t bytes; /* of all: this page, the elements, in whole pages, and the last page */
};

/* One with `bytes` for elements, all zero; NULL without memory. A table of huge pages begins where one does:
 * what lies before and behind them is small pages, with a fault each. A smaller table is given all its pages
 * in one call, which takes a tenth of what their faults would. */
static struct mapping *mapping_open(size_t bytes)
{
    const bool huge = bytes >= HUGE_PAGE;
    const size_t wanted = PAGE + bytes + PAGE;
    const size_t all = wanted + (huge ? HUGE_PAGE - PAGE : 0);
    char *const begin =
        mmap(NULL, all, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (begin == MAP_FAILED)
        return NULL;
    const size_t before = huge ? -((uintptr_t)begin + PAGE) % HUGE_PAGE : 0;
    char *const page = begin + before;
    if (before > 0)
        (void)munmap(begin, before);
    if (all - before > wanted)
        (void)munmap(page + wanted, all - before - wanted);
    (void)mprotect(page + PAGE + bytes, PAGE, PROT_NONE);
    (void)madvise(page + PAGE, bytes, huge ? MADV_HUGEPAGE : MADV_POPULATE_WRITE);
    struct mapping *m = (struct mapping *)(void *)page;
    m->bytes = wanted;
    return m;
}

/* A table that is smaller than its huge page lies at the end of it, and nothing but zeros before it. */
static struct mapping *mapping_of(void *memory)
{
    char *const first = (char *)memory - (uintptr_t)memory % PAGE;
    struct mapping *m = (struct mapping *)(void *)(first - PAGE);
    ASAN_UNPOISON_MEMORY_REGION(m, sizeof *m);
    if (m->bytes)
        return m;
    m = (struct mapping *)(void *)(first - (uintptr_t)first % HUGE_PAGE - PAGE);
    ASAN_UNPOISON_MEMORY_REGION(m, sizeof *m);
    return m;
}

void *memory_map(size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes) || bytes > SIZE_MAX / 2)
        return NULL;
    const size_t lines = (bytes + LINE - 1) / LINE * LINE;
    size_t pages = (lines + PAGE - 1) / PAGE * PAGE;
    if (pages >= HUGE_FROM && pages < HUGE_PAGE)
        pages = HUGE_PAGE;
    struct mapping *m = mapping_open(pages);
    if (!m)
        return NULL;
    char *const end = (char *)m + PAGE + pages;
    ASAN_POISON_MEMORY_REGION(m, PAGE + pages - lines);
    ASAN_POISON_MEMORY_REGION(end - lines + bytes, lines - bytes);
    return end - lines;
}

void memory_unmap(void *memory)
{
    if (!memory)
        return;
    struct mapping *m = mapping_of(memory);
    const size_t bytes = m->bytes;
    /* Only what was poisoned: to clear the shadow of all of a large table takes longer than to use it. */
    ASAN_UNPOISON_MEMORY_REGION(m, (size_t)((char *)memory - (char *)m));
    ASAN_UNPOISON_MEMORY_REGION((char *)m + bytes - PAGE - LINE, LINE);
    (void)munmap(m, bytes);
}
