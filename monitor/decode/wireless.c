/* IEEE 802.11 as it comes over the air, in radiotap and PPI headers or in CAPWAP, and LLC inside it. */
#include "decode/layers.h"

#include <pcap/dlt.h>

static uint32_t little(struct cursor *c, size_t width)
{
    const uint32_t big = cursor_uint(c, width);
    return width == 2 ? __builtin_bswap16((uint16_t)big) : __builtin_bswap32(big);
}

/* radiotap.org: only the second field, the flags, matters here. They say whether the 802.11 header is padded.
 */
enum layer decode_radiotap(struct packet *p)
{
    enum { MORE = 31, TIMER = 1 << 0, FLAGS = 1 << 1, PADDED = 0x20 };
    struct cursor c = cursor_over(p->bytes);
    cursor_skip(&c, 2);
    const size_t length = little(&c, 2);
    const uint32_t present = little(&c, 4);
    for (uint32_t word = present; word >> MORE && c.status == PARSE_OK;)
        word = little(&c, 4);
    const size_t at = p->bytes.n - cursor_left(&c);
    if (present & TIMER)
        cursor_skip(&c, (8 - at % 8) % 8 + 8);
    const uint8_t flags = present & FLAGS ? cursor_u8(&c) : 0;
    if (c.status == PARSE_OK && p->bytes.n - cursor_left(&c) > length)
        return packet_end(p, DECODE_MALFORMED);
    if (c.status != PARSE_OK)
        return packet_fail(p);
    p->padded_header = flags & PADDED;
    return packet_advance(p, length) ? LAYER_80211 : LAYER_DONE;
}

/* CACE PPI 1.0.10, 3: version, flags, length, link type. */
enum layer decode_ppi(struct packet *p)
{
    enum { LEAST = 8 };
    struct cursor c = cursor_over(p->bytes);
    cursor_skip(&c, 2);
    const size_t length = little(&c, 2);
    const uint32_t link_type = little(&c, 4);
    if (c.status != PARSE_OK)
        return packet_fail(p);
    if (length < LEAST)
        return packet_end(p, DECODE_MALFORMED);
    if (!packet_advance(p, length))
        return LAYER_DONE;
    switch (link_type) {
    case DLT_IEEE802_11:
        return LAYER_80211;
    case DLT_EN10MB:
        return LAYER_ETHERNET;
    default:
        p->number = link_type;
        return packet_end(p, DECODE_UNKNOWN_LINK);
    }
}

/* An A-MSDU: of its frames the first. */
static bool enter_aggregate(struct packet *p)
{
    struct cursor c = cursor_over(p->bytes);
    cursor_skip(&c, 12);
    const size_t length = cursor_u16(&c);
    return packet_advance(p, 14) && packet_limit(p, length);
}

/* IEEE 802.11-2020, 9.2.3 and 9.3.2. Pieces are as far as decoding goes. */
enum layer decode_80211(struct packet *p)
{
    enum { TYPE = 0x0f, DATA = 0x08, NO_DATA = 0x40, QOS = 0x80 }; /* of the first byte */
    enum { BOTH_WAYS = 0x03, MORE_FRAGMENTS = 0x04, PROTECTED = 0x40, ORDER = 0x80, AGGREGATE = 0x80 };
    struct cursor c = cursor_over(p->bytes);
    uint8_t kind = cursor_u8(&c);
    uint8_t flags = cursor_u8(&c);
    if (p->maybe_swapped && (kind & TYPE) != DATA && (flags & TYPE) == DATA) {
        const uint8_t first = kind;
        kind = flags;
        flags = first;
    }
    cursor_skip(&c, 20);
    const unsigned fragment = little(&c, 2) & 0x0f;
    if (p->bytes.n < 2)
        return packet_fail(p);
    if ((kind & TYPE) != DATA || kind & NO_DATA)
        return packet_end(p, DECODE_OTHER);
    if (flags & PROTECTED)
        return packet_end(p, DECODE_ENCRYPTED);
    if (flags & MORE_FRAGMENTS)
        return packet_end(p, DECODE_OTHER);
    if (c.status != PARSE_OK)
        return packet_fail(p);
    if (fragment)
        return packet_end(p, DECODE_OTHER);
    size_t header = 24 + ((flags & BOTH_WAYS) == BOTH_WAYS ? 6 : 0);
    bool aggregate = false;
    if (kind & QOS) {
        c = cursor_over(span_skip(p->bytes, header));
        aggregate = cursor_u8(&c) & AGGREGATE;
        header += flags & ORDER ? 2 + 4 : 2;
    }
    if (p->padded_header)
        header = (header + 3) / 4 * 4;
    if (!packet_advance(p, header) || (aggregate && !enter_aggregate(p)))
        return LAYER_DONE;
    return LAYER_LLC;
}

/* RFC 1042; the second organisation code is that of bridges (IEEE 802.1H). */
enum layer decode_llc(struct packet *p)
{
    enum { SNAP = 0xaaaa, UNNUMBERED = 0x03, BRIDGE = 0x0000f8 };
    struct cursor c = cursor_over(p->bytes);
    const uint16_t points = cursor_u16(&c);
    const uint8_t control = cursor_u8(&c);
    const uint32_t organisation = cursor_u24(&c);
    p->number = cursor_u16(&c);
    if (c.status != PARSE_OK)
        return packet_fail(p);
    if (points != SNAP || control != UNNUMBERED || (organisation && organisation != BRIDGE))
        return packet_end(p, DECODE_OTHER);
    return packet_advance(p, 8) ? LAYER_ETHERTYPE : LAYER_DONE;
}
