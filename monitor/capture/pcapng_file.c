/* The pcapng format (draft-ietf-opsawg-pcapng): sections, interfaces, packets; other blocks are passed over.
 */
#include "capture/reader_parts.h"

#include "base/limits.h"

#include <stdlib.h>

enum block_type {
    BLOCK_SECTION = 0x0a0d0d0a,
    BLOCK_INTERFACE = 1,
    BLOCK_OBSOLETE_PACKET = 2,
    BLOCK_SIMPLE_PACKET = 3,
    BLOCK_ENHANCED_PACKET = 6,
};

enum {
    BLOCK_AROUND = 12, /* type, length, and the length again */
    SECTION_LEAST = 28,
};

static const char file[] = "pcapng dump file";

/* One block, in one piece. READ_FRAME: it is there, `type` and `body` are set. */
static enum read_result next_block(struct reader *reader, uint32_t *type, struct cursor *body)
{
    struct span head = source_peek(reader->source, 8);
    if (head.n < 8) {
        if (head.n == 0 && !source_error(reader->source))
            return READ_END;
        return reader_cut(reader, file, 8, "bytes", head.n);
    }
    struct cursor c = cursor_over(head);
    *type = reader_u32(reader, &c);
    const uint32_t length = reader_u32(reader, &c);
    if (length < BLOCK_AROUND)
        return reader_broken(reader, "block in %s has a length of %u < %d", file, length, BLOCK_AROUND);
    if (length % 4)
        return reader_broken(reader, "block in %s has a length of %u that is not a multiple of 4", file,
                             length);
    if (length > SOURCE_MOST)
        return reader_broken(reader, "pcapng block size %u > maximum %d", length, SOURCE_MOST);
    struct span block = source_peek(reader->source, length);
    if (block.n < length)
        return reader_cut(reader, file, length, "bytes", block.n);
    c = cursor_over(span_skip(block, length - 4));
    if (reader_u32(reader, &c) != length)
        return reader_broken(reader, "block total length at head doesn't match at tail");
    source_take(reader->source, length);
    *body = cursor_over(span_skip(span_head(block, length - 4), 8));
    return READ_FRAME;
}

/* The byte order is the section's own, so that its length can be read only with what follows it. */
static enum read_result begin_section(struct reader *reader)
{
    static const uint32_t magic = 0x1a2b3c4d;
    struct span head = source_peek(reader->source, 16);
    if (head.n < 16)
        return reader_cut(reader, file, 16, "bytes", head.n);
    struct cursor c = cursor_over(span_skip(head, 8));
    const uint32_t order = cursor_u32(&c);
    if (order != magic && order != __builtin_bswap32(magic))
        return reader_broken(reader, NO_CAPTURE ": it begins like pcapng, but its byte order is invalid");
    reader->big_endian = order == magic;
    reader->interface_count = 0;
    const unsigned major = reader_u16(reader, &c);
    const unsigned minor = reader_u16(reader, &c);
    if (major != 1)
        return reader_broken(reader, "unsupported pcapng savefile version %u.%u", major, minor);
    c = cursor_over(span_skip(head, 4));
    const uint32_t length = reader_u32(reader, &c);
    if (length < SECTION_LEAST)
        return reader_broken(reader, "Section Header Block in %s has a length of %u < %d", file, length,
                             SECTION_LEAST);
    return READ_FRAME;
}

/* The two resolutions that can be written: powers of ten and of two, as far as 64 bits count them. */
static bool read_resolution(uint8_t option, uint64_t *units)
{
    enum { POWER_OF_TWO = 0x80, MOST_TENS = 19, MOST_TWOS = 63 };
    const unsigned exponent = option & 0x7f;
    if (exponent > (option & POWER_OF_TWO ? MOST_TWOS : MOST_TENS))
        return false;
    *units = 1;
    for (unsigned i = 0; i < exponent; i++)
        *units *= option & POWER_OF_TWO ? 2 : 10;
    return true;
}

static bool read_interface_options(const struct reader *reader, struct cursor *c, struct interface *i)
{
    enum { END_OF_OPTIONS = 0, TIME_RESOLUTION = 9, TIME_OFFSET = 14 };
    while (cursor_left(c) >= 4) {
        const unsigned code = reader_u16(reader, c);
        const size_t length = reader_u16(reader, c);
        if (code == END_OF_OPTIONS)
            break;
        struct cursor value = cursor_over(cursor_take(c, length));
        cursor_skip(c, (4 - length % 4) % 4);
        if (c->status != PARSE_OK)
            return false;
        if (code == TIME_RESOLUTION && (length != 1 || !read_resolution(cursor_u8(&value), &i->units)))
            return false;
        if (code == TIME_OFFSET) {
            if (length != 8)
                return false;
            const uint64_t first = reader_u32(reader, &value);
            const uint64_t second = reader_u32(reader, &value);
            i->offset = (int64_t)(reader->big_endian ? first << 32 | second : second << 32 | first);
        }
    }
    return true;
}

static enum read_result add_interface(struct reader *reader, struct cursor body)
{
    enum { MICROSECONDS = 1000000, FIRST_ROOM = 8 };
    struct interface i = {.units = MICROSECONDS};
    i.link_type = link_type_of_file(reader_u16(reader, &body));
    cursor_skip(&body, 2);
    i.snap_length = reader_u32(reader, &body);
    if (body.status != PARSE_OK || !read_interface_options(reader, &body, &i))
        return reader_broken(reader, "an Interface Description Block in %s cannot be read", file);
    if (reader->interface_count == MAX_FILE_INTERFACES)
        return reader_broken(reader, "more than %d interfaces in a section of %s", MAX_FILE_INTERFACES, file);
    if (reader->interface_count == reader->interface_room) {
        const size_t room = reader->interface_room ? 2 * reader->interface_room : FIRST_ROOM;
        struct interface *more = realloc(reader->interfaces, room * sizeof *more);
        if (!more)
            return reader_broken(reader, "not enough memory for interfaces");
        reader->interfaces = more;
        reader->interface_room = room;
    }
    reader->interfaces[reader->interface_count++] = i;
    return READ_FRAME;
}

