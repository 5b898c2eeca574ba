/*
 * The report for people: each violation as it is found, and a summary at the end.
 *
 * Equal violations (same rule, same server, same observed text) are shown SHOWN_OF_A_KIND times and then only
 * counted, which is said. Nothing in here grows: MAX_KINDS kinds are told apart, later ones are counted only.
 */
#ifndef UTWATCH_REPORT_TEXT_REPORT_H
#define UTWATCH_REPORT_TEXT_REPORT_H

#include "policy/policy.h"
#include "report/health.h"
#include "report/inputs.h"
#include "report/tally.h"

#include <stdio.h>

struct text_report;

/*
 * Takes all memory; NULL when it cannot be reserved. `out` and `names` have to outlive the report; errors of
 * writing are left to the caller's ferror(out).
 */
struct text_report *text_report_new(FILE *out, bool colour, const struct input_names *names);
void text_report_free(struct text_report *report);

/* A verdict that is VERDICT_FAIL. */
void text_report_violation(struct text_report *report, const struct policy_case *c, const struct verdict *v);

/* Everything that was judged, what was not and why, and the overall verdict as the last line. */
/* `advice`: the tally of the second profile, or NULL. */
void text_report_summary(struct text_report *report, const struct tally *tally, const struct tally *advice,
                         const struct capture_health *health);

/*
 * The last line alone, without its newline, for where the report is not wanted in full. The word "compliant"
 * stands in it only when every verdict could be made and nothing is known to be missing from the capture.
 */
void text_overall(struct text *out, const struct tally *tally, const struct capture_health *health,
                  const struct input_names *names);

/* Nothing was judged, and what was there instead. */
void text_nothing(struct text *out, const struct tally *tally, const struct capture_health *health,
                  const struct input_names *names);

/* "12 frames behind EtherType 0x8926": most of those that were not followed. */
void text_commonest(struct text *out, const struct capture_health *health);

#endif
