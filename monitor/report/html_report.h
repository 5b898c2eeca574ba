/*
 * The compliance report as one file, for people who keep, print and sign it. It contains the summary of the
 * text report (text_report.h), more about who broke what, and the findings one by one with the records that
 * decided them. Its size is bounded: tables are capped, and the rows that they leave out are counted.
 */
#ifndef UTWATCH_REPORT_HTML_REPORT_H
#define UTWATCH_REPORT_HTML_REPORT_H

#include "report/health.h"
#include "report/html_material.h"
#include "report/inputs.h"
#include "report/provenance.h"
#include "report/tally.h"

#include <stdio.h>

struct html_report {
    const struct tally *tally;
    const struct tally *advice; /* of the second profile, or NULL */
    const struct capture_health *health;
    const struct input_names *names;        /* or NULL */
    const struct html_material *material;   /* or NULL */
    const struct report_provenance *origin; /* or NULL */
    const char *made_at;                    /* ISO time, or NULL */
};

/* One HTML file: no script, nothing from outside, printable. Errors of writing are left to ferror(out). */
void html_report_write(FILE *out, const struct html_report *report);

#endif
