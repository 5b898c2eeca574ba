/* What --explain shows besides a rule. */
#ifndef UTWATCH_APP_PROFILES_PARTS_H
#define UTWATCH_APP_PROFILES_PARTS_H

#include "policy/policy.h"

/* A profile, compared with those that it extends. False: there is no profile of that name. */
bool explain_profile(const char *name);

/* A line for each rule and each field whose name fits a pattern with * and ?. False: none does, or it is no
 * pattern. */
bool explain_pattern(const struct profile *p, const char *pattern);

#endif
