/* The age of keys of connections in FLOW_RECORDS: if data are still sent under keys that are older than a
 * session may be, this is judged once (discussion paper 3.2). */
#ifndef UTWATCH_APP_KEYS_H
#define UTWATCH_APP_KEYS_H

#include "flow/flow.h"

struct pipeline;

/* `flow->key_since`, while the judge is another thread that has not answered. */
#define KEY_IS_ASKED_FOR UINT32_MAX
#define KEY_WAS_USED     (UINT32_MAX - 1) /* and data have been sent meanwhile */

/* The first data that connections sent before the judge's answer, by flow; NULL: there is one thread. */
struct used_keys;
struct used_keys *used_keys_new(void);
size_t used_keys_memory(void);

/* The handshake of this version has been reported, and records follow; 0: nothing is known yet. */
void keys_begin(const struct pipeline *p, struct flow *flow, uint32_t since, uint16_t version);

/* The judge's answer, which may come late; the flow may be another one by now. */
void keys_answered(struct pipeline *p, struct flow *flow, uint64_t id, uint32_t since);

/* Its bytes are no longer under protection. */
void keys_end(struct flow *flow);

/* Data were sent, and key_since is not 0. */
void keys_used(struct pipeline *p, struct flow *flow, const struct segment *segment);

#endif
