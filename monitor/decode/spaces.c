#include "decode/spaces.h"

#include <assert.h>

enum { KIND_BITS = 4, DEPTH_BITS = 2, FOREIGN = 1 << (KIND_BITS + DEPTH_BITS), KINDS = (1 << KIND_BITS) - 1 };

static_assert(ENCAP_MPLS_IN_IP + 1 <= KINDS, "each kind of tunnel needs a number");

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
    case ENCAP_L2TP:
    case ENCAP_TZSP:
    case ENCAP_ETHERIP:
    case ENCAP_LISP:
    case ENCAP_MPLS_IN_IP:
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
        depth += kind != ENCAP_ERSPAN;
    }
    /* What has no number of its own may have been put into the space before it by anybody. */
    if (depth >= SPACE_DEPTHS) {
        depth = SPACE_DEPTHS - 1;
        foreign = true;
    }
    return (uint8_t)((foreign ? FOREIGN : 0U) | depth << KIND_BITS | innermost);
}

unsigned space_depth(uint8_t space)
{
    return space >> KIND_BITS & (SPACE_DEPTHS - 1);
}

bool spaces_know_ends(const struct spaces *s, const struct endpoint *src, const struct endpoint *dst)
{
    const struct tunnel_ends *ends = s->ends;
    return !ends || (networks_have(ends->network, ends->count, src->family, src->address) &&
                     networks_have(ends->network, ends->count, dst->family, dst->address));
}

static void hosts_note(struct hosts *h, uint64_t host)
{
    enum { PLACES = 2 * HOSTS_TOLD_APART };
    const uint64_t multiplier = 0x9e3779b97f4a7c15u; /* Knuth, TAOCP 6.4 */
    size_t at = host * multiplier >> 32 & (PLACES - 1);
    while (h->host[at] && h->host[at] != host)
        at = (at + 1) & (PLACES - 1);
    if (h->host[at] || h->count == HOSTS_TOLD_APART)
        return;
    h->host[at] = host;
    h->count++;
}

/* Are tunnels of this depth the bulk of the traffic from here on? For one end of tunnels there may be some
 * hosts outside of them (the managers of a switch that sends a mirror), but not a network of them: if that
 * speaks, any number of senders of tunnels may be forged. */
static bool leads_deeper(const struct spaces *s, unsigned depth)
{
    enum { MORE = 64, HOSTS_BESIDE_AN_END = 8, HOSTS_OF_NO_NETWORK = 16 };
    const struct traffic *here = &s->within[depth];
    uint64_t inside = 0;
    for (unsigned i = depth + 1; i < SPACE_DEPTHS; i++)
        inside += s->within[i].segments;
    if (!here->segments)
        return inside > 0;
    return inside > 2 * here->segments + MORE && here->speaking.count <= HOSTS_OF_NO_NETWORK &&
           here->tunneling.count * HOSTS_BESIDE_AN_END >= here->speaking.count;
}

static void learn_depth(struct spaces *s)
{
    s->depth = 0;
    while (s->learned && s->depth < SPACE_DEPTHS - 1 && leads_deeper(s, s->depth))
        s->depth++;
}

void spaces_meet(struct spaces *s, const struct segment *segment)
{
    const unsigned depth = space_depth(segment->src.space);
    for (unsigned i = 0; i < depth; i++)
        hosts_note(&s->within[i].tunneling, segment->around[i]);
    hosts_note(&s->within[depth].speaking, host_of(&segment->src));
    if (depth)
        learn_depth(s);
}

bool spaces_lie_deeper(const struct spaces *s, uint8_t space)
{
    return space & FOREIGN || space_depth(space) > s->depth;
}

void spaces_know(struct spaces *s)
{
    s->learned = true;
    learn_depth(s);
}

/* Not inlined, since most segments are in no space but the capture's own. */
__attribute__((noinline)) static bool believe_inside(struct spaces *s, const struct segment *segment)
{
    const uint8_t space = segment->src.space;
    const unsigned depth = space_depth(space);
    if (s->ends)
        return !(space & FOREIGN);
    if (depth && !s->learned && segment->time - s->first_time >= LEARNING_SECONDS * NANOS_PER_SECOND)
        spaces_know(s);
    return !spaces_lie_deeper(s, space) || (!s->learned && !(space & FOREIGN));
}

bool spaces_believe(struct spaces *s, const struct segment *segment)
{
    const uint8_t space = segment->src.space;
    if (!s->first_time)
        s->first_time = segment->time;
    s->within[space_depth(space)].segments++;
    return !space || believe_inside(s, segment);
}

bool spaces_trust(struct spaces *s, uint8_t space)
{
    if (s->ends)
        return !(space & FOREIGN);
    learn_depth(s);
    return !spaces_lie_deeper(s, space);
}
