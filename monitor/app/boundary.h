/* What the process that parses packets may still reach, from options and site. */
#ifndef UTWATCH_APP_BOUNDARY_H
#define UTWATCH_APP_BOUNDARY_H

#include "app/options.h"
#include "app/orders.h"
#include "app/site.h"

/*
 * Confines the process for the rest of its life, once everything that it needs is open. What it
 * writes itself stays within its reach, and threads of live capture are started. If the kernel refuses, or
 * with --no-confine, a message says so and the run goes on.
 */
void boundary_close(const struct options *o, const struct site *site, const struct orders *orders);

#endif
