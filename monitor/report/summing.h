/*
 * Sums equal alerts (same rule, UE and server): those that follow one within an interval are counted and sent
 * as one sum at its end. Time is packet time, so that a replay sends the same as the live sensor did.
 */
#ifndef UTWATCH_REPORT_SUMMING_H
#define UTWATCH_REPORT_SUMMING_H

#include "policy/policy.h"

struct summing;

/* Alerts that were not sent by themselves. */
struct alert_sum {
    const struct rule_facts *rule;
    struct endpoint client,
        server; /* the client's port has no meaning; all zero for an end that the alert is not about */
    struct endpoint told;   /* whom a PROXY header names: whence.told */
    uint64_t asked;         /* case_asked() */
    enum severity severity; /* the highest */
    enum fault fault;       /* of the last */
    bool advice;            /* they are of the second profile, and no violations */
    uint64_t count;
    nanos first, last;
};

struct summing_counters {
    uint64_t told;    /* alerts that are sent by themselves */
    uint64_t summed;  /* alerts that went into a sum */
    uint64_t evicted; /* sums sent early because the table was full */
};

typedef void summing_tell(void *context, const struct alert_sum *sum);

/* NULL when there is no memory. Of NULL nothing is summed, and the functions that neither take nor add an
 * alert do nothing. */
struct summing *summing_new(nanos interval, summing_tell *tell, void *context);
void summing_free(struct summing *s);

/* True: an equal alert was there within the interval, and this one is in its sum. False: it is to be sent by
 * itself. */
bool summing_takes(struct summing *s, const struct policy_case *c, const struct verdict *v);

/* The alert goes into a sum, whether or not an equal one was there. */
void summing_adds(struct summing *s, const struct policy_case *c, const struct verdict *v, bool advice);

/* What these alerts said does not hold any more: sends their sum; the next such alert is sent by itself. */
void summing_settle(struct summing *s, const struct policy_case *c, const struct verdict *v);

/* Packet time has advanced: sends the sums whose interval is over. */
void summing_time(struct summing *s, nanos now);

/* Tells all sums; afterwards nothing refers to a rule. */
void summing_flush(struct summing *s);

/* Other rules, and perhaps another interval, from now on: sends all sums first. */
void summing_go_on_with(struct summing *s, nanos interval);

const struct summing_counters *summing_counters(const struct summing *s);
uint64_t summing_memory(void);

#endif
