/* IPv4 and IPv6 with their extension headers, fragments, TCP and UDP headers. */
#include "decode/checksum.h"
#include "decode/layers.h"
#include "decode/options.h"
#include "decode/tcp_options.h"

enum ip_protocol {
    PROTOCOL_HOP_BY_HOP = 0,
    PROTOCOL_ICMP = 1,
    PROTOCOL_IPV4 = 4,
    PROTOCOL_TCP = 6,
    PROTOCOL_UDP = 17,
    PROTOCOL_IPV6 = 41,
    PROTOCOL_ROUTING = 43,
    PROTOCOL_FRAGMENT = 44,
    PROTOCOL_GRE = 47,
    PROTOCOL_ESP = 50,
    PROTOCOL_ICMP6 = 58,
    PROTOCOL_ETHERIP = 97,
    PROTOCOL_MPLS = 137,
    PROTOCOL_AUTHENTICATION = 51,
    PROTOCOL_DESTINATION = 60,
    PROTOCOL_MOBILITY = 135,
    PROTOCOL_HIP = 139,
    PROTOCOL_SHIM6 = 140,
};

/* `n` is given apart from the span, which is that long, for the compiler to know it. */
static inline void set_address(const struct packet *p, struct endpoint *end, uint8_t family,
                               struct span address, size_t n)
{
    *end = (struct endpoint){.family = family, .space = p->space & (unsigned)ALL_SPACES};
    memcpy(end->address, address.p, n);
}

/* Notes what checksum.h looks at when the segment may become evidence. */
static inline void note_header(struct packet *p, struct span header, uint8_t hops)
{
    if (p->inside) {
        const unsigned depth = space_depth(p->out->src.space);
        p->out->refused |= header_checksum(p->out) == CHECKSUM_WRONG;
        if (depth < SPACE_DEPTHS - 1)
            p->out->around[depth] = host_of(&p->out->src);
    }
    p->inside = true;
    p->out->ip = header;
    p->out->hops = hops;
}

/*
 * A length of 0 is that of what the host's card was to split, which is more than one packet of a link, or of
 * a jumbogram of more than 64 KiB (RFC 2675 3). A shorter one with it no host takes.
 */
static bool needs_its_length(size_t packet)
{
    enum { ETHERNET_MTU = 1500 };
    return packet <= ETHERNET_MTU;
}

/* Of IPv4 every piece tells the protocol. */
static uint64_t ends_of_piece(const struct packet *p)
{
    const bool other = p->out->src.family == 4 && p->number != PROTOCOL_TCP;
    return other ? 0 : unread_ends(p->unread, &p->out->src, &p->out->dst, false);
}

/* A fragment; decoding continues if it was the last one missing. The first fragment is read as far as it
 * goes, to know whose it is. */
static enum layer fragment(struct packet *p, uint32_t id, size_t offset, bool more)
{
    if (p->in_piece) { /* it is put into its own datagram when that around it is whole */
        p->bytes = span_head(p->bytes, 0);
        return packet_end(p, DECODE_TRUNCATED);
    }
    if (p->bytes.n < p->wire_left) { /* a piece that is not whole spoils the datagram for good */
        p->bytes = span_head(p->bytes, offset ? 0 : p->bytes.n); /* no header is in it */
        return packet_end(p, DECODE_TRUNCATED);
    }
    p->out->reassembled = true;
    p->out->refused |= header_checksum(p->out) == CHECKSUM_WRONG;
    struct fragment piece = {
        .family = p->out->src.family,
        .space = p->out->src.space,
        .network = p->out->network,
        .refused = p->out->refused,
        .protocol = (uint8_t)p->number,
        .id = id,
        .offset = offset,
        .more = more,
        .payload = p->bytes,
        .ends = ends_of_piece(p),
    };
    memcpy(piece.src, p->out->src.address, sizeof piece.src);
    memcpy(piece.dst, p->out->dst.address, sizeof piece.dst);
    struct span whole = fragments_put(p->fragments, &piece, p->now, p->counters);
    if (whole.n == 0 && (offset || piece.slot == FRAGMENT_SLOTS))
        return packet_end(p, DECODE_FRAGMENT);
    p->in_piece = whole.n == 0;
    p->slot = piece.slot;
    p->number = piece.protocol;
    p->bytes = p->in_piece ? p->bytes : whole;
    p->wire_left = p->in_piece ? FRAGMENT_BYTES : whole.n;
    return LAYER_IP_PROTOCOL;
}

