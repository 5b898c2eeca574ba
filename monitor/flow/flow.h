/*
 * The table of connections. A flow is small (128 bytes) and knows nothing about TLS but a slot number; a
 * handshake in progress is stored elsewhere. Sides are 0 and 1 in the order in which they were first seen.
 */
#ifndef UTWATCH_FLOW_FLOW_H
#define UTWATCH_FLOW_FLOW_H

#include "base/nanos.h"
#include "base/queue.h"
#include "base/siphash.h"
#include "decode/segment.h"

/* Once the client is known, everything above this folder speaks of roles. Sides (0 and 1, in the order in
 * which they were first seen) matter only in this folder and in the search for TLS; each segment and run of
 * bytes says its side. */
enum side { CLIENT, SERVER };

static inline enum side other_end(enum side who)
{
    return who == CLIENT ? SERVER : CLIENT;
}

enum flow_state {
    FLOW_SEARCHING, /* no TLS yet, and it may still begin: bytes are put in order */
    FLOW_HANDSHAKE, /* a handshake is in progress: bytes are put in order and remembered for comparison */
    FLOW_READABLE,  /* after a handshake with NULL encryption: bytes are still put in order and read */
    FLOW_RECORDS,   /* after the handshake: only record headers are looked at */
    FLOW_IGNORED,   /* not TLS, or beyond what can be followed */
};

enum side_mark {
    SIDE_KNOWN = 1 << 0,       /* `next` is valid */
    SIDE_SYN = 1 << 1,         /* its SYN was captured, so its first byte is known */
    SIDE_DATA = 1 << 2,        /* it sent payload */
    SIDE_FIN_PENDING = 1 << 3, /* FIN captured, bytes before it not all in order yet */
    SIDE_FIN = 1 << 4,         /* and all bytes before it */
    SIDE_RST = 1 << 5,
    SIDE_TRUNCATED = 1 << 6, /* a frame of it was cut by the snap length */
    SIDE_LOST = 1 << 7,      /* FLOW_RECORDS: the place of the next record header is not known */
};

struct flow_side {
    uint32_t first; /* sequence number of its first byte as far as known; without SIDE_KNOWN: from the other
                       side's SYN/ACK, or 0 */
    uint32_t next;  /* of the next byte in order */
    union {
        uint32_t fin_at;    /* of its FIN or, without one, of its reset */
        uint32_t alert_end; /* FLOW_RECORDS: the number behind its last record that is an alert */
    };
    uint32_t count; /* FLOW_SEARCHING: bytes handed on. FLOW_RECORDS: bytes to the next record header */
};

/* How far a side has acknowledged the other's bytes. */
struct acknowledged {
    uint32_t number;
    bool any;
};

/* Each group of members says who writes it, besides flow.c, which begins a connection; tools/check/writers
 * makes sure of it. */
