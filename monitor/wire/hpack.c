#include "wire/hpack.h"

/* RFC 7541 Appendix A. */
static const struct {
    const char *name, *value;
} table[] = {
    {":authority", ""},
    {":method", "GET"},
    {":method", "POST"},
    {":path", "/"},
    {":path", "/index.html"},
    {":scheme", "http"},
    {":scheme", "https"},
    {":status", "200"},
    {":status", "204"},
    {":status", "206"},
    {":status", "304"},
    {":status", "400"},
    {":status", "404"},
    {":status", "500"},
    {"accept-charset", ""},
    {"accept-encoding", "gzip, deflate"},
    {"accept-language", ""},
    {"accept-ranges", ""},
    {"accept", ""},
    {"access-control-allow-origin", ""},
    {"age", ""},
    {"allow", ""},
    {"authorization", ""},
    {"cache-control", ""},
    {"content-disposition", ""},
    {"content-encoding", ""},
    {"content-language", ""},
    {"content-length", ""},
    {"content-location", ""},
    {"content-range", ""},
    {"content-type", ""},
    {"cookie", ""},
    {"date", ""},
    {"etag", ""},
    {"expect", ""},
    {"expires", ""},
    {"from", ""},
    {"host", ""},
    {"if-match", ""},
    {"if-modified-since", ""},
    {"if-none-match", ""},
    {"if-range", ""},
    {"if-unmodified-since", ""},
    {"last-modified", ""},
    {"link", ""},
    {"location", ""},
    {"max-forwards", ""},
    {"proxy-authenticate", ""},
    {"proxy-authorization", ""},
    {"range", ""},
    {"referer", ""},
    {"refresh", ""},
    {"retry-after", ""},
    {"server", ""},
    {"set-cookie", ""},
    {"strict-transport-security", ""},
    {"transfer-encoding", ""},
    {"user-agent", ""},
    {"vary", ""},
    {"via", ""},
    {"www-authenticate", ""},
};
enum { TABLE_SIZE = sizeof table / sizeof *table };

void hpack_begin(struct hpack *h, struct span block)
{
    h->rest = cursor_over(block);
}

/* RFC 7541 5.1: an integer in the last `bits` bits of `first`, continued in the octets after it if it does
 * not fit. */
static uint32_t integer(struct cursor *c, uint8_t first, unsigned bits)
{
    const uint32_t most = (1U << bits) - 1;
    uint32_t n = first & most;
    if (n < most)
        return n;
    for (unsigned shift = 0; shift <= 21; shift += 7) {
        const uint8_t octet = cursor_u8(c);
        n += (uint32_t)(octet & 0x7f) << shift;
        if (!(octet & 0x80))
            return n;
    }
    cursor_fail(c, PARSE_BAD); /* no head is so long */
    return 0;
}

/* RFC 7541 5.2. */
static struct span literal(struct cursor *c, uint8_t *room, size_t size, bool *cut)
{
    const uint8_t first = cursor_u8(c);
    const struct span s = cursor_take(c, integer(c, first, 7));
    size_t length = 0;
    if (!(first & 0x80)) {
        *cut |= s.n > size;
        return span_head(s, size);
    }
    if (huffman_decode(s, room, size, &length, cut) != PARSE_OK)
        cursor_fail(c, PARSE_BAD);
    return span_of(room, length);
}

/* RFC 7541 6.2: the name by its index, or as a literal. */
static void name_and_value(struct hpack *h, uint32_t index, struct hpack_field *out)
{
    out->unread = index > TABLE_SIZE;
    if (!index)
        out->name = literal(&h->rest, h->name, sizeof h->name, &out->cut);
    else if (index <= TABLE_SIZE)
        out->name = span_of_text(table[index - 1].name);
    out->value = literal(&h->rest, h->value, sizeof h->value, &out->cut);
}

enum parse hpack_next(struct hpack *h, struct hpack_field *out)
{
    *out = (struct hpack_field){0};
    struct cursor *c = &h->rest;
    while (cursor_left(c)) {
        const uint8_t first = cursor_u8(c);
        if (first & 0x80) { /* 6.1: both by their index */
            const uint32_t index = integer(c, first, 7);
            if (!index)
                cursor_fail(c, PARSE_BAD);
            out->unread = index > TABLE_SIZE;
            if (index && !out->unread) {
                out->name = span_of_text(table[index - 1].name);
                out->value = span_of_text(table[index - 1].value);
            }
        } else if (first & 0x40) {
            name_and_value(h, integer(c, first, 6), out);
        } else if (first & 0x20) { /* 6.3: the size of the dynamic table */
            (void)integer(c, first, 5);
            continue;
        } else {
            name_and_value(h, integer(c, first, 4), out);
        }
        return cursor_complete(c);
    }
    return c->status == PARSE_OK ? PARSE_SHORT : PARSE_BAD;
}
