#include "arena.h"

#include "base/numbers.h"

#include <assert.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <unistd.h>
#if __has_include(<sanitizer/asan_interface.h>)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(at, size)   ((void)(at), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(at, size) ((void)(at), (void)(size))
#endif

#define RESERVED ((size_t)16 << 30) /* of addresses */

enum { PAGE = 4096, BEFORE = 32, AFTER = 32 /* poisoned, around each block */ };
enum { FEW_PAGES = 512, FEW_REGIONS = 256 }; /* to copy more takes longer than to map them anew */
enum { PAGE_IS_FILE = 4, PAGE_IS_PRESENT = 8, PAGE_IS_SWAPPED = 16 };

/* Of linux/fs.h, from Linux 6.7 on; older kernels refuse SCAN_PAGES. */
struct region {
    uint64_t from, to, categories;
};
struct scan {
    uint64_t size, flags, from, to, walked_to, regions, most_regions, most_pages;
    uint64_t inverted, all_of, any_of, wanted;
};
#define SCAN_PAGES _IOWR('f', 16, struct scan)

struct header { /* within what comes before a block */
    size_t size;
    size_t freed;
};

static struct {
    char *start;
    size_t used;
    size_t kept; /* of which there is a copy; 0: not yet */
    const char *copy;
    int pages;                      /* /proc/self/pagemap */
    uint64_t numbers, numbers_kept; /* that were given */
    size_t blocks, blocks_kept;     /* that were not freed */
    bool active;
} arena;

/* Who calls these has the sanitizer's runtime, or not. */
void __lsan_disable(void) __attribute__((weak));
void __lsan_enable(void) __attribute__((weak));

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *block, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
char *__real_strdup(const char *text);
void __real_free(void *block);
void *__real_mmap(void *at, size_t size, int protection, int flags, int file, off_t offset);
int __real_munmap(void *at, size_t size);
int __real_madvise(void *at, size_t size, int advice);
int __real_mprotect(void *at, size_t size, int protection);

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *block, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
char *__wrap_strdup(const char *text);
__attribute__((format(printf, 2, 3))) int __wrap_asprintf(char **text, const char *format, ...);
void __wrap_free(void *block);
void *__wrap_mmap(void *at, size_t size, int protection, int flags, int file, off_t offset);
void *__wrap_mmap64(void *at, size_t size, int protection, int flags, int file, off_t offset);
int __wrap_munmap(void *at, size_t size);
int __wrap_madvise(void *at, size_t size, int advice);
int __wrap_mprotect(void *at, size_t size, int protection);
ssize_t __wrap_getrandom(void *out, size_t size, unsigned flags);
uint64_t __wrap_number_of_its_own(size_t place, size_t places);

static bool is_in_arena(const void *at)
{
    return arena.start && (const char *)at >= arena.start && (const char *)at < arena.start + RESERVED;
}

/* The sanitizer's own mmap() would take the poison from what is mapped anew. */
static char *map(void *at, size_t size, int flags, int file)
{
    char *p =
        (char *)syscall(SYS_mmap, at, size, PROT_READ | PROT_WRITE, /* NOLINT(performance-no-int-to-ptr) */
                        MAP_PRIVATE | MAP_NORESERVE | flags, file, (off_t)0);
    assert(p != MAP_FAILED);
    return p;
}

typedef uint64_t several __attribute__((vector_size(64)));

/* Poison does not matter here: a loop over what is volatile is no call of memcpy() or memset(). */
__attribute__((no_sanitize("address"), no_sanitize("undefined"))) static void put_back(const struct region *r)
{
    volatile several *to = (volatile several *)(uintptr_t)r->from; /* NOLINT(performance-no-int-to-ptr) */
    const size_t at = r->from - (uintptr_t)arena.start;
    const several *from = at < arena.kept ? (const several *)(const void *)(arena.copy + at) : NULL;
    for (size_t n = (r->to - r->from) / sizeof *to; n; n--)
        *to++ = from ? *from++ : (several){0};
}

/* What was kept lies in pages of a file, and those that were written are copies, no longer pages of it.
 * False: there are too many of them, or the kernel does not tell. */
