/*
 * Two byte streams become one handshake observation.
 *
 * The pipeline hands in runs of bytes in order; tls looks for a TLS start, follows records and messages, and
 * says when the observation is complete. A slot (struct handshake) is in use from the first byte of TLS to
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
    uint64_t unasked;    /* not judged: octets like a server's, though the client had sent no hello; or like a
                            hello, though the server took it for something else */
    uint64_t midstream;  /* TLS connections whose hello was not captured */
    uint64_t one_sided;  /* of these, those with only one direction captured */
    uint64_t evicted;    /* given up because all slots were in use */
    uint64_t malformed;  /* messages that do not parse */
    uint64_t too_long;   /* messages above MAX_MESSAGE_BYTES */
    uint64_t no_room;    /* messages not assembled because all buffers were in use */
    uint64_t desynchronised; /* places that had something else than the expected record header */
    uint64_t not_kept;       /* messages not kept, or cut, for the HTML report */
    uint64_t late_alerts;    /* fatal ones, after handshakes that were judged as idle or reset */
    uint64_t renegotiations; /* protected handshakes after the first: ChangeCipherSpecs of the server */
};

struct tls;

/* Bytes for so many handshakes in progress, with the buffers of their messages, and for so many observations
 * handed over at a time. */
size_t tls_memory(uint32_t handshakes, uint32_t handed);

/* Takes all memory. NULL: it cannot be reserved. Tickets and identities are hashed with `secret`. */
struct tls *tls_new(uint32_t handshakes, uint32_t handed, struct siphash_key secret);

/* From now on the messages of each handshake are kept with its observation (tls/kept_messages.h). False:
 * there is no memory. */
bool tls_keep_messages(struct tls *tls);

/* From now on they are also hashed with a key that other sensors share. */
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

/* A connection begins: has the processor fetch what is known of its two hosts. */
void tls_expect(const struct tls *tls, const struct flow *flow);

/* Takes a run of a flow in FLOW_SEARCHING. `segment` is the one that made it available; `place`: how far into
 * its bytes TLS may begin, or TLS_ANYWHERE. A header of the PROXY protocol (wire/proxy.h) is removed from the
 * run, as it is not part of the stream. */
enum tls_progress tls_search(struct tls *tls, struct flow *flow, const struct segment *segment,
                             struct run *run, size_t place);

/* The flow's first bytes are missing and later ones are here: it will be returned by tls_expired() like a
 * handshake, if a slot is free. */
void tls_await_start(struct tls *tls, struct flow *flow, nanos now);

/* TLS has begun on this flow, which was in FLOW_SEARCHING. */
bool tls_has_begun(const struct tls *tls, const struct flow *flow);
bool tls_side_has_begun(const struct tls *tls, const struct flow *flow, enum side who);

/* Like tls_search(), in FLOW_HANDSHAKE. */
enum tls_progress tls_feed(struct tls *tls, struct flow *flow, const struct segment *segment, enum side who,
                           const struct run *run);

/* Once, as soon as the server's hello is here: what both sides have said so far, by which whoever will judge
 * the handshake can have the processor fetch what he needs. Else NULL. */
const struct observation *tls_answered(struct tls *tls, const struct flow *flow);

/* What the segment's sender has received: at the end, acknowledged bytes that were never captured are a
 * gap. */
void tls_acknowledged(struct tls *tls, struct flow *flow, unsigned side, uint32_t ack, nanos now);

/* A handshake has begun, and nothing has ended it. */
bool tls_is_open(const struct tls *tls, const struct flow *flow);

/* What both sides have said so far may be forged, as if bytes had two contents. False: as for tls_reset(). */
bool tls_doubt(struct tls *tls, struct flow *flow);

/* Likewise for some of the flow's sides, a bit each, even if the handshake is complete: somebody else spoke
 * in their name, or they said something else. There is always room for that. */
void tls_contradict(struct tls *tls, const struct flow *flow, unsigned sides);

/* The segment has reset the connection's side. False: nothing was done, give up tls_victim() and call it
 * again. */
bool tls_reset(struct tls *tls, struct flow *flow, const struct segment *segment);

/*
 * NULL encryption (RFC 5246 6.2.3.1): after tls_finish() and before tls_release(), a complete handshake whose
 * application data can be read. `reader` goes on from the place of each side in its records; `early` are the
 * records that already came, valid until tls_release(), which need a reader of their own. False: there is
 * nothing to read.
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
    } side[2]; /* by enum side, like `early` */
    uint16_t mac_bytes;
};
bool tls_clear_begin(struct tls *tls, const struct flow *flow, struct clear_reader *reader,
                     struct clear_early early[2]);

/* The next application data in *bytes, which is moved past them; empty: there are none left. Then the rest of
 * *bytes is the hello that begins a later handshake, and what follows it. */
struct span clear_next(struct clear_reader *reader, enum side who, struct span *bytes);

