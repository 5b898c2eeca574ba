/*
 * TCP reassembly, one direction at a time: segments in, runs of bytes in order out.
 *
 * Bytes that arrive in order are handed on where they lie. What comes early is copied into a bounded store
 * and handed on when the hole before it is filled, or when the hole has to be counted as a gap: the store is
 * full or too old, or the connection ends. Of bytes seen twice the first copy counts, because it has been
 * handed on already; a second copy that differs, or cannot be compared, is a conflict, reported once per run,
 * since the endpoint may have taken the other one. So is urgent data, which most stacks take out of the
 * stream (RFC 6093 3). While a connection is searched, the second copy is handed on as well.
 */
#ifndef UTWATCH_FLOW_STREAM_H
#define UTWATCH_FLOW_STREAM_H

#include "flow/flow.h"

/* What comes next in one direction: first a gap, then bytes, then its end; any of them may be missing. */
struct run {
    unsigned side; /* the side of the flow that sent them */
    struct span bytes;
    size_t gap;     /* bytes lost before `bytes` */
    bool truncated; /* the snap length caused the gap */
    bool conflict;  /* there are two versions of bytes of this direction */
    uint32_t anew;  /* how many of the bytes handed on before are replaced by `bytes` */
    bool dropped;   /* payload or a FIN outside the window was not believed: something may be missing */
    bool fin;       /* the direction ended after `bytes` */
    struct acknowledged ack; /* of a segment that came before `bytes` could be read */
};

/* Iteration over the runs that one segment makes available. */
struct runs {
    struct flow_table *table;
    struct flow *flow;
    unsigned side;
    struct span direct; /* in-order part of the segment, not handed on yet */
    size_t truncated;   /* bytes that the snap length cut after it */
    bool conflict, dropped;
    uint32_t anew;
    bool give_up;     /* the next hole is a gap */
    bool flushing;    /* all holes are gaps */
    uint32_t popped;  /* pieces handed on but not yet taken out of the store */
    struct span last; /* handed on by the last call */
};

/* Bytes for out-of-order data. */
size_t stream_held_memory(uint32_t stores);

bool stream_stores_open(struct flow_table *table, uint32_t stores);

/* Forgets what is held for both directions. */
void stream_release(struct flow_table *table, struct flow *flow);

/* Forgets only what came early, and keeps what was handed on for stream_contradicts(). */
void stream_release_held(struct flow_table *table, struct flow *flow);

/* After the handshake: does the segment contradict the bytes that it was made of? */
bool stream_contradicts(struct flow_table *table, const struct flow *flow, const struct segment *segment);

/* Does a side go on after its reset, or reset before the end of what was read of it, or does an ICMP error
 * reject what it said? True: this shows for the first time that an end does not know the connection that uses
 * its name. */
bool dispute_begins(struct flow *flow, const struct segment *segment);

enum stream_start {
    STREAM_GOES_ON,
    STREAM_BEGINS_ANEW,
    STREAM_BEGINS_BESIDE, /* a new one begins in another network, and the known one goes on */
    STREAM_BEGINS_ALIKE, /* likewise, in the same network with other numbers: it may be the same connection */
    STREAM_BEGINS_UNPROVEN, /* likewise, but only the start of the known one was captured, if any was */
    STREAM_WAS_STALE,       /* it begins with this SYN/ACK, and what came before is not part of it */
    STREAM_IS_DOUBTED,      /* it goes on, though its two ends answer each other at other numbers */
};

/* It is the first of a connection beside the known one. */
static inline bool stream_begins_beside(enum stream_start start)
{
    return start == STREAM_BEGINS_BESIDE || start == STREAM_BEGINS_ALIKE || start == STREAM_BEGINS_UNPROVEN;
}

/* The segment is the first of its connection, which takes the place of the known one. */
static inline bool stream_begins(enum stream_start start)
{
    return start == STREAM_BEGINS_ANEW || start == STREAM_WAS_STALE;
}

/* The client answers the SYN/ACK of another connection on these ports: that connection begins with this
 * segment, and what it acknowledges belongs to that. */
bool stream_completes_start(const struct flow_table *table, const struct flow *flow,
                            const struct segment *segment);

