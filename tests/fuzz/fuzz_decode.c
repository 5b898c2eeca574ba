/* Frames of any link type through one decoder. Input: link type selector, then frames with a 2-byte length
 * each. */
#include "base/cursor.h"
#include "decode/decode.h"
#include "fuzz.h"

#include <assert.h>
#include <pcap/dlt.h>
#include <stdlib.h>

static void check(const struct segment *s)
{
    assert(s->payload.n <= s->payload_len);
    assert(s->vlan_count <= MAX_VLAN_TAGS);
    assert(s->encapsulation_count <= MAX_ENCAPSULATIONS);
    assert(s->src.family == s->dst.family && (s->src.family == 4 || s->src.family == 6));
    unsigned sum = 0;
    for (size_t i = 0; i < s->payload.n; i++)
        sum += s->payload.p[i]; /* every byte can be read */
    if (sum == 0xffffffff)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int links[] = {DLT_EN10MB, DLT_LINUX_SLL, DLT_LINUX_SLL2, DLT_RAW,
                                DLT_NULL,   DLT_LOOP,      DLT_PPP,        DLT_IPV6};
    static struct decoder *decoder;
    if (!decoder)
        decoder = decoder_new();
    struct cursor c = cursor_over(span_of(data, size));
    uint8_t selector = cursor_u8(&c);
    nanos time = 0;
    while (cursor_left(&c)) {
        uint16_t header = cursor_u16(&c);
        size_t length = header & 0x7fff;
        struct span bytes = cursor_take(&c, length < cursor_left(&c) ? length : cursor_left(&c));
        struct frame frame = {.time = time += NANOS_PER_SECOND,
                              .bytes = bytes,
                              .wire_len = bytes.n + (header & 0x8000 ? 100 : 0),
                              .link_type = links[selector % (sizeof links / sizeof *links)]};
        struct segment segment;
        if (decode_frame(decoder, &frame, &segment) == DECODE_SEGMENT)
            check(&segment);
    }
    return 0;
}
