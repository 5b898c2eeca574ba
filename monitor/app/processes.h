/* Live capture, and whatever speaks to a network: a supervisor with a sensor and a writer. */
#ifndef UTWATCH_APP_PROCESSES_H
#define UTWATCH_APP_PROCESSES_H

#include "app/options.h"
#include "app/ruleset.h"

/* To the end of the capture, or to a signal. `texts`: what the rules were loaded from. Returns the exit
 * status. */
int processes_run(const struct options *o, const struct ruleset *rules, const struct file_texts *texts);

#endif
