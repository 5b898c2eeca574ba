/*
 * The table of connections. A flow is small (128 bytes) and knows nothing of TLS but a slot number; a
 * handshake in progress lives elsewhere. Sides are 0 and 1 in the order in which they were first seen.
 */
#ifndef UTWATCH_FLOW_FLOW_H
#define UTWATCH_FLOW_FLOW_H

#include "base/nanos.h"
#include "base/queue.h"
#include "base/siphash.h"
#include "decode/segment.h"

/* Who is who: once the client is known, everything above this folder speaks of roles. Sides (0 and 1, in the
 * order in which they were first seen) are the business of this folder and of the search for TLS; a segment
 * and a run of bytes bring theirs along. */
enum side { CLIENT, SERVER };

static inline enum side other_end(enum side who)
{
    return who == CLIENT ? SERVER : CLIENT;
}

enum flow_state {
    FLOW_SEARCHING, /* no TLS yet, and it may still begin: bytes are put in order */
    FLOW_HANDSHAKE, /* a handshake is in progress: bytes are put in order and remembered for comparison */
    FLOW_READABLE,  /* after a handshake with NULL encryption: bytes are put in order and read on */
    FLOW_RECORDS,   /* after the handshake: only record headers are looked at */
    FLOW_IGNORED,   /* not TLS, or beyond what can be followed */
};

enum side_mark {
    SIDE_KNOWN = 1 << 0,       /* `next` is valid */
    SIDE_SYN = 1 << 1,         /* its SYN was captured, so its first byte is known */
    SIDE_DATA = 1 << 2,        /* it sent payload */
    SIDE_FIN_PENDING = 1 << 3, /* FIN captured, bytes before it not all in order yet */
    SIDE_FIN = 1 << 4,
    SIDE_RST = 1 << 5,
    SIDE_TRUNCATED = 1 << 6, /* a frame of it was cut by the snap length */
    SIDE_LOST = 1 << 7,      /* FLOW_RECORDS: the place of the next record header is not known */
};

struct flow_side {
    uint32_t first; /* sequence number of its first byte as far as known; without SIDE_KNOWN: as the other
                       side's SYN/ACK has it, or 0 */
    uint32_t next;  /* of the next byte in order */
    union {
        uint32_t fin_at;    /* of its reset, where it did not say FIN */
        uint32_t alert_end; /* FLOW_RECORDS: the number behind its last record that is an alert */
    };
    uint32_t count; /* FLOW_SEARCHING: bytes handed on. FLOW_RECORDS: bytes to the next record header */
};

/* How far a side has acknowledged the other's bytes. */
struct acknowledged {
    uint32_t number;
    bool any;
};

/* Each group of members says who writes it but for flow.c, where a connection begins; tools/check/writers
 * makes sure of it. */
struct flow {
    /* Written by flow/: others call its functions. */
    struct endpoint end[2];
    nanos first_seen, last_seen;
    struct flow_side side[2];
    uint32_t recent : 26;    /* window of bytes handed on; 0: none */
    uint32_t opened : 2;     /* a bit a side whose first number the other side has acknowledged */
    uint32_t reset : 2;      /* FLOW_RECORDS: a bit a side that has reset it where it stands */
    uint32_t rewritten : 1;  /* another one of its network is between the same ends, with other numbers */
    uint32_t same_words : 1; /* and with the same handshake, so that it is this one */
    uint32_t pending_isn;    /* of a SYN that may begin a new connection here, or of a second SYN/ACK */
    uint32_t hash_next;      /* the table's own, as `link` */
    struct queue_link link;
    uint16_t held[2];          /* store of out-of-order data; 0: none */
    uint8_t marks[2];          /* enum side_mark */
    uint8_t pending_side : 2;  /* 0 or 1 when pending_isn is set, else NO_SIDE */
    uint8_t client : 2;        /* the TLS (or HTTP) client's side, once known, else NO_SIDE */
    uint8_t dropped : 2;       /* FLOW_SEARCHING: a bit a side whose payload or FIN was not believed */
    uint8_t pending_far : 1;   /* pending_isn was out of the window of the numbers in use */
    uint8_t second_answer : 1; /* pending_isn is of a SYN/ACK that contradicts an earlier one */
    uint8_t confirmed : 2;     /* a bit a side that the other side has acknowledged */
    uint8_t altered : 2;       /* a bit a side of which bytes with a wrong checksum were read */
    uint8_t gaps : 2;          /* FLOW_SEARCHING: a bit a side of which bytes are missing */
    uint8_t contested : 2;     /* FLOW_SEARCHING: a bit a side that may have said something else */
    uint8_t taken : 2;         /* a bit a side of which the other has acknowledged all that was handed on */
    uint8_t multipath : 2;     /* a bit a side that says that its bytes may take several paths (RFC 8684) */
    uint8_t joined : 1;        /* by its SYN it is a further path of another */
    uint8_t numbered : 3;      /* a bit for each that the table has of its networks */
    uint8_t parted : 1;        /* there may be another connection between the same ends */
    uint8_t in_confirmed : 1;  /* the table's own: in which queue it is */
    uint8_t more_answers : 1;  /* pending_isn was that of yet another SYN/ACK before */
    uint8_t used : 1;          /* since it was last queued for eviction, by a segment after its first */
    uint8_t believed : 1;      /* a segment that its receiver takes was seen (checksum.h) */
    uint8_t renegotiated : 1;  /* FLOW_RECORDS: the keys may be those of a later, protected handshake */
    uint8_t disputed : 1;      /* an end disowns what is said in its name (dispute.c) */

