/* Live capture: frames from interfaces into the pipeline, and what has to happen when none come. */
#ifndef UTWATCH_APP_LIVE_H
#define UTWATCH_APP_LIVE_H

#include "app/orders.h"
#include "app/ruleset.h"

/*
 * Captures until SIGINT or SIGTERM. Returns an exit status: clean, or why it could not begin, after a
 * message. The end of the pipeline and of the output is the caller's.
 */
int live_run(struct orders *orders, const struct options *o, const struct ruleset *rules);

/* The BPF words by which the kernel leaves out what is surely out of scope, in `room`; NULL: everything is
 * captured. */
const char *live_scope(const struct site *site, char *room, size_t size);

enum { LIVE_SCOPE_BYTES = 65536 };

#endif
