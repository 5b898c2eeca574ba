/*
 * Frames of one link type through one decoder. Input: a link type selector, then frames with a 2-byte length
 * each, whose first bit says that the snap length cut 100 bytes off.
 */
#include "arena.h"
#include "base/cursor.h"
#include "decode/decode.h"
#include "fuzz.h"

#include <assert.h>
#include <pcap/dlt.h>
#include <stdlib.h>

static struct decoder *decoder;

static bool inside(struct span part, struct span whole)
{
    uintptr_t from = (uintptr_t)whole.p;
    uintptr_t at = (uintptr_t)part.p;
    return at >= from && at - from <= whole.n && part.n <= whole.n - (at - from);
}

static void check(const struct segment *s, struct span frame, bool reassembled)
{
    assert(s->payload.n <= s->payload_len);
    assert(s->payload.n == 0 || reassembled || inside(s->payload, frame));
    assert(s->wrappers.vlan_count <= MAX_VLAN_TAGS);
    assert(s->wrappers.encapsulation_count <= MAX_ENCAPSULATIONS);
    for (size_t i = 0; i < s->wrappers.encapsulation_count; i++)
        assert(word_of(encapsulation_words, s->wrappers.encapsulation[i])[0] != '\0');
    assert(s->src.family == s->dst.family && (s->src.family == 4 || s->src.family == 6));
    assert(s->transport == TRANSPORT_TCP || s->transport == TRANSPORT_UDP);
    unsigned sum = 0;
    for (size_t i = 0; i < s->payload.n; i++)
        sum += s->payload.p[i]; /* every byte can be read */
    if (sum == UINT32_MAX)      /* so that the sum is needed */
        abort();
}

static void decode_exact(struct frame frame, struct span bytes)
{
    uint8_t *block = malloc(bytes.n ? bytes.n : 1); /* of its very size: one byte more is a fault */
    if (!block)
        abort();
    memcpy(block, bytes.p, bytes.n);
    frame.bytes = span_of(block, bytes.n);
    uint64_t reassembled = decoder_counters(decoder)->reassembled;
    struct segment segment;
    if (decode_frame(decoder, &frame, &segment) == DECODE_SEGMENT)
        check(&segment, frame.bytes, decoder_counters(decoder)->reassembled != reassembled);
    free(block);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int links[] = {
        DLT_EN10MB, DLT_LINUX_SLL,  DLT_LINUX_SLL2,       DLT_RAW, DLT_NULL, DLT_LOOP, DLT_PPP, DLT_IPV6,
        DLT_NFLOG,  DLT_IEEE802_11, DLT_IEEE802_11_RADIO, DLT_PPI};
    if (arena_enter()) {
        decoder = decoder_new();
        assert(decoder);
        arena_keep();
    }
    struct cursor c = cursor_over(span_of(data, size));
    uint8_t selector = cursor_u8(&c);
    uint64_t frames = 0;
    while (cursor_left(&c)) {
        uint16_t header = cursor_u16(&c);
        size_t length = header & 0x7fff;
        struct span bytes = cursor_take(&c, length < cursor_left(&c) ? length : cursor_left(&c));
        struct frame frame = {.time = (nanos)++frames * NANOS_PER_SECOND,
                              .wire_len = bytes.n + (header & 0x8000 ? 100 : 0),
                              .big_endian = selector & 0x80,
                              .link_type = links[selector % (sizeof links / sizeof *links)]};
        decode_exact(frame, bytes);
    }
    uint64_t results = 0;
    for (size_t i = 0; i < DECODE_RESULTS; i++)
        results += decoder_counters(decoder)->result[i];
    assert(results == frames);
    arena_leave();
    return 0;
}
