/*
 * The report for people: a short one at the end, and, with --details, each violation as it is found.
 *
 * With --details, equal violations (same rule, same server, same observed text) are shown SHOWN_OF_A_KIND
 * times and then only counted, and the report says so. Memory is fixed: MAX_KINDS kinds are distinguished,
 * later ones are only counted.
 */
#ifndef UTWATCH_REPORT_TEXT_REPORT_H
#define UTWATCH_REPORT_TEXT_REPORT_H

#include "policy/policy.h"
#include "report/health.h"
#include "report/inputs.h"
#include "report/taken_back.h"
#include "report/tally.h"

#include <stdio.h>

struct text_report;

/* How much of it is wanted. */
struct text_choice {
    bool details, handshakes, rules, unseen;
    enum severity least; /* that is shown */
};

/* What the reader's screen can show. */
struct text_look {
    bool colour;
    size_t columns; /* 0: not known */
};

/*
 * Takes all memory; NULL when it cannot be reserved. `out` and `names` have to outlive the report; errors of
 * writing are left to the caller's ferror(out).
 */
struct text_report *text_report_new(FILE *out, const struct text_look *look, const struct text_choice *choice,
                                    const struct input_names *names);
void text_report_free(struct text_report *report);

/* Other rules judge from now on: what was shown often enough is shown again. */
void text_report_forget_kinds(struct text_report *report);

/* A handshake in a line, with --details=handshakes. */
void text_report_handshake(struct text_report *report, const struct policy_case *c);

/* A verdict that is VERDICT_FAIL; it is written only with --details. */
void text_report_violation(struct text_report *report, const struct policy_case *c, const struct verdict *v);

/* A violation that is taken back, in a line; likewise. */
void text_report_taken_back(struct text_report *report, const struct taken_back *t);

/* What was read and how it was judged. `advice`: the tally of the second profile, or NULL. `status`: with
 * which the run ends, below 0 when it goes on. */
void text_report_summary(struct text_report *report, const struct tally *tally, const struct tally *advice,
                         const struct capture_health *health, int status);

/*
 * The verdict alone, without its newline, for outputs without the full report. It contains the word
 * "compliant" only if every verdict could be reached and nothing is known to be missing from the capture.
 */
void text_overall(struct text *out, const struct tally *tally, const struct capture_health *health,
                  const struct input_names *names);

/* Nothing was judged, and what was there instead. */
void text_nothing(struct text *out, const struct tally *tally, const struct capture_health *health,
                  const struct input_names *names);

/* How far the numbers reach when the sensor was started again. False, with nothing written: it was not. */
bool text_restarts(struct text *out, const struct capture_health *health);

/* "12 frames behind EtherType 0x8926 (...)": most of those that were not followed, and how to have them read.
 */
void text_commonest(struct text *out, const struct capture_health *health);

/* " (by ports: 3, on port 8443; what is Ut has to be added there)": which keys of the scope left handshakes
 * out. */
void text_outside(struct text *out, const struct capture_health *health);

#endif