struct flow {
    /* Written by flow/: others call its functions. */
    struct endpoint end[2];
    nanos first_seen, last_seen;
    struct flow_side side[2];
    uint32_t recent : 23;    /* window of bytes handed on; 0: none */
    uint32_t parted : 1;     /* there may be another connection between the same ends */
    uint32_t used : 1;       /* a segment after its first came since it was last queued for eviction */
    uint32_t with_data : 1;  /* the SYN of pending_isn had data (RFC 7413) */
    uint32_t opened : 2;     /* a bit for each side whose first number the other has acknowledged */
    uint32_t reset : 2;      /* FLOW_RECORDS: a bit for each side that has reset it at its own `next` */
    uint32_t rewritten : 1;  /* another connection in its network has the same ends, with other numbers */
    uint32_t same_words : 1; /* and the same handshake, so it is this one */
    uint32_t pending_isn;    /* of a SYN that may begin a new connection here, or of a second SYN/ACK */
    uint32_t hash_next;      /* the table's own, like `link` */
    struct queue_link link;
    uint16_t held[2];          /* store of out-of-order data; 0: none */
    uint8_t marks[2];          /* enum side_mark */
    uint8_t pending_side : 2;  /* 0 or 1 when pending_isn is set, else NO_SIDE */
    uint8_t client : 2;        /* the TLS (or HTTP) client's side, once known, else NO_SIDE */
    uint8_t dropped : 2;       /* FLOW_SEARCHING: a bit for each side whose payload or FIN was not believed */
    uint8_t pending_far : 1;   /* pending_isn was out of the window of the numbers in use */
    uint8_t second_answer : 1; /* pending_isn is of a SYN/ACK that contradicts an earlier one */
    uint8_t confirmed : 2;     /* a bit for each side that the other side has acknowledged */
    uint8_t altered : 2;       /* a bit for each side of which bytes with a wrong checksum were read */
    uint8_t gaps : 2;          /* FLOW_SEARCHING: a bit for each side of which bytes are missing */
    uint8_t contested : 2;     /* FLOW_SEARCHING: a bit for each side that may have said something else */
    uint8_t taken : 2;     /* a bit for each side whose bytes, as far as handed on, the other acknowledged */
    uint8_t multipath : 2; /* a bit for each side that says that it may use several paths (RFC 8684) */
    uint8_t joined : 1;    /* its SYN says that it is a further path of another connection */
    uint8_t numbered : 3;  /* a bit for each of its networks that the table has */
    uint8_t in_confirmed : 1; /* the table's own: in which queue it is */
    uint8_t more_answers : 1; /* pending_isn was of yet another SYN/ACK before */
    uint8_t believed : 1;     /* a segment that its receiver accepts was seen (checksum.h) */
    uint8_t renegotiated : 1; /* FLOW_RECORDS: the keys may be those of a later, protected handshake */
    uint8_t disputed : 1;     /* an end disowns it (dispute.c), or struct start_beside */

    /* Written by app/connection.c. */
    uint8_t again : 1;   /* a handshake of it came to nothing, and what follows is searched for TLS */
    uint8_t halted : 1;  /* that handshake stalled or was reset, and may go on */
    uint8_t outside : 1; /* when judged, the network was not alone in putting hosts into its address space */
    uint8_t state : 3;   /* enum flow_state */
    uint8_t alone : 2;   /* a bit for each side that was captured without the other in the last handshake */

    /* Written by app/keys.c. */
    uint8_t hides_updates : 1; /* FLOW_RECORDS: TLS 1.3, whose key updates look like data */

    /* Written by app/cleartext.c. */
    uint8_t clear_kind : 2; /* enum clear_kind */

    /* Written by tls/. */
    uint8_t spoke : 2;     /* a bit for each side that said something else before TLS */
    uint8_t odd : 2;       /* a bit for each side that said something before TLS that is not text */
    uint8_t proxied : 1;   /* a balancer put a header before the client's bytes (wire/proxy.h) */
    uint8_t requested : 1; /* FLOW_RECORDS: a record as short as a HelloRequest came */
    uint8_t granted : 2;   /* before TLS: the bit of the side whose words came last, if they grant it */
    uint32_t handshake;    /* slot of the tls layer; 0: none */

    /* Written by app/cleartext.c, app/keys.c. */
    union {
        uint32_t clear;     /* until FLOW_RECORDS: slot of the layer that `clear_kind` names; 0: none */
        uint32_t key_since; /* FLOW_RECORDS: second at which the session's keys were made; 0: not known */
    };
};
static_assert(sizeof(struct flow) == 128, "a flow without a handshake has to stay small");

#define NO_SIDE 2

enum { STRAYS = 256 };

/* Acknowledgements come in any order: the highest counts. */
static inline void acknowledged_note(struct acknowledged *a, uint32_t number)
{
    if (a->any && (int32_t)(number - a->number) <= 0)
        return;
    *a = (struct acknowledged){.number = number, .any = true};
}

/* How many bytes from `next` on were sent but are not here; 1 may be a FIN, and less is none. */
static inline int32_t acknowledged_beyond(const struct acknowledged *a, uint32_t next)
{
    return a->any ? (int32_t)(a->number - next) : 0;
}

/* Is everything before this number acknowledged? */
static inline bool acknowledged_covers(const struct acknowledged *a, uint32_t number)
{
    return a->any && acknowledged_beyond(a, number) >= 0;
}

/* Both sides sent a FIN, or one reset. */
static inline bool flow_has_ended(const struct flow *flow)
{
    return flow->marks[0] & flow->marks[1] & SIDE_FIN || (flow->marks[0] | flow->marks[1]) & SIDE_RST;
}

