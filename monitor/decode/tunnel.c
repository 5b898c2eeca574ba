/* The wrappers that mirrors and mobile networks put around IP: GRE, ERSPAN, VXLAN, GENEVE, GTP-U, CAPWAP. */
#include "decode/layers.h"

enum gre_protocol {
    GRE_WCCP = 0x883e,
    GRE_PPTP = 0x880b,
    GRE_ERSPAN = 0x88be,
    GRE_ERSPAN_3 = 0x22eb,
};

/* RFC 1701: source route entries of a length each, ended by one of address family and length 0. */
static bool skip_source_routes(struct packet *p)
{
    for (int i = 0; i < MAX_LABELS; i++) {
        struct cursor c = cursor_over(p->bytes);
        uint16_t family = cursor_u16(&c);
        cursor_skip(&c, 1);
        size_t length = cursor_u8(&c);
        if (!packet_advance(p, 4 + length))
            return false;
        if (family == 0 && length == 0)
            return true;
    }
    p->result = DECODE_TOO_DEEP;
    return false;
}

/* RFC 2637 4.1. A packet that only acknowledges has no payload. */
static enum layer pptp_payload(struct packet *p, bool sequence, size_t length)
{
    if (!sequence)
        return packet_end(p, DECODE_OTHER);
    return packet_limit(p, length) ? LAYER_PPP : LAYER_DONE;
}

static enum layer gre_payload(struct packet *p, bool sequence)
{
    switch (p->number) {
    case GRE_ERSPAN:
        if (sequence)
            return LAYER_ERSPAN_2;
        /* Type I has neither a sequence number nor a header of its own: Ethernet follows at once. */
        return packet_wrap(p, ENCAP_ERSPAN) ? LAYER_ETHERNET : LAYER_DONE;
    case GRE_ERSPAN_3:
        return LAYER_ERSPAN_3;
    case GRE_WCCP:
        /* WCCP version 2 puts a redirect header of 4 bytes before IP, whose first nibble is then not 4. */
        if (p->bytes.n && p->bytes.p[0] >> 4 != 4 && !packet_advance(p, 4))
            return LAYER_DONE;
        return LAYER_IP;
    default:
        return LAYER_ETHERTYPE;
    }
}

/* The network number in a key. NVGRE has it in the first three bytes of the key, from 4096 on, and in the
 * last one a number that chooses a path (RFC 7637 3.2). */
static uint32_t network_of_key(uint32_t protocol, uint32_t key)
{
    enum { TRANSPARENT_BRIDGING = 0x6558, FIRST_OF_NVGRE = 0x1000 };
    return protocol == TRANSPARENT_BRIDGING && key >> 8 >= FIRST_OF_NVGRE ? key >> 8 : key;
}

/* RFC 2784, RFC 2890, the routing field of RFC 1701; version 1 is PPTP's (RFC 2637). */
enum layer decode_gre(struct packet *p)
{
    enum { CHECKSUM = 0x8000, ROUTING = 0x4000, KEY = 0x2000, SEQUENCE = 0x1000, ACKNOWLEDGE = 0x0080 };
    struct cursor c = cursor_over(p->bytes);
    uint16_t flags = cursor_u16(&c);
    p->number = cursor_u16(&c);
    size_t pptp_length = cursor_u16(&c);
    unsigned version = flags & 7;
    if (p->bytes.n < 4)
        return packet_fail(p);
    if (version > 1 || (version == 1 && p->number != GRE_PPTP))
        return packet_end(p, DECODE_OTHER);
    size_t header = 4;
    header += flags & (CHECKSUM | ROUTING) ? 4 : 0;
    header += flags & KEY ? 4 : 0;
    header += flags & SEQUENCE ? 4 : 0;
    header += version == 1 && flags & ACKNOWLEDGE ? 4 : 0;
    struct cursor at_key = cursor_over(span_skip(p->bytes, flags & (CHECKSUM | ROUTING) ? 8 : 4));
    const uint32_t number = network_of_key(p->number, cursor_u32(&at_key));
    const bool numbered = flags & KEY && version == 0;
    if (!(numbered ? packet_wrap_network(p, ENCAP_GRE, number) : packet_wrap(p, ENCAP_GRE)) ||
        !packet_advance(p, header))
        return LAYER_DONE;
    if (flags & ROUTING && !skip_source_routes(p))
        return LAYER_DONE;
    if (version == 1)
        return pptp_payload(p, flags & SEQUENCE, pptp_length);
    return gre_payload(p, flags & SEQUENCE);
}

