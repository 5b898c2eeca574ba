/*
 * A window over the bytes of a capture: a file, a FIFO, standard input, plain or packed. Whoever reads blocks
 * looks at them where they lie in the window; only what straddles its end is moved.
 */
#ifndef UTWATCH_CAPTURE_SOURCE_H
#define UTWATCH_CAPTURE_SOURCE_H

#include "base/span.h"
#include "capture/capture.h"

/* The most that can be looked at in one piece, bytes: the largest block of pcapng that libpcap takes. */
enum { SOURCE_MOST = 16 << 20 };

struct unpack;

struct source {
    const uint8_t *bytes;
    uint8_t *buffer;   /* where they are read to; NULL: they are somebody else's, and all there is */
    size_t size;       /* of the buffer */
    size_t used, have; /* the window, offsets in bytes */
    struct unpack *unpack;
};

/* "-" is standard input; `patience` may be NULL. False with the reason in `error`. */
bool source_open(struct source *source, const char *path, const struct capture_patience *patience,
                 char *error, size_t error_size);

/* For tests: over bytes in memory, which outlive the source. */
void source_over(struct source *source, struct span bytes);
void source_close(struct source *source);

/* `patience` ended: the input itself has not. */
bool source_was_stopped(const struct source *source);

/* Why reading failed, or NULL when it did not. */
const char *source_error(const struct source *source);

/* Packed bytes read so far. */
uint64_t source_position(const struct source *source);

/* Reads until `n` bytes are in the window, or there are no more. It may move the window. */
void source_fill(struct source *source, size_t n);

/* What comes next and has been read already. */
static inline struct span source_ahead(const struct source *source)
{
    return span_of(source->bytes + source->used, source->have - source->used);
}

/* The next `n` bytes, at most SOURCE_MOST; fewer only at the end or after a failure. They live until the next
 * call. */
static inline struct span source_peek(struct source *source, size_t n)
{
    if (source->have - source->used < n)
        source_fill(source, n);
    return span_head(source_ahead(source), n);
}

/* Moves behind `n` bytes that source_peek() gave. */
static inline void source_take(struct source *source, size_t n)
{
    source->used += n;
}

#endif
