/* Link layers, tags and labels: everything below IP. */
#include "decode/layers.h"

#include <pcap/dlt.h>

enum ethertype {
    LEAST_ETHERTYPE = 0x0600,
    ETHERTYPE_IPV4 = 0x0800,
    ETHERTYPE_TRANSPARENT_BRIDGING = 0x6558,
    ETHERTYPE_MACSEC = 0x88e5,
    ETHERTYPE_VLAN = 0x8100,
    ETHERTYPE_IPV6 = 0x86dd,
    ETHERTYPE_MPLS = 0x8847,
    ETHERTYPE_MPLS_MULTICAST = 0x8848,
    ETHERTYPE_PPPOE_SESSION = 0x8864,
    ETHERTYPE_PROVIDER_VLAN = 0x88a8,
    ETHERTYPE_CISCO_METADATA = 0x8909,
    ETHERTYPE_OLD_QINQ = 0x9100,
};

enum layer packet_fail(struct packet *p)
{
    return packet_end(p, p->bytes.n < p->wire_left ? DECODE_TRUNCATED : DECODE_MALFORMED);
}

/* The VLANs outside a tunnel or MPLS are not those of its contents. A handover changes those that carry GTP-U
 * or CAPWAP, and ERSPAN mirrors over any network. */
static void leave_networks(struct packet *p, enum encapsulation e)
{
    if (e == ENCAP_GTP_U || e == ENCAP_CAPWAP || e == ENCAP_ERSPAN)
        p->overlay = 0;
    p->out->network = p->overlay;
}

bool packet_wrap(struct packet *p, enum encapsulation e)
{
    struct segment *out = p->out;
    if (out->wrappers.encapsulation_count == MAX_ENCAPSULATIONS) {
        p->result = DECODE_TOO_DEEP;
        return false;
    }
    out->wrappers.encapsulation[out->wrappers.encapsulation_count++] = (uint8_t)e;
    if (is_tunnel(e) || e == ENCAP_MPLS)
        leave_networks(p, e);
    p->foreign |= is_tunnel(e) && !spaces_know_ends(p->spaces, &out->src, &out->dst);
    p->space = space_inside(&out->wrappers, p->foreign);
    return true;
}

bool packet_wrap_network(struct packet *p, enum encapsulation e, uint32_t number)
{
    if (!packet_wrap(p, e))
        return false;
    p->overlay = p->out->network = network_inside(p->overlay, e, number);
    return true;
}

/* A header of `size` bytes whose last two are an EtherType at `type_at`. */
static inline enum layer typed_header(struct packet *p, size_t size, size_t type_at)
{
    struct cursor c;
    if (!packet_peek(p, size, &c))
        return LAYER_DONE;
    cursor_skip(&c, type_at);
    p->number = cursor_u16(&c);
    return packet_advance(p, size) ? LAYER_ETHERTYPE : LAYER_DONE;
}

/* The address family, a small number, in the byte order of whoever wrote the capture (DLT_LOOP: of the
 * network). AF_INET6 has a number of its own in Linux, NetBSD and OpenBSD, FreeBSD, macOS. */
static enum layer null_header(struct packet *p)
{
    struct cursor c = cursor_over(p->bytes);
    uint32_t family = cursor_u32(&c);
    if (!packet_advance(p, 4))
        return LAYER_DONE;
    switch (family & 0xffff ? family : family >> 24) {
    case 2:
    case 10:
    case 24:
    case 28:
    case 30:
        return LAYER_IP;
    default:
        return packet_end(p, DECODE_OTHER);
    }
}

/* Attributes of Linux' netfilter, in the byte order of whoever logged; the packet is one of them. Their
 * lengths include their own header of 4 bytes. */
static enum layer nflog(struct packet *p)
{
    enum { VERSION_0 = 0, PAYLOAD = 9, MOST_ATTRIBUTES = 64 };
    struct cursor c = cursor_over(p->bytes);
    cursor_skip(&c, 1);
    const uint8_t version = cursor_u8(&c);
    if (!packet_advance(p, 4))
        return LAYER_DONE;
    if (version != VERSION_0)
        return packet_end(p, DECODE_OTHER);
    for (int i = 0; i < MOST_ATTRIBUTES; i++) {
        c = cursor_over(p->bytes);
        uint16_t length = cursor_u16(&c);
        uint16_t type = cursor_u16(&c);
        if (!p->big_endian) {
            length = __builtin_bswap16(length);
            type = __builtin_bswap16(type);
        }
        if (c.status != PARSE_OK)
            return packet_fail(p);
        if (length < 4)
            return packet_end(p, DECODE_MALFORMED);
        if (type == PAYLOAD)
            return packet_limit(p, length) && packet_advance(p, 4) ? LAYER_IP : LAYER_DONE;
        if (!packet_advance(p, (length + 3u) & ~3u))
            return LAYER_DONE;
    }
    return packet_end(p, DECODE_OTHER);
}

