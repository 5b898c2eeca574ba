/* Where verdicts go: events to the JSON file, violations and the summary to a person, all of them to the
 * tally. */
#ifndef UTWATCH_APP_OUTPUT_H
#define UTWATCH_APP_OUTPUT_H

#include "app/options.h"
#include "app/site.h"
#include "policy/policy.h"
#include "report/health.h"

struct output;

/* NULL when a file cannot be opened (a message is printed). What is given outlives the output; advice may be
 * NULL. */
struct output *output_new(const struct options *o, const struct site *site, const struct profile *profile,
                          const struct profile *advice);

/* Writes what is buffered. False when something could not be written. */
bool output_free(struct output *out);

/* One judged case with its verdicts, and those of the advice profile. */
void output_case(struct output *out, const struct policy_case *c, const struct verdict *verdicts,
                 size_t count, const struct verdict *advice, size_t advised);

/* The end: statistics event and summary. */
void output_end(struct output *out, const struct capture_health *health);

/* At least one verdict was reached. */
bool output_judged(const struct output *out);

/* A violation at or above --fail-on was found. */
bool output_violated(const struct output *out);

#endif
