/*
 * The layers of a frame, each a function from its own bytes to the layer inside it. decode.c calls them in a
 * loop; they never call each other. A layer that fails says so in packet.result.
 */
#ifndef UTWATCH_DECODE_LAYERS_H
#define UTWATCH_DECODE_LAYERS_H

#include "base/cursor.h"
#include "decode/fragments.h"
#include "decode/spaces.h"

enum layer {
    LAYER_DONE, /* packet.result says how it ended */
    LAYER_ETHERNET,
    LAYER_ETHERTYPE,   /* packet.number */
    LAYER_IP,          /* 4 or 6 by the first nibble */
    LAYER_IP_PROTOCOL, /* packet.number */
    LAYER_PPP,
    LAYER_MPLS,
    LAYER_GRE,
    LAYER_ERSPAN_2,
    LAYER_ERSPAN_3,
    LAYER_UDP_PAYLOAD, /* packet.out is filled; a tunnel, or the end */
    LAYER_VXLAN,
    LAYER_GENEVE,
    LAYER_GTP_U,
    LAYER_CAPWAP,
    LAYER_L2TP,
    LAYER_TZSP,
    LAYER_ETHERIP,
    LAYER_LISP,
    LAYER_RADIOTAP,
    LAYER_PPI,
    LAYER_80211,
    LAYER_LLC,
};

struct packet {
    struct span bytes;  /* what is left, captured and within all lengths so far */
    size_t wire_left;   /* the same on the wire; more than bytes.n when the frame was cut */
    bool cut_by_mirror; /* cut before it was captured: lengths inside may go beyond the frame */
    bool big_endian;    /* of the machine that captured */
    bool maybe_swapped; /* some access points swap the first two bytes of 802.11 frames in CAPWAP */
    bool foreign;       /* within a tunnel whose ends are none of the site's */
    bool inside;        /* an IP header was decoded: the next one is inside of it */
    bool in_piece;      /* the first piece of a datagram, of which others are missing */
    bool padded_header; /* the 802.11 header is filled up to a multiple of 4 bytes */
    uint8_t space;      /* of the addresses in it: what its wrappers make of it */
    uint32_t overlay;   /* digest of the overlay networks that it is in */
    uint32_t number;    /* EtherType or IP protocol of what is left; an unknown link type */
    enum decode_result result;
    struct segment *out;
    struct fragments *fragments;
    size_t slot; /* in it, of the datagram that a piece was of */
    const struct unread *unread;
    const struct spaces *spaces;
    const struct tunnel_ports *ports; /* of the site, or NULL */
    struct decode_counters *counters;
    nanos now;
};

enum layer decode_link(struct packet *p, int link_type);
enum layer decode_ethernet(struct packet *p);
enum layer decode_ethertype(struct packet *p);
enum layer decode_ppp(struct packet *p);
enum layer decode_mpls(struct packet *p);
enum layer decode_ip(struct packet *p);
enum layer decode_ip_protocol(struct packet *p);
enum layer decode_gre(struct packet *p);
enum layer decode_erspan(struct packet *p, unsigned type);
enum layer decode_udp_payload(struct packet *p);
enum layer decode_provider_tunnel(struct packet *p); /* that on this port of UDP, or the end */
/* Is this ESP, of which the contents are in clear (esp.c)? */
bool esp_is_open(const struct packet *p);
enum layer decode_vxlan(struct packet *p);
enum layer decode_geneve(struct packet *p);
enum layer decode_gtp_u(struct packet *p);
enum layer decode_capwap(struct packet *p);
enum layer decode_l2tp(struct packet *p);
enum layer decode_tzsp(struct packet *p);
enum layer decode_etherip(struct packet *p);
enum layer decode_lisp(struct packet *p);
enum layer decode_radiotap(struct packet *p);
enum layer decode_ppi(struct packet *p);
enum layer decode_80211(struct packet *p);
enum layer decode_llc(struct packet *p);

/* The last layer: decoding ends with this result. */
static inline enum layer packet_end(struct packet *p, enum decode_result result)
{
    p->result = result;
    return LAYER_DONE;
}

/* Bytes are missing: cut by the snap length, or never there. */
enum layer packet_fail(struct packet *p);

/* Cuts `n` bytes of header off; false, with the result set, when they are not there. */
static inline bool packet_advance(struct packet *p, size_t n)
{
    if (n > p->bytes.n) {
        (void)packet_fail(p);
        return false;
    }
    p->bytes = span_skip(p->bytes, n);
    p->wire_left -= n;
    return true;
}

/* A cursor over the next `n` bytes; false, with the result set, when they are not there. Where the compiler
 * knows `n`, what is read within it needs no further test. */
static inline bool packet_peek(struct packet *p, size_t n, struct cursor *c)
{
    if (n > p->bytes.n) {
        (void)packet_fail(p);
        return false;
    }
    *c = cursor_over(span_of(p->bytes.p, n));
    return true;
}

/* The layer's own length says how much of the rest is its payload; lower layers may have padded. False, with
 * the result set, when it is more than the frame had on the wire: no receiver would take that packet. */
static inline bool packet_limit(struct packet *p, size_t wire_length)
{
    if (wire_length > p->wire_left && !p->cut_by_mirror) {
        p->result = DECODE_MALFORMED;
        return false;
    }
    p->wire_left = wire_length;
    p->bytes = span_head(p->bytes, wire_length);
    return true;
}

/* False, with the result set, when there are too many. */
bool packet_wrap(struct packet *p, enum encapsulation e);

/* The same of an overlay network that has a number. */
bool packet_wrap_network(struct packet *p, enum encapsulation e, uint32_t number);

#endif
