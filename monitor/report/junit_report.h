/* The rules as test cases, in the form of JUnit that build servers read. */
#ifndef UTWATCH_REPORT_JUNIT_REPORT_H
#define UTWATCH_REPORT_JUNIT_REPORT_H

#include "report/health.h"
#include "report/inputs.h"
#include "report/tally.h"

#include <stdio.h>

/*
 * With an exit `status` that says that the run is no basis for a judgement, a test case of its own has an
 * error: build servers are red then. A rule fails that was broken with at least the severity `fail_on`, so
 * that a case fails exactly where the exit status says so. A rule of which no verdict was reached is skipped,
 * with the reason. Errors of writing are left to ferror(out).
 */
void junit_report_write(FILE *out, const struct tally *tally, const struct capture_health *health,
                        const struct input_names *names, enum severity fail_on, int status);

#endif