enum layer decode_link(struct packet *p, int link_type)
{
    enum { DLT_RAW_OPENBSD = 14, LINKTYPE_RAW_FILE = 101 };
    switch (link_type) {
    case DLT_EN10MB:
        return LAYER_ETHERNET;
    case DLT_LINUX_SLL:
        return typed_header(p, 16, 14);
    case DLT_LINUX_SLL2:
        return typed_header(p, 20, 0);
    case DLT_RAW:
    case DLT_RAW_OPENBSD:
    case LINKTYPE_RAW_FILE:
    case DLT_IPV4:
    case DLT_IPV6:
        return LAYER_IP;
    case DLT_NULL:
    case DLT_LOOP:
        return null_header(p);
    case DLT_PPP:
    case DLT_PPP_SERIAL:
        return LAYER_PPP;
    case DLT_NFLOG:
        return nflog(p);
    case DLT_IEEE802_11:
        return LAYER_80211;
    case DLT_IEEE802_11_RADIO:
        return LAYER_RADIOTAP;
    case DLT_PPI:
        return LAYER_PPI;
    default:
        p->number = (uint32_t)link_type;
        return packet_end(p, DECODE_UNKNOWN_LINK);
    }
}

enum layer decode_ethernet(struct packet *p)
{
    return typed_header(p, 14, 12);
}

static enum layer vlan_tag(struct packet *p)
{
    struct cursor c = cursor_over(p->bytes);
    uint16_t tag = cursor_u16(&c);
    p->number = cursor_u16(&c);
    if (!packet_advance(p, 4))
        return LAYER_DONE;
    struct segment *out = p->out;
    if (out->wrappers.vlan_count == MAX_VLAN_TAGS)
        return packet_end(p, DECODE_TOO_DEEP);
    bool stacked = out->wrappers.encapsulation_count &&
                   out->wrappers.encapsulation[out->wrappers.encapsulation_count - 1] == ENCAP_VLAN;
    if (!stacked && !packet_wrap(p, ENCAP_VLAN))
        return LAYER_DONE;
    const uint16_t vlan = tag & 0x0fff;
    if (vlan) /* else it tells a priority only (IEEE 802.1Q 9.6) */
        out->network = network_inside(out->network, ENCAP_VLAN, vlan);
    out->wrappers.vlan[out->wrappers.vlan_count++] = vlan;
    return LAYER_ETHERTYPE;
}

static enum layer pppoe(struct packet *p)
{
    struct cursor c = cursor_over(p->bytes);
    cursor_skip(&c, 4);
    size_t length = cursor_u16(&c);
    if (!packet_wrap(p, ENCAP_PPPOE) || !packet_advance(p, 6) || !packet_limit(p, length))
        return LAYER_DONE;
    return LAYER_PPP;
}

/* Security group tags: version, length in units of 4 bytes, options of that length, the EtherType inside. */
static enum layer cisco_metadata(struct packet *p)
{
    struct cursor c = cursor_over(span_skip(p->bytes, 1));
    const size_t options = (size_t)cursor_u8(&c) * 4;
    if (c.status != PARSE_OK)
        return packet_fail(p);
    return typed_header(p, 2 + options + 2, 2 + options);
}

/* IEEE 802.1AE 9.3: flags, length, packet number, perhaps a channel; the EtherType inside, which can be read
 * where the frame is authenticated only. */
static enum layer macsec(struct packet *p)
{
    enum { CHANNEL = 0x20, ENCRYPTED = 0x08, CHANGED = 0x04 };
    struct cursor c = cursor_over(p->bytes);
    const uint8_t flags = cursor_u8(&c);
    if (flags & (ENCRYPTED | CHANGED))
        return packet_end(p, DECODE_ENCRYPTED);
    const size_t tag = flags & CHANNEL ? 14 : 6;
    return typed_header(p, tag + 2, tag);
}

/* IEEE 802.3 3.2.6: below 0x0600 it is the length of the frame. Linux' own header has small numbers there
 * that are not lengths (4 for LLC). */
