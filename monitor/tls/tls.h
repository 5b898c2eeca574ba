/*
 * Two byte streams become one handshake observation.
 *
 * The pipeline hands in runs of bytes in order; tls looks for a TLS start, follows records and messages, and
 * says when the observation is complete. A slot (struct handshake) lives from the first byte of TLS to
 * tls_release().
 */
#ifndef UTWATCH_TLS_TLS_H
#define UTWATCH_TLS_TLS_H

#include "base/siphash.h"
#include "flow/clients.h"
#include "flow/flow.h"
#include "flow/stream.h"
#include "tls/observation.h"
#include "wire/record.h"

struct tls_counters {
    uint64_t handshakes; /* observations finished */
    uint64_t unasked;    /* left alone: octets like a server's, to a client that had said no hello; or like
                            a hello, to a server that took it for other words */
    uint64_t midstream;  /* TLS connections whose hello was not captured */
    uint64_t one_sided;  /* of them, those of which only one direction was captured */
    uint64_t evicted;    /* given up because all slots were in use */
    uint64_t malformed;  /* messages that do not parse */
    uint64_t too_long;   /* messages above MAX_MESSAGE_BYTES */
    uint64_t no_room;    /* messages not assembled because all buffers were in use */
    uint64_t desynchronised; /* places where a record header was expected and something else stood */
    uint64_t not_kept;       /* messages left out of those kept for the HTML report, or cut */
    uint64_t late_alerts;    /* fatal ones, behind handshakes that were judged as idle or reset */
    uint64_t renegotiations; /* protected handshakes after the first: ChangeCipherSpecs of the server */
};

struct tls;

/* Bytes for so many handshakes in progress, with the buffers of their messages, and for so many observations
 * that are handed over at a time. */
size_t tls_memory(uint32_t handshakes, uint32_t handed);

/* Takes all memory. NULL when it cannot be reserved. `secret` is what tickets and identities are hashed with.
 */
struct tls *tls_new(uint32_t handshakes, uint32_t handed, struct siphash_key secret);

/* From now on the messages of each handshake are kept with its observation (tls/kept_messages.h). False:
 * there is no memory. */
bool tls_keep_messages(struct tls *tls);

/* From now on they are also hashed with a key that other sensors use. */
void tls_share_identifiers(struct tls *tls, const struct siphash_key *common);
void tls_free(struct tls *tls);
const struct tls_counters *tls_counters(const struct tls *tls);

/* Handshakes that are not judged yet. */
uint32_t tls_in_progress(const struct tls *tls);

enum tls_progress {
    TLS_MORE,     /* go on */
    TLS_NO_SLOT,  /* the run was not taken: give up tls_victim() and offer it again */
    TLS_NEVER,    /* no TLS began within the first SEARCH_BYTES */
    TLS_COMPLETE, /* the observation is complete: tls_finish() after this segment */
};

#define TLS_ANYWHERE SIZE_MAX

/* Takes a run of a flow in FLOW_SEARCHING. `segment` is the one that made it available; `place`: how far into
 * its bytes TLS may begin, or TLS_ANYWHERE. A header of the PROXY protocol (wire/proxy.h) is taken off the
 * run, for it is no part of the stream. */
enum tls_progress tls_search(struct tls *tls, struct flow *flow, const struct segment *segment,
                             struct run *run, size_t place);

/* The flow's first bytes are missing and later ones are here: it comes up in tls_expired() like a handshake,
 * if a slot is free. */
void tls_await_start(struct tls *tls, struct flow *flow, nanos now);

/* TLS has begun on this flow, which was in FLOW_SEARCHING. */
bool tls_has_begun(const struct tls *tls, const struct flow *flow);
bool tls_side_has_begun(const struct tls *tls, const struct flow *flow, enum side who);

/* As tls_search(), in FLOW_HANDSHAKE. */
enum tls_progress tls_feed(struct tls *tls, struct flow *flow, const struct segment *segment, enum side who,
                           const struct run *run);

/* What the segment's sender has received: at the end, bytes that were acknowledged and never captured are a
 * gap. */
void tls_acknowledged(struct tls *tls, struct flow *flow, unsigned side, uint32_t ack);

/* A handshake has begun, and nothing has ended it. */
bool tls_is_open(const struct tls *tls, const struct flow *flow);

/* What both sides have said so far may be another's, as for bytes with two contents. False: as tls_reset().
 */
bool tls_doubt(struct tls *tls, struct flow *flow);

/* Likewise of some sides, a bit each of the flow's, also where the handshake is complete: somebody else spoke
 * in their name, or they said something else. */
bool tls_contradict(struct tls *tls, struct flow *flow, unsigned sides);

/* The segment has reset the connection's side. False: nothing was done, give up tls_victim() and call it
 * again. */
bool tls_reset(struct tls *tls, struct flow *flow, const struct segment *segment);

/*
 * NULL encryption (RFC 5246 6.2.3.1): after tls_finish() and before tls_release(), a complete handshake whose
 * application data can be read. `reader` goes on where each side's records stand; `early` are the records
 * that came already, valid until tls_release(): for a reader of their own. False: there is nothing to be
 * read.
 */
struct clear_early {
    struct span records;
    struct whence whence;      /* of the segment with the first of them */
    struct whence later_at;    /* of that with the first of a later handshake */
    struct acknowledged acked; /* of the other side's bytes, so far */
};

