/*
 * Sums equal alerts (same rule, UE and server): the first is sent at once, those that follow within an
 * interval are counted and sent as one sum at its end. Time is packet time, so that a replay sends the same
 * as the live sensor did.
 */
#ifndef UTWATCH_REPORT_SUMMING_H
#define UTWATCH_REPORT_SUMMING_H

#include "report/alert_message.h"

struct summing;

struct summing_counters {
    uint64_t told;    /* alerts sent singly */
    uint64_t summed;  /* alerts that went into a sum */
    uint64_t evicted; /* sums sent early because the table was full */
};

/* Sends one: a whole message and its severity. */
typedef void summing_told(void *context, enum severity severity, struct span message);

/* Rules and names outlive it. NULL when there is no memory. */
struct summing *summing_new(const struct syslog_origin *origin, const struct input_names *names,
                            nanos interval, summing_told *told, void *context);
void summing_free(struct summing *s);

void summing_alert(struct summing *s, const struct policy_case *c, const struct verdict *v);

/* An alert about the sensor itself is sent at once. */
void summing_sensor(struct summing *s, const struct sensor_finding *f);

/* Packet time has advanced: sends the sums whose interval is over. */
void summing_time(struct summing *s, nanos now);

/* Sends all sums; afterwards nothing refers to a rule. */
void summing_flush(struct summing *s);

/* Other rules, and perhaps another configuration, from now on: tells all sums first. */
void summing_go_on_with(struct summing *s, const struct syslog_origin *origin, nanos interval);

const struct summing_counters *summing_counters(const struct summing *s);
uint64_t summing_memory(void);

#endif
