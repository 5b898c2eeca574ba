/*
 * Alerts as messages of RFC 5424: MSGID is the rule, the parameters carry the names of the event of the same
 * alert (event_json.h), the most important first, and the words are the rule's title.
 */
#ifndef UTWATCH_REPORT_ALERT_MESSAGE_H
#define UTWATCH_REPORT_ALERT_MESSAGE_H

#include "policy/policy.h"
#include "report/inputs.h"
#include "report/sensor_event.h"
#include "report/summing.h"
#include "report/taken_back.h"
#include "syslog/message.h"

struct alert_writer {
    struct syslog_origin origin;
    const struct input_names *names; /* outlives the writer */
    struct syslog_message message;
    char buffer[SYSLOG_MOST_BYTES + 1];
};

/* The message lives until the next call. */
struct span alert_message(struct alert_writer *w, const struct policy_case *c, const struct verdict *v);
struct span alert_taken_back(struct alert_writer *w, const struct taken_back *t); /* MSGID: taken-back */
struct span alert_summary(struct alert_writer *w, const struct alert_sum *sum);

/* A message about the sensor itself; MSGID is the condition. */
struct span alert_of_sensor(struct alert_writer *w, const struct sensor_finding *f);
/* Its severity: that of the condition while it lasts, and info when it is over. */
enum severity alert_severity_of_sensor(const struct sensor_finding *f);

#endif