static bool put_few_back(size_t start, size_t end)
{
    struct region regions[FEW_REGIONS];
    struct scan s = {.size = sizeof s,
                     .from = (uintptr_t)arena.start + start,
                     .to = (uintptr_t)arena.start + end,
                     .regions = (uintptr_t)regions,
                     .most_regions = FEW_REGIONS,
                     .most_pages = FEW_PAGES,
                     .inverted = PAGE_IS_FILE,
                     .all_of = PAGE_IS_FILE,
                     .any_of = PAGE_IS_PRESENT | PAGE_IS_SWAPPED,
                     .wanted = PAGE_IS_PRESENT};
    const int found = ioctl(arena.pages, SCAN_PAGES, &s);
    if (found < 0 || s.walked_to != s.to)
        return false;
    for (int i = 0; i < found; i++)
        put_back(&regions[i]);
    return true;
}

/* What an input wrote is written once more, as it was; a page fault for each page would take longer. */
static void restore(void)
{
    const size_t taken = (arena.used + PAGE - 1) / PAGE * PAGE;
    ASAN_UNPOISON_MEMORY_REGION(arena.start + arena.kept, taken - arena.kept);
    if (!put_few_back(0, arena.kept))
        (void)__real_madvise(arena.start, arena.kept, MADV_DONTNEED);
    if (!put_few_back(arena.kept, taken))
        (void)__real_madvise(arena.start + arena.kept, taken - arena.kept, MADV_DONTNEED);
    arena.used = arena.kept;
    arena.numbers = arena.numbers_kept;
    arena.blocks = arena.blocks_kept;
}

bool arena_enter(void)
{
    const bool first = !arena.start;
    if (first) {
        arena.start = map(NULL, RESERVED, MAP_ANONYMOUS, -1);
        (void)__real_madvise(arena.start, RESERVED, MADV_NOHUGEPAGE);
        if (__lsan_disable)
            __lsan_disable();
    } else {
        assert(arena.kept);
        restore();
    }
    arena.active = true;
    return first;
}

/* The copy is a file that is mapped in place of the memory: pages that are written to become private, and
 * MADV_DONTNEED drops these. */
void arena_keep(void)
{
    if (__lsan_enable)
        __lsan_enable();
    arena.kept = arena.used = (arena.used + PAGE) / PAGE * PAGE; /* though nothing was set up */
    arena.numbers_kept = arena.numbers;
    arena.blocks_kept = arena.blocks;
    const int file = memfd_create("arena", MFD_CLOEXEC);
    assert(file >= 0 && ftruncate(file, (off_t)arena.kept) == 0);
    unsigned char *resident = __real_malloc(arena.kept / PAGE);
    assert(resident && mincore(arena.start, arena.kept, resident) == 0);
    for (size_t at = 0; at < arena.kept; at += PAGE) {
        if (!(resident[at / PAGE] & 1))
            continue;
        /* By the kernel, which knows of no poison. */
        const ssize_t written = syscall(SYS_pwrite64, file, arena.start + at, (size_t)PAGE, (off_t)at);
        assert(written == PAGE);
    }
    __real_free(resident);
    (void)map(arena.start, arena.kept, MAP_FIXED, file);
    arena.copy = map(NULL, arena.kept, 0, file);
    (void)close(file);
    arena.pages = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
}

void arena_leave(void)
{
    arena.active = false;
}

bool arena_is_free(void)
{
    return arena.blocks == arena.blocks_kept;
}

/* Poisoned bytes are read, too. */
__attribute__((no_sanitize("address"))) uint64_t arena_digest(void)
{
    uint64_t digest = 0;
    const uint64_t *const words = (const uint64_t *)(const void *)arena.start;
    for (size_t i = 0; i < arena.used / sizeof *words; i++)
        digest = (digest ^ words[i]) * UINT64_C(0x9e3779b97f4a7c15) + (digest >> 29);
    return digest;
}

static char *take(size_t size, size_t alignment)
{
    const size_t at = (arena.used + alignment - 1) / alignment * alignment;
    assert(size < RESERVED / 2 && at + size <= RESERVED);
    arena.used = at + size;
    return arena.start + at;
}

static struct header *header_of(void *block)
{
    return (struct header *)(void *)((char *)block - sizeof(struct header));
}

