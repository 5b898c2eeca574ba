#include "decode/obstacles.h"

#include "base/cursor.h"

void obstacles_count(struct obstacles *o, enum obstacle_kind kind, uint32_t code)
{
    struct obstacle *rarest = &o->known[0];
    for (size_t i = 0; i < OBSTACLES; i++) {
        struct obstacle *known = &o->known[i];
        if (known->frames && known->code == code && known->kind == kind) {
            known->frames++;
            return;
        }
        if (known->frames < rarest->frames)
            rarest = known;
    }
    *rarest = (struct obstacle){.frames = 1, .code = code, .kind = kind};
}

struct obstacle obstacles_commonest(const struct obstacles *o)
{
    const struct obstacle *most = &o->known[0];
    for (size_t i = 1; i < OBSTACLES; i++)
        if (o->known[i].frames > most->frames)
            most = &o->known[i];
    return *most;
}

/* RFC 791 3.1: the checksum makes a chance match unlikely. */
static bool is_ip4(struct span bytes, size_t wire_left)
{
    struct cursor c = cursor_over(bytes);
    const size_t header = (size_t)(cursor_u8(&c) & 0x0f) * 4;
    cursor_skip(&c, 1);
    const size_t total = cursor_u16(&c);
    if (header < 20 || total < header || total > wire_left)
        return false;
    c = cursor_over(span_head(bytes, header));
    uint32_t sum = 0;
    for (size_t i = 0; i < header; i += 2)
        sum += cursor_u16(&c);
    sum = (sum & 0xffff) + (sum >> 16);
    return c.status == PARSE_OK && (sum & 0xffff) + (sum >> 16) == 0xffff;
}

/* RFC 8200 3. Without a checksum, the length has to reach the end of the frame, padding aside. */
static bool is_ip6(struct span bytes, size_t wire_left)
{
    enum { HEADER = 40, MOST_PADDING = 64, TCP = 6, UDP = 17 };
    struct cursor c = cursor_over(bytes);
    cursor_skip(&c, 4);
    const size_t total = HEADER + (size_t)cursor_u16(&c);
    const uint8_t next = cursor_u8(&c);
    return c.status == PARSE_OK && (next == TCP || next == UDP) && total <= wire_left &&
           wire_left - total <= MOST_PADDING;
}

bool looks_like_ip(struct span bytes, size_t wire_left)
{
    enum { MOST_BEFORE = 64 }; /* as NSH, with its context, before Ethernet (RFC 8300) */
    for (size_t at = 0; at <= MOST_BEFORE && at < bytes.n; at++) {
        const struct span rest = span_skip(bytes, at);
        const uint8_t version = rest.p[0] >> 4;
        if ((version == 4 && is_ip4(rest, wire_left - at)) || (version == 6 && is_ip6(rest, wire_left - at)))
            return true;
    }
    return false;
}
