/* What comes before the IP of frames that are not followed: a link type, an EtherType or a protocol of IP
 * that is not known here. */
#ifndef UTWATCH_DECODE_OBSTACLES_H
#define UTWATCH_DECODE_OBSTACLES_H

#include "base/span.h"

enum obstacle_kind { OBSTACLE_ETHERTYPE, OBSTACLE_LINK_TYPE, OBSTACLE_IP_PROTOCOL, OBSTACLE_PORT };

struct obstacle {
    uint64_t frames; /* 0: none */
    uint32_t code;
    enum obstacle_kind kind;
};

/* The first different ones. When they are full, the rarest goes and its count with it. */
enum { OBSTACLES = 8 };
struct obstacles {
    struct obstacle known[OBSTACLES];
};

void obstacles_count(struct obstacles *o, enum obstacle_kind kind, uint32_t code);
struct obstacle obstacles_commonest(const struct obstacles *o);

/* Is there an IP header near the start of these bytes, of which `wire_left` were on the wire? */
bool looks_like_ip(struct span bytes, size_t wire_left);

#endif
