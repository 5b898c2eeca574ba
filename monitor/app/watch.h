/* A folder into which captures are put (--watch): each is read when its writer has closed or renamed it. */
#ifndef UTWATCH_APP_WATCH_H
#define UTWATCH_APP_WATCH_H

#include "app/orders.h"
#include "app/ruleset.h"
#include "app/watched.h"

/*
 * Reads until SIGINT or SIGTERM, and what is there already first, in the order of the first frames.
 * `watched`: what was read before, which is kept up to date; each file that is done goes to `sink` as well.
 * Returns an exit status: clean, an input that could not be read, or why it could not begin, after a message.
 */
int watch_run(struct orders *orders, const struct options *o, const struct ruleset *rules,
              struct watched *watched, const struct parcel_sink *sink);

#endif