    /* Written by app/connection.c. */
    uint8_t again : 1;   /* a handshake of it came to nothing, and what follows is searched */
    uint8_t halted : 1;  /* that stood still, or was reset, and may go on */
    uint8_t outside : 1; /* when it was judged, not only the network put hosts into its address space */
    uint8_t state : 3;   /* enum flow_state */
    uint8_t alone : 2;   /* a bit a side that was captured without the other in the handshake before */

    /* Written by app/keys.c. */
    uint8_t hides_updates : 1; /* FLOW_RECORDS: TLS 1.3, whose key updates look like data */

    /* Written by app/cleartext.c. */
    uint8_t clear_kind : 2; /* enum clear_kind */

    /* Written by tls/. */
    uint8_t spoke : 2;     /* a bit a side that said something else before TLS */
    uint8_t odd : 2;       /* a bit a side of whose other words some were no text */
    uint8_t proxied : 1;   /* a balancer put a header before the client's bytes (wire/proxy.h) */
    uint8_t requested : 1; /* FLOW_RECORDS: a record as short as a HelloRequest came */
    uint32_t handshake;    /* slot of the tls layer; 0: none */

    /* Written by app/cleartext.c, app/keys.c. */
    union {
        uint32_t clear;     /* until FLOW_RECORDS: slot of the layer that `clear_kind` says; 0: none */
        uint32_t key_since; /* FLOW_RECORDS: second at which the session's keys were made; 0: not known */
    };
};
static_assert(sizeof(struct flow) == 128, "a flow without a handshake has to stay small");

#define NO_SIDE 2

enum { STRAYS = 256 };

/* Numbers come in any order: the highest counts. */
static inline void acknowledged_note(struct acknowledged *a, uint32_t number)
{
    if (a->any && (int32_t)(number - a->number) <= 0)
        return;
    *a = (struct acknowledged){.number = number, .any = true};
}

/* How much from `next` on was sent, though it is not here; 1 may be a FIN, and less than that is nothing. */
static inline int32_t acknowledged_beyond(const struct acknowledged *a, uint32_t next)
{
    return a->any ? (int32_t)(a->number - next) : 0;
}

/* Is all before this number acknowledged? */
static inline bool acknowledged_covers(const struct acknowledged *a, uint32_t number)
{
    return a->any && acknowledged_beyond(a, number) >= 0;
}

/* Both sides said FIN, or one gave up. */
static inline bool flow_has_ended(const struct flow *flow)
{
    return flow->marks[0] & flow->marks[1] & SIDE_FIN || (flow->marks[0] | flow->marks[1]) & SIDE_RST;
}

/* Both sides said FIN, and all bytes before it have come in order. A reset says nothing of what came before
 * it, and may be captured before that. */
static inline bool flow_has_closed(const struct flow *flow)
{
    return flow->marks[0] & flow->marks[1] & SIDE_FIN;
}

/* Each side acknowledged the other: who is not where the answers go cannot know the numbers (RFC 6528), so
 * that both ends took part. What is made of bytes with a wrong checksum is not confirmed. */
static inline bool flow_is_confirmed(const struct flow *flow)
{
    return flow->confirmed == 3 && !flow->altered && !flow->outside;
}

/* So they did, and neither disowned what is said in its name: who is not there can choose the numbers of both
 * (dispute.c). */
static inline bool flow_is_undisputed(const struct flow *flow)
{
    return flow_is_confirmed(flow) && !flow->disputed;
}

/* From now on its sides have roles. */
static inline void flow_name_client(struct flow *flow, unsigned side)
{
    flow->client = side & 1U;
}