/* RFC 791 3.1: while a source route has addresses left, the destination is the next of them, and the last one
 * is whom the datagram is for; that one counts in TCP's checksum. */
static void follow_source_route(struct packet *p, struct span options)
{
    enum { LOOSE = 131, STRICT = 137, POINTER_FIRST = 4 };
    struct cursor c = cursor_over(options);
    for (struct header_option o; next_option(&c, &o);) {
        const bool left = (o.kind == LOOSE || o.kind == STRICT) && o.body.n >= 5 &&
                          o.body.p[0] >= POINTER_FIRST && o.body.p[0] < o.body.n;
        if (left)
            set_address(p, &p->out->dst, 4, span_skip(o.body, o.body.n - 4), 4);
    }
}

static enum layer ipv4(struct packet *p)
{
    struct cursor c;
    if (!packet_peek(p, 20, &c))
        return LAYER_DONE;
    size_t header = (size_t)(cursor_u8(&c) & 15) * 4;
    cursor_skip(&c, 1);
    size_t total = cursor_u16(&c);
    uint16_t id = cursor_u16(&c);
    uint16_t flags = cursor_u16(&c);
    uint8_t hops = cursor_u8(&c);
    p->number = cursor_u8(&c);
    cursor_skip(&c, 2);
    struct span src = cursor_take(&c, 4);
    struct span dst = cursor_take(&c, 4);
    if (total == 0) { /* segmentation offload: the true length was not known yet when the host captured it */
        total = p->wire_left;
        p->out->refused |= needs_its_length(total);
    }
    if (header < 20 || total < header)
        return packet_end(p, DECODE_MALFORMED);
    const struct span bytes = p->bytes;
    if (!packet_limit(p, total) || !packet_advance(p, header))
        return LAYER_DONE;
    note_header(p, span_head(bytes, header), hops);
    set_address(p, &p->out->src, 4, src, 4);
    set_address(p, &p->out->dst, 4, dst, 4);
    if (header > 20)
        follow_source_route(p, span_skip(span_head(bytes, header), 20));
    bool more = flags & 0x2000;
    size_t offset = (size_t)(flags & 0x1fff) * 8;
    return more || offset ? fragment(p, id, offset, more) : LAYER_IP_PROTOCOL;
}

static enum layer ipv6(struct packet *p)
{
    enum { HEADER6 = 40 };
    struct cursor c = cursor_over(p->bytes);
    cursor_skip(&c, 4);
    size_t payload = cursor_u16(&c);
    p->number = cursor_u8(&c);
    uint8_t hops = cursor_u8(&c);
    struct span src = cursor_take(&c, 16);
    struct span dst = cursor_take(&c, 16);
    if (!packet_advance(p, HEADER6))
        return LAYER_DONE;
    if (payload && !packet_limit(p, payload)) /* 0: a jumbogram (RFC 2675) or segmentation offload */
        return LAYER_DONE;
    p->out->refused |= !payload && needs_its_length(HEADER6 + p->wire_left);
    note_header(p, span_of(NULL, 0), hops);
    set_address(p, &p->out->src, 6, src, 16);
    set_address(p, &p->out->dst, 6, dst, 16);
    return LAYER_IP_PROTOCOL;
}

enum layer decode_ip(struct packet *p)
{
    if (p->bytes.n == 0)
        return packet_fail(p);
    switch (p->bytes.p[0] >> 4) {
    case 4:
        return ipv4(p);
    case 6:
        return ipv6(p);
    default:
        return packet_end(p, DECODE_MALFORMED);
    }
}

/* RFC 8754 2.1: while a segment routing header has segments left, the destination is one of the nodes on the
 * way, and Segment List[0] is whom the packet is for; that one counts in TCP's checksum (RFC 8200 8.1). Of
 * the other types, 0 is not to be followed (RFC 5095), and 2 names one host by another address (RFC 6275). */
static void follow_routing(struct packet *p, struct span header)
{
    enum { SEGMENT_ROUTING = 4 };
    struct cursor c = cursor_over(header);
    cursor_skip(&c, 2);
    const bool known = cursor_u8(&c) == SEGMENT_ROUTING;
    const unsigned left = cursor_u8(&c);
    const unsigned last = cursor_u8(&c);
    cursor_skip(&c, 3);
    const struct span first = cursor_take(&c, 16);
    cursor_skip(&c, (size_t)last * 16);
    if (known && left && left <= last + 1 && c.status == PARSE_OK)
        set_address(p, &p->out->dst, 6, first, 16);
}

