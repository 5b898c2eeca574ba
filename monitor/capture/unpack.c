#include "capture/unpack.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

/* Fits the counters of zlib, which have 32 bits. */
enum { MOST_AT_ONCE = 1 << 20 };

enum packing { PACKING_UNKNOWN, PACKING_NONE, PACKING_GZIP, PACKING_ZSTD };

struct unpack {
    int descriptor;
    enum packing packing;
    bool end_of_input;
    bool stopped;
    struct capture_patience patience; /* wait NULL: none is asked */
    bool in_member; /* a gzip member or zstd frame is under way: the end of input is too early */
    const char *error;
    uint64_t position;
    size_t have, used; /* of buffer */
    z_stream gzip;
    ZSTD_DStream *zstd;
    uint8_t buffer[1 << 16];
};

/* One read(), which waits for as long as somebody has the patience. 0 at the end, -1 on failure. */
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

/* Reads until the magic number is there, or the input ends. */
static bool detect(struct unpack *u)
{
    static const uint8_t gzip[] = {0x1f, 0x8b};
    static const uint8_t zstd[] = {0x28, 0xb5, 0x2f, 0xfd};
    while (u->have < sizeof zstd && !u->end_of_input)
        if (!read_more(u))
            return false;
    u->packing = PACKING_NONE;
    if (u->have >= sizeof gzip && memcmp(u->buffer, gzip, sizeof gzip) == 0) {
        enum { GZIP_FORMAT = 16 };
        if (inflateInit2(&u->gzip, GZIP_FORMAT + MAX_WBITS) != Z_OK) {
            u->error = "zlib cannot be started";
            return false;
        }
        u->packing = PACKING_GZIP;
    } else if (u->have >= sizeof zstd && memcmp(u->buffer, zstd, sizeof zstd) == 0) {
        u->zstd = ZSTD_createDStream();
        if (!u->zstd) {
            u->error = "zstd cannot be started";
            return false;
        }
        u->packing = PACKING_ZSTD;
    }
    return true;
}

static size_t read_plain(struct unpack *u, uint8_t *out, size_t size)
{
    size_t n = u->have - u->used < size ? u->have - u->used : size;
    memcpy(out, u->buffer + u->used, n);
    u->used += n;
    return n;
}

static size_t read_gzip(struct unpack *u, uint8_t *out, size_t size)
{
    u->gzip.next_in = u->buffer + u->used;
    u->gzip.avail_in = (uInt)(u->have - u->used);
    u->gzip.next_out = out;
    u->gzip.avail_out = (uInt)size;
    size_t before = u->used;
    int status = inflate(&u->gzip, Z_NO_FLUSH);
    u->used = u->have - u->gzip.avail_in;
    if (u->used != before || u->gzip.avail_out != size) /* else it only says that it has nothing */
        u->in_member = status != Z_STREAM_END;
    if (status == Z_STREAM_END)
        (void)inflateReset(&u->gzip); /* another member may follow */
    else if (status != Z_OK && status != Z_BUF_ERROR)
        u->error = "damaged gzip data";
    return size - u->gzip.avail_out;
}

static size_t read_zstd(struct unpack *u, uint8_t *out, size_t size)
{
    ZSTD_inBuffer in = {.src = u->buffer, .size = u->have, .pos = u->used};
    ZSTD_outBuffer to = {.dst = out, .size = size};
    size_t status = ZSTD_decompressStream(u->zstd, &to, &in);
    if (in.pos != u->used || to.pos)
        u->in_member = status != 0;
    u->used = in.pos;
    if (ZSTD_isError(status))
        u->error = "damaged zstd data";
    return to.pos;
}

ssize_t unpack_read(struct unpack *u, uint8_t *out, size_t size)
{
    if (u->error || (u->packing == PACKING_UNKNOWN && !detect(u)))
        return -1;
    if (u->packing == PACKING_NONE && u->used == u->have)
        return u->end_of_input ? 0 : read_some(u, out, size); /* without a copy */
    if (size > MOST_AT_ONCE)
        size = MOST_AT_ONCE;
    for (;;) {
        if (!refill(u))
            return -1;
        size_t n = u->packing == PACKING_NONE   ? read_plain(u, out, size)
                   : u->packing == PACKING_GZIP ? read_gzip(u, out, size)
                                                : read_zstd(u, out, size);
        if (n)
            return (ssize_t)n;
        if (u->error)
            return -1;
        if (u->end_of_input && u->used == u->have) {
            if (u->in_member)
                u->error = "the packed data end too early";
            return u->error ? -1 : 0;
        }
    }
}

void unpack_close(struct unpack *u)
{
    if (u->packing == PACKING_GZIP)
        (void)inflateEnd(&u->gzip);
    if (u->zstd)
        (void)ZSTD_freeDStream(u->zstd);
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
