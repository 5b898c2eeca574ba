/* The short report: its sections, in the order in which it shows them. */
#ifndef UTWATCH_REPORT_TEXT_SUMMARY_H
#define UTWATCH_REPORT_TEXT_SUMMARY_H

#include "report/health.h"
#include "report/inputs.h"
#include "report/page.h"
#include "report/tally.h"
#include "report/text_report.h"

/* Violations that the report counted and did not show singly. */
struct unshown {
    uint64_t of_rule[MAX_RULES];
    uint64_t other_kinds; /* not distinguished: the table of kinds was full */
};

/* What the summary reports. */
struct summary {
    const struct tally *tally;
    const struct tally *advice; /* the second profile's tally, or NULL */
    const struct capture_health *health;
    const struct input_names *names;
    const struct unshown *unshown;
    const struct text_choice *choice;
    int status; /* of the run's exit; below 0: it goes on */
};

void summary_put(struct page *page, const struct summary *s);

/* Those of the least severity that is shown, worst first; nothing when there is none. */
void summary_violations(struct page *page, const struct summary *s);

/* What was broken and is less severe than what is shown; nothing when there is none. */
void summary_hidden(struct page *page, const struct summary *s);

/* Breaches of superseded demands, in full or in one line each; nothing when there is none. */
void summary_superseded(struct page *page, const struct tally *tally, bool in_full);

/* Outcomes, versions, keys and suites. */
void summary_handshakes(struct page *page, const struct tally *tally);

/* Each TLS stack of UEs with what its hellos share, the worst first; nothing when no hello was seen. */
void summary_stacks(struct page *page, const struct tally *tally);

/* How old the sessions were that were resumed; nothing when none was. */
void summary_ages(struct page *page, const struct ages *ages);

/* Every rule that applied, in numbers, and those that did not. */
void summary_rules(struct page *page, const struct tally *tally);

/* Why verdicts could not be reached, and those of which rules; nothing when all were. */
void summary_unseen(struct page *page, const struct tally *tally);

/* How the capture was. */
void summary_capture(struct page *page, const struct capture_health *health);

/* "ims.pcap": an input without the folders before it, unless another one has the same name. */
void text_input(struct text *out, const struct input_names *names, unsigned source);

/* "ut-7.2-only-anonymous, TS 33.141 7.2 (1), at fault: server"; faults: a bit for each enum fault. */
void text_rule(struct text *out, const struct rule_facts *rule, unsigned faults);

/* A handshake in a line, or as many as it takes: time, ends, name, version, suite, outcome, and the age of a
 * session that was resumed. */
void text_handshake(struct page *page, const struct policy_case *c);

/* " (1 medium, 3 info)" where the breaches of a rule are not equally grave; else nothing. */
void text_severities(struct text *out, const struct rule_tally *rule);

enum tone severity_tone(enum severity severity);
const char *severity_label(enum severity severity); /* "HIGH" */

#endif
