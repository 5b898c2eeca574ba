/* What decoding makes of a frame: one TCP segment or UDP datagram, with the wrappers it travelled in. */
#ifndef UTWATCH_DECODE_SEGMENT_H
#define UTWATCH_DECODE_SEGMENT_H

#include "base/limits.h"
#include "base/nanos.h"
#include "base/span.h"
#include "base/words.h"

#include <assert.h>

/* An IPv4 address is in the first 4 bytes and the rest is zero, so that endpoints compare with memcmp. */
struct endpoint {
    uint8_t address[16];
    uint16_t port;
    uint8_t family;    /* 4 or 6 */
    uint8_t udp : 1;   /* else TCP, or no matter */
    uint8_t space : 7; /* decode/spaces.h */
};
static_assert(sizeof(struct endpoint) == 20, "endpoints compare with memcmp, so that nothing fills them up");

/* The space of an address that nobody used here, but a header of the PROXY protocol told (wire/proxy.h):
 * whoever that is, it is not the host that has the address outside. No tunnel has this number. */
enum { SPACE_TOLD = 0x0f };

static inline bool endpoint_equal(const struct endpoint *a, const struct endpoint *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

/* The same address, whatever the port. */
static inline bool endpoint_same_host(const struct endpoint *a, const struct endpoint *b)
{
    return a->family == b->family && memcmp(a->address, b->address, sizeof a->address) == 0;
}

/* The address is not another host's, in another space. */
static inline bool endpoint_one_host(const struct endpoint *a, const struct endpoint *b)
{
    return endpoint_same_host(a, b) && a->space == b->space;
}

/* A host by its address, of IPv6 by its prefix, within which a host may have any; never 0. */
static inline uint64_t host_of(const struct endpoint *end)
{
    uint64_t host;
    memcpy(&host, end->address, sizeof host);
    return host ? host : 1;
}

enum encapsulation {
    ENCAP_VLAN,
    ENCAP_MPLS,
    ENCAP_PPPOE,
    ENCAP_GRE,
    ENCAP_ERSPAN,
    ENCAP_VXLAN,
    ENCAP_GENEVE,
    ENCAP_IP_IN_IP,
    ENCAP_GTP_U,
    ENCAP_CAPWAP,
    ENCAP_L2TP,
    ENCAP_TZSP,
    ENCAP_ETHERIP,
    ENCAP_LISP,
    ENCAP_MPLS_IN_IP, /* its labels are ENCAP_MPLS */
};

/* "vlan", "gtp-u", ... as in the JSON events. */
extern const struct word encapsulation_words[];

enum { SPACE_DEPTHS = 4 }; /* 0, 1, 2, and 3 or more tunnels (decode/spaces.h) */

enum transport { TRANSPORT_TCP = 6, TRANSPORT_UDP = 17 };

enum tcp_flag {
    TCP_FIN = 0x01,
    TCP_SYN = 0x02,
    TCP_RST = 0x04,
    TCP_PSH = 0x08,
    TCP_ACK = 0x10,
    TCP_URG = 0x20
};

/* What a SYN says of a connection over several paths (RFC 8684 3.1, 3.2). */
enum multipath {
    MULTIPATH_NONE,
    MULTIPATH_CAPABLE, /* others may join it */
    MULTIPATH_JOIN,    /* it joins another */
};

/* Would its receiver have taken the segment (decode/checksum.h)? */
enum belief {
    BELIEVED,
    UNPROVEN,   /* its bytes are read, but confirm nothing of the other end */
    ON_RECEIPT, /* its bytes are read once the other side has acknowledged them */
    NOT_BELIEVED,
};

/* What was around the segment on its way to the capture, outermost first. */
struct wrappers {
    uint16_t vlan[MAX_VLAN_TAGS]; /* VLAN ids */
    uint8_t vlan_count;
    uint8_t encapsulation[MAX_ENCAPSULATIONS]; /* enum encapsulation */
    uint8_t encapsulation_count;
};

struct segment {
    nanos time;
    uint64_t frame_number;
    unsigned source;
    enum transport transport;
    struct endpoint src, dst;

    uint32_t seq, ack; /* TCP only */
    uint8_t flags;     /* enum tcp_flag, TCP only */
    uint8_t belief;    /* enum belief, TCP only */
    uint8_t side;      /* of its connection, that sent it; flow_find() says which */
    uint8_t multipath; /* enum multipath, of a SYN or SYN/ACK of TCP */
    uint8_t hops;      /* that the innermost IP header leaves it (TTL, hop limit) */
    bool reassembled;  /* of fragments: nobody but its sender has put it together */
    bool refused;      /* an IP header around it, or that of a fragment, is one that no host takes */
    bool rejected; /* not a segment of its own, but quoted by an ICMP error: its receiver did not accept it */
    struct span tcp;     /* header and payload as captured; TCP only */
    struct span payload; /* as captured; may lie in the fragment store instead of the frame */
    struct span ip;      /* the innermost header of IPv4; empty with IPv6 */
    size_t payload_len;  /* on the wire; more than payload.n when the frame was cut (snap length) */
    struct wrappers wrappers;
    uint32_t network; /* of the numbers of its VLANs and overlay networks (decode/spaces.h); 0: none */
    uint64_t around[SPACE_DEPTHS - 1]; /* who sent it in its tunnels, by how many are around him: host_of() */
};

/* The number of the first byte of its payload. */
static inline uint32_t segment_data_at(const struct segment *segment)
{
    return segment->seq + (segment->flags & TCP_SYN ? 1 : 0);
}

/* It acknowledges something, and neither begins nor resets a connection; it may carry data, or the FIN. */
static inline bool segment_continues(const struct segment *segment)
{
    return (segment->flags & (TCP_ACK | TCP_SYN | TCP_RST)) == TCP_ACK;
}

#endif
