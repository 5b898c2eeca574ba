/* Expectations of a rule on a capture (-T --expect RULE=VERDICT -r FILE): tests for whoever writes rules. */
#ifndef UTWATCH_APP_EXPECT_H
#define UTWATCH_APP_EXPECT_H

#include "app/options.h"
#include "report/tally.h"

/* RULE=VERDICT. False after a message. */
bool expect_take(struct options *o, const char *text);

/* The profile has all these rules. False after a message for each that it lacks. */
bool expect_has_rules(const struct options *o, const struct profile *profile);

/* Says for each what came of it, on `out`. False: one was not met. */
bool expect_met(const struct options *o, const struct tally *tally, FILE *out);

#endif
