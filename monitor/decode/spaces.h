/*
 * Address spaces: what is inside a tunnel names its hosts by other addresses than what is outside, and
 * whoever can send a packet into a network can put both ends of any connection inside a tunnel of his own. So
 * an endpoint has the number of its space, and connections, sessions, servers and UEs of different spaces
 * have nothing in common. The outer addresses are no part of it, since a handover changes them (3GPP
 * TS 23.401 5.5).
 *
 * The number is made of how many tunnels there are, what the innermost is, and whether the site names their
 * ends; 0 is outside of all.
 */
#ifndef UTWATCH_DECODE_SPACES_H
#define UTWATCH_DECODE_SPACES_H

#include "base/network.h"
#include "decode/segment.h"

enum {
    SPACE_DEPTHS = 4, /* 0, 1, 2, and 3 or more tunnels */
    ALL_SPACES = 0x7f,
};

/* The ends of the site's tunnels; without them the depth of the bulk of the traffic is learned. */
struct tunnel_ends {
    struct network network[MAX_TUNNEL_ENDS];
    size_t count;
};

struct spaces {
    const struct tunnel_ends *ends; /* NULL: none are named */
    uint64_t segments[SPACE_DEPTHS];
    unsigned depth; /* of the bulk */
};

/* A mirror's or a network's own encapsulation, with addresses of its own; a tag or a label is none. */
bool is_tunnel(enum encapsulation kind);

/* The space inside these wrappers; `foreign`: an end of a tunnel is none of the site's. */
uint8_t space_inside(const struct wrappers *wrappers, bool foreign);

/* Do both belong to the site's tunnels? True where none are named. */
bool spaces_know_ends(const struct spaces *s, const struct endpoint *src, const struct endpoint *dst);

/* Counts the segment. Is its space one in which only the network puts hosts? */
bool spaces_believe(struct spaces *s, const struct segment *segment);

#endif
