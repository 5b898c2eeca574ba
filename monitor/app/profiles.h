/* The look-ups that only need the rules. */
#ifndef UTWATCH_APP_PROFILES_H
#define UTWATCH_APP_PROFILES_H

#include "app/options.h"
#include "app/site.h"

/* --sessions, of the state file of the options or else of the site. Returns the exit status. */
int list_sessions(const struct options *o, struct site *site);

/* The look-up options. Returns the exit status. */
int look_up(const struct options *o);

#endif
