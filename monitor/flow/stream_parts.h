/* What the files of this folder that follow a stream share. */
#ifndef UTWATCH_FLOW_STREAM_PARTS_H
#define UTWATCH_FLOW_STREAM_PARTS_H

#include "flow/stream.h"

struct piece {
    uint32_t seq;
    uint32_t length;
    uint32_t at;             /* offset into store.bytes */
    struct acknowledged ack; /* of the segment that brought it */
};

/* A segment that its receiver may have dropped. */
struct doubted {
    struct piece piece;
    bool on_receipt; /* it lacks only an acknowledgement of the other side */
};

/* Out-of-order data of one direction, pieces ascending by sequence number and never overlapping; in addition,
 * in the order of arrival, those made doubtful by a wrong checksum. */
struct store {
    nanos since;
    struct queue_link link; /* in the order of `since` */
    uint32_t flow;          /* slot of the connection, and its side */
    uint32_t side;
    uint32_t acknowledged; /* by the other side, as far as seen while there are doubted pieces */
    uint32_t count;
    uint32_t doubted_count;
    uint32_t used; /* bytes of `bytes`, taken in the order of arrival, returned all at once */
    struct piece piece[OUT_OF_ORDER_PIECES];
    struct doubted doubted[DOUBTED_PIECES];
    uint8_t bytes[OUT_OF_ORDER_BYTES];
};

static inline int32_t distance(uint32_t from, uint32_t to)
{
    return (int32_t)(to - from);
}

static inline bool in_window(int64_t away)
{
    return away <= SEQUENCE_WINDOW && away >= -SEQUENCE_WINDOW;
}

/* The store of a side, which is taken from the pool if there is none yet. */
struct store *store_of(struct flow_table *table, struct flow *flow, unsigned side, nanos now);

/* Keeps what is new of the bytes. False: no room. *conflict: what is already held differs. */
bool store_insert(struct store *store, uint32_t seq, struct span bytes, const struct acknowledged *ack,
                  bool *conflict);

/* Forgets what is held for one side. */
void stream_release_side(struct flow_table *table, struct flow *flow, unsigned side);

/* Learns from a segment where its side begins, whose data begin at `data_seq`. False: it belongs to an
 * earlier connection. */
bool start_learn(struct flow_table *table, struct flow *flow, const struct segment *segment,
                 uint32_t data_seq);

/* Does it follow the second of two SYN/ACKs before the client has accepted either? Then it is neither old nor
 * of the stream. */
bool start_is_of_second_answer(const struct flow *flow, unsigned side, uint32_t seq);

/* dispute.c: is it a SYN/ACK that the client did not accept, since it went on with another one? That shows
 * nothing by itself: servers that share an address may each answer a SYN. */
bool dispute_is_other_answer(const struct flow *flow, const struct segment *segment);

/* Has the side reset the connection without a FIN? *at: at which number. In FLOW_RECORDS, where an alert
 * takes the place of that number, it is the side's `next`, as a reset counts at no other number. */
static inline bool dispute_reset(const struct flow *flow, unsigned side, uint32_t *at)
{
    const bool protected = flow->state == FLOW_RECORDS;
    *at = protected ? flow->side[side].next : flow->side[side].fin_at;
    return flow->marks[side] & SIDE_RST && !(flow->marks[side] & (SIDE_FIN | SIDE_FIN_PENDING)) &&
           (!protected || flow->reset >> side & 1);
}

/* start.c: a segment of this side is outside of the numbers in use. */
void start_note_stray(struct flow_table *table, const struct flow *flow, const struct segment *segment);

#endif
