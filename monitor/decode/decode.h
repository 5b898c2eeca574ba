/*
 * A frame becomes a segment: link layer, tags, tunnels, IP, fragments, TCP or UDP; or the result says why
 * not. Wrappers are removed in a loop, at most MAX_ENCAPSULATIONS deep. The checksum of a segment is checked
 * where it may become evidence (checksum.h); here only those of the headers around it.
 */
#ifndef UTWATCH_DECODE_DECODE_H
#define UTWATCH_DECODE_DECODE_H

#include "capture/frame.h"
#include "decode/obstacles.h"
#include "decode/segment.h"
#include "decode/spaces.h"

enum decode_result {
    DECODE_SEGMENT,
    DECODE_FRAGMENT,     /* kept until its datagram is whole */
    DECODE_OTHER,        /* neither TCP nor UDP */
    DECODE_MALFORMED,    /* lengths that cannot be */
    DECODE_TRUNCATED,    /* the snap length cut it before the end of the transport header */
    DECODE_TOO_DEEP,     /* more wrappers than are followed */
    DECODE_UNKNOWN_LINK, /* a link type that is not known here */
    DECODE_NOT_FOLLOWED, /* it looks like IP behind an EtherType that is not known here */
    DECODE_NOT_OPENED,   /* it looks like IP inside a protocol of IP that is not known here */
    DECODE_ENCRYPTED,    /* by the link layer: 802.11, MACsec */
    DECODE_RESULTS
};

enum { ENCAPSULATIONS = ENCAP_MPLS_IN_IP + 1 };

/* It is known what the frame carries. */
static inline bool decode_understood(enum decode_result result)
{
    return result == DECODE_SEGMENT || result == DECODE_FRAGMENT || result == DECODE_OTHER;
}

struct decode_counters {
    uint64_t result[DECODE_RESULTS];        /* frames; their sum is all frames */
    uint64_t encapsulation[ENCAPSULATIONS]; /* wrappers around segments: 2 for GTP-U in GTP-U */
    uint64_t deeper;                        /* segments in tunnels that are not believed */
    uint64_t bulk;                          /* segments in tunnels that are, as the bulk of the traffic */
    uint64_t reassembled;                   /* datagrams */
    uint64_t fragments_expired;             /* datagrams given up: a fragment did not come, or not in time */
    uint64_t fragments_evicted;             /* the store was full */
    uint64_t fragments_rejected;            /* fragments: overlapping with other content, too long */
    uint64_t doubted;                       /* answers of decoder_missed() that something was */
};

struct decoder;

/* NULL when the memory for fragments cannot be reserved. */
struct decoder *decoder_new(void);
void decoder_free(struct decoder *decoder);
const struct decode_counters *decoder_counters(const struct decoder *decoder);

/* The ends of the site's tunnels, from now on; they outlive the decoder or the next call. */
void decoder_trust(struct decoder *decoder, const struct tunnel_ends *ends);
/* Likewise, on which ports there are tunnels. */
void decoder_open_ports(struct decoder *decoder, const struct tunnel_ports *ports);

/* No more frames will come. */
void decoder_end(struct decoder *decoder);

/* Once for each segment: is it where only the network puts hosts (spaces.h)? */
bool decoder_believes(struct decoder *decoder, const struct segment *segment);

/* A connection begins with the segment. */
void decoder_meets(struct decoder *decoder, const struct segment *segment);

/* What is judged now: is it from where only the network puts hosts, by all that was seen? */
bool decoder_trusts(struct decoder *decoder, const struct endpoint *end);

/* Are there tunnels of which nobody can say yet whose they are? */
bool decoder_wonders(const struct decoder *decoder);

/* Before it comes in its turn: a segment of an input that is read ahead; then that enough was. */
void decoder_foresees(struct decoder *decoder, const struct segment *segment);
void decoder_foresaw(struct decoder *decoder);

/* From `since` to `until`, has `from` sent to `to` what may be TCP, and was not read (unread.h)? */
bool decoder_missed(struct decoder *decoder, const struct endpoint *from, const struct endpoint *to,
                    nanos since, nanos until);

/* There is no more to be seen. */
void decoder_knows(struct decoder *decoder);

/* Of the frames that were not followed. */
struct obstacle decoder_obstacle(const struct decoder *decoder);

/* plain.c: the segment in a frame that is as nearly all are, as decode_frame() gives it but for the members
 * that are copied from *frame. False: the frame is for the layers. decode_may_open(): if it is such a frame,
 * may it begin a connection? */
bool decode_plain(const struct frame *frame, struct segment *out);
bool decode_may_open(const struct frame *frame);

/* *out is valid until the next call: a reassembled datagram lies in the decoder. */
enum decode_result decode_frame(struct decoder *decoder, const struct frame *frame, struct segment *out);

#endif