struct clear_reader {
    struct clear_side {
        uint8_t header[RECORD_HEADER_BYTES];
        uint8_t header_length;
        uint8_t type; /* of the current record */
        bool fresh;   /* none of its body has come */
        bool lost;    /* record borders are not known */
        uint16_t version;
        uint32_t left;
    } side[2]; /* by enum side, as `early` */
    uint16_t mac_bytes;
};
bool tls_clear_begin(struct tls *tls, const struct flow *flow, struct clear_reader *reader,
                     struct clear_early early[2]);

/* The next application data in *bytes, which is moved behind them; empty when there are none left. What is
 * left of *bytes then is the hello that begins a later handshake, and what follows it. */
struct span clear_next(struct clear_reader *reader, enum side who, struct span *bytes);

/* A complete handshake whose data can be read only waited for what its client makes of the certificate; this
 * run, of a flow in FLOW_HANDSHAKE, tells it, or there is no room for more: tls_finish(), and have it read.
 */
bool tls_is_followed(struct tls *tls, const struct flow *flow, enum side who, const struct run *run);

/*
 * A renegotiation that can be read (RFC 5246 7.4.1.1, 7.4.1.2): the flow has a handshake again, whose records
 * are read on where `reader` stands. `segment` has the first hello of it. False: no slot is free.
 */
bool tls_renegotiate(struct tls *tls, struct flow *flow, const struct segment *segment,
                     const struct clear_reader *reader);
void clear_gap(struct clear_reader *reader, enum side who, size_t gap);

enum {
    RECORDS_DATA = 1,  /* application data begin in the segment */
    RECORDS_ALERT = 2, /* an alert does; in TLS 1.3 it looks like data */
};

/* A segment in FLOW_RECORDS, *rest being its payload from the next record header on. *rest is left at what is
 * no protected record, though the place of one is known; else empty. */
unsigned tls_records(struct tls *tls, struct flow *flow, enum side who, struct span *rest);

/* A bit for each enum side whose last record is an alert, as where it has said close_notify (RFC 5246 7.2.1):
 * what it says is encrypted. */
unsigned tls_closed(const struct flow *flow);

/* The header of the PROXY protocol is the client's own. */
void tls_no_balancer(struct flow *flow);

/* HTTP came before the handshake, and its answers lead to no TLS. */
void tls_not_agreed(struct tls *tls, const struct flow *flow);

/*
 * Ends the handshake and returns what was seen; valid until tls_release(). NULL: TLS never began. reasons:
 * enum unobserved bits for an end that is the monitor's doing (UNOBSERVED_EVICTED, UNOBSERVED_UNFINISHED),
 * else 0.
 */
const struct observation *tls_finish(struct tls *tls, struct flow *flow, const struct networks *networks,
                                     nanos now, uint32_t reasons);

/*
 * Between tls_finish() and tls_release(): the observation outlives both, until it is taken back, so that
 * another thread can read it where it lies. At most as many at a time as tls_new() was given.
 */
struct tls_handed {
    uint32_t body, kept; /* slots */
};
struct tls_handed tls_hand_over(struct tls *tls, const struct flow *flow);
void tls_take_back(struct tls *tls, struct tls_handed handed);

/* Gives the slot back. True: records follow the handshake, and the flow knows where the next one begins. */
bool tls_release(struct tls *tls, struct flow *flow);

/* The flow whose handshake has to end by now (idle, or lingered long enough), or NULL. *end: when it ended,
 * which other traffic has no part in. */
struct flow *tls_expired(struct tls *tls, nanos now, nanos *end);

/* The flow's handshake is one of those. */
bool tls_is_overdue(const struct tls *tls, const struct flow *flow, nanos now, nanos *end);

/* The handshake ended, both ends having taken part, and only waits for what might contradict the end. */
bool tls_is_result(const struct tls *tls, const struct flow *flow);

/* Handshakes between these two addresses may be in progress. */
bool tls_is_under_way(const struct tls *tls, const struct endpoint *client, const struct endpoint *server);

/* Between the ends of this handshake another one is in progress that may have begun a session by what its
 * hello offers: the other's end, or its ServerHello, may have been lost or may be late. */
bool tls_may_begin_session(const struct tls *tls, const struct observation *o);

/* Do both say the same in these two flows' handshakes, as far as both were seen? */
bool tls_is_same(struct tls *tls, const struct flow *a, const struct flow *b);

/* The answer of this flow's handshake was met in another connection since: that is another side of a
 * translator or proxy, nearer to the client, where the handshake may still go on (app/sides.h). */
bool tls_has_other_side(const struct tls *tls, const struct flow *flow, const struct observation *o);

/* The flow whose handshake, or search for one, is given up first when there is no room; not `but`. */
struct flow *tls_victim(struct tls *tls, const struct flow *but);

/* Who has most handshakes in progress. */
void tls_greediest(const struct tls *tls, struct greedy_client greediest[GREEDY_CLIENTS]);

/* Between these two the flow's handshake, or search for one, comes to its end: nothing that is fed to it
 * lacks room, and no other is fed. */
void tls_end_begins(struct tls *tls, const struct flow *flow);
void tls_end_is_over(struct tls *tls);

#endif
