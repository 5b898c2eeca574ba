/* The pcap format (draft-ietf-opsawg-pcap), and its kin that libpcap reads. */
#include "capture/reader_parts.h"

#include <pcap/dlt.h>

enum {
    FILE_HEADER = 24,
    RECORD_HEADER = 16,
    PATCHED_RECORD_HEADER = 24, /* Kuznetzov's: with interface, protocol, packet type */
    MOST_CAPTURED = 262144,     /* libpcap's MAXIMUM_SNAPLEN */
};

static const uint32_t magic_micro = 0xa1b2c3d4;
static const uint32_t magic_nano = 0xa1b23c4d;
static const uint32_t magic_patched = 0xa1b2cd34;

bool pcap_is_magic(uint32_t number)
{
    return number == magic_micro || number == magic_nano || number == magic_patched;
}

/* Frames of a bus or a USB port may be longer than what a network carries. */
static uint32_t most_captured(int link_type)
{
    switch (link_type) {
    case DLT_DBUS:
    case DLT_USBPCAP:
    case DLT_USB_LINUX_MMAPPED:
    case DLT_EBHSCR:
        return SOURCE_MOST - PATCHED_RECORD_HEADER;
    default:
        return MOST_CAPTURED;
    }
}

static bool set_version(struct reader *reader, unsigned major, unsigned minor)
{
    enum { DG_UX = 543 }; /* tcpdump of DG/UX calls itself that */
    struct pcap_header *h = &reader->pcap;
    h->swapped_lengths = major == DG_UX || minor < 3;
    h->lengths_by_size = major != DG_UX && minor == 3;
    if (major < 2) {
        (void)reader_broken(reader, "archaic pcap savefile format");
        return false;
    }
    if ((major == 2 && minor <= 4) || (major == DG_UX && minor == 0))
        return true;
    (void)reader_broken(reader, "unsupported pcap savefile version %u.%u", major, minor);
    return false;
}

bool pcap_open_header(struct reader *reader, struct span magic)
{
    struct cursor c = cursor_over(magic);
    const uint32_t big = cursor_u32(&c);
    reader->big_endian = pcap_is_magic(big);
    const uint32_t number = reader->big_endian ? big : __builtin_bswap32(big);
    if (!pcap_is_magic(number)) {
        (void)reader_broken(reader, NO_CAPTURE ": it is neither pcap nor pcapng");
        return false;
    }
    struct span header = source_peek(reader->source, FILE_HEADER);
    if (header.n < FILE_HEADER) {
        (void)reader_cut(reader, "dump file", FILE_HEADER, "file header bytes", header.n);
        return false;
    }
    source_take(reader->source, FILE_HEADER);
    c = cursor_over(span_skip(header, 4));
    const unsigned major = reader_u16(reader, &c);
    const unsigned minor = reader_u16(reader, &c);
    cursor_skip(&c, 8); /* time zone and accuracy, which nobody fills in */
    const uint32_t snap_length = reader_u32(reader, &c);
    const uint32_t link_type = reader_u32(reader, &c) & 0x03ffffff; /* above it: length of the FCS */
    struct pcap_header *h = &reader->pcap;
    h->nanoseconds = number == magic_nano;
    h->record_header = number == magic_patched ? PATCHED_RECORD_HEADER : RECORD_HEADER;
    h->link_type = link_type_of_file(link_type);
    h->snap_length = snap_length && snap_length <= INT32_MAX ? snap_length : most_captured(h->link_type);
    return set_version(reader, major, minor);
}

/* The format says unsigned; libpcap 1.10 takes them for signed in the machine's own byte order, and so does
 * whatever is compared with it. */
static int64_t seconds_of(const struct reader *reader, uint32_t seconds)
{
    const bool machine_is_big = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;
    return reader->big_endian == machine_is_big ? (int64_t)(int32_t)seconds : (int64_t)seconds;
}

enum read_result pcap_next_record(struct reader *reader, struct frame *frame)
{
    const struct pcap_header *h = &reader->pcap;
    struct span header = source_peek(reader->source, h->record_header);
    if (header.n < h->record_header) {
        if (header.n == 0 && !source_error(reader->source))
            return READ_END;
        return reader_cut(reader, "dump file", h->record_header, "header bytes", header.n);
    }
    struct cursor c = cursor_over(span_of(header.p, RECORD_HEADER)); /* which is what all kinds begin with */
    const int64_t seconds = seconds_of(reader, reader_u32(reader, &c));
    const uint32_t fraction = reader_u32(reader, &c);
    uint32_t captured = reader_u32(reader, &c);
    uint32_t wire = reader_u32(reader, &c);
    if (h->swapped_lengths || (h->lengths_by_size && captured > wire)) {
        const uint32_t first = captured;
        captured = wire;
        wire = first;
    }
    const uint32_t most = most_captured(h->link_type);
    if (captured > most)
        return reader_broken(reader, "invalid packet capture length %u, bigger than maximum of %u", captured,
                             most);
    struct span record = source_peek(reader->source, h->record_header + captured);
    struct span bytes = span_skip(record, h->record_header);
    if (bytes.n < captured)
        return reader_cut(reader, "dump file", captured, "captured bytes", bytes.n);
    source_take(reader->source, record.n);
    frame->time = reader_time(seconds, h->nanoseconds ? fraction : (uint64_t)fraction * 1000);
    frame->bytes = span_head(bytes, h->snap_length);
    frame->wire_len = wire;
    frame->link_type = h->link_type;
    frame->big_endian = reader->big_endian;
    return READ_FRAME;
}

/* The captured length of a record, whose bytes then follow. */
static size_t begin_record(const struct reader *reader, struct cursor *c)
{
    enum { LENGTH_AT = 8, LENGTH_BYTES = 4 };
    cursor_skip(c, LENGTH_AT);
    const size_t captured = reader_u32(reader, c);
    cursor_skip(c, reader->pcap.record_header - LENGTH_AT - LENGTH_BYTES);
    return captured;
}

bool pcap_ahead(const struct reader *reader, struct cursor *c, struct frame *frame)
{
    frame->bytes = cursor_take(c, begin_record(reader, c));
    frame->link_type = reader->pcap.link_type;
    return c->status == PARSE_OK;
}
