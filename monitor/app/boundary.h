/* What the process that parses packets may still reach, from options and site. */
#ifndef UTWATCH_APP_BOUNDARY_H
#define UTWATCH_APP_BOUNDARY_H

#include "app/options.h"
#include "app/site.h"

/*
 * Confines the process for the rest of its life, once everything that it needs is open. `writes`: it writes
 * the outputs too, in their folders. If the kernel refuses, or with --no-confine, a message says so and the
 * run goes on.
 */
void boundary_close(const struct options *o, const struct site *site, bool writes);

#endif
