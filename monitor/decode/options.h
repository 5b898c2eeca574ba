/* Options of an IPv4 or TCP header, which have one shape (RFC 791 3.1, RFC 9293 3.1). */
#ifndef UTWATCH_DECODE_OPTIONS_H
#define UTWATCH_DECODE_OPTIONS_H

#include "base/cursor.h"

struct header_option {
    uint8_t kind;
    struct span body; /* behind kind and length */
};

/* The next option that has a body. False: there is none, or the options are malformed. */
static inline bool next_option(struct cursor *options, struct header_option *out)
{
    enum { END = 0, NOTHING = 1 };
    while (cursor_left(options)) {
        out->kind = cursor_u8(options);
        if (out->kind == NOTHING)
            continue;
        const size_t length = out->kind == END ? 0 : cursor_u8(options);
        out->body = length >= 2 ? cursor_take(options, length - 2) : span_of(NULL, 0);
        if (length < 2 || options->status != PARSE_OK)
            return false;
        if (out->body.n)
            return true;
    }
    return false;
}

#endif