/* draft-foschiano-erspan-03 4.2, 4.3 */
enum layer decode_erspan(struct packet *p, unsigned type)
{
    enum { CUT = 0x04, SUBHEADER = 0x01, FRAME_IP = 2 };
    struct cursor c = cursor_over(p->bytes);
    cursor_skip(&c, 2);
    bool cut = cursor_u8(&c) & CUT;
    cursor_skip(&c, 7);
    unsigned frame_type = 0;
    size_t header = 8;
    if (type == 3) {
        frame_type = cursor_u8(&c) >> 2 & 0x1f;
        header = cursor_u8(&c) & SUBHEADER ? 20 : 12;
    }
    if (!packet_wrap(p, ENCAP_ERSPAN) || !packet_advance(p, header))
        return LAYER_DONE;
    p->cut_by_mirror |= cut;
    return frame_type == FRAME_IP ? LAYER_IP : LAYER_ETHERNET;
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
    const uint32_t number = cursor_u24(&c);
    if (!packet_wrap_network(p, ENCAP_VXLAN, number) || !packet_advance(p, 8))
        return LAYER_DONE;
    if (flags & NEXT_PROTOCOL && next != GPE_ETHERNET) {
        if (next == GPE_IPV4 || next == GPE_IPV6)
            return LAYER_IP;
        return packet_end(p, DECODE_OTHER);
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
    const uint32_t number = cursor_u24(&c);
    if (!packet_wrap_network(p, ENCAP_GENEVE, number) || !packet_advance(p, 8 + options))
        return LAYER_DONE;
    return LAYER_ETHERTYPE;
}

/*
 * 3GPP TS 29.281 5.1, 5.2: optional fields are there together; extension headers count in units of 4 bytes.
 * A tunnel may carry other than IP; then the datagram is as far as decoding goes.
 */
enum layer decode_gtp_u(struct packet *p)
{
    enum { OPTIONAL = 0x07, EXTENSION = 0x04 };
    struct cursor c = cursor_over(p->bytes);
    uint8_t flags = cursor_u8(&c);
    cursor_skip(&c, 1);
    size_t length = cursor_u16(&c);
    cursor_skip(&c, 4);
    if (flags & OPTIONAL) {
        cursor_skip(&c, 3);
        uint8_t next = cursor_u8(&c);
        for (int i = 0; flags & EXTENSION && next && i < MAX_LABELS; i++) {
            size_t words = cursor_u8(&c);
            if (words == 0)
                return LAYER_DONE;
            cursor_skip(&c, words * 4 - 2);
            next = cursor_u8(&c);
        }
    }
    size_t header = p->bytes.n - cursor_left(&c);
    if (!starts_ip(cursor_rest(&c)) || (length > p->wire_left - 8 && !p->cut_by_mirror) ||
        header > length + 8)
        return LAYER_DONE;
    if (!packet_wrap(p, ENCAP_GTP_U) || !packet_limit(p, length + 8) || !packet_advance(p, header))
        return LAYER_DONE;
    return LAYER_IP;
}

/* RFC 5415 4.3: preamble, header length in words, what is inside, flags. */
enum layer decode_capwap(struct packet *p)
{
    enum { NATIVE = 0x01 }; /* of the third byte: not Ethernet but the radio's own format, which is 802.11 */
    struct cursor c = cursor_over(span_skip(p->bytes, 1));
    const size_t words = cursor_u8(&c) >> 3;
    const bool native = cursor_u8(&c) & NATIVE;
    if (!packet_wrap(p, ENCAP_CAPWAP) || !packet_advance(p, words * 4))
        return LAYER_DONE;
    p->maybe_swapped = native;
    return native ? LAYER_80211 : LAYER_ETHERNET;
}

/* Neither under DTLS nor a fragment nor a keep-alive, and not of another radio than 802.11 (RFC 5416 2.2). */
static bool looks_like_capwap(struct span bytes)
{
    enum {
        LEAST_WORDS = 2,
        RADIO = 0x3e,
        IS_80211 = 1 << 1,
        FRAGMENT = 0x80,
        KEEP_ALIVE = 0x08,
        RESERVED = 0x07
    };
    return bytes.n > 8 && bytes.p[0] == 0 && bytes.p[1] >> 3 >= LEAST_WORDS &&
           (bytes.p[2] & RADIO) == IS_80211 && !(bytes.p[3] & (FRAGMENT | KEEP_ALIVE | RESERVED));
}

static bool looks_like_vxlan(struct span bytes)
{
    /* The I flag is set, of the others only those of the extensions, and the last byte is reserved. */
    return bytes.n >= 8 + 14 && bytes.p[0] & 0x08 && bytes.p[7] == 0;
}

static bool looks_like_geneve(struct span bytes)
{
    return bytes.n >= 8 && bytes.p[0] >> 6 == 0 && (bytes.p[1] & 0x3f) == 0 && bytes.p[7] == 0;
}

static bool looks_like_gtp_u(struct span bytes)
{
    enum { VERSION_1 = 0x30, G_PDU = 255 };
    return bytes.n > 8 && (bytes.p[0] & 0xf0) == VERSION_1 && bytes.p[1] == G_PDU;
}

static enum layer open_by_kind(struct packet *p, uint8_t kind)
{
    if (kind == ENCAP_VXLAN && looks_like_vxlan(p->bytes))
        return LAYER_VXLAN;
    if (kind == ENCAP_GENEVE && looks_like_geneve(p->bytes))
        return LAYER_GENEVE;
    if (kind == ENCAP_GTP_U && looks_like_gtp_u(p->bytes))
        return LAYER_GTP_U;
    if (kind == ENCAP_CAPWAP && looks_like_capwap(p->bytes))
        return LAYER_CAPWAP;
    return LAYER_DONE;
}

/* VXLAN and GENEVE have any source port (RFC 7348 5, RFC 8926 3.3). */
static enum layer open_by_site(struct packet *p)
{
    for (size_t i = 0; i < p->ports->count; i++) {
        const struct tunnel_port *here = &p->ports->port[i];
        const bool both = here->kind == ENCAP_GTP_U || here->kind == ENCAP_CAPWAP;
        if (p->out->dst.port == here->port || (both && p->out->src.port == here->port))
            return open_by_kind(p, here->kind);
    }
    return LAYER_DONE;
}

/* A datagram on a tunnel's port that does not look like the tunnel is just a datagram. */
enum layer decode_udp_payload(struct packet *p)
{
    enum { VXLAN = 4789, VXLAN_LINUX = 8472, VXLAN_GPE = 4790, GENEVE = 6081, GTP_U = 2152, CAPWAP = 5247 };
    uint16_t port = p->out->dst.port;
    enum layer layer;
    if ((port == VXLAN || port == VXLAN_LINUX || port == VXLAN_GPE) && looks_like_vxlan(p->bytes))
        return LAYER_VXLAN;
    if (port == GENEVE && looks_like_geneve(p->bytes))
        return LAYER_GENEVE;
    if ((port == GTP_U || p->out->src.port == GTP_U) && looks_like_gtp_u(p->bytes))
        return LAYER_GTP_U;
    if ((port == CAPWAP || p->out->src.port == CAPWAP) && looks_like_capwap(p->bytes))
        return LAYER_CAPWAP;
    if (p->ports && (layer = open_by_site(p)) != LAYER_DONE)
        return layer;
    return decode_provider_tunnel(p);
}