/* Who is the client if nothing but the ports tells: a service has the lower one. */
static inline unsigned flow_client_by_port(const struct flow *flow)
{
    return flow->end[0].port >= flow->end[1].port ? 0 : 1;
}

/* A segment of it has come, after its first; and, once that was looked at, when. */
static inline void flow_goes_on(struct flow *flow, const struct segment *segment)
{
    flow->used = true;
    flow->believed |= segment->belief == BELIEVED;
}

static inline void flow_seen(struct flow *flow, const struct segment *segment)
{
    flow->last_seen = segment->time;
}

/* The other side has this one's bytes, so that it is there. */
static inline void flow_confirm_side(struct flow *flow, unsigned side)
{
    flow->confirmed = (flow->confirmed | 1U << side) & 3U;
}

/* FLOW_RECORDS: a later handshake was in it, or may have been. */
static inline void flow_note_renegotiation(struct flow *flow)
{
    flow->renegotiated = true;
}

/* Another connection between its ends goes on with other numbers; and both say the same. */
static inline void flow_note_rewritten(struct flow *flow)
{
    flow->rewritten = true;
}

static inline void flow_say_the_same(struct flow *flow, struct flow *other)
{
    flow->same_words = other->same_words = true;
}

/* FLOW_SEARCHING: what is known of the bytes of a side. */
static inline void flow_note_gap(struct flow *flow, unsigned side)
{
    flow->gaps = (flow->gaps | 1U << side) & 3U;
}

static inline void flow_note_dropped(struct flow *flow, unsigned side)
{
    flow->dropped = (flow->dropped | 1U << side) & 3U;
}

static inline void flow_contest_side(struct flow *flow, unsigned side)
{
    flow->contested = (flow->contested | 1U << side) & 3U;
}

static inline void flow_contest(struct flow *flow)
{
    flow->contested = 3;
}

/* The role of a side; only once `client` is known. */
static inline enum side flow_role(const struct flow *flow, unsigned side)
{
    return side == flow->client ? CLIENT : SERVER;
}

/* The role of the segment's sender; likewise. */
static inline enum side flow_sender(const struct flow *flow, const struct segment *segment)
{
    return flow_role(flow, segment->side);
}

/* The side of a role; only once `client` is known. */
static inline unsigned flow_side_of(const struct flow *flow, enum side who)
{
    return who == CLIENT ? flow->client & 1U : !flow->client;
}

/* May its bytes go over several paths (RFC 8684)? Those of others are not known to be its own. Both ends have
 * to say so. */
static inline bool flow_has_several_paths(const struct flow *flow)
{
    return flow->multipath == 3;
}

/* It is a further path of another connection, so that its start is none. */
static inline bool flow_has_joined(const struct flow *flow)
{
    return flow->joined && flow_has_several_paths(flow);
}

/* Who follows a connection besides the tls layer. */
enum clear_kind { CLEAR_NONE, CLEAR_HTTP, CLEAR_NAMING };

struct flow_counters {
    uint64_t created;
    uint64_t restarted;     /* port reuse */
    uint64_t evicted;       /* the table was full */
    uint64_t midstream;     /* first packet was not a SYN */
    uint64_t out_of_order;  /* segments held */
    uint64_t retransmitted; /* segments with nothing new */
    uint64_t conflicts;     /* overlaps with different content */
    uint64_t gaps, gap_bytes;
    uint64_t truncated;      /* segments cut by the snap length */
    uint64_t outside_window; /* segments and resets with sequence numbers not to be believed */
    uint64_t held_evicted;   /* segments held that gave way to those of another connection */
    uint64_t not_compared;   /* bytes of handshakes that no second copy could be compared with */
    uint64_t urgent;         /* segments with urgent bytes, before TLS or in a handshake */
    uint64_t doubted_bytes;  /* of segments with a wrong checksum, taken where nothing else had them */
};

/* The last segment of a connection that lay outside of the numbers in use: two ends that answer each other
 * there show that these were forged. A later connection may take its place. */
struct stray {
    const struct flow *flow;
    uint32_t end, ack; /* the number behind it, and what it acknowledges */
    unsigned side;
    uint16_t network;
    bool answer;   /* a SYN/ACK, to the SYN of `pending_isn` */
    bool declined; /* one of several SYN/ACKs, of which the client took another */
};

/* In which networks the sides of a connection were seen to begin, by enum side. */
struct networks {
    uint16_t of[2];
};

/* The same by the sides 0 and 1, and of the SYN that is remembered; as far as flow.numbered has their bits.
 */
struct flow_networks {
    uint16_t of[NO_SIDE + 1];
};