static void *aligned(size_t alignment, size_t size)
{
    const size_t before = alignment > BEFORE ? alignment : BEFORE;
    const size_t room = (size + 15) / 16 * 16;
    char *block = take(before + room + AFTER, before) + before;
    *header_of(block) = (struct header){.size = size};
    arena.blocks++;
    ASAN_POISON_MEMORY_REGION(block - BEFORE, BEFORE);
    ASAN_POISON_MEMORY_REGION(block + size, room - size + AFTER);
    return block;
}

void *arena_allocate(size_t size)
{
    return aligned(BEFORE, size);
}

/* What was set up stays readable, so that it is once it has been restored. */
void arena_free(void *block)
{
    struct header *h = header_of(block);
    ASAN_UNPOISON_MEMORY_REGION(h, sizeof *h);
    const struct header found = *h;
    h->freed = true;
    ASAN_POISON_MEMORY_REGION(h, sizeof *h);
    assert(!found.freed);
    arena.blocks--;
    if ((size_t)((char *)block - arena.start) >= arena.kept && arena.kept)
        ASAN_POISON_MEMORY_REGION(block, found.size);
}

void *__wrap_malloc(size_t size)
{
    return arena.active ? arena_allocate(size) : __real_malloc(size);
}

/* What was never given out is zero. */
void *__wrap_calloc(size_t n, size_t size)
{
    size_t all;
    if (!arena.active)
        return __real_calloc(n, size);
    return __builtin_mul_overflow(n, size, &all) ? NULL : arena_allocate(all);
}

void *__wrap_realloc(void *block, size_t size)
{
    if (block ? !is_in_arena(block) : !arena.active)
        return __real_realloc(block, size);
    void *next = arena_allocate(size);
    if (!block)
        return next;
    struct header *h = header_of(block);
    ASAN_UNPOISON_MEMORY_REGION(h, sizeof *h);
    const size_t had = h->size;
    ASAN_POISON_MEMORY_REGION(h, sizeof *h);
    memcpy(next, block, had < size ? had : size);
    arena_free(block);
    return next;
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
    return arena.active ? aligned(alignment, size) : __real_aligned_alloc(alignment, size);
}

char *__wrap_strdup(const char *text)
{
    const size_t size = strlen(text) + 1;
    return arena.active ? memcpy(arena_allocate(size), text, size) : __real_strdup(text);
}

int __wrap_asprintf(char **text, const char *format, ...)
{
    va_list list, again;
    va_start(list, format);
    va_copy(again, list);
    const int length = vsnprintf(NULL, 0, format, list);
    const size_t size = (size_t)length + 1;
    *text = __wrap_malloc(size);
    assert(length >= 0 && *text);
    (void)vsnprintf(*text, size, format, again);
    va_end(again);
    va_end(list);
    return length;
}

void __wrap_free(void *block)
{
    if (is_in_arena(block))
        arena_free(block);
    else
        __real_free(block);
}

void *__wrap_mmap(void *at, size_t size, int protection, int flags, int file, off_t offset)
{
    if (!arena.active || at || !(flags & MAP_ANONYMOUS))
        return __real_mmap(at, size, protection, flags, file, offset);
    const size_t pages = (size + PAGE - 1) / PAGE * PAGE;
    char *p = take(pages + PAGE, PAGE);
    ASAN_POISON_MEMORY_REGION(p + pages, PAGE);
    return p;
}

void *__wrap_mmap64(void *at, size_t size, int protection, int flags, int file, off_t offset)
{
    return __wrap_mmap(at, size, protection, flags, file, offset);
}

int __wrap_munmap(void *at, size_t size)
{
    return is_in_arena(at) ? 0 : __real_munmap(at, size);
}

int __wrap_madvise(void *at, size_t size, int advice)
{
    return is_in_arena(at) ? 0 : __real_madvise(at, size, advice);
}

/* Of a page that nobody may touch: the digest reads all of the arena. */
int __wrap_mprotect(void *at, size_t size, int protection)
{
    if (!is_in_arena(at))
        return __real_mprotect(at, size, protection);
    ASAN_POISON_MEMORY_REGION(at, size);
    return 0;
}

/* Keys are the same in each process. */
ssize_t __wrap_getrandom(void *out, size_t size, unsigned flags)
{
    (void)flags;
    memset(out, 0x5a, size);
    return (ssize_t)size;
}

/* Numbers go on from those that were set up. */
uint64_t __wrap_number_of_its_own(size_t place, size_t places)
{
    return ++arena.numbers * places + place;
}
