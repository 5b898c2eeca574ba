/*
 * The life of one connection: searched for TLS, a handshake, records after it or data in clear, ignored. This
 * is the only place that changes a flow's state after its birth.
 */
#ifndef UTWATCH_APP_CONNECTION_H
#define UTWATCH_APP_CONNECTION_H

#include "flow/stream.h"

struct pipeline;

/* A run of a flow in FLOW_SEARCHING, FLOW_HANDSHAKE or FLOW_READABLE, to whoever reads it now. True: the
 * handshake is complete, and is to be finished after this segment. */
bool connection_run(struct pipeline *p, struct flow *flow, const struct segment *segment,
                    const struct run *run);

/* After the segment's runs: where a hole hides a direction's first bytes, what lies behind it is kept in
 * mind, and looked at when nothing more comes. */
void connection_await_start(struct pipeline *p, struct flow *flow);

/* A segment in FLOW_RECORDS, without the protected records at its start: true if the rest begins HTTP or TLS
 * in clear, so that the connection is searched again from there. */
bool connection_in_clear(struct pipeline *p, struct flow *flow, const struct segment *segment);

/* Its two ends answer each other at other numbers than these: what was read may be another's. */
void connection_doubt(struct pipeline *p, struct flow *flow);

/* The side was reset, and nothing before that is missing. */
void connection_reset(struct pipeline *p, struct flow *flow, const struct segment *segment);

/* The observation is complete: it is judged, and the flow enters the state that follows a handshake. reasons:
 * as for tls_finish(). */
void connection_finish(struct pipeline *p, struct flow *flow, nanos when, uint32_t reasons);

/* A datagram: only the name of its protocol can be found out. */
void connection_datagram(struct pipeline *p, struct flow *flow, const struct segment *segment);

/* The connection is over, or is given up (`reasons`): what is in progress is judged as it is. */
void connection_end(struct pipeline *p, struct flow *flow, nanos when, uint32_t reasons);

/* Another connection begins on its ports. A handshake of both ends that did not end and was not quiet may go
 * on all the same, and the other one be forged. True: both are in doubt. */
bool connection_replace(struct pipeline *p, struct flow *flow);

/* What is followed of it has waited for too long. HTTP before which nothing of TLS came goes on. */
void connection_expire(struct pipeline *p, struct flow *flow, nanos when);

/* It never was a connection: nothing is reported about it. */
void connection_forget(struct pipeline *p, struct flow *flow);

/* It gives its place to another. What had ended keeps its verdict. */
void connection_evict(struct pipeline *p, struct flow *flow);

/* Those in clear that were quiet for too long by now, `most` of them. */
void connection_expire_clear(struct pipeline *p, int most);

/* All that are in clear. */
void connection_end_clear(struct pipeline *p);

#endif