/* How many confirmed connections each client has (greedy.h). */
struct greedy {
    uint32_t *count;         /* by the number of its network (clients.h) */
    uint32_t greediest, had; /* who has most, and how many those were; there may be fewer since */
    uint32_t hand;           /* the slot that was looked at last */
};

struct flow_table {
    struct pool flows;
    struct pool stores;        /* out-of-order data, stream.c */
    struct queue holding;      /* of them, by when they were taken */
    struct pool recents;       /* bytes handed on in handshakes, recent.c */
    struct pool recent_pieces; /* of them */
    struct queue searched; /* of `recents`, those of connections that are searched, by when they were taken */
    uint32_t searched_count, searched_most;
    struct flow_networks *networks; /* by slot */
    uint32_t *buckets;
    uint32_t bucket_mask;
    struct queue unconfirmed, confirmed; /* by when they were queued for eviction */
    uint32_t unconfirmed_count;          /* in the first of them */
    struct greedy greedy;
    struct siphash_key key;
    struct flow_counters counters;
    struct stray stray[STRAYS]; /* by the slot of the connection */
};

/* What the connections themselves take, bytes; stream.h says what their data take. */
size_t flow_table_memory(uint32_t capacity);

/* Takes all memory for `capacity` flows. False when it cannot be reserved. */
bool flow_table_open(struct flow_table *table, uint32_t capacity, uint32_t handshakes);
void flow_table_close(struct flow_table *table);

/* The connection's slot in the pool. */
static inline uint32_t flow_slot(const struct flow_table *table, const struct flow *flow)
{
    return (uint32_t)((size_t)((const uint8_t *)flow - table->flows.slots) / table->flows.slot_bytes);
}

/* A new connection; the segment's sender becomes side 0. NULL when the table is full: evict first. */
struct flow *flow_add(struct flow_table *table, struct segment *segment);

/* The connection is confirmed now (flow_is_confirmed()), and was not when it was queued. */
void flow_confirmed(struct flow_table *table, struct flow *flow);

/* The connection to give up first when the table is full; NULL when it is empty. Who confirmed nothing goes
 * first, as long as a quarter of the table is such: so much time a new one has to be confirmed. Then one of
 * the client that has most, if that is more than a share of the table. Second chance: one used since it was
 * queued goes to the end instead, at most 64 at a call; of those that are not confirmed only a handshake
 * does. */
struct flow *flow_victim(struct flow_table *table);

/* Forgets the connection and what was held for it. Its handshake must be finished before. */
void flow_remove(struct flow_table *table, struct flow *flow);

/* The same ports begin a new connection; the segment's sender becomes side 0. The handshake must be finished
 * before. */
void flow_restart(struct flow_table *table, struct flow *flow, struct segment *segment);

/* A connection between the ends of another one that goes on, with other numbers. It was opened by a SYN in
 * the network `opened`, or answered in it, and this segment is what answers that. */
void flow_begin_beside(struct flow_table *table, struct flow *flow, const struct segment *segment,
                       uint16_t opened);

/* Stable over runs: ends and start time, 53 bits so that every JSON reader keeps it. */
uint64_t flow_id(const struct flow *flow);

/* Who, when and where: a connection by its roles, and the segment in which something about it was seen. */
struct whence {
    struct endpoint client, server; /* all zero for an end that is not meant */
    nanos time;
    uint64_t flow_id;         /* 0: no single connection is meant */
    uint64_t frame_number;    /* 0: none */
    unsigned source;          /* the input that the frame is of */
    bool confirmed;           /* see flow_is_undisputed() */
    bool disputed;            /* which may be why it is not; of a handshake */
    bool in_network;          /* only the network puts hosts into the address space (decode/spaces.h) */
    struct networks networks; /* of a handshake */
    struct wrappers wrappers;
    struct endpoint told; /* the UE by a header of the PROXY protocol, in SPACE_TOLD; where that names none,
                             the client, which is the balancer, and port 0. Family 0: there was no header */
};

/* Who counts as the UE. */
static inline const struct endpoint *whence_ue(const struct whence *w)
{
    return w->told.family ? &w->told : &w->client;
}

/* A server, or a UE, whose port changes with every connection and is 0. */
static inline struct endpoint peer_end(const struct endpoint *end, enum side side)
{
    struct endpoint peer = *end;
    if (side == CLIENT)
        peer.port = 0;
    return peer;
}

static inline struct endpoint whence_peer(const struct whence *w, enum side side)
{
    return peer_end(side == SERVER ? &w->server : &w->client, side);
}

/* Only once `client` is known. The flow_id is left 0: it is hashed for what is judged only. */
struct whence flow_whence(const struct flow *flow, const struct segment *segment);

#endif
