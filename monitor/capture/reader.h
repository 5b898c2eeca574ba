/*
 * Blocks of a capture file, one after the other: pcap and pcapng. What a block says about itself is not
 * believed: lengths are bounded before anything is read by them.
 */
#ifndef UTWATCH_CAPTURE_READER_H
#define UTWATCH_CAPTURE_READER_H

#include "capture/frame.h"
#include "capture/source.h"

enum read_result {
    READ_FRAME,
    READ_END,
    READ_BROKEN, /* reader.error says why */
};

/* pcap, one for the whole file */
struct pcap_header {
    bool nanoseconds;
    size_t record_header; /* bytes */
    uint32_t snap_length; /* longer frames are cut to it */
    bool swapped_lengths; /* the captured length follows that on the wire, as before version 2.3 */
    bool lengths_by_size; /* version 2.3 was written both ways: the captured length is the smaller */
    int link_type;
};

/* pcapng, one for each Interface Description Block of a section */
struct interface {
    int link_type;
    uint32_t snap_length; /* 0: none */
    uint64_t units;       /* of a time stamp, in a second; not 0 */
    int64_t offset;       /* seconds to add to each time stamp */
};

struct reader {
    struct source *source;
    bool blocks;     /* pcapng */
    bool big_endian; /* the file's or the section's writer */
    struct pcap_header pcap;
    struct interface *interfaces; /* of the section */
    size_t interface_count, interface_room;
    char error[256];
};

/* Are these the first bytes of pcap or pcapng? */
bool reader_knows(struct span begin);

/* Reads the file header and, in pcapng, as far as the first interface. False: reader->error. In either case
 * reader_close() follows. The source outlives the reader. */
bool reader_open(struct reader *reader, struct source *source);
void reader_close(struct reader *reader);

/* Link type of the file, or of its first interface; -1 when a pcapng file has none. */
int reader_link_type(const struct reader *reader);

/* Fills in all of *frame but source and number. Its bytes live until the next call. */
enum read_result reader_next(struct reader *reader, struct frame *frame);

/* See capture_ahead(). */
bool reader_ahead(const struct reader *reader, struct frame *frame);

#endif
