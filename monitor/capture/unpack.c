#include "capture/unpack.h"

#include "capture/codec.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Fits the counters of zlib and bzip2, which have 32 bits. */
enum { MOST_AT_ONCE = 1 << 20 };

struct unpack {
    int descriptor;
    bool known;                /* what it is */
    const struct codec *codec; /* NULL: plain */
    void *state;               /* of the codec */
    bool end_of_input;
    bool stopped;
    struct capture_patience patience; /* wait NULL: none is asked */
    bool in_member;                   /* the end of input would be too early */
    const char *error;
    char message[64];
    uint64_t position;
    size_t have, used; /* of buffer */
    uint8_t buffer[1 << 16];
};

/* One read(), which waits as long as `patience` lasts. 0 at the end, -1 on failure. */
static ssize_t read_some(struct unpack *u, uint8_t *out, size_t size)
{
    ssize_t n;
    do {
        struct pollfd p = {.fd = u->descriptor, .events = POLLIN};
        if (u->patience.wait && poll(&p, 1, 0) == 0 && !u->patience.wait(u->patience.context, p.fd)) {
            u->stopped = true;
            return 0;
        }
        n = read(u->descriptor, out, size);
    } while (n < 0 && errno == EINTR);
    if (n < 0)
        u->error = strerror(errno);
    else
        u->position += (uint64_t)n;
    return n;
}

/* Behind what the buffer has. */
static bool read_more(struct unpack *u)
{
    const ssize_t n = read_some(u, u->buffer + u->have, sizeof u->buffer - u->have);
    if (n < 0)
        return false;
    u->have += (size_t)n;
    u->end_of_input = n == 0;
    return true;
}

static bool refill(struct unpack *u)
{
    if (u->used < u->have || u->end_of_input)
        return true;
    u->have = u->used = 0;
    return read_more(u);
}

static void fail(struct unpack *u, const char *before, const char *after)
{
    (void)snprintf(u->message, sizeof u->message, "%s%s%s", before, u->codec->name, after);
    u->error = u->message;
}

/* Reads until the magic number is there, or the input ends. */
static bool detect(struct unpack *u)
{
    while (u->have < CODEC_MAGIC_BYTES && !u->end_of_input)
        if (!read_more(u))
            return false;
    u->codec = codec_of(span_of(u->buffer, u->have));
    u->known = true;
    if (u->codec && !(u->state = u->codec->open()))
        fail(u, "not enough memory for ", "");
    return !u->error;
}

static size_t read_plain(struct unpack *u, uint8_t *out, size_t size)
{
    size_t n = u->have - u->used < size ? u->have - u->used : size;
    memcpy(out, u->buffer + u->used, n);
    u->used += n;
    return n;
}

static size_t read_packed(struct unpack *u, uint8_t *out, size_t size)
{
    struct codec_step step = {.in = u->buffer + u->used,
                              .in_left = u->have - u->used,
                              .out = out,
                              .out_left = size,
                              .last = u->end_of_input};
    const size_t before = u->used;
    const enum codec_result result = u->codec->step(u->state, &step);
    u->used = u->have - step.in_left;
    const size_t n = size - step.out_left;
    const bool moved = u->used != before || n;
    if (moved || result == CODEC_MEMBER_ENDS) /* else it only says that it has nothing */
        u->in_member = result == CODEC_GOES_ON;
    if (result == CODEC_BROKEN || (!moved && step.in_left))
        fail(u, "damaged ", " data");
    return n;
}

ssize_t unpack_read(struct unpack *u, uint8_t *out, size_t size)
{
    if (u->error || (!u->known && !detect(u)))
        return -1;
    if (!u->codec && u->used == u->have)
        return u->end_of_input ? 0 : read_some(u, out, size); /* without a copy */
    if (size > MOST_AT_ONCE)
        size = MOST_AT_ONCE;
    for (;;) {
        if (!refill(u))
            return -1;
        const size_t n = u->codec ? read_packed(u, out, size) : read_plain(u, out, size);
        if (n)
            return (ssize_t)n;
        if (u->error)
            return -1;
        if (u->end_of_input && u->used == u->have) {
            if (u->in_member)
                u->error = "the compressed data end too early";
            return u->error ? -1 : 0;
        }
    }
}

void unpack_close(struct unpack *u)
{
    if (u->state)
        u->codec->close(u->state);
    (void)close(u->descriptor);
    free(u);
}

struct unpack *unpack_open(int descriptor, const struct capture_patience *patience)
{
    struct unpack *u = calloc(1, sizeof *u);
    if (!u)
        return NULL;
    u->descriptor = descriptor;
    if (patience)
        u->patience = *patience;
    return u;
}

bool unpack_was_stopped(const struct unpack *unpack)
{
    return unpack->stopped;
}

uint64_t unpack_position(const struct unpack *unpack)
{
    return unpack->position;
}

const char *unpack_error(const struct unpack *unpack)
{
    return unpack->error;
}