/* Both sides sent a FIN, and all bytes before it have come in order. A reset says nothing about what was sent
 * before it, and may be captured earlier than that. */
static inline bool flow_has_closed(const struct flow *flow)
{
    return flow->marks[0] & flow->marks[1] & SIDE_FIN;
}

/* Each side acknowledged the other. Somebody who does not see the answers cannot know the numbers (RFC 6528),
 * so both ends took part. A connection of which bytes with a wrong checksum were read is not confirmed. */
static inline bool flow_is_confirmed(const struct flow *flow)
{
    return flow->confirmed == 3 && !flow->altered && !flow->outside;
}

/* Confirmed, and neither end disowned what is sent in its name: somebody elsewhere may choose the numbers of
 * both (dispute.c). */
static inline bool flow_is_undisputed(const struct flow *flow)
{
    return flow_is_confirmed(flow) && !flow->disputed;
}

/* From now on its sides have roles. */
static inline void flow_name_client(struct flow *flow, unsigned side)
{
    flow->client = side & 1U;
}

/* The client, if only the ports tell: a service has the lower one. */
static inline unsigned flow_client_by_port(const struct flow *flow)
{
    return flow->end[0].port >= flow->end[1].port ? 0 : 1;
}

/* A segment has come after the first one; the second function notes its time, once it was looked at. */
static inline void flow_goes_on(struct flow *flow, const struct segment *segment)
{
    flow->used = true;
    flow->believed |= segment->belief == BELIEVED;
}

static inline void flow_seen(struct flow *flow, const struct segment *segment)
{
    flow->last_seen = segment->time;
}

/* The other side has acknowledged this one's bytes, so this side exists. */
static inline void flow_confirm_side(struct flow *flow, unsigned side)
{
    flow->confirmed = (flow->confirmed | 1U << side) & 3U;
}

/* FLOW_RECORDS: there was, or may have been, a later handshake. */
static inline void flow_note_renegotiation(struct flow *flow)
{
    flow->renegotiated = true;
}

/* Another connection between its ends goes on with other numbers; and both have the same contents. */
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

/* May its bytes take several paths (RFC 8684)? Both ends have to say so. Nobody knows which other paths are
 * its own. */
static inline bool flow_has_several_paths(const struct flow *flow)
{
    return flow->multipath == 3;
}

/* It is a further path of another connection, so its start is not the start of a stream. */
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

/* A connection's last segment outside of the numbers in use: if both ends answer each other there, either
 * these or the numbers in use were forged. A later connection may take its place. */
struct stray {
    const struct flow *flow;
    uint32_t end, ack; /* the number behind it, and what it acknowledges */
    unsigned side;
    uint16_t network;
    bool start; /* it is a SYN/ACK */
};

enum { MORE_ANSWERS = 4 };

/* The last SYN/ACK that answers the SYN of a connection's `pending_isn`. No other segment of the connection
 * replaces it, since its sender could hide what begins with it; that of a later connection may. */
struct syn_answer {
    const struct flow *flow;
    uint32_t end, ack; /* as above */
    unsigned side;
    uint16_t network;
    bool declined; /* one of several SYN/ACKs that answer the first SYN: the client took another */
    uint8_t count; /* then: how many `ends` there are */
    uint32_t ends[MORE_ANSWERS]; /* of those that came between the first and this one */
};

/* The networks in which the sides of a connection were seen to begin, by enum side. */
struct networks {
    uint16_t of[2];
};

/* The same by side 0 and 1, and that of the remembered SYN; valid if flow.numbered has their bits. */
struct flow_networks {
    uint16_t of[NO_SIDE + 1];
};

/* How many confirmed connections each client has (greedy.h). */
struct greedy {
    uint32_t *count;         /* by the number of its network (clients.h) */
    uint32_t greediest, had; /* which network has most, and how many; it may have fewer by now */
    uint32_t hand;           /* the slot that was looked at last */
};

