#include "evidence/pcapng_blocks.h"

#include <string.h>

enum { /* block types and options of the draft */
       SECTION_HEADER = 0x0a0d0d0a,
       INTERFACE_DESCRIPTION = 1,
       ENHANCED_PACKET = 6,
       BYTE_ORDER_MAGIC = 0x1a2b3c4d,
       OPTION_END = 0,
       OPTION_COMMENT = 1,
       OPTION_APPLICATION = 4, /* of a section */
       OPTION_RESOLUTION = 9,  /* of an interface */
       NANOSECONDS = 9,        /* 10 to the power of -9 */
       MOST_COMMENT = 4096
};

static void put(struct blocks *b, const void *bytes, size_t n)
{
    if (b->cut || n > b->room - b->used) {
        b->cut = true;
        return;
    }
    if (n)
        memcpy(b->bytes + b->used, bytes, n);
    b->used += n;
}

static void put32(struct blocks *b, uint32_t value)
{
    const uint8_t octets[4] = {(uint8_t)value, (uint8_t)(value >> 8), (uint8_t)(value >> 16),
                               (uint8_t)(value >> 24)};
    put(b, octets, sizeof octets);
}

static void put_option(struct blocks *b, uint16_t code, const void *bytes, size_t n)
{
    static const uint8_t padding[3];
    put32(b, (uint32_t)n << 16 | code);
    put(b, bytes, n);
    put(b, padding, (4 - n % 4) % 4);
}

static void put_comment(struct blocks *b, const char *comment)
{
    size_t n = strnlen(comment, MOST_COMMENT);
    while (n && n == MOST_COMMENT && ((uint8_t)comment[n] & 0xc0) == 0x80)
        n--; /* not within a character */
    if (n)
        put_option(b, OPTION_COMMENT, comment, n);
}

/* A block is whole or not there. */
static size_t begin(struct blocks *b, uint32_t type)
{
    const size_t start = b->used;
    put32(b, type);
    put32(b, 0); /* its length, when it is known */
    return start;
}

static void end(struct blocks *b, size_t start)
{
    const size_t length = b->used + 4 - start;
    put32(b, (uint32_t)length);
    if (b->cut) {
        b->used = start;
        return;
    }
    struct blocks at_length = {.bytes = b->bytes, .used = start + 4, .room = b->room};
    put32(&at_length, (uint32_t)length);
}

void blocks_section(struct blocks *b, const char *comment)
{
    static const char application[] = "utwatch";
    const size_t start = begin(b, SECTION_HEADER);
    put32(b, BYTE_ORDER_MAGIC);
    put32(b, 1); /* version 1.0 */
    put32(b, UINT32_MAX);
    put32(b, UINT32_MAX); /* the length of the section is not given */
    put_comment(b, comment);
    put_option(b, OPTION_APPLICATION, application, sizeof application - 1);
    put32(b, OPTION_END);
    end(b, start);
}

void blocks_interface(struct blocks *b, int link_type)
{
    static const uint8_t resolution = NANOSECONDS;
    const size_t start = begin(b, INTERFACE_DESCRIPTION);
    put32(b, (uint32_t)link_type & 0xffff);
    put32(b, 0); /* no snap length */
    put_option(b, OPTION_RESOLUTION, &resolution, sizeof resolution);
    put32(b, OPTION_END);
    end(b, start);
}

void blocks_packet(struct blocks *b, uint32_t interface, const struct frame *frame, const char *comment)
{
    static const uint8_t padding[3];
    const uint64_t time = (uint64_t)frame->time;
    const size_t start = begin(b, ENHANCED_PACKET);
    put32(b, interface);
    put32(b, (uint32_t)(time >> 32));
    put32(b, (uint32_t)time);
    put32(b, (uint32_t)frame->bytes.n);
    put32(b, (uint32_t)frame->wire_len);
    put(b, frame->bytes.p, frame->bytes.n);
    put(b, padding, (4 - frame->bytes.n % 4) % 4);
    put_comment(b, comment);
    if (*comment)
        put32(b, OPTION_END);
    end(b, start);
}
