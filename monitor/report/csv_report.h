/*
 * The findings as comma-separated values (RFC 4180), a line each as they are made, for spreadsheets and
 * scripts. A cell that a spreadsheet would take for a formula begins with an apostrophe.
 */
#ifndef UTWATCH_REPORT_CSV_REPORT_H
#define UTWATCH_REPORT_CSV_REPORT_H

#include "policy/policy.h"
#include "report/health.h"
#include "report/inputs.h"

enum finding_status {
    FINDING_VIOLATION,
    FINDING_KNOWN,      /* --baseline has it */
    FINDING_EXCEPTED,   /* by the site's configuration */
    FINDING_SUPERSEDED, /* of a demand that a later text no longer makes */
    FINDING_ADVICE,     /* of --advise */
};
extern const struct word finding_words[];

/* The names of the columns. Errors of writing are left to ferror(out), here and below. */
void csv_begin(FILE *out);

/* A verdict that is VERDICT_FAIL. */
void csv_finding(FILE *out, const struct policy_case *c, const struct verdict *v, enum finding_status status,
                 const struct input_names *names);

/* The end: in a run that was interrupted, a row of that status with the signal as its note. */
void csv_end(FILE *out, const struct capture_health *health);

#endif
