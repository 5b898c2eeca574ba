/* The summary at the end of the report for people. */
#ifndef UTWATCH_REPORT_TEXT_SUMMARY_H
#define UTWATCH_REPORT_TEXT_SUMMARY_H

#include "report/health.h"
#include "report/inputs.h"
#include "report/page.h"
#include "report/tally.h"

/* Violations that the report counted and did not show singly. */
struct unshown {
    uint64_t of_rule[MAX_RULES];
    uint64_t other_kinds; /* not told apart: the table of kinds was full */
};

/* `advice`: the second profile's tally, or NULL. */
void summary_put(struct page *page, const struct tally *tally, const struct tally *advice,
                 const struct capture_health *health, const struct input_names *names,
                 const struct unshown *unshown);

/* Broken demands that a later text has overtaken; nothing when there is none. */
void summary_superseded(struct page *page, const struct tally *tally);

/* How old the sessions were that were used again; nothing when none was. */
void summary_ages(struct page *page, const struct ages *ages);

/* How the capture was, in sentences. */
void summary_capture(struct page *page, const struct capture_health *health);

enum tone severity_tone(enum severity severity);

#endif
