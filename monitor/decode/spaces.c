#include "decode/spaces.h"

enum { KIND_BITS = 4, DEPTH_BITS = 2, FOREIGN = 1 << (KIND_BITS + DEPTH_BITS), KINDS = (1 << KIND_BITS) - 1 };

bool is_tunnel(enum encapsulation kind)
{
    switch (kind) {
    case ENCAP_GRE:
    case ENCAP_ERSPAN:
    case ENCAP_VXLAN:
    case ENCAP_GENEVE:
    case ENCAP_IP_IN_IP:
    case ENCAP_GTP_U:
    case ENCAP_CAPWAP:
        return true;
    case ENCAP_VLAN:
    case ENCAP_MPLS:
    case ENCAP_PPPOE:
        break;
    }
    return false;
}

uint8_t space_inside(const struct wrappers *wrappers, bool foreign)
{
    unsigned depth = 0;
    unsigned innermost = 0;
    for (size_t i = 0; i < wrappers->encapsulation_count; i++) {
        const enum encapsulation kind = wrappers->encapsulation[i];
        if (!is_tunnel(kind))
            continue;
        innermost = kind + 1U;
        /* ERSPAN is in GRE always. */
        if (depth < SPACE_DEPTHS - 1 && kind != ENCAP_ERSPAN)
            depth++;
    }
    return (uint8_t)((foreign ? FOREIGN : 0U) | depth << KIND_BITS | innermost);
}

static unsigned depth_of(uint8_t space)
{
    return space >> KIND_BITS & (SPACE_DEPTHS - 1);
}

bool spaces_know_ends(const struct spaces *s, const struct endpoint *src, const struct endpoint *dst)
{
    const struct tunnel_ends *ends = s->ends;
    return !ends || (networks_have(ends->network, ends->count, src->family, src->address) &&
                     networks_have(ends->network, ends->count, dst->family, dst->address));
}

/* The first segment says where the traffic lies, until another depth has far more of it: a few tunnels of an
 * attacker at the start of a capture, or of a quiet hour, are no bulk. */
static void learn_depth(struct spaces *s, unsigned depth)
{
    enum { MORE = 64 };
    uint64_t all = 0;
    for (unsigned i = 0; i < SPACE_DEPTHS; i++)
        all += s->segments[i];
    s->segments[depth]++;
    if (all == 0 || s->segments[depth] > 2 * s->segments[s->depth] + MORE)
        s->depth = depth;
}

bool spaces_believe(struct spaces *s, const struct segment *segment)
{
    const unsigned depth = depth_of(segment->src.space);
    if (s->ends)
        return !(segment->src.space & FOREIGN);
    learn_depth(s, depth);
    return depth <= s->depth;
}
