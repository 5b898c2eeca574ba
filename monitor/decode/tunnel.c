/* The wrappers that mirrors and mobile networks put around IP: GRE, ERSPAN, VXLAN, GENEVE, GTP-U. */
#include "decode/layers.h"

/* RFC 2784, RFC 2890; version 1 is PPTP's (RFC 2637). */
enum layer decode_gre(struct packet *p)
{
    enum { CHECKSUM = 0x8000, ROUTING = 0x4000, KEY = 0x2000, SEQUENCE = 0x1000, ACKNOWLEDGE = 0x0080 };
    struct cursor c = cursor_over(p->bytes);
    uint16_t flags = cursor_u16(&c);
    p->number = cursor_u16(&c);
    if (c.status != PARSE_OK)
        return packet_fail(p);
    if (flags & ROUTING) { /* RFC 1701's source routes are long gone */
        p->result = DECODE_OTHER;
        return LAYER_DONE;
    }
    bool pptp = (flags & 7) == 1;
    size_t header = 4;
    header += flags & CHECKSUM ? 4 : 0;
    header += flags & KEY ? 4 : 0;
    header += flags & SEQUENCE ? 4 : 0;
    header += pptp && flags & ACKNOWLEDGE ? 4 : 0;
    if (!packet_wrap(p, ENCAP_GRE) || !packet_advance(p, header))
        return LAYER_DONE;
    if (pptp)
        return LAYER_PPP;
    /* ERSPAN type I has neither a sequence number nor a header of its own: Ethernet follows at once. */
    if (p->number == 0x88be && !(flags & SEQUENCE))
        return packet_wrap(p, ENCAP_ERSPAN) ? LAYER_ETHERNET : LAYER_DONE;
    return LAYER_ETHERTYPE;
}

enum layer decode_erspan(struct packet *p, unsigned type)
{
    size_t header = type == 2 ? 8 : 12;
    if (type == 3 && p->bytes.n >= header) {
        struct cursor c = cursor_over(span_skip(p->bytes, 11));
        header += cursor_u8(&c) & 1 ? 8 : 0; /* the O bit: a platform specific subheader */
    }
    if (!packet_wrap(p, ENCAP_ERSPAN) || !packet_advance(p, header))
        return LAYER_DONE;
    return LAYER_ETHERNET;
}

static bool starts_ip(struct span bytes)
{
    return bytes.n && (bytes.p[0] >> 4 == 4 || bytes.p[0] >> 4 == 6);
}

/* RFC 7348; with the P bit the generic extension names what follows. */
enum layer decode_vxlan(struct packet *p)
{
    enum { NEXT_PROTOCOL = 0x04, GPE_IPV4 = 1, GPE_IPV6 = 2, GPE_ETHERNET = 3 };
    struct cursor c = cursor_over(p->bytes);
    uint8_t flags = cursor_u8(&c);
    cursor_skip(&c, 2);
    uint8_t next = cursor_u8(&c);
    if (!packet_wrap(p, ENCAP_VXLAN) || !packet_advance(p, 8))
        return LAYER_DONE;
    if (flags & NEXT_PROTOCOL && next != GPE_ETHERNET) {
        if (next == GPE_IPV4 || next == GPE_IPV6)
            return LAYER_IP;
        p->result = DECODE_OTHER;
        return LAYER_DONE;
    }
    return LAYER_ETHERNET;
}

/* RFC 8926 3.4 */
enum layer decode_geneve(struct packet *p)
{
    struct cursor c = cursor_over(p->bytes);
    size_t options = (size_t)(cursor_u8(&c) & 0x3f) * 4;
    cursor_skip(&c, 1);
    p->number = cursor_u16(&c);
    if (!packet_wrap(p, ENCAP_GENEVE) || !packet_advance(p, 8 + options))
        return LAYER_DONE;
    return LAYER_ETHERTYPE;
}

/* 3GPP TS 29.281 5.1, 5.2: optional fields are there together; extension headers count in units of 4 bytes.
 */
enum layer decode_gtp_u(struct packet *p)
{
    enum { OPTIONAL = 0x07, EXTENSION = 0x04 };
    struct cursor c = cursor_over(p->bytes);
    uint8_t flags = cursor_u8(&c);
    cursor_skip(&c, 1);
    size_t length = cursor_u16(&c);
    if (!packet_wrap(p, ENCAP_GTP_U) || !packet_advance(p, 8))
        return LAYER_DONE;
    packet_limit(p, length);
    if (!(flags & OPTIONAL))
        return LAYER_IP;
    c = cursor_over(p->bytes);
    cursor_skip(&c, 3);
    uint8_t next = cursor_u8(&c);
    if (!packet_advance(p, 4))
        return LAYER_DONE;
    for (int i = 0; flags & EXTENSION && next && i < MAX_LABELS; i++) {
        size_t size = p->bytes.n ? (size_t)p->bytes.p[0] * 4 : 0;
        if (size == 0)
            return packet_fail(p);
        c = cursor_over(span_skip(p->bytes, size - 1));
        next = cursor_u8(&c);
        if (!packet_advance(p, size))
            return LAYER_DONE;
    }
    return LAYER_IP;
}

static bool looks_like_vxlan(struct span bytes)
{
    /* The I flag is set, of the others only those of the extensions, and the last byte is reserved. */
    return bytes.n >= 8 + 14 && bytes.p[0] & 0x08 && bytes.p[7] == 0;
}

static bool looks_like_geneve(struct span bytes)
{
    return bytes.n >= 8 && bytes.p[0] >> 6 == 0 && (bytes.p[1] & 0x3f) == 0;
}

static bool looks_like_gtp_u(struct span bytes)
{
    if (bytes.n < 12 || (bytes.p[0] & 0xf0) != 0x30 || bytes.p[1] != 255)
        return false;
    return bytes.p[0] & 0x07 || starts_ip(span_skip(bytes, 8));
}

/* A datagram on a tunnel's port that does not look like the tunnel is just a datagram. */
enum layer decode_udp_payload(struct packet *p)
{
    enum { VXLAN = 4789, VXLAN_LINUX = 8472, VXLAN_GPE = 4790, GENEVE = 6081, GTP_U = 2152 };
    uint16_t port = p->out->dst.port;
    if ((port == VXLAN || port == VXLAN_LINUX || port == VXLAN_GPE) && looks_like_vxlan(p->bytes))
        return LAYER_VXLAN;
    if (port == GENEVE && looks_like_geneve(p->bytes))
        return LAYER_GENEVE;
    if ((port == GTP_U || p->out->src.port == GTP_U) && looks_like_gtp_u(p->bytes))
        return LAYER_GTP_U;
    return LAYER_DONE;
}
