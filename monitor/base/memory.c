#include "base/memory.h"

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
    LINE = 64 /* of the processor's cache */
};

/* In the line before the elements. These end at the last page, which nobody may touch. */
struct mapping {
    char *first;
    size_t bytes; /* without the last page */
};

void *memory_map(size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes) || bytes > SIZE_MAX / 2)
        return NULL;
    const size_t lines = (bytes + LINE - 1) / LINE * LINE;
    const size_t pages = (LINE + lines + PAGE - 1) / PAGE * PAGE;
    char *first =
        mmap(NULL, pages + PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (first == MAP_FAILED)
        return NULL;
    (void)mprotect(first + pages, PAGE, PROT_NONE);
    (void)madvise(first, pages, MADV_HUGEPAGE);
    char *memory = first + pages - lines;
    *(struct mapping *)(void *)(memory - LINE) = (struct mapping){first, pages};
    ASAN_POISON_MEMORY_REGION(memory - LINE, LINE);
    ASAN_POISON_MEMORY_REGION(memory + bytes, lines - bytes);
    return memory;
}

void memory_unmap(void *memory)
{
    if (!memory)
        return;
    char *line = (char *)memory - LINE;
    ASAN_UNPOISON_MEMORY_REGION(line, LINE);
    const struct mapping of = *(const struct mapping *)(const void *)line;
    ASAN_UNPOISON_MEMORY_REGION(of.first + of.bytes - LINE, LINE);
    (void)munmap(of.first, of.bytes + PAGE);
}