/* A complete handshake with readable data only waited for the client's reaction to the certificate; this run,
 * of a flow in FLOW_HANDSHAKE, shows it, or there is no room for more: call tls_finish(), and have the data
 * read. */
bool tls_is_followed(struct tls *tls, const struct flow *flow, enum side who, const struct run *run);

/* The ends of a flow in FLOW_HANDSHAKE go on in clear: after the handshake has failed, HTTP begins where a
 * record should. Call tls_finish(), and search the run. */
bool tls_is_left(const struct tls *tls, const struct flow *flow, enum side who, const struct run *run);

/*
 * A renegotiation that can be read (RFC 5246 7.4.1.1, 7.4.1.2): the flow has a handshake again, whose records
 * are read on from the place of `reader`. `segment` has its first hello. False: no slot is free.
 */
bool tls_renegotiate(struct tls *tls, struct flow *flow, const struct segment *segment,
                     const struct clear_reader *reader);
void clear_gap(struct clear_reader *reader, enum side who, size_t gap);

enum {
    RECORDS_DATA = 1,  /* application data begins in the segment */
    RECORDS_ALERT = 2, /* an alert does; in TLS 1.3 it looks like data */
};

/* A segment in FLOW_RECORDS, *rest being its payload from the next record header on. *rest then begins at
 * what is not a protected record, though one should begin there; else it is empty. */
unsigned tls_records(struct tls *tls, struct flow *flow, enum side who, struct span *rest);

/* A bit for each enum side whose last record is an alert, such as close_notify (RFC 5246 7.2.1); which one is
 * encrypted. */
unsigned tls_closed(const struct flow *flow);

/* The header of the PROXY protocol is the client's own. */
void tls_no_balancer(struct flow *flow);

/* HTTP came before the handshake, and its answers do not lead to TLS. */
void tls_not_agreed(struct tls *tls, const struct flow *flow);

/*
 * Ends the handshake and returns what was seen; valid until tls_release(). NULL: TLS never began. reasons:
 * enum unobserved bits for an end caused by the monitor (UNOBSERVED_EVICTED, UNOBSERVED_UNFINISHED), else 0.
 */
const struct observation *tls_finish(struct tls *tls, struct flow *flow, const struct networks *networks,
                                     nanos now, uint32_t reasons);

/*
 * Between tls_finish() and tls_release(): the observation stays valid after tls_release(), until it is taken
 * back, so that another thread can read it in place. At most as many at a time as tls_new() was given.
 */
struct tls_handed {
    uint32_t body, kept; /* slots */
};
struct tls_handed tls_hand_over(struct tls *tls, const struct flow *flow);
void tls_take_back(struct tls *tls, struct tls_handed handed);

/* Gives the slot back. True: records follow the handshake, and the flow knows where the next one begins. */
bool tls_release(struct tls *tls, struct flow *flow);

/* The flow whose handshake has to end by now (idle, or lingered long enough), or NULL. *end: when it ended,
 * independent of other traffic. */
struct flow *tls_expired(struct tls *tls, nanos now, nanos *end);

/* Is the flow's handshake one of those? */
bool tls_is_overdue(const struct tls *tls, const struct flow *flow, nanos now, nanos *end);

/* The handshake ended, both ends took part, and it only waits for a possible contradiction. */
bool tls_is_result(const struct tls *tls, const struct flow *flow);

/* Handshakes between these two addresses may be in progress. */
bool tls_is_under_way(const struct tls *tls, const struct endpoint *client, const struct endpoint *server);

/* Is another handshake in progress between the same ends that may have begun a session that this one's hello
 * offers? That one's end, or its ServerHello, may have been lost or be late. */
bool tls_may_begin_session(const struct tls *tls, const struct observation *o);

/* Do both sides say the same in these two flows' handshakes, as far as both were seen? */
bool tls_is_same(struct tls *tls, const struct flow *a, const struct flow *b);

/* Has the answer of this flow's handshake since been met in another connection; or its hello, if there was no
 * answer but an alert? That is another side of a translator or proxy, perhaps nearer to the client, where the
 * handshake may still go on (app/sides.h). */
bool tls_has_other_side(const struct tls *tls, const struct flow *flow, const struct observation *o);

/* The flow whose handshake, or search for one, is given up first when there is no room; not `but`. */
struct flow *tls_victim(struct tls *tls, const struct flow *but);

/* The clients that have most handshakes in progress. */
void tls_greediest(const struct tls *tls, struct greedy_client greediest[GREEDY_CLIENTS]);

/* Between these two calls the flow's handshake, or search for one, ends: there is room for whatever is fed to
 * it, and no other one is fed. A later one of the same flow may need the place of another flow, which then
 * ends in between; `outer`: what the first call returned. */
const struct flow *tls_end_begins(struct tls *tls, const struct flow *flow);
void tls_end_is_over(struct tls *tls, const struct flow *outer);

#endif
