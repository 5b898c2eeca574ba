/* Where profiles are found, and the look-ups that only need the rules. */
#ifndef UTWATCH_APP_PROFILES_H
#define UTWATCH_APP_PROFILES_H

#include "app/options.h"
#include "app/site.h"

/* Folders searched for a profile's name: UTWATCH_RULES, the installed ones, those of the source.
 * NULL-terminated. */
const char *const *profile_directories(void);

/* Loads with the site's parameters, or prints every mistake and returns NULL. */
struct profile *profile_or_mistakes(const char *name, const struct site *site);

/* The site's configuration of the options, or NULL after every mistake was printed. */
struct site *site_or_mistakes(const struct options *o);

/* --sessions, of the state file of the options or else of the site. Returns the exit status. */
int list_sessions(const struct options *o, struct site *site);

/* The look-up options. Returns the exit status. */
int look_up(const struct options *o);

#endif
