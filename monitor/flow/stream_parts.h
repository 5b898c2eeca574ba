/* What the files of this folder that follow a stream share. */
#ifndef UTWATCH_FLOW_STREAM_PARTS_H
#define UTWATCH_FLOW_STREAM_PARTS_H

#include "flow/stream.h"

static inline int32_t distance(uint32_t from, uint32_t to)
{
    return (int32_t)(to - from);
}

static inline bool in_window(int64_t away)
{
    return away <= SEQUENCE_WINDOW && away >= -SEQUENCE_WINDOW;
}

/* Forgets what is held for one side. */
void stream_release_side(struct flow_table *table, struct flow *flow, unsigned side);

/* Learns from a segment where its side begins, whose data begin at `data_seq`. False: it belongs to an
 * earlier connection. */
bool start_learn(struct flow_table *table, struct flow *flow, unsigned side, const struct segment *segment,
                 uint32_t data_seq);

/* Behind the second of two SYN/ACKs before the client has taken either: neither old nor the stream's. */
bool start_is_of_second_answer(const struct flow *flow, unsigned side, uint32_t seq);

#endif
