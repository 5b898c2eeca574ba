#include "capture/reader_parts.h"

#include <stdlib.h>

enum { SECTION_HEADER_BLOCK = 0x0a0d0d0a }; /* the same in either byte order */

bool reader_knows(struct span begin)
{
    struct cursor c = cursor_over(begin);
    const uint32_t magic = cursor_u32(&c);
    return begin.n >= 4 &&
           (magic == SECTION_HEADER_BLOCK || pcap_is_magic(magic) || pcap_is_magic(__builtin_bswap32(magic)));
}

bool reader_open(struct reader *reader, struct source *source)
{
    *reader = (struct reader){.source = source};
    struct span magic = source_peek(source, 4);
    if (magic.n < 4) {
        if (magic.n)
            (void)reader_broken(reader, NO_CAPTURE ": it ends after %zu bytes", magic.n);
        else
            (void)reader_broken(reader, NO_CAPTURE ": it is empty");
        return false;
    }
    struct cursor c = cursor_over(magic);
    reader->blocks = cursor_u32(&c) == SECTION_HEADER_BLOCK;
    return reader->blocks ? pcapng_open_section(reader) : pcap_open_header(reader, magic);
}

void reader_close(struct reader *reader)
{
    free(reader->interfaces);
    reader->interfaces = NULL;
}

int reader_link_type(const struct reader *reader)
{
    if (!reader->blocks)
        return reader->pcap.link_type;
    return reader->interface_count ? reader->interfaces[0].link_type : -1;
}

bool reader_ahead(const struct reader *reader, struct frame *frame)
{
    struct cursor c = cursor_over(source_ahead(reader->source));
    return reader->blocks ? pcapng_ahead(reader, &c, frame) : pcap_ahead(reader, &c, frame);
}

enum read_result reader_next(struct reader *reader, struct frame *frame)
{
    return reader->blocks ? pcapng_next_packet(reader, frame) : pcap_next_record(reader, frame);
}