/* Extension headers in a row (RFC 8200 4.1), of which hosts take any number: each has 8 bytes of the packet.
 * True when packet.number is something else. Of them, IPv4 knows only AH. */
static bool skip_extensions(struct packet *p)
{
    bool v6 = p->out->src.family == 6;
    for (;;) {
        struct cursor c = cursor_over(p->bytes);
        uint32_t next = cursor_u8(&c);
        size_t length = cursor_u8(&c);
        switch (p->number) {
        case PROTOCOL_HOP_BY_HOP:
        case PROTOCOL_ROUTING:
        case PROTOCOL_DESTINATION:
        case PROTOCOL_MOBILITY:
        case PROTOCOL_HIP:
        case PROTOCOL_SHIM6:
            if (!v6)
                return true;
            length = (length + 1) * 8;
            break;
        case PROTOCOL_AUTHENTICATION:
            length = (length + 2) * 4; /* RFC 4302 2.2 counts in words, less 2 */
            break;
        default:
            return true;
        }
        const struct span header = span_head(p->bytes, length);
        if (!packet_advance(p, length))
            return false;
        if (p->number == PROTOCOL_ROUTING)
            follow_routing(p, header);
        p->number = next;
    }
}

static enum layer ipv6_fragment(struct packet *p)
{
    struct cursor c = cursor_over(p->bytes);
    p->number = cursor_u8(&c);
    cursor_skip(&c, 1);
    uint16_t where = cursor_u16(&c);
    uint32_t id = cursor_u32(&c);
    if (!packet_advance(p, 8))
        return LAYER_DONE;
    bool more = where & 1;
    size_t offset = where & 0xfff8u;
    /* An atomic fragment (RFC 6946) is complete. */
    return more || offset ? fragment(p, id, offset, more) : LAYER_IP_PROTOCOL;
}

static enum layer tcp(struct packet *p)
{
    struct segment *out = p->out;
    struct cursor c;
    if (!packet_peek(p, 14, &c))
        return LAYER_DONE;
    out->transport = TRANSPORT_TCP;
    out->src.port = cursor_u16(&c);
    out->dst.port = cursor_u16(&c);
    out->seq = cursor_u32(&c);
    out->ack = cursor_u32(&c);
    size_t header = (size_t)(cursor_u8(&c) >> 4) * 4;
    out->flags = cursor_u8(&c) & 0x3f;
    if (header < 20 || header > p->wire_left)
        return packet_end(p, DECODE_MALFORMED);
    out->multipath = out->flags & TCP_SYN && header <= p->bytes.n
                         ? tcp_multipath(span_head(p->bytes, header)) & 3U
                         : MULTIPATH_NONE;
    out->tcp = p->bytes;
    if (!packet_advance(p, header))
        return LAYER_DONE;
    out->payload = p->bytes;
    out->payload_len = p->wire_left;
    return packet_end(p, DECODE_SEGMENT);
}

static enum layer udp(struct packet *p)
{
    struct segment *out = p->out;
    struct cursor c = cursor_over(p->bytes);
    out->transport = TRANSPORT_UDP;
    out->src.udp = out->dst.udp = true;
    out->src.port = cursor_u16(&c);
    out->dst.port = cursor_u16(&c);
    size_t length = cursor_u16(&c);
    if (!packet_advance(p, 8))
        return LAYER_DONE;
    if (length && length < 8)
        return packet_end(p, DECODE_MALFORMED);
    if (length && !packet_limit(p, length - 8)) /* 0: as with IP, larger than 16 bits can say */
        return LAYER_DONE;
    out->seq = out->ack = 0;
    out->flags = 0;
    out->tcp = span_of(NULL, 0);
    out->payload = p->bytes;
    out->payload_len = p->wire_left;
    p->result = DECODE_SEGMENT;
    return LAYER_UDP_PAYLOAD;
}

/* Behind the IP header; true if TCP is there. A forger may have sent fragments, of which the first has it. */
static bool is_quoted_tcp(struct packet *p)
{
    if (!skip_extensions(p))
        return false;
    if (p->number == PROTOCOL_FRAGMENT && p->out->src.family == 6) {
        struct cursor c = cursor_over(p->bytes);
        p->number = cursor_u8(&c);
        cursor_skip(&c, 1);
        if (cursor_u16(&c) & 0xfff8 || !packet_advance(p, 8) || !skip_extensions(p))
            return false;
    }
    return p->number == PROTOCOL_TCP;
}

