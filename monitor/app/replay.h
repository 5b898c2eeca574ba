/* Captures from files, one after the other, as one stream of time. */
#ifndef UTWATCH_APP_REPLAY_H
#define UTWATCH_APP_REPLAY_H

#include "app/orders.h"

/*
 * Reads all inputs, or until SIGINT or SIGTERM. Returns the exit status so far: wrong filter, or an input
 * that could not be read to its end, which is counted. The end of the pipeline is the caller's.
 */
int replay_run(struct orders *orders, const struct options *o);

#endif