/* Any remainder of a second, in nanoseconds, without leaving 64 bits. */
static uint64_t to_nanoseconds(uint64_t part, uint64_t units)
{
    const uint64_t second = NANOS_PER_SECOND;
    if (units <= second && second % units == 0)
        return part * (second / units);
    if (units % second == 0)
        return part / (units / second);
    const uint64_t finest = UINT64_C(1) << 34; /* times 10^9 it still fits */
    while (units > finest) {
        units /= 2;
        part /= 2;
    }
    return part * second / units;
}

static nanos time_of(const struct interface *i, uint64_t stamp)
{
    const int64_t seconds = (int64_t)(stamp / i->units > INT64_MAX ? INT64_MAX : stamp / i->units);
    int64_t sum;
    if (__builtin_add_overflow(seconds, i->offset, &sum))
        sum = i->offset < 0 ? INT64_MIN : INT64_MAX;
    return reader_time(sum, to_nanoseconds(stamp % i->units, i->units));
}

/* What the three blocks with a packet have in common. */
struct packet_block {
    uint32_t interface;
    uint64_t stamp;
    uint32_t captured, wire;
};

static enum read_result take_packet(struct reader *reader, const struct packet_block *b, struct cursor *body,
                                    struct frame *frame)
{
    if (b->interface >= reader->interface_count)
        return reader_broken(reader,
                             "a packet arrived on interface %u, but there's no Interface Description Block "
                             "for that interface",
                             b->interface);
    frame->bytes = cursor_take(body, b->captured);
    if (body->status != PARSE_OK)
        return reader_broken(reader, "block in %s is too short for its packet of %u bytes", file,
                             b->captured);
    const struct interface *i = &reader->interfaces[b->interface];
    frame->time = time_of(i, b->stamp);
    frame->wire_len = b->wire;
    frame->link_type = i->link_type;
    frame->big_endian = reader->big_endian;
    return READ_FRAME;
}

static struct packet_block enhanced(const struct reader *reader, struct cursor *c, bool obsolete)
{
    struct packet_block b;
    if (obsolete) {
        b.interface = reader_u16(reader, c);
        cursor_skip(c, 2); /* drops */
    } else {
        b.interface = reader_u32(reader, c);
    }
    b.stamp = (uint64_t)reader_u32(reader, c) << 32;
    b.stamp |= reader_u32(reader, c);
    b.captured = reader_u32(reader, c);
    b.wire = reader_u32(reader, c);
    return b;
}

/* A Simple Packet Block has neither time nor captured length: the interface's snap length cut it. */
static struct packet_block simple(const struct reader *reader, struct cursor *c)
{
    struct packet_block b = {.wire = reader_u32(reader, c)};
    const uint32_t most = reader->interface_count ? reader->interfaces[0].snap_length : 0;
    b.captured = most && most < b.wire ? most : b.wire;
    return b;
}

/* READ_FRAME: a block that changed nothing but the reader, or, with *is_packet set, one with a packet. */
static enum read_result step(struct reader *reader, struct frame *frame, bool *is_packet)
{
    struct span head = source_peek(reader->source, 4);
    struct cursor c = cursor_over(head);
    if (head.n == 4 && cursor_u32(&c) == BLOCK_SECTION) {
        enum read_result section = begin_section(reader);
        if (section != READ_FRAME)
            return section;
    }
    uint32_t type = 0;
    struct cursor body;
    enum read_result result = next_block(reader, &type, &body);
    if (result != READ_FRAME)
        return result;
    *is_packet =
        type == BLOCK_ENHANCED_PACKET || type == BLOCK_OBSOLETE_PACKET || type == BLOCK_SIMPLE_PACKET;
    if (type == BLOCK_INTERFACE)
        return add_interface(reader, body);
    if (!*is_packet)
        return READ_FRAME;
    struct packet_block b = type == BLOCK_SIMPLE_PACKET
                                ? simple(reader, &body)
                                : enhanced(reader, &body, type == BLOCK_OBSOLETE_PACKET);
    return take_packet(reader, &b, &body, frame);
}

bool pcapng_open_section(struct reader *reader)
{
    enum read_result result = READ_FRAME;
    bool is_packet; /* never before an interface */
    struct frame frame;
    while (!reader->interface_count && result == READ_FRAME)
        result = step(reader, &frame, &is_packet);
    return result != READ_BROKEN;
}

enum read_result pcapng_next_packet(struct reader *reader, struct frame *frame)
{
    bool is_packet = false;
    enum read_result result;
    do
        result = step(reader, frame, &is_packet);
    while (result == READ_FRAME && !is_packet);
    return result;
}

bool pcapng_ahead(const struct reader *reader, struct cursor *c, struct frame *frame)
{
    const uint32_t type = reader_u32(reader, c);
    cursor_skip(c, 4);
    const struct packet_block b = enhanced(reader, c, false);
    frame->bytes = cursor_take(c, b.captured);
    if (c->status != PARSE_OK || type != BLOCK_ENHANCED_PACKET || b.interface >= reader->interface_count)
        return false;
    frame->link_type = reader->interfaces[b.interface].link_type;
    return true;
}
