/*
 * What a connection that is not TLS speaks, by nDPI. Its answer is a label for reports; no verdict rests on
 * it.
 *
 * nDPI takes memory from the heap while it looks at packets: this is the only folder whose packet path
 * allocates. The bounds are the cap on connections, and the packet budget of each; what was taken for one is
 * returned as soon as it is named or given up. Nothing of TLS may be fed: the caller sees to that.
 */
#ifndef UTWATCH_NAMING_NAMING_H
#define UTWATCH_NAMING_NAMING_H

#include "base/nanos.h"
#include "flow/flow.h"

#define NAMING_PACKETS                                                                                       \
    8 /* payloads of one connection shown to nDPI; most names fall at the first or second */
#define NAMING_BYTES 1460 /* of one payload; the rest of it is not shown */

struct naming; /* one nDPI module; belongs to one thread */

struct naming_counters {
    uint64_t named;
    uint64_t gave_up; /* no name within the packet budget */
    uint64_t refused; /* no slot, or no memory for one */
    uint64_t evicted; /* closed before either */
    uint64_t packets; /* shown to nDPI */
};

/* flows: cap on connections open at a time. NULL: the module cannot be made. Any thread may call it. */
struct naming *naming_new(uint32_t flows);
void naming_free(struct naming *n); /* NULL does nothing */

/* A slot for a connection; 0: none is free (counted). Both ends are of one family. */
uint32_t naming_open(struct naming *n, const struct endpoint *client, const struct endpoint *server,
                     enum transport transport);

enum naming_progress { NAMING_MORE, NAMING_DONE };

/* One segment's or datagram's payload, in order, each byte once. DONE: a name was found or the budget is
 * spent; whatever is fed after that is ignored. */
enum naming_progress naming_feed(struct naming *n, uint32_t slot, enum side who, struct span payload,
                                 nanos time);

/* "HTTP", "QUIC", "SSH", ... or "Unknown". The text is static: it outlives slot and module. What nDPI would
 * only guess from ports, addresses or earlier connections is "Unknown". */
const char *naming_name(const struct naming *n, uint32_t slot);

void naming_close(struct naming *n, uint32_t slot);

const struct naming_counters *naming_counters(const struct naming *n);

/* "nDPI 4.2.0": the library that is loaded. */
const char *naming_library(void);

#endif
