#include "process/board.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010
#endif

enum { TRIES = 100 /* to read what is being written */ };

/* Two places, so that the newest stays whole while the next one is written. */
struct shared {
    _Atomic uint32_t number; /* the newest is in place number % 2 */
    _Atomic size_t length[2];
    _Atomic int64_t put_at[2];
    unsigned char bytes[];
};

struct board {
    struct shared *shared;
    size_t size; /* of a place */
    int fd;
    int news; /* eventfd */
};

static size_t mapped(const struct board *b)
{
    return sizeof *b->shared + 2 * b->size;
}

struct board *board_new(size_t bytes)
{
    struct board *b = calloc(1, sizeof *b);
    if (!b)
        return NULL;
    b->size = bytes;
    b->news = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    b->fd = memfd_create("utwatch-board", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (b->news >= 0 && b->fd >= 0 && ftruncate(b->fd, (off_t)mapped(b)) == 0)
        b->shared = mmap(NULL, mapped(b), PROT_READ | PROT_WRITE, MAP_SHARED, b->fd, 0);
    if (b->shared == MAP_FAILED)
        b->shared = NULL;
    /* From now on, only a process that already has the memory mapped can write it. */
    if (b->shared && fcntl(b->fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE | F_SEAL_SHRINK | F_SEAL_GROW) == 0)
        return b;
    const int why = errno;
    board_free(b);
    errno = why;
    return NULL;
}

void board_free(struct board *b)
{
    if (!b)
        return;
    if (b->shared)
        (void)munmap(b->shared, mapped(b));
    if (b->fd >= 0)
        (void)close(b->fd);
    if (b->news >= 0)
        (void)close(b->news);
    free(b);
}

bool board_only_read(struct board *b)
{
    (void)munmap(b->shared, mapped(b));
    b->shared = mmap(NULL, mapped(b), PROT_READ, MAP_SHARED, b->fd, 0);
    if (b->shared != MAP_FAILED)
        return true;
    b->shared = NULL;
    return false;
}

bool board_put(struct board *b, struct span bytes)
{
    if (bytes.n > b->size)
        return false;
    const uint32_t number = atomic_load(&b->shared->number) + 1;
    if (bytes.n)
        memcpy(b->shared->bytes + number % 2 * b->size, bytes.p, bytes.n);
    atomic_store(&b->shared->length[number % 2], bytes.n);
    atomic_store(&b->shared->put_at[number % 2], clock_monotonic());
    atomic_store(&b->shared->number, number);
    const uint64_t one = 1;
    (void)!write(b->news, &one, sizeof one); /* full of news: it wakes all the same */
    return true;
}

int64_t board_put_at(const struct board *b)
{
    return atomic_load(&b->shared->put_at[board_number(b) % 2]);
}

int board_descriptor(const struct board *b)
{
    return b->news;
}

uint32_t board_number(const struct board *b)
{
    return atomic_load_explicit(&b->shared->number, memory_order_acquire);
}

size_t board_size(const struct board *b)
{
    return b->size;
}

size_t board_get(const struct board *b, uint8_t *to, uint32_t *number)
{
    size_t length = 0;
    for (unsigned tries = 0; tries < TRIES; tries++) {
        *number = board_number(b);
        length = atomic_load(&b->shared->length[*number % 2]);
        if (length > b->size)
            length = b->size;
        memcpy(to, b->shared->bytes + *number % 2 * b->size, length);
        atomic_thread_fence(memory_order_acquire);
        if (board_number(b) == *number)
            return length;
    } /* once more, since its place may have been written to meanwhile */
    *number = 0;
    return 0;
}