/* The beginning of a packet that an error quotes. True: it has that of a segment from the error's receiver.
 */
static bool is_quoted_segment(struct packet *p)
{
    struct segment *out = p->out;
    const struct endpoint receiver = out->dst;
    const bool v6 = receiver.family == 6;
    const size_t n = v6 ? 16 : 4;
    struct cursor c = cursor_over(p->bytes);
    const unsigned first = cursor_u8(&c);
    cursor_skip(&c, 5);
    const unsigned fragment = v6 ? 0 : cursor_u16(&c);
    cursor_skip(&c, !v6);
    p->number = cursor_u8(&c);
    cursor_skip(&c, v6 ? 1 : 2);
    const struct span src = cursor_take(&c, n), dst = cursor_take(&c, n);
    const size_t header = v6 ? 40 : (size_t)(first & 15) * 4;
    if (c.status != PARSE_OK || first >> 4 != receiver.family || header < 20 || fragment & 0x1fff)
        return false;
    set_address(p, &out->src, receiver.family, src, n);
    set_address(p, &out->dst, receiver.family, dst, n);
    return endpoint_equal(&out->src, &receiver) && packet_advance(p, header) && is_quoted_tcp(p);
}

/* Does an error of ICMP say that its packet did not arrive? Destination unreachable, but for a packet that
 * was too long, and time exceeded (RFC 792, RFC 4443 3.1, 3.3). */
static bool rejects(unsigned protocol, unsigned type, unsigned code)
{
    enum { UNREACHABLE = 3, TOO_LONG = 4, TIME_EXCEEDED = 11, UNREACHABLE6 = 1, TIME_EXCEEDED6 = 3 };
    return protocol == PROTOCOL_ICMP6 ? type == UNREACHABLE6 || type == TIME_EXCEEDED6
                                      : (type == UNREACHABLE && code != TOO_LONG) || type == TIME_EXCEEDED;
}

/*
 * Who is there, a firewall before him, or a router on the way does not take the segment of which it quotes
 * the first 8 octets at least.
 */
static enum layer icmp(struct packet *p)
{
    enum { HEADER = 8 };
    struct segment *out = p->out;
    struct cursor c = cursor_over(p->bytes);
    const unsigned type = cursor_u8(&c), code = cursor_u8(&c);
    const bool v6 = out->dst.family == 6;
    if (v6 == (p->number == PROTOCOL_ICMP6) && rejects(p->number, type, code) && packet_advance(p, HEADER) &&
        is_quoted_segment(p)) {
        c = cursor_over(p->bytes);
        out->src.port = cursor_u16(&c);
        out->dst.port = cursor_u16(&c);
        out->seq = cursor_u32(&c);
        out->ack = out->flags = 0;
        out->payload = span_of(NULL, out->payload_len = 0);
        out->rejected = c.status == PARSE_OK;
    }
    return packet_end(p, DECODE_OTHER);
}

enum layer decode_ip_protocol(struct packet *p)
{
    if (p->number == PROTOCOL_TCP)
        return tcp(p);
    if (!skip_extensions(p))
        return LAYER_DONE;
    switch (p->number) {
    case PROTOCOL_TCP:
        return tcp(p);
    case PROTOCOL_UDP:
        return udp(p);
    case PROTOCOL_IPV4:
    case PROTOCOL_IPV6:
        return packet_wrap(p, ENCAP_IP_IN_IP) ? LAYER_IP : LAYER_DONE;
    case PROTOCOL_FRAGMENT:
        return p->out->src.family == 6 ? ipv6_fragment(p) : packet_end(p, DECODE_OTHER);
    case PROTOCOL_GRE:
        return LAYER_GRE;
    case PROTOCOL_ETHERIP:
        return LAYER_ETHERIP;
    case PROTOCOL_MPLS:
        return packet_wrap(p, ENCAP_MPLS_IN_IP) ? LAYER_MPLS : LAYER_DONE;
    case PROTOCOL_ICMP:
    case PROTOCOL_ICMP6:
        return icmp(p);
    case PROTOCOL_ESP:
        return packet_end(p, esp_is_open(p) ? DECODE_NOT_OPENED : DECODE_OTHER);
    default:
        return packet_end(p, looks_like_ip(p->bytes, p->wire_left) ? DECODE_NOT_OPENED : DECODE_OTHER);
    }
}