struct flow_table {
    struct pool flows;
    struct pool stores;        /* out-of-order data, stream.c */
    struct queue holding;      /* of them, by when they were taken */
    struct pool recents;       /* bytes of handshakes that were handed on, recent.c */
    struct pool recent_pieces; /* of them */
    struct queue searched; /* those of `recents` whose connections are searched, by when they were taken */
    uint32_t searched_count, searched_most;
    struct flow_networks *networks; /* by slot */
    uint32_t *buckets;
    uint32_t bucket_mask;
    struct queue unconfirmed, confirmed; /* by when they were queued for eviction */
    uint32_t unconfirmed_count;          /* in the first of them */
    struct greedy greedy;
    struct siphash_key key;
    struct flow_counters counters;
    struct stray stray[STRAYS]; /* by the slot of the connection, like the next one */
    struct syn_answer answer[STRAYS];
};

/* Bytes that the connections themselves take; stream.h says what their data take. */
size_t flow_table_memory(uint32_t capacity);

/* Takes all memory for `capacity` flows and for the bytes of so many handshakes in progress at a time
 * (recent.h). False if it cannot be reserved. */
bool flow_table_open(struct flow_table *table, uint32_t capacity, uint32_t handshakes);
void flow_table_close(struct flow_table *table);

/* The connection's slot in the pool. */
static inline uint32_t flow_slot(const struct flow_table *table, const struct flow *flow)
{
    return (uint32_t)((size_t)((const uint8_t *)flow - table->flows.slots) / sizeof *flow);
}

/* A new connection; the segment's sender becomes side 0. NULL: the table is full, so evict first. */
struct flow *flow_add(struct flow_table *table, struct segment *segment);

/* The connection has become confirmed (flow_is_confirmed()) since it was queued. */
void flow_confirmed(struct flow_table *table, struct flow *flow);

/* The connection to give up first when the table is full; NULL: it is empty. Unconfirmed ones go first, as
 * long as they fill a quarter of the table: this gives a new one time to be confirmed. Then one of the client
 * that has most, if that is more than a share of the table. Second chance: one that was used since it was
 * queued goes to the end instead, at most 64 per call; of the unconfirmed ones, only one with a handshake
 * does. */
struct flow *flow_victim(struct flow_table *table);

/* Forgets the connection and what was held for it. Its handshake must be finished first. */
void flow_remove(struct flow_table *table, struct flow *flow);

/* A new connection begins on the same ports; the segment's sender becomes side 0. The handshake must be
 * finished first. */
void flow_restart(struct flow_table *table, struct flow *flow, struct segment *segment);

/* How a connection with other numbers begins between the ends of another one that goes on. */
struct start_beside {
    uint16_t network; /* in which its SYN or SYN/ACK came, or what the segment answers in its place */
    bool captured;    /* the segment answers its SYN or SYN/ACK */
    bool disputed;    /* it does not, but the start of the other one was captured */
};

/* It begins with this segment. */
void flow_begin_beside(struct flow_table *table, struct flow *flow, const struct segment *segment,
                       const struct start_beside *start);

/* Stable over runs: ends and start time, 53 bits so that every JSON reader keeps it. */
uint64_t flow_id(const struct flow *flow);

/* Who, when and where: a connection by its roles, and the segment in which something was seen. */
struct whence {
    struct endpoint client, server; /* all zero for an end that is not meant */
    nanos time;
    uint64_t flow_id;         /* 0: no single connection is meant */
    uint64_t frame_number;    /* 0: none */
    unsigned source;          /* the input that the frame is of */
    bool confirmed;           /* see flow_is_undisputed() */
    bool disputed;            /* may be why it is not confirmed; for a handshake */
    bool in_network;          /* only the network puts hosts into the address space (decode/spaces.h) */
    struct networks networks; /* of a handshake */
    struct wrappers wrappers;
    struct endpoint told; /* the UE named by a header of the PROXY protocol, in SPACE_TOLD; if that names
                             none, the client (the balancer) with port 0. Family 0: there was no header */
};

/* The end that counts as the UE. */
static inline const struct endpoint *whence_ue(const struct whence *w)
{
    return w->told.family ? &w->told : &w->client;
}

/* A server; or a UE with port 0, since its port changes with every connection. */
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

/* Only once `client` is known. The flow_id is left 0: it is computed only for what is judged. */
struct whence flow_whence(const struct flow *flow, const struct segment *segment);

#endif
