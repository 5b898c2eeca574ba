/* The sections of the compliance report as HTML; html_report.c puts them together. Not for other callers. */
#ifndef UTWATCH_REPORT_HTML_PARTS_H
#define UTWATCH_REPORT_HTML_PARTS_H

#include "report/health.h"
#include "report/html.h"
#include "report/inputs.h"
#include "report/tally.h"

/* Bytes that one text may take. Together with the caps below and HTML_DETAILS_END they keep a page of
 * MAX_RULES rules under 2 MiB, whatever a profile says and whatever was found. */
#define HTML_ID_MOST       96
#define HTML_CLAUSE_MOST   120
#define HTML_REQUIRES_MOST 600
#define HTML_NAME_MOST     400 /* of an input */

#define HTML_PEERS_SHOWN   20 /* servers, UEs or stacks of one list */
#define HTML_INPUTS_SHOWN  20
#define HTML_REASONS_SHOWN 6  /* at a rule; their own section lists all of them */
#define HTML_RULES_LISTED  40 /* with one reason of not being observable */
#define HTML_SUITES_SHOWN  12
#define HTML_DETAILS_END                                                                                     \
    ((size_t)1750 * 1024) /* no further violated rule is described in detail after that */

void html_rules(struct html *h, const struct tally *tally);      /* a table a clause */
void html_violations(struct html *h, const struct tally *tally); /* who broke what */
void html_superseded(struct html *h,
                     const struct tally *tally); /* breaches of demands that a later text has superseded */
void html_unseen(struct html *h, const struct tally *tally);
void html_distributions(struct html *h, const struct tally *tally);
void html_ages(struct html *h, const struct ages *ages);
void html_stacks(struct html *h, const struct tally *tally);
void html_health(struct html *h, const struct capture_health *health);

/* The rule's id as a link to its row. */
void html_rule_link(struct html *h, const struct rule_tally *rule, const struct tally *tally);

const char *html_binds_words(enum fault binds); /* "UE and server" */

/* One bar of a chart and one row of its table. The label is escaped. */
struct html_bar {
    const char *label;
    uint64_t count;
};

/*
 * A figure with the bars in their order and the same numbers as a table. `name` is a word for the ids of the
 * page, `title` the heading, `what` says what is counted ("handshakes"). Nothing when all bars are 0.
 */
void html_chart(struct html *h, const char *name, const char *title, const char *what,
                const struct html_bar *bars, size_t count);

#endif
