#include "capture/source.h"

#include "capture/unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WINDOW = 1 << 18, FIFO_WAIT_MS = 10000 };

/* A FIFO without a writer would block for ever in open(); one that gets a writer soon is waited for. */
static int open_fifo(const char *path, char *error, size_t error_size)
{
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) {
        (void)snprintf(error, error_size, "%s", strerror(errno));
        return -1;
    }
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    int ready = poll(&wait, 1, FIFO_WAIT_MS);
    if (ready == 1 && fcntl(fd, F_SETFL, 0) == 0)
        return fd;
    (void)snprintf(error, error_size, "a FIFO to which nobody wrote for %d seconds", FIFO_WAIT_MS / 1000);
    (void)close(fd);
    return -1;
}

static int open_descriptor(const char *path, char *error, size_t error_size)
{
    if (strcmp(path, "-") == 0) {
        int fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
        if (fd < 0)
            (void)snprintf(error, error_size, "%s", strerror(errno));
        return fd;
    }
    struct stat st;
    if (stat(path, &st) != 0) {
        (void)snprintf(error, error_size, "%s", strerror(errno));
        return -1;
    }
    if (S_ISDIR(st.st_mode)) {
        (void)snprintf(error, error_size, "a folder without captures");
        return -1;
    }
    if (S_ISFIFO(st.st_mode) && strncmp(path, "/dev/fd/", 8) != 0 && strncmp(path, "/proc/", 6) != 0)
        return open_fifo(path, error, error_size);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        (void)snprintf(error, error_size, "%s", strerror(errno));
    return fd;
}

bool source_open(struct source *source, const char *path, const struct capture_patience *patience,
                 char *error, size_t error_size)
{
    *source = (struct source){.size = WINDOW};
    int fd = open_descriptor(path, error, error_size);
    if (fd < 0)
        return false;
    source->bytes = source->buffer = malloc(source->size);
    source->unpack = unpack_open(fd, patience);
    if (source->buffer && source->unpack)
        return true;
    (void)snprintf(error, error_size, "%s", strerror(ENOMEM));
    if (!source->unpack)
        (void)close(fd);
    source_close(source);
    return false;
}

void source_over(struct source *source, struct span bytes)
{
    *source = (struct source){.bytes = bytes.p, .have = bytes.n};
}

void source_close(struct source *source)
{
    if (source->unpack)
        unpack_close(source->unpack);
    free(source->buffer);
    *source = (struct source){0};
}

bool source_was_stopped(const struct source *source)
{
    return source->unpack && unpack_was_stopped(source->unpack);
}

const char *source_error(const struct source *source)
{
    return source->unpack ? unpack_error(source->unpack) : NULL;
}

uint64_t source_position(const struct source *source)
{
    return source->unpack ? unpack_position(source->unpack) : source->used;
}

/* Room for `n` bytes from the window's beginning on. */
static bool make_room(struct source *source, size_t n)
{
    if (source->used) {
        memmove(source->buffer, source->buffer + source->used, source->have - source->used);
        source->have -= source->used;
        source->used = 0;
    }
    if (n <= source->size)
        return true;
    size_t size = source->size;
    while (size < n)
        size *= 2;
    uint8_t *buffer = realloc(source->buffer, size);
    if (!buffer)
        return false;
    source->bytes = source->buffer = buffer;
    source->size = size;
    return true;
}

void source_fill(struct source *source, size_t n)
{
    if (!source->buffer || n > SOURCE_MOST || !make_room(source, n))
        return;
    while (source->have < n) {
        ssize_t got = unpack_read(source->unpack, source->buffer + source->have, source->size - source->have);
        if (got <= 0)
            return;
        source->have += (size_t)got;
    }
}
