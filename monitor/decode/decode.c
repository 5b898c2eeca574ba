#include "decode/decode.h"

#include "decode/layers.h"

#include <stdlib.h>

struct decoder {
    struct fragments *fragments;
    struct unread unread;
    struct decode_counters counters;
    struct obstacles obstacles;
    struct spaces spaces;
    const struct tunnel_ports *ports; /* NULL: only those of the standards */
    uint64_t wondering[SPACE_DEPTHS]; /* segments that came in tunnels before it was known whose they are */
    bool wonders;                     /* there were some */
};

const struct word encapsulation_words[] = {
    {ENCAP_VLAN, "vlan"},
    {ENCAP_MPLS, "mpls"},
    {ENCAP_PPPOE, "pppoe"},
    {ENCAP_GRE, "gre"},
    {ENCAP_ERSPAN, "erspan"},
    {ENCAP_VXLAN, "vxlan"},
    {ENCAP_GENEVE, "geneve"},
    {ENCAP_IP_IN_IP, "ip-in-ip"},
    {ENCAP_GTP_U, "gtp-u"},
    {ENCAP_CAPWAP, "capwap"},
    {ENCAP_L2TP, "l2tp"},
    {ENCAP_TZSP, "tzsp"},
    {ENCAP_ETHERIP, "etherip"},
    {ENCAP_LISP, "lisp"},
    {ENCAP_MPLS_IN_IP, "mpls-in-ip"},
    {0, NULL},
};

struct decoder *decoder_new(void)
{
    struct decoder *decoder = calloc(1, sizeof *decoder);
    if (!decoder)
        return NULL;
    decoder->fragments = fragments_new(&decoder->unread);
    if (unread_open(&decoder->unread) && decoder->fragments)
        return decoder;
    decoder_free(decoder);
    return NULL;
}

void decoder_free(struct decoder *decoder)
{
    if (!decoder)
        return;
    fragments_free(decoder->fragments);
    unread_close(&decoder->unread);
    free(decoder);
}

const struct decode_counters *decoder_counters(const struct decoder *decoder)
{
    return &decoder->counters;
}

void decoder_trust(struct decoder *decoder, const struct tunnel_ends *ends)
{
    decoder->spaces.ends = ends->count ? ends : NULL;
}

void decoder_open_ports(struct decoder *decoder, const struct tunnel_ports *ports)
{
    decoder->ports = ports->count ? ports : NULL;
}

/* A segment of a tunnel, or of a network that is not the capture's own. */
static void count_inside(struct decoder *decoder, const struct segment *segment, bool believed)
{
    struct spaces *s = &decoder->spaces;
    const unsigned depth = space_depth(segment->src.space);
    if (depth && !s->ends) {
        const bool deeper = spaces_lie_deeper(s, (uint8_t)segment->src.space);
        decoder->counters.deeper += deeper;
        decoder->counters.bulk += !deeper;
    } else {
        decoder->counters.deeper += !believed;
    }
    if (depth && !s->ends && !s->learned) {
        decoder->wonders = true;
        decoder->wondering[depth]++;
    }
}

bool decoder_believes(struct decoder *decoder, const struct segment *segment)
{
    const bool believed = spaces_believe(&decoder->spaces, segment);
    if (segment->src.space)
        count_inside(decoder, segment, believed);
    return believed;
}

void decoder_meets(struct decoder *decoder, const struct segment *segment)
{
    if (!decoder->spaces.ends)
        spaces_meet(&decoder->spaces, segment);
}

bool decoder_trusts(struct decoder *decoder, const struct endpoint *end)
{
    return spaces_trust(&decoder->spaces, (uint8_t)end->space);
}

bool decoder_wonders(const struct decoder *decoder)
{
    return decoder->wonders && !decoder->spaces.learned;
}

void decoder_foresees(struct decoder *decoder, const struct segment *segment)
{
    (void)spaces_believe(&decoder->spaces, segment);
    spaces_meet(&decoder->spaces, segment);
}

void decoder_foresaw(struct decoder *decoder)
{
    spaces_know(&decoder->spaces);
    for (unsigned i = 1; i <= decoder->spaces.depth; i++) {
        decoder->counters.deeper -= decoder->wondering[i];
        decoder->counters.bulk += decoder->wondering[i];
    }
}

void decoder_knows(struct decoder *decoder)
{
    spaces_know(&decoder->spaces);
}

struct obstacle decoder_obstacle(const struct decoder *decoder)
{
    return obstacles_commonest(&decoder->obstacles);
}

static enum layer decode_layer(struct packet *p, enum layer layer)
{
    switch (layer) {
    case LAYER_ETHERNET:
        return decode_ethernet(p);
    case LAYER_ETHERTYPE:
        return decode_ethertype(p);
    case LAYER_IP:
        return decode_ip(p);
    case LAYER_IP_PROTOCOL:
        return decode_ip_protocol(p);
    case LAYER_PPP:
        return decode_ppp(p);
    case LAYER_MPLS:
        return decode_mpls(p);
    case LAYER_GRE:
        return decode_gre(p);
    case LAYER_ERSPAN_2:
        return decode_erspan(p, 2);
    case LAYER_ERSPAN_3:
        return decode_erspan(p, 3);
    case LAYER_UDP_PAYLOAD:
        return decode_udp_payload(p);
    case LAYER_VXLAN:
        return decode_vxlan(p);
    case LAYER_GENEVE:
        return decode_geneve(p);
    case LAYER_GTP_U:
        return decode_gtp_u(p);
    case LAYER_CAPWAP:
        return decode_capwap(p);
    case LAYER_L2TP:
        return decode_l2tp(p);
    case LAYER_TZSP:
        return decode_tzsp(p);
    case LAYER_ETHERIP:
        return decode_etherip(p);
    case LAYER_LISP:
        return decode_lisp(p);
    case LAYER_RADIOTAP:
        return decode_radiotap(p);
    case LAYER_PPI:
        return decode_ppi(p);
    case LAYER_80211:
        return decode_80211(p);
    case LAYER_LLC:
        return decode_llc(p);
    case LAYER_DONE:
        break;
    }
    return LAYER_DONE;
}

