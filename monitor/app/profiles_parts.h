/* What --explain shows besides a rule. */
#ifndef UTWATCH_APP_PROFILES_PARTS_H
#define UTWATCH_APP_PROFILES_PARTS_H

#include "policy/policy.h"

/* Explains a profile and how it differs from those that it extends. False: no profile has this name. */
bool explain_profile(const char *name);

/* Prints a line for each rule and each field whose name matches a pattern with * and ?. False: none does, or
 * it is not a pattern. */
bool explain_pattern(const struct profile *p, const char *pattern);

#endif
