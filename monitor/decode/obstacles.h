/* What comes before the IP of frames that are not followed: a link type or an EtherType that is not known
 * here. */
#ifndef UTWATCH_DECODE_OBSTACLES_H
#define UTWATCH_DECODE_OBSTACLES_H

#include "base/span.h"

struct obstacle {
    uint64_t frames; /* 0: none */
    uint32_t code;
    bool link_type; /* else an EtherType */
};

/* The first different ones. When they are full, the rarest goes and its count with it. */
enum { OBSTACLES = 8 };
struct obstacles {
    struct obstacle known[OBSTACLES];
};

void obstacles_count(struct obstacles *o, uint32_t code, bool link_type);
struct obstacle obstacles_commonest(const struct obstacles *o);

/* Is there an IP header near the start of these bytes, of which `wire_left` were on the wire? */
bool looks_like_ip(struct span bytes, size_t wire_left);

#endif
