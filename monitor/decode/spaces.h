/*
 * Address spaces: addresses inside a tunnel are not those outside of it, and whoever can send a packet into a
 * network can put both ends of any connection inside a tunnel of his own. So an endpoint has the number of
 * its space, and different spaces share no connections, servers or UEs; they share sessions only if just the
 * network puts hosts there. The outer addresses are no part of it, since a handover changes them (3GPP TS
 * 23.401 5.5).
 *
 * The number is made of how many tunnels there are, what the innermost is, and whether the site names their
 * ends; 0 is outside of all.
 *
 * Within one space there may be several networks that have the same addresses: VLANs, and overlay networks
 * with a number (VXLAN and GENEVE, a key of GRE). A mirror may tag one direction only, or copies differently,
 * and a UE moves between them, so that they part nothing by themselves; but what was seen in one of them is
 * not known of the same address in another. They are told apart by a digest of their numbers.
 */
#ifndef UTWATCH_DECODE_SPACES_H
#define UTWATCH_DECODE_SPACES_H

#include "base/network.h"
#include "decode/segment.h"

enum {
    ALL_SPACES = 0x7f,
    HOSTS_TOLD_APART = 32, /* of each kind at each depth; more count as so many */
    LEARNING_SECONDS = 60, /* of packet time, before which no tunnel counts as the network's */
};

/* The ends of the site's tunnels; without them the depth of the bulk of the traffic is learned. */
struct tunnel_ends {
    struct network network[MAX_TUNNEL_ENDS];
    size_t count;
};

/* Ports of UDP on which the site has tunnels, beside those of the standards. */
struct tunnel_ports {
    struct tunnel_port {
        uint16_t port;
        uint8_t kind; /* enum encapsulation: VXLAN, GENEVE, GTP-U or CAPWAP */
    } port[MAX_TUNNEL_PORTS];
    size_t count;
};

/* Different hosts, as far as they are distinguished. */
struct hosts {
    uint64_t host[2 * HOSTS_TOLD_APART]; /* host_of(); 0: free */
    uint32_t count;
};

/* What is within so many tunnels. */
struct traffic {
    uint64_t segments;
    struct hosts speaking;  /* hosts that begin connections there */
    struct hosts tunneling; /* that send what is in a further tunnel */
};

/*
 * Who can send a datagram can put any number of segments, of any hosts, into a tunnel. He sends them from his
 * own address, or from made-up ones. So tunnels are the network's where they hold most of the segments, where
 * hardly any hosts speak outside of them, and where those who send them are not few beside these.
 */
struct spaces {
    const struct tunnel_ends *ends; /* NULL: none are named */
    struct traffic within[SPACE_DEPTHS];
    unsigned depth;   /* of the bulk, as far as it was learned */
    bool learned;     /* enough was seen for that */
    nanos first_time; /* of a segment */
};

/* An encapsulation of the mirror or the network with addresses of its own, not a tag or a label. */
bool is_tunnel(enum encapsulation kind);

/* The digest of a network by its number, inside of one with the digest `outer`; 0: in no other. */
static inline uint32_t network_inside(uint32_t outer, enum encapsulation kind, uint32_t number)
{
    const uint32_t mixed = (outer ^ number ^ (uint32_t)kind << 24) * 0x9e3779b1u; /* Knuth, TAOCP 6.4 */
    return mixed ^ mixed >> 15;
}

/* The space inside these wrappers; `foreign`: an end of a tunnel is not one of the site's. More tunnels than
 * are distinguished are foreign, too. */
uint8_t space_inside(const struct wrappers *wrappers, bool foreign);

/* Do both belong to the site's tunnels? True where none are named. */
bool spaces_know_ends(const struct spaces *s, const struct endpoint *src, const struct endpoint *dst);

/* Counts the segment. Is its space one in which only the network puts hosts, or may it be, as long as nobody
 * can say? */
bool spaces_believe(struct spaces *s, const struct segment *segment);

/* A connection begins. */
void spaces_meet(struct spaces *s, const struct segment *segment);

/* Without named ends: does it lie deeper than the bulk, as far as that was learned? */
bool spaces_lie_deeper(const struct spaces *s, uint8_t space);

/* Enough was seen: an input to its end, or much of it. */
void spaces_know(struct spaces *s);

/* By all that was seen: is this space one in which only the network puts hosts? */
bool spaces_trust(struct spaces *s, uint8_t space);

/* How many tunnels are around the segments of this space. */
unsigned space_depth(uint8_t space);

#endif
