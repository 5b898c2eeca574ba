/* The sections of the compliance report as HTML; html_report.c puts them together. Not for other callers. */
#ifndef UTWATCH_REPORT_HTML_PARTS_H
#define UTWATCH_REPORT_HTML_PARTS_H

#include "report/health.h"
#include "report/html.h"
#include "report/html_report.h"
#include "report/inputs.h"
#include "report/tally.h"

/* Bytes that one text may take. Together with the caps below and HTML_DETAILS_END they keep a page of
 * MAX_RULES rules under 4 MiB, whatever a profile says and whatever was found. */
#define HTML_ID_MOST       96
#define HTML_CLAUSE_MOST   120
#define HTML_REQUIRES_MOST 600
#define HTML_NAME_MOST     400 /* of an input */

#define HTML_PEERS_SHOWN   20 /* servers, UEs or stacks of one list */
#define HTML_INPUTS_SHOWN  8
#define HTML_FILES_SHOWN   1000 /* with their size and SHA-256 */
#define HTML_FILES_WIDE    100  /* more of them have a short form on paper */
#define HTML_EXCEPTIONS    200
#define HTML_REASONS_SHOWN 6  /* at a rule; their own section lists all of them */
#define HTML_RULES_LISTED  40 /* with one reason of not being observable */
#define HTML_SUITES_SHOWN  12
#define HTML_DETAILS_END                                                                                     \
    ((size_t)2500 * 1024) /* no further violated rule is described in detail after that */
#define HTML_RECORDS_END ((size_t)1500 * 1024) /* nor is a further record shown */

void html_rules(struct html *h, const struct tally *tally);        /* a table a clause */
void html_violations(struct html *h, const struct html_report *r); /* who broke what, and how it was seen */
void html_evidence(struct html *h, const struct html_report *r, const struct rule_facts *rule,
                   bool advice); /* the findings of one rule, one by one */
void html_evidence_row(struct html *h, const struct html_report *r, const struct rule_facts *rule,
                       bool advice, unsigned columns); /* the same as a row of a table */
void html_record(struct html *h, const struct findings *f, const struct finding_record *record,
                 const struct finding *of, const struct input_names *names);
void html_summary(struct html *h, const struct tally *tally);
void html_timeline(struct html *h, const struct html_material *material, const struct capture_health *health);
void html_servers(struct html *h, const struct html_report *r);
void html_provenance(struct html *h, const struct html_report *r);
void html_superseded(struct html *h,
                     const struct html_report *r); /* breaches of demands that a later text has superseded */
void html_unseen(struct html *h, const struct tally *tally);
void html_distributions(struct html *h, const struct tally *tally);
void html_ages(struct html *h, const struct ages *ages);
void html_stacks(struct html *h, const struct tally *tally);
void html_health(struct html *h, const struct capture_health *health);

/* The rule's id as a link to its row. */
void html_rule_link(struct html *h, const struct rule_tally *rule, const struct tally *tally);

/* "2026-11-23T17:50:00Z", or to the microsecond. */
void html_time(struct html *h, nanos time, bool micros);

/* Of an end its address, or address and port. */
void html_end(struct html *h, const struct endpoint *end, bool port);

/* The capture's base name. */
void html_input(struct html *h, const struct input_names *names, unsigned source);

#endif
