/* Where verdicts go: events to the JSON file, violations and the summary to a person, all of them to the
 * tally. */
#ifndef UTWATCH_APP_OUTPUT_H
#define UTWATCH_APP_OUTPUT_H

#include "app/options.h"
#include "policy/policy.h"
#include "report/health.h"

struct output;

/* NULL when the JSON file cannot be opened (a message is printed). Options and profile outlive the output. */
struct output *output_new(const struct options *o, const struct profile *profile);

/* Writes what is buffered. False when something could not be written. */
bool output_free(struct output *out);

/* One judged handshake with all its verdicts. */
void output_handshake(struct output *out, const struct policy_case *c, const struct verdict *verdicts,
                      size_t count);

/* The end: statistics event and summary. */
void output_end(struct output *out, const struct capture_health *health);

/* A violation at or above --fail-on was found. */
bool output_violated(const struct output *out);

#endif
