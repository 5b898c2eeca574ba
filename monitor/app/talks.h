/*
 * Connections in clear: plain HTTP, HTTP under NULL encryption, and what is neither TLS nor HTTP. The
 * pipeline hands in the runs of a flow for as long as TLS has not begun on it, and again when its TLS can be
 * read.
 */
#ifndef UTWATCH_APP_TALKS_H
#define UTWATCH_APP_TALKS_H

#include "base/pool.h"
#include "flow/stream.h"
#include "http/http.h"
#include "naming/naming.h"
#include "tls/tls.h"

struct pipeline;

struct talks {
    struct http *http;
    struct naming *naming;
    struct pool others; /* connections of Ut that are neither */
    uint32_t oldest, newest;
    struct clear_reader *readers; /* by the slot of the http layer: of NULL encryption */
    uint64_t other_refused;       /* not looked at because all slots were in use */
};

bool talks_open(struct talks *t, uint32_t connections);
void talks_close(struct talks *t);

/* A run of a flow on which TLS has not begun, or began within this run. `first`: the side's first bytes. */
void talks_plain(struct pipeline *p, struct flow *flow, const struct segment *segment, unsigned side,
                 const struct run *run, bool first);

/* The handshake is judged and its data can be read: goes on as FLOW_READABLE. */
void talks_readable(struct pipeline *p, struct flow *flow, const struct clear_reader *reader,
                    const struct span early[2]);

/* A datagram on a port of Ut: QUIC, or something else that is not TLS over TCP. */
void talks_datagram(struct pipeline *p, struct flow *flow, const struct segment *segment, unsigned side);

/* Can a datagram between these ends be of Ut? */
bool talks_wants_datagram(const struct pipeline *p, const struct segment *segment);

/* A segment in FLOW_READABLE. */
void talks_read(struct pipeline *p, struct flow *flow, const struct segment *segment, unsigned side);

/* What was said before TLS, or NULL. */
const struct http_connection *talks_before(const struct pipeline *p, const struct flow *flow);

/* The connection is over, given up (HTTP_DAMAGE_...), or TLS has taken over: judge what was in clear. */
void talks_end(struct pipeline *p, struct flow *flow, uint32_t damage);

/* Ends those that were quiet for too long by now; all of them when `all`. */
void talks_expire(struct pipeline *p, bool all);

#endif
