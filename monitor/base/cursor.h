/*
 * The one way to read messages from the wire. cursor_take() holds the only bounds test; everything else is
 * built on it. Text is scanned in spans (span.h).
 *
 * The first failure sticks: later reads return 0 or an empty span and consume nothing, so a loop over "what
 * is left" ends by itself and the status is tested once, at the end of a message.
 *
 * PARSE_SHORT: more bytes could make it valid.  PARSE_BAD: no continuation can. A vector that is longer than
 * what is left of its parent is SHORT, so that no prefix of a valid message is ever BAD and a cut capture is
 * never a peer's fault. A caller that knows the message to be complete reads SHORT as BAD.
 */
#ifndef UTWATCH_BASE_CURSOR_H
#define UTWATCH_BASE_CURSOR_H

#include "base/span.h"

enum parse { PARSE_OK, PARSE_SHORT, PARSE_BAD };

struct cursor {
    const uint8_t *p;
    const uint8_t *end; /* p after a failure: nothing is left */
    enum parse status;
};

static inline struct cursor cursor_over(struct span s)
{
    return (struct cursor){.p = s.p, .end = s.n ? s.p + s.n : s.p, .status = PARSE_OK};
}

/* Bytes not yet read; 0 after a failure. */
static inline size_t cursor_left(const struct cursor *c)
{
    return (size_t)(c->end - c->p);
}

static inline void cursor_fail(struct cursor *c, enum parse status)
{
    if (c->status != PARSE_OK)
        return;
    c->status = status;
    c->end = c->p;
}

/* The next n bytes where they lie, or an empty span and SHORT. */
static inline struct span cursor_take(struct cursor *c, size_t n)
{
    if (n > cursor_left(c)) {
        cursor_fail(c, PARSE_SHORT);
        return span_of(c->p, 0);
    }
    struct span s = span_of(c->p, n);
    if (n)
        c->p += n;
    return s;
}

static inline struct span cursor_rest(struct cursor *c)
{
    return cursor_take(c, cursor_left(c));
}

static inline void cursor_skip(struct cursor *c, size_t n)
{
    (void)cursor_take(c, n);
}

/* Unsigned, network byte order, width 1 to 4 bytes; 0 after a failure. */
static inline uint32_t cursor_uint(struct cursor *c, size_t width)
{
    struct span s = cursor_take(c, width);
    uint32_t v = 0;
    if (s.n == 0)
        return 0;
    for (size_t i = 0; i < width; i++) /* which most callers know, so that no loop is left of it */
        v = v << 8 | s.p[i];
    return v;
}

static inline uint8_t cursor_u8(struct cursor *c)
{
    return (uint8_t)cursor_uint(c, 1);
}

static inline uint16_t cursor_u16(struct cursor *c)
{
    return (uint16_t)cursor_uint(c, 2);
}

static inline uint32_t cursor_u24(struct cursor *c)
{
    return cursor_uint(c, 3);
}

static inline uint32_t cursor_u32(struct cursor *c)
{
    const struct span s = cursor_take(c, 4);
    if (s.n == 0)
        return 0;
    return (uint32_t)s.p[0] << 24 | (uint32_t)s.p[1] << 16 | (uint32_t)s.p[2] << 8 | s.p[3]; /* one load */
}

/* The status at the end of a message that is known to be complete: what runs short in it never becomes valid.
 */
static inline enum parse cursor_complete(const struct cursor *c)
{
    return c->status == PARSE_SHORT ? PARSE_BAD : c->status;
}

/* A child over a vector whose length precedes it in `width` bytes; the parent moves behind it. */
static inline struct cursor cursor_vector(struct cursor *c, size_t width)
{
    size_t n = cursor_uint(c, width);
    struct cursor child = cursor_over(cursor_take(c, n));
    child.status = c->status;
    return child;
}

/* The child was a complete vector: it has to be consumed exactly, and one that ran short inside is BAD. */
static inline void cursor_finish(struct cursor *parent, const struct cursor *child)
{
    if (child->status != PARSE_OK)
        cursor_fail(parent, PARSE_BAD);
    else if (child->p != child->end)
        cursor_fail(parent, PARSE_BAD);
}

#endif
