/* Tunnels of providers and of some mirrors, which are opened where their header is in order: L2TP, TZSP,
 * EtherIP, LISP, and MPLS and GRE in UDP. */
#include "decode/layers.h"

/* RFC 2661 3.1, a data message of version 2; the offset is behind the numbers of tunnel and session. */
enum layer decode_l2tp(struct packet *p)
{
    enum { LENGTH = 0x4000, SEQUENCE = 0x0800, OFFSET = 0x0200 };
    struct cursor c = cursor_over(p->bytes);
    const uint16_t flags = cursor_u16(&c);
    size_t header = 6;
    if (flags & LENGTH) {
        const size_t length = cursor_u16(&c);
        header += 2;
        if (!packet_limit(p, length))
            return LAYER_DONE;
    }
    cursor_skip(&c, 4);
    if (flags & SEQUENCE) {
        cursor_skip(&c, 4);
        header += 4;
    }
    if (flags & OFFSET)
        header += 2 + (size_t)cursor_u16(&c);
    return packet_wrap(p, ENCAP_L2TP) && packet_advance(p, header) ? LAYER_PPP : LAYER_DONE;
}

static bool looks_like_l2tp(struct span bytes, unsigned version)
{
    enum { CONTROL = 0x8000, VERSION = 0x000f };
    struct cursor c = cursor_over(bytes);
    const uint16_t flags = cursor_u16(&c);
    return bytes.n > 8 && (flags & (CONTROL | VERSION)) == version;
}

/* TaZmen Sniffer Protocol: version, type, what is inside, then fields of a kind and a length each; 0 is
 * padding and 1 their end, which have no length. */
enum layer decode_tzsp(struct packet *p)
{
    enum { PADDING = 0, END = 1, ETHERNET = 1, IEEE_80211 = 0x12, MOST_FIELDS = 64 };
    struct cursor c = cursor_over(span_skip(p->bytes, 2));
    const uint16_t inside = cursor_u16(&c);
    uint8_t field = PADDING;
    for (int i = 0; i < MOST_FIELDS && field != END && c.status == PARSE_OK; i++) {
        field = cursor_u8(&c);
        if (field != PADDING && field != END)
            cursor_skip(&c, cursor_u8(&c));
    }
    if (c.status != PARSE_OK)
        return packet_fail(p);
    if (field != END || (inside != ETHERNET && inside != IEEE_80211))
        return packet_end(p, DECODE_OTHER);
    if (!packet_wrap(p, ENCAP_TZSP) || !packet_advance(p, p->bytes.n - cursor_left(&c)))
        return LAYER_DONE;
    return inside == ETHERNET ? LAYER_ETHERNET : LAYER_80211;
}

static bool looks_like_tzsp(struct span bytes)
{
    return bytes.n > 5 && bytes.p[0] == 1 && bytes.p[1] <= 1 && bytes.p[2] == 0;
}

/* RFC 3378 3: version 3, and bits that are 0. */
enum layer decode_etherip(struct packet *p)
{
    enum { VERSION_3 = 0x3000 };
    struct cursor c = cursor_over(p->bytes);
    const uint16_t head = cursor_u16(&c);
    if (c.status != PARSE_OK)
        return packet_fail(p);
    if (head != VERSION_3)
        return packet_end(p, DECODE_OTHER);
    return packet_wrap(p, ENCAP_ETHERIP) && packet_advance(p, 2) ? LAYER_ETHERNET : LAYER_DONE;
}

/* RFC 9300 5.1 */
enum layer decode_lisp(struct packet *p)
{
    return packet_wrap(p, ENCAP_LISP) && packet_advance(p, 8) ? LAYER_IP : LAYER_DONE;
}

/* RFC 8086 5.1 and RFC 2784 2.1: bits that are 0, and version 0. */
static bool looks_like_gre(struct span bytes)
{
    enum { ZERO = 0x4fff }; /* all but checksum, key and sequence */
    struct cursor c = cursor_over(bytes);
    return bytes.n > 4 && !(cursor_u16(&c) & ZERO);
}

enum layer decode_provider_tunnel(struct packet *p)
{
    enum { ESP = 50, L2TP_IN_IP = 115, L2TP = 1701, LISP = 4341, GRE = 4754, MPLS = 6635, TZSP = 37008 };
    enum { TEREDO = 3544, ESP_IN_UDP = 4500, GUE = 6080 };
    const uint16_t port = p->out->dst.port;
    const uint16_t source = p->out->src.port;
    if (port == L2TP && looks_like_l2tp(p->bytes, 2))
        return LAYER_L2TP;
    if (port == L2TP && looks_like_l2tp(p->bytes, 3) && looks_like_ip(p->bytes, p->wire_left)) {
        p->number = L2TP_IN_IP; /* RFC 3931: how long its cookie is was agreed elsewhere */
        return packet_end(p, DECODE_NOT_OPENED);
    }
    if (port == TZSP && looks_like_tzsp(p->bytes))
        return LAYER_TZSP;
    if (port == LISP && looks_like_ip(p->bytes, p->wire_left))
        return LAYER_LISP;
    if (port == GRE && looks_like_gre(p->bytes))
        return LAYER_GRE;
    if (port == MPLS && looks_like_ip(p->bytes, p->wire_left)) /* RFC 7510 3 */
        return packet_wrap(p, ENCAP_MPLS_IN_IP) ? LAYER_MPLS : LAYER_DONE;
    if ((port == ESP_IN_UDP || source == ESP_IN_UDP) && esp_is_open(p)) { /* RFC 3948 */
        p->number = ESP;
        return packet_end(p, DECODE_NOT_OPENED);
    }
    /* draft-ietf-intarea-gue, RFC 4380 */
    if ((port == GUE || port == TEREDO || source == TEREDO) && looks_like_ip(p->bytes, p->wire_left))
        return packet_end(p, DECODE_NOT_OPENED);
    return LAYER_DONE;
}
