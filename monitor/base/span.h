/* A view of bytes that somebody else owns. By rule it lives no longer than the capture callback that made it.
 */
#ifndef UTWATCH_BASE_SPAN_H
#define UTWATCH_BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct span {
    const uint8_t *p;
    size_t n;
};

static inline struct span span_of(const void *p, size_t n)
{
    return (struct span){.p = p, .n = n};
}

/* A text without its NUL. */
static inline struct span span_of_text(const char *text)
{
    return span_of(text, strlen(text));
}

/* Same length and same bytes; two empty spans are equal whatever they point to. */
static inline bool span_equal(struct span a, struct span b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/* The first n bytes, or all of them when there are fewer. */
static inline struct span span_head(struct span s, size_t n)
{
    return span_of(s.p, n < s.n ? n : s.n);
}

/* What follows the first n bytes; empty when there are no more than n. */
static inline struct span span_skip(struct span s, size_t n)
{
    const size_t skipped = n < s.n ? n : s.n;
    return span_of(skipped ? s.p + skipped : s.p, s.n - skipped);
}

#endif
