/*
 * The compliance report as one file, for people who keep, print and sign it. It contains the summary of the
 * text report (text_report.h) and more about who broke what. Its size is bounded: tables are capped, and the
 * rows that they leave out are counted.
 */
#ifndef UTWATCH_REPORT_HTML_REPORT_H
#define UTWATCH_REPORT_HTML_REPORT_H

#include "base/limits.h"
#include "report/health.h"
#include "report/inputs.h"
#include "report/tally.h"

#include <stdio.h>

/* The compliance report as one HTML file: no script, nothing from outside, printable. Errors of writing are
 * left to ferror(out). `made_at`: ISO time or NULL. `names` and `advice`, the tally of the second profile,
 * may be NULL. */
void html_report_write(FILE *out, const struct tally *tally, const struct tally *advice,
                       const struct capture_health *health, const struct input_names *names,
                       const char *made_at);

#endif