/*
 * Does this segment begin a new connection on the ports of a known one? A SYN does after the old one has
 * ended, and so does the segment with which the client accepts the answer to an unexpected SYN, or foreign
 * sequence numbers after a long silence. A lone unexpected SYN is only remembered: an endpoint would not give
 * up its connection for it either. If two ends answer each other outside of the numbers in use, and nothing
 * came at these, either may be forged, and both are followed. If both ends are in other networks than those
 * of a connection that has not ended, they are other hosts.
 */
enum stream_start stream_start(struct flow_table *table, struct flow *flow, const struct segment *segment);

/* STREAM_BEGINS_BESIDE, STREAM_BEGINS_ALIKE, STREAM_BEGINS_UNPROVEN: the connection that goes on forgets the
 * SYN of the other one. Returns how that begins, for flow_begin_beside(). */
struct start_beside stream_leave_beside(struct flow_table *table, struct flow *flow,
                                        const struct segment *segment, enum stream_start start);

/* Takes a segment in FLOW_SEARCHING or FLOW_HANDSHAKE. Flags are noted here; call runs_next() until it is
 * false. */
struct runs stream_put(struct flow_table *table, struct flow *flow, const struct segment *segment);

/* A segment that is not evidence by itself (checksum.h). Its receiver drops it, so it does not count, unless
 * no believed segment has the bytes and something shows that they were sent; then the connection is no longer
 * confirmed (flow_is_confirmed()). */
void stream_doubt(struct flow_table *table, struct flow *flow, const struct segment *segment);

/* The other side's runs that become available because the segment acknowledges them. */
struct runs stream_acknowledged(struct flow_table *table, struct flow *flow, const struct segment *segment);

/* Does the side have bytes after a hole? */
bool stream_waits(const struct flow_table *table, const struct flow *flow, unsigned side);

/* Does any connection have bytes after a hole? */
static inline bool stream_any_held(const struct flow_table *table)
{
    return table->holding.oldest;
}

/* A connection with a hole that has been open for too long by now, in packet time, or NULL; *runs is what
 * follows the hole. */
struct flow *stream_overdue(struct flow_table *table, nanos now, struct runs *runs);

/* The connection ends or is given up: what is held comes out, and holes become gaps. */
struct runs stream_flush(struct flow_table *table, struct flow *flow, unsigned side);

bool runs_next(struct runs *runs, struct run *out);

/* Where a segment in FLOW_RECORDS is. */
enum stream_place {
    STREAM_FOLLOWS, /* where the last one ended, like nearly all */
    STREAM_NEAR,    /* in the window */
    STREAM_FAR,
};
enum stream_place stream_place(const struct flow *flow, const struct segment *segment);

/* Does it acknowledge what the other side sent, as far as that was captured? Somebody who does not see the
 * answers does not know the number. */
bool stream_knows_other(const struct flow *flow, const struct segment *segment);

/*
 * A segment in FLOW_RECORDS: moves `next` and says where the next record header is in the payload. False:
 * none in this segment (the common case). Lost bytes inside a record do not matter; otherwise the side is
 * SIDE_LOST until a segment starts with what looks like a record header.
 */
bool stream_next_header(struct flow_table *table, struct flow *flow, const struct segment *segment,
                        struct span *at_header);

/* FLOW_RECORDS: how many bytes of the side precede its next record header; its place is not known; it is
 * known again. */
void stream_await_record(struct flow *flow, unsigned side, uint32_t left);
void stream_lose_records(struct flow *flow, unsigned side);
void stream_find_records(struct flow *flow, unsigned side);

/* FLOW_RECORDS: an alert of the side ends so many bytes behind its segment; the last alert may be forged; the
 * state begins, with no alert. */
void stream_note_alert(struct flow *flow, unsigned side, int64_t beyond);
void stream_doubt_alert(struct flow *flow, unsigned side);
void stream_begin_records(struct flow *flow);

/* FLOW_SEARCHING begins again: with what comes next; or, after FLOW_RECORDS, with this segment. */
void stream_search(struct flow *flow);
void stream_search_from(struct flow *flow, const struct segment *segment);

/* FLOW_SEARCHING: the run was searched. */
void stream_searched(struct flow *flow, const struct run *run);

/* The side sends more, so its FIN or reset was forged. */
void stream_reopen(struct flow *flow, unsigned side);

/* FLOW_RECORDS, FLOW_IGNORED: FIN and RST are still noted, so that the ports can be used again; if numbers
 * are followed, only those right after the last byte (RFC 5961 3.2), since others would hide what is sent
 * later. */
void stream_note_end(struct flow_table *table, struct flow *flow, const struct segment *segment);

#endif
