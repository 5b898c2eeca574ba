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
    /* Major version 3; a minor above 4 was never a record version, drafts of TLS 1.3 included. */
    bool known_version = out->version >= 0x0300 && out->version <= 0x0304;
    return known_type && known_version && out->length <= MAX_RECORD_BYTES ? PARSE_OK : PARSE_BAD;
}
