/* What the readers of both formats share. */
#ifndef UTWATCH_CAPTURE_READER_PARTS_H
#define UTWATCH_CAPTURE_READER_PARTS_H

#include "base/cursor.h"
#include "capture/reader.h"

/* Each format. */
bool pcap_is_magic(uint32_t number); /* in the writer's byte order */
bool pcap_open_header(struct reader *reader, struct span magic);
enum read_result pcap_next_record(struct reader *reader, struct frame *frame);
bool pcapng_open_section(struct reader *reader);
enum read_result pcapng_next_packet(struct reader *reader, struct frame *frame);

/* Of the bytes that come next: the next frame. */
bool pcap_ahead(const struct reader *reader, struct cursor *c, struct frame *frame);
bool pcapng_ahead(const struct reader *reader, struct cursor *c, struct frame *frame);

/* How the error begins of a file that never was one. */
#define NO_CAPTURE "this is not a capture"

__attribute__((format(printf, 2, 3))) enum read_result reader_broken(struct reader *reader,
                                                                     const char *format, ...);

/* Input that ends within `n` bytes of `what`. */
enum read_result reader_cut(struct reader *reader, const char *file, size_t n, const char *what, size_t got);

/* LINKTYPE_ values of files are DLT_ values but for some that differ between systems. */
int link_type_of_file(uint32_t link_type);

/* From 1901, the first second that pcap can write, to 2191; what lies beyond becomes the nearer of the two,
 * so that the difference of any two times, and a month more, can be expressed. */
#define EARLIEST_SECOND INT32_MIN
#define LATEST_SECOND   INT64_C(7000000000)

/* `rest`: nanoseconds; beyond a second they cannot be right, and count as 0. */
nanos reader_time(int64_t seconds, uint64_t rest);

static inline uint32_t reader_u32(const struct reader *reader, struct cursor *c)
{
    const uint32_t big = cursor_u32(c);
    return reader->big_endian ? big : __builtin_bswap32(big);
}

static inline uint16_t reader_u16(const struct reader *reader, struct cursor *c)
{
    const uint16_t big = cursor_u16(c);
    return reader->big_endian ? big : __builtin_bswap16(big);
}

#endif
