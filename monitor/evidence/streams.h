/*
 * Connections as Wireshark numbers them (tcp.stream): in the order of their first segments in the file. A
 * number is given only if it is certain. From the first frame of a file on in which Wireshark may find a
 * connection that is not seen here (a fragment, a tunnel, a frame that was not decoded), the later
 * connections of that file have none.
 */
#ifndef UTWATCH_EVIDENCE_STREAMS_H
#define UTWATCH_EVIDENCE_STREAMS_H

#include "capture/frame.h"
#include "decode/decode.h"

struct streams;

struct stream_counters {
    uint64_t without_room; /* connections that found the table full, and have no number */
};

/* NULL when there is no memory. */
struct streams *streams_new(void);
void streams_free(struct streams *s);

/* The next frame of a file, whatever it carries; the segment counts where the result is DECODE_SEGMENT. */
void streams_frame(struct streams *s, const struct frame *frame, enum decode_result result,
                   const struct segment *segment);

/* The number of the connection between these ends in a file, of which `frame_number` is a frame. Below 0: it
 * is not known. */
int64_t streams_number(const struct streams *s, unsigned source, const struct endpoint *one,
                       const struct endpoint *other, uint64_t frame_number);

const struct stream_counters *streams_counters(const struct streams *s);

#endif
