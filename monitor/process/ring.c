#include "process/ring.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

enum { LINE = 64 /* bytes of a cache line */, SKIP = 0 /* the kind of what fills the end */ };

struct piece {
    uint32_t kind;
    uint32_t length;
};

/* Positions count bytes since the beginning; modulo the size they are places. */
struct shared {
    _Alignas(LINE) _Atomic uint64_t end; /* of the putter */
    _Atomic uint64_t dropped;
    _Alignas(LINE) _Atomic uint64_t first; /* of the taker */
    atomic_bool asleep;
    _Alignas(LINE) unsigned char bytes[];
};

struct ring {
    struct shared *shared;
    size_t size;
    uint64_t next; /* to be taken; of the taker alone */
    int wake;      /* eventfd */
};

struct ring *ring_new(size_t bytes)
{
    struct ring *r = calloc(1, sizeof *r);
    if (!r)
        return NULL;
    r->size = bytes;
    r->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    r->shared = mmap(NULL, sizeof *r->shared + bytes, PROT_READ | PROT_WRITE,
                     MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (r->wake >= 0 && r->shared != MAP_FAILED)
        return r;
    const int why = errno;
    if (r->shared == MAP_FAILED)
        r->shared = NULL;
    ring_free(r);
    errno = why;
    return NULL;
}

void ring_free(struct ring *r)
{
    if (!r)
        return;
    if (r->shared)
        (void)munmap(r->shared, sizeof *r->shared + r->size);
    if (r->wake >= 0)
        (void)close(r->wake);
    free(r);
}

static size_t whole(size_t length)
{
    return (sizeof(struct piece) + length + sizeof(struct piece) - 1) / sizeof(struct piece) *
           sizeof(struct piece);
}

static void write_piece(struct ring *r, uint64_t at, uint32_t kind, struct span bytes)
{
    const struct piece piece = {.kind = kind, .length = (uint32_t)bytes.n};
    unsigned char *place = r->shared->bytes + (at & (r->size - 1));
    memcpy(place, &piece, sizeof piece);
    if (bytes.n && bytes.p)
        memcpy(place + sizeof piece, bytes.p, bytes.n);
}

bool ring_put(struct ring *r, uint32_t kind, struct span bytes)
{
    struct shared *s = r->shared;
    const size_t needed = whole(bytes.n);
    uint64_t end = atomic_load_explicit(&s->end, memory_order_relaxed);
    const uint64_t used = end - atomic_load_explicit(&s->first, memory_order_acquire);
    const size_t to_edge = r->size - (end & (r->size - 1));
    const size_t skipped = to_edge < needed ? to_edge : 0;
    if (bytes.n > UINT32_MAX || used > r->size || needed + skipped > r->size - used) {
        (void)atomic_fetch_add_explicit(&s->dropped, 1, memory_order_relaxed);
        return false;
    }
    if (skipped) {
        write_piece(r, end, SKIP, span_of(NULL, skipped - sizeof(struct piece)));
        end += skipped;
    }
    write_piece(r, end, kind, bytes);
    atomic_store(&s->end, end + needed);
    if (atomic_load(&s->asleep))
        ring_poke(r);
    return true;
}

void ring_begin(struct ring *r)
{
    r->next = atomic_load(&r->shared->first);
}

/* Nothing in it can be trusted any more. */
static bool give_up(struct ring *r, uint64_t end)
{
    r->next = end & ~(uint64_t)(sizeof(struct piece) - 1);
    ring_release(r);
    return false;
}

bool ring_take(struct ring *r, uint32_t *kind, struct span *bytes)
{
    struct shared *s = r->shared;
    for (;;) {
        const uint64_t end = atomic_load_explicit(&s->end, memory_order_acquire);
        const uint64_t left = end - r->next;
        if (!left)
            return false;
        struct piece piece;
        const size_t place = r->next & (r->size - 1);
        if (left > r->size || left % sizeof piece || place % sizeof piece)
            return give_up(r, end);
        memcpy(&piece, s->bytes + place, sizeof piece); /* once: it may change */
        if (whole(piece.length) > left || whole(piece.length) > r->size - place)
            return give_up(r, end);
        r->next += whole(piece.length);
        *kind = piece.kind;
        *bytes = span_of(s->bytes + place + sizeof piece, piece.length);
        if (piece.kind != SKIP)
            return true;
    }
}

void ring_release(struct ring *r)
{
    atomic_store_explicit(&r->shared->first, r->next, memory_order_release);
}

size_t ring_held(const struct ring *r)
{
    return (size_t)(r->next - atomic_load_explicit(&r->shared->first, memory_order_relaxed));
}

bool ring_sleep(struct ring *r)
{
    struct shared *s = r->shared;
    atomic_store(&s->asleep, true);
    if (atomic_load(&s->end) == r->next)
        return true;
    atomic_store(&s->asleep, false);
    return false;
}

void ring_awake(struct ring *r)
{
    uint64_t count;
    atomic_store(&r->shared->asleep, false);
    if (read(r->wake, &count, sizeof count) < 0)
        return; /* it was the time that ended the wait */
}

int ring_descriptor(const struct ring *r)
{
    return r->wake;
}

void ring_poke(const struct ring *r)
{
    const uint64_t one = 1;
    if (write(r->wake, &one, sizeof one) < 0)
        return; /* it is full of pokes */
}

uint64_t ring_dropped(const struct ring *r)
{
    return atomic_load(&r->shared->dropped);
}
