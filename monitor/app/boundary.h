/* What the process that parses packets may still reach, from options and site. */
#ifndef UTWATCH_APP_BOUNDARY_H
#define UTWATCH_APP_BOUNDARY_H

#include "app/options.h"
#include "app/site.h"

/*
 * For the rest of the process's life, when all that it needs is open. `writes`: it writes the outputs too, in
 * their folders. Where the kernel refuses, or --no-confine is given, it is said what is given up, and the run
 * goes on.
 */
void boundary_close(const struct options *o, const struct site *site, bool writes);

#endif
