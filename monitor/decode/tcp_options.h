/* The options of a TCP header (RFC 9293 3.1) that anything is made of. */
#ifndef UTWATCH_DECODE_TCP_OPTIONS_H
#define UTWATCH_DECODE_TCP_OPTIONS_H

#include "decode/segment.h"

enum { TCP_FIXED_BYTES = 20 /* of a header, before its options */ };

/* What a SYN or SYN/ACK says, by its header as captured, which is whole. */
enum multipath tcp_multipath(struct span header);

/* Does a segment without SYN say that its sender has agreed to several paths? */
bool tcp_is_of_several_paths(const struct segment *segment);

bool tcp_timestamp_of_options(const struct segment *segment, uint32_t *value);

/* The sender's clock (RFC 7323 3.2). False: the segment has no such option, or was not captured so far. */
static inline bool tcp_timestamp(const struct segment *segment, uint32_t *value)
{
    return segment->tcp.n - segment->payload.n > TCP_FIXED_BYTES && tcp_timestamp_of_options(segment, value);
}

#endif