static void count_obstacle(struct decoder *decoder, const struct packet *p)
{
    if (p->result == DECODE_NOT_FOLLOWED)
        obstacles_count(&decoder->obstacles, OBSTACLE_ETHERTYPE, p->number);
    else if (p->result == DECODE_UNKNOWN_LINK)
        obstacles_count(&decoder->obstacles, OBSTACLE_LINK_TYPE, p->number);
    else if (p->result == DECODE_NOT_OPENED)
        obstacles_count(&decoder->obstacles, OBSTACLE_IP_PROTOCOL, p->number);
}

void decoder_end(struct decoder *decoder)
{
    fragments_end(decoder->fragments, &decoder->counters);
}

/* Between whom the packet is, as far as it was read, and may be TCP; 0 if it is not. */
static uint64_t ends_of(const struct packet *p)
{
    const struct segment *out = p->out;
    if (p->result == DECODE_SEGMENT)
        return out->transport == TRANSPORT_TCP ? unread_ends(p->unread, &out->src, &out->dst, true) : 0;
    const bool ends_early = p->result == DECODE_TRUNCATED || p->result == DECODE_TOO_DEEP;
    if (!ends_early || !p->inside || out->refused || p->number == TRANSPORT_UDP)
        return 0;
    struct cursor c = cursor_over(p->bytes);
    struct endpoint src = out->src, dst = out->dst;
    src.port = cursor_u16(&c);
    dst.port = cursor_u16(&c);
    const bool ports = p->number == TRANSPORT_TCP && c.status == PARSE_OK;
    return unread_ends(p->unread, &src, &dst, ports);
}

/* A packet that hosts may take, and whose TCP was not read. */
static void note_unread(struct decoder *decoder, struct packet *p)
{
    if (p->in_piece) {
        fragments_name(decoder->fragments, p->slot, ends_of(p));
        p->result = DECODE_FRAGMENT;
    } else if (p->result == DECODE_TRUNCATED || p->result == DECODE_TOO_DEEP) {
        unread_note(&decoder->unread, ends_of(p), p->now);
    }
}

bool decoder_missed(struct decoder *decoder, const struct endpoint *from, const struct endpoint *to,
                    nanos since, nanos until)
{
    const struct unread *u = &decoder->unread;
    if (!u->any && !fragments_any_wait(decoder->fragments)) /* as nearly always */
        return false;
    const uint64_t ends = unread_ends(u, from, to, true), addresses = unread_ends(u, from, to, false);
    const bool missed = unread_has(u, ends, since, until) || unread_has(u, addresses, since, until) ||
                        fragments_await(decoder->fragments, ends, addresses, since);
    decoder->counters.doubted += missed;
    return missed;
}

static enum decode_result decode_layers(struct decoder *decoder, const struct frame *frame,
                                        struct segment *out)
{
    struct packet p = {
        .bytes = frame->bytes,
        .wire_left = frame->wire_len > frame->bytes.n ? frame->wire_len : frame->bytes.n,
        .big_endian = frame->big_endian,
        .result = DECODE_OTHER,
        .out = out,
        .fragments = decoder->fragments,
        .unread = &decoder->unread,
        .spaces = &decoder->spaces,
        .ports = decoder->ports,
        .counters = &decoder->counters,
        .now = frame->time,
    };
    /* Every layer takes bytes or counts against a cap of its own; the bound only says so plainly. */
    enum { MOST_LAYERS = 8 * MAX_ENCAPSULATIONS };
    enum layer layer = decode_link(&p, frame->link_type);
    for (int i = 0; layer != LAYER_DONE; i++) {
        if (i == MOST_LAYERS) {
            p.result = DECODE_TOO_DEEP;
            break;
        }
        layer = decode_layer(&p, layer);
    }
    note_unread(decoder, &p);
    count_obstacle(decoder, &p);
    if (p.result == DECODE_SEGMENT)
        for (size_t i = 0; i < out->wrappers.encapsulation_count; i++)
            decoder->counters.encapsulation[out->wrappers.encapsulation[i]]++;
    return p.result;
}

enum decode_result decode_frame(struct decoder *decoder, const struct frame *frame, struct segment *out)
{
    out->time = frame->time;
    out->frame_number = frame->number;
    out->source = frame->source;
    out->belief = BELIEVED;
    out->wrappers.vlan_count = 0;
    out->wrappers.encapsulation_count = 0;
    out->network = 0;
    out->reassembled = out->refused = out->rejected = false;
    memset(out->around, 0, sizeof out->around);
    const enum decode_result result =
        decode_plain(frame, out) ? DECODE_SEGMENT : decode_layers(decoder, frame, out);
    decoder->counters.result[result]++;
    return result;
}
