/* The frames of HTTP/2 (RFC 9113 4 and 6): their header, and where the head of a message is in them. */
#ifndef UTWATCH_WIRE_HTTP2_H
#define UTWATCH_WIRE_HTTP2_H

#include "base/cursor.h"

enum { HTTP2_HEADER_BYTES = 9 };

enum http2_type {
    HTTP2_DATA,
    HTTP2_HEADERS,
    HTTP2_PRIORITY,
    HTTP2_RST_STREAM,
    HTTP2_SETTINGS,
    HTTP2_PUSH_PROMISE,
    HTTP2_PING,
    HTTP2_GOAWAY,
    HTTP2_WINDOW_UPDATE,
    HTTP2_CONTINUATION,
};

struct http2_frame {
    uint32_t length; /* of what follows the header */
    uint8_t type;    /* enum http2_type, or one of an extension */
    uint8_t flags;
    uint32_t stream;
};

/* The header of a frame. PARSE_BAD: its stream or its length does not fit its type, so it is not a frame. */
enum parse http2_frame_parse(struct span header, struct http2_frame *out);

/* The head that a frame ends, or a part of it. */
bool http2_ends_head(const struct http2_frame *frame);

/* What a whole frame of HEADERS or CONTINUATION has of a compressed head. `whole`: nothing of the payload is
 * missing at its end. */
enum parse http2_fragment(const struct http2_frame *frame, struct span payload, bool whole, struct span *out);

#endif
