/*
 * What a connection says in clear: plain HTTP, HTTP under NULL encryption, and what is neither TLS nor HTTP.
 * The connection hands in the runs of a flow for as long as TLS has not begun on it, and again when its TLS
 * can be read.
 */
#ifndef UTWATCH_APP_CLEARTEXT_H
#define UTWATCH_APP_CLEARTEXT_H

#include "app/reauthentication.h"
#include "flow/crowd.h"
#include "flow/stream.h"
#include "http/http.h"
#include "naming/naming.h"
#include "tls/tls.h"

struct pipeline;

/* What came of a later handshake before the first was judged: copies, since the first one's slot goes. */
struct clear_rest {
    size_t length[2]; /* by enum side; 0: nothing */
    struct whence at[2];
    uint8_t bytes[2][CLEAR_BYTES + RECORD_HEADER_BYTES];
};

struct cleartext {
    struct clear_rest rest;
    struct http *http;
    struct naming *naming;
    struct pool others;           /* connections of Ut that are neither TLS nor HTTP */
    struct crowd crowd;           /* of them */
    struct clear_reader *readers; /* of NULL encryption, by the slot of the http layer */
    struct session_use *uses;     /* of sessions of NULL encryption, likewise */
    uint64_t evicted;             /* connections given up because all slots were in use */
};

/* Bytes for so many connections in clear; without the memory of nDPI. */
size_t cleartext_memory(uint32_t connections);

bool cleartext_open(struct cleartext *t, uint32_t connections);
/* nDPI reads files when it is initialised, which a confined process cannot do. */
void cleartext_prepare_names(struct cleartext *c);
void cleartext_close(struct cleartext *t);

/* How far into the run of a flow that is searched TLS may begin (tls_search()): in HTTP where a message ends,
 * so that the bytes of a document are never a handshake. */
size_t cleartext_place(const struct pipeline *p, const struct flow *flow, const struct run *run);

/* The run is an answer of HTTP to what was all captured and was no request of it, but for what looks like a
 * hello. */
bool cleartext_answers(const struct flow *flow, const struct run *run);

/* A run of a flow on which TLS has not begun, or began within this run. `first`: the side's first bytes.
 * Returns NULL, or whose slot is needed: give that up, and offer the run again. */
struct flow *cleartext_plain(struct pipeline *p, struct flow *flow, const struct segment *segment,
                             const struct run *run, bool first);

/* The handshake is judged and its data can be read; after a renegotiation, what was read before goes on.
 * `rest` of `p->cleartext` is filled. Returns what cleartext_plain() does. */
struct flow *cleartext_readable(struct pipeline *p, struct flow *flow, const struct clear_reader *reader,
                                const struct clear_early early[2], const struct session_use *use);

/* A run of a flow in FLOW_READABLE. Returns what begins with the hello of a later handshake; empty: there is
 * none. */
struct span cleartext_read(struct pipeline *p, struct flow *flow, const struct segment *segment,
                           const struct run *run);
/* Where it is read. */
const struct clear_reader *cleartext_reader(const struct pipeline *p, const struct flow *flow);
/* Nothing more can be read. */
bool cleartext_is_over(const struct pipeline *p, const struct flow *flow);

/* Can a datagram between these ends belong to Ut? */
bool cleartext_wants_datagram(const struct pipeline *p, const struct segment *segment);

/* A datagram on a port of Ut: QUIC, or something else that is not TLS over TCP. Returns what
 * cleartext_plain() does. */
struct flow *cleartext_datagram(struct pipeline *p, struct flow *flow, const struct segment *segment);

/* A side of a connection in HTTP acknowledges the other's bytes: this shows what it has received. */
void cleartext_acknowledged(struct pipeline *p, struct flow *flow, enum side who, uint32_t ack);

/* There is another reading of a side's bytes; findings about the connection that still wait are reported
 * accordingly. */
void cleartext_contest(struct pipeline *p, const struct flow *flow, enum side who);

/* What was said before TLS, or NULL. */
const struct http_connection *cleartext_before(const struct pipeline *p, const struct flow *flow);

/* Tells what was in clear, with `damage` (enum http_damage), and forgets it; HTTP_DAMAGE_EVICTED is counted.
 * True: that may be of Ut. */
bool cleartext_end(struct pipeline *p, struct flow *flow, uint32_t damage);
void cleartext_forget(struct pipeline *p, struct flow *flow);

/* Tells what came of a connection in HTTP that is quiet, and reads on. */
void cleartext_go_on(struct pipeline *p, struct flow *flow);

/* A flow in clear, those in HTTP first; one that was quiet for too long by now; NULL: none. */
struct flow *cleartext_any(const struct pipeline *p);
struct flow *cleartext_expired(const struct pipeline *p);

#endif
