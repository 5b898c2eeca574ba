/* Live capture, and whatever speaks to a network: a supervisor with a sensor and a writer. */
#ifndef UTWATCH_APP_PROCESSES_H
#define UTWATCH_APP_PROCESSES_H

#include "app/options.h"
#include "app/site.h"

/* To the end of the capture, or to a signal. Returns the exit status. */
int processes_run(const struct options *o, const struct site *site, const struct profile *profile,
                  const struct profile *advice);

#endif
