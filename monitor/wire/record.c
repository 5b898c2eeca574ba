#include "wire/record.h"

enum parse record_header_parse(struct span bytes, struct record_header *out)
{
    struct cursor c = cursor_over(bytes);
    out->type = cursor_u8(&c);
    out->version = cursor_u16(&c);
    out->length = cursor_u16(&c);
    if (c.status != PARSE_OK)
        return c.status;
    bool known_type = out->type >= RECORD_CHANGE_CIPHER_SPEC && out->type <= RECORD_HEARTBEAT;
    /* Any minor version may stand here, and stacks take it (RFC 5246 E.1, RFC 8446 5.1). */
    return known_type && out->version >> 8 == 3 && out->length <= MAX_RECORD_BYTES ? PARSE_OK : PARSE_BAD;
}

bool record_header_is_usual(const struct record_header *header)
{
    return header->version <= 0x0304 && header->length > 0;
}
