/* TLS record headers (RFC 2246 6.2.1). */
#ifndef UTWATCH_WIRE_RECORD_H
#define UTWATCH_WIRE_RECORD_H

#include "base/cursor.h"
#include "base/limits.h"

#define RECORD_HEADER_BYTES 5

enum record_type {
    RECORD_CHANGE_CIPHER_SPEC = 20,
    RECORD_ALERT = 21,
    RECORD_HANDSHAKE = 22,
    RECORD_APPLICATION_DATA = 23,
    RECORD_HEARTBEAT = 24,
};

/* Levels of alerts (RFC 2246 7.2). */
enum { ALERT_WARNING = 1, ALERT_FATAL = 2 };

struct record_header {
    uint8_t type;
    uint16_t version;
    uint16_t length; /* of the fragment that follows, bytes */
};

/* PARSE_BAD: not a TLS record (content type, version 3.x, length up to MAX_RECORD_BYTES). */
static inline enum parse record_header_parse(struct span bytes, struct record_header *out)
{
    struct cursor c = cursor_over(bytes);
    out->type = cursor_u8(&c);
    out->version = cursor_u16(&c);
    out->length = cursor_u16(&c);
    if (c.status != PARSE_OK)
        return c.status;
    const bool known_type = out->type >= RECORD_CHANGE_CIPHER_SPEC && out->type <= RECORD_HEARTBEAT;
    /* Any minor version may be here, and stacks accept it (RFC 5246 E.1, RFC 8446 5.1). */
    return known_type && out->version >> 8 == 3 && out->length <= MAX_RECORD_BYTES ? PARSE_OK : PARSE_BAD;
}

/* What stacks send: a minor version up to 4, drafts of TLS 1.3 included, and something in it. Where a record
 * is looked for among other bytes, only such a header is one. */
bool record_header_is_usual(const struct record_header *header);

#endif
