/* What nearly every frame is, read at once: TCP in IPv4 without options, not a fragment, in Ethernet without
 * a tag, captured whole. The result is the one that the layers give. */
#include "decode/decode.h"
#include "decode/layers.h"
#include "decode/tcp_options.h"

#include <pcap/dlt.h>

enum { ETHERNET_BYTES = 14, IP_BYTES = 20, TCP_BYTES = 20, HEADERS = ETHERNET_BYTES + IP_BYTES + TCP_BYTES };

static inline void set_end(struct endpoint *end, struct span address, uint16_t port)
{
    *end = (struct endpoint){.port = port, .family = 4};
    memcpy(end->address, address.p, 4);
}

bool decode_plain(const struct frame *frame, struct segment *out)
{
    enum { IPV4_OF_20_BYTES = 0x080045, FRAGMENT = 0x3fff };
    if (frame->link_type != DLT_EN10MB || frame->bytes.n < HEADERS)
        return false;
    struct cursor c = cursor_over(span_of(frame->bytes.p, HEADERS));
    cursor_skip(&c, 12);
    const uint32_t type = cursor_u24(&c);
    cursor_skip(&c, 1);
    const size_t total = cursor_u16(&c);
    cursor_skip(&c, 2);
    const bool fragment = cursor_u16(&c) & FRAGMENT;
    out->hops = cursor_u8(&c);
    const uint8_t protocol = cursor_u8(&c);
    cursor_skip(&c, 2);
    const struct span src = cursor_take(&c, 4);
    const struct span dst = cursor_take(&c, 4);
    set_end(&out->src, src, cursor_u16(&c));
    set_end(&out->dst, dst, cursor_u16(&c));
    out->seq = cursor_u32(&c);
    out->ack = cursor_u32(&c);
    const size_t header = (size_t)(cursor_u8(&c) >> 4) * 4;
    out->flags = cursor_u8(&c) & 0x3f;
    if (type != IPV4_OF_20_BYTES || fragment || protocol != TRANSPORT_TCP || header < TCP_BYTES ||
        total < IP_BYTES + header || total > frame->bytes.n - ETHERNET_BYTES)
        return false;
    out->transport = TRANSPORT_TCP;
    const struct span packet = span_head(span_skip(frame->bytes, ETHERNET_BYTES), total);
    out->ip = span_head(packet, IP_BYTES);
    out->tcp = span_skip(packet, IP_BYTES);
    out->multipath = out->flags & TCP_SYN ? tcp_multipath(span_head(out->tcp, header)) & 3U : MULTIPATH_NONE;
    out->payload = span_skip(out->tcp, header);
    out->payload_len = out->payload.n;
    return true;
}

bool decode_may_open(const struct frame *frame)
{
    enum { FLAGS_AT = ETHERNET_BYTES + IP_BYTES + 13 };
    struct cursor c = cursor_over(frame->bytes);
    cursor_skip(&c, FLAGS_AT);
    return (cursor_u8(&c) & (TCP_SYN | TCP_ACK)) == TCP_SYN;
}