static enum layer by_length(struct packet *p)
{
    enum { SNAP_HEADER = 8, IP_HEADER = 20, SNAP_UNNUMBERED = 0xaaaa03 };
    struct cursor c = cursor_over(p->bytes);
    const uint32_t service = cursor_u24(&c);
    if (!p->number && !p->wire_left) /* GRE's keep-alive has nothing behind its header, and type 0 */
        return packet_end(p, DECODE_OTHER);
    if (c.status != PARSE_OK)
        return packet_fail(p);
    if (service != SNAP_UNNUMBERED)
        return packet_end(p, DECODE_OTHER);
    if (p->number >= SNAP_HEADER + IP_HEADER && !packet_limit(p, p->number))
        return LAYER_DONE;
    return LAYER_LLC;
}

enum layer decode_ethertype(struct packet *p)
{
    if (p->number < LEAST_ETHERTYPE)
        return by_length(p);
    switch (p->number) {
    case ETHERTYPE_IPV4:
    case ETHERTYPE_IPV6:
        return LAYER_IP;
    case ETHERTYPE_VLAN:
    case ETHERTYPE_PROVIDER_VLAN:
    case ETHERTYPE_OLD_QINQ:
        return vlan_tag(p);
    case ETHERTYPE_MPLS:
    case ETHERTYPE_MPLS_MULTICAST:
        return LAYER_MPLS;
    case ETHERTYPE_PPPOE_SESSION:
        return pppoe(p);
    case ETHERTYPE_CISCO_METADATA:
        return cisco_metadata(p);
    case ETHERTYPE_MACSEC:
        return macsec(p);
    case ETHERTYPE_TRANSPARENT_BRIDGING:
        return LAYER_ETHERNET;
    default:
        return packet_end(p, looks_like_ip(p->bytes, p->wire_left) ? DECODE_NOT_FOLLOWED : DECODE_OTHER);
    }
}

/* RFC 1661: the protocol field may be compressed to one byte, an odd one; RFC 1662 may put FF 03 before it.
 */
enum layer decode_ppp(struct packet *p)
{
    enum { PPP_IPV4 = 0x0021, PPP_IPV6 = 0x0057, PPP_MPLS = 0x0281 };
    struct cursor c = cursor_over(p->bytes);
    size_t before = p->bytes.n;
    if (p->bytes.n && p->bytes.p[0] == 0xff) /* never a protocol, RFC 1661 6.6 */
        cursor_skip(&c, 2);
    uint32_t protocol = cursor_u8(&c);
    if (!(protocol & 1))
        protocol = protocol << 8 | cursor_u8(&c);
    if (c.status != PARSE_OK)
        return packet_fail(p);
    if (!packet_advance(p, before - cursor_left(&c)))
        return LAYER_DONE;
    if (protocol == PPP_MPLS)
        return LAYER_MPLS;
    return protocol == PPP_IPV4 || protocol == PPP_IPV6 ? LAYER_IP : packet_end(p, DECODE_OTHER);
}

static bool is_common_ethertype(struct span at)
{
    struct cursor c = cursor_over(at);
    switch (cursor_u16(&c)) {
    case ETHERTYPE_IPV4:
    case ETHERTYPE_IPV6:
    case ETHERTYPE_VLAN:
    case ETHERTYPE_PROVIDER_VLAN:
        return true;
    default:
        return false;
    }
}

/* Many MAC addresses begin with the nibble 0 as well; then the EtherType tells where the frame begins. */
static bool has_control_word(struct span pseudowire)
{
    return is_common_ethertype(span_skip(pseudowire, 4 + 12)) ||
           !is_common_ethertype(span_skip(pseudowire, 12));
}

/* RFC 3032. What lies under the stack is not said: an IP nibble, else a pseudowire with Ethernet in it (RFC
 * 4448), whose control word has the nibble 0. */
enum layer decode_mpls(struct packet *p)
{
    if (!packet_wrap(p, ENCAP_MPLS))
        return LAYER_DONE;
    for (int i = 0; i < MAX_LABELS; i++) {
        struct cursor c = cursor_over(p->bytes);
        uint32_t label = cursor_u32(&c);
        if (!packet_advance(p, 4))
            return LAYER_DONE;
        if (!(label & 0x100))
            continue;
        if (p->bytes.n == 0)
            return packet_fail(p);
        uint8_t nibble = p->bytes.p[0] >> 4;
        if (nibble == 4 || nibble == 6)
            return LAYER_IP;
        if (nibble == 0 && has_control_word(p->bytes) && !packet_advance(p, 4))
            return LAYER_DONE;
        return LAYER_ETHERNET;
    }
    return packet_end(p, DECODE_TOO_DEEP);
}
