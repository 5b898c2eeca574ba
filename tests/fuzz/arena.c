#include "arena.h"

#include "base/numbers.h"

#include <assert.h>
#include <string.h>
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

enum { PAGE = 4096, BEFORE = 32, AFTER = 32 /* poisoned, around each block */, LITTLE = 2 << 20 };

struct header { /* within what comes before a block */
    size_t size;
    size_t freed;
};

static struct {
    char *start;
    size_t used;
    size_t kept;                    /* of which there is a copy; 0: not yet */
    uint64_t numbers, numbers_kept; /* that were given */
    bool active;
} arena;

/* Who calls these has the sanitizer's runtime, or not. */
void __lsan_disable(void) __attribute__((weak));
void __lsan_enable(void) __attribute__((weak));

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *block, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
void __real_free(void *block);
void *__real_mmap(void *at, size_t size, int protection, int flags, int file, off_t offset);
int __real_munmap(void *at, size_t size);
int __real_madvise(void *at, size_t size, int advice);
int __real_mprotect(void *at, size_t size, int protection);

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *block, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
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

/* What an input took is cleared; page faults for a little of it would take longer than that. */
static void restore(void)
{
    char *taken = arena.start + arena.kept;
    const size_t size = arena.used - arena.kept;
    ASAN_UNPOISON_MEMORY_REGION(taken, size);
    if (size <= LITTLE)
        memset(taken, 0, size);
    (void)__real_madvise(arena.start, size <= LITTLE ? arena.kept : arena.used, MADV_DONTNEED);
    arena.used = arena.kept;
    arena.numbers = arena.numbers_kept;
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
    arena.kept = arena.used = (arena.used + PAGE - 1) / PAGE * PAGE;
    arena.numbers_kept = arena.numbers;
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
    (void)close(file);
}

void arena_leave(void)
{
    arena.active = false;
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
