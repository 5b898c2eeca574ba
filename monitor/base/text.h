/*
 * An append-only writer into a buffer of fixed size. What does not fit is dropped whole and `cut` is set, so
 * that a caller can leave a value out instead of showing half of it. Never allocates; the text is always
 * NUL-terminated.
 */
#ifndef UTWATCH_BASE_TEXT_H
#define UTWATCH_BASE_TEXT_H

#include "base/span.h"

#include <string.h>

struct text {
    char *p;
    size_t n;   /* bytes written, without the NUL */
    size_t cap; /* bytes of the buffer, at least 1 */
    bool cut;   /* something did not fit; nothing is appended after that */
};

struct text text_over(char *buffer, size_t cap);

/* Where n bytes may be written, which then belong to the text; NULL when they do not fit. */
static inline char *text_room(struct text *t, size_t n)
{
    if (t->cut || n >= t->cap - t->n) {
        t->cut = true;
        return NULL;
    }
    char *at = t->p + t->n;
    t->n += n;
    t->p[t->n] = '\0';
    return at;
}

static inline void text_bytes(struct text *t, const void *p, size_t n)
{
    char *at = text_room(t, n);
    if (at && n)
        memcpy(at, p, n);
}

static inline void text_put(struct text *t, const char *s)
{
    text_bytes(t, s, strlen(s));
}

static inline void text_char(struct text *t, char c)
{
    char *at = text_room(t, 1);
    if (at)
        *at = c;
}

void text_uint(struct text *t, uint64_t value);
void text_int(struct text *t, int64_t value);
void text_hex(struct text *t, struct span bytes, char separator); /* separator 0: none; lower case */
__attribute__((format(printf, 2, 3))) void text_printf(struct text *t, const char *format, ...);

/*
 * Bytes from the wire for a terminal or a log line: printable ASCII and well-formed UTF-8 stay, everything
 * else (control bytes, overlong or broken UTF-8, bidirectional and other format characters) becomes \xHH, and
 * a backslash two.
 */
void text_safe(struct text *t, struct span bytes);

/*
 * The next character of well-formed UTF-8 (RFC 3629: no overlong forms, no surrogates, nothing above
 * U+10FFFF) and its length in bytes; length 0 when the first byte does not start one. The span is not empty.
 */
size_t utf8_next(struct span s, uint32_t *character);

/* A JSON string with its quotes. Bytes that are not valid UTF-8 become U+FFFD, control characters \u00XX. */
void text_json(struct text *t, struct span bytes);

/* Seconds with as many decimals as there are, six at most and the rest cut off: "86400.4". Negative: 0. */
void text_seconds(struct text *t, int64_t nanoseconds);

/* "12.25 s", "24 h 59.4 s", "7 d": exact to the microsecond, so that a time beyond a limit never looks like
 * it. */
void text_duration(struct text *t, int64_t nanoseconds);

/* Seconds since 1970, in UTC: "2026-11-23T17:50:00" */
void text_calendar(struct text *t, int64_t seconds);

/* ISO 8601 in UTC. micros: "2026-11-23T17:50:00.123456+0000"; otherwise "2026-11-23T17:50:00Z". */
void text_time(struct text *t, int64_t nanoseconds, bool micros);

#endif
