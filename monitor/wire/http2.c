#include "wire/http2.h"

enum { END_HEADERS = 0x4, PADDED = 0x8, PRIORITY = 0x20 };

bool http2_ends_head(const struct http2_frame *frame)
{
    return frame->flags & END_HEADERS;
}

/* RFC 9113 6: what belongs to a stream, what to the connection, and how long it is. */
static bool is_frame(const struct http2_frame *f)
{
    switch (f->type) {
    case HTTP2_DATA:
    case HTTP2_HEADERS:
    case HTTP2_PUSH_PROMISE:
    case HTTP2_CONTINUATION:
        return f->stream != 0;
    case HTTP2_PRIORITY:
        return f->stream != 0 && f->length == 5;
    case HTTP2_RST_STREAM:
        return f->stream != 0 && f->length == 4;
    case HTTP2_SETTINGS:
        return f->stream == 0 && f->length % 6 == 0;
    case HTTP2_PING:
        return f->stream == 0 && f->length == 8;
    case HTTP2_GOAWAY:
        return f->stream == 0 && f->length >= 8;
    case HTTP2_WINDOW_UPDATE:
        return f->length == 4;
    default: /* of an extension (5.5) */
        return true;
    }
}

enum parse http2_frame_parse(struct span header, struct http2_frame *out)
{
    struct cursor c = cursor_over(header);
    out->length = cursor_u24(&c);
    out->type = cursor_u8(&c);
    out->flags = cursor_u8(&c);
    out->stream = cursor_u32(&c) & 0x7fffffff;
    if (c.status != PARSE_OK)
        return c.status;
    return is_frame(out) ? PARSE_OK : PARSE_BAD;
}

enum parse http2_fragment(const struct http2_frame *frame, struct span payload, bool whole, struct span *out)
{
    struct cursor c = cursor_over(payload);
    const bool headers = frame->type == HTTP2_HEADERS;
    const size_t padding = headers && frame->flags & PADDED ? cursor_u8(&c) : 0;
    if (headers && frame->flags & PRIORITY)
        cursor_skip(&c, 5);
    if (whole && padding > cursor_left(&c))
        return PARSE_BAD;
    *out = cursor_take(&c, cursor_left(&c) - (whole ? padding : 0));
    return cursor_complete(&c);
}
