/*
 * Events as one line of JSON each, in the shape of Suricata's EVE; what EVE has no name for is in the object
 * `utwatch`. schema.json, which is made of schema.in.json and the tables of counters and fields, describes
 * all of it. A value that was not observed is left out.
 */
#ifndef UTWATCH_REPORT_EVENT_JSON_H
#define UTWATCH_REPORT_EVENT_JSON_H

#include "base/text.h"
#include "policy/policy.h"
#include "report/health.h"
#include "report/inputs.h"
#include "report/summing.h"
#include "report/taken_back.h"
#include "report/tally.h"

/* What the event of a handshake has in common with its alerts: parts of it, as long as its text is there. */
struct shared_text {
    struct known_members *known;         /* of earlier events, or NULL */
    struct span before_type, after_type; /* empty when it had to be shortened */
};

/*
 * Each appends one line with its newline. MAX_EVENT_BYTES hold every event of a handshake, and the stats of
 * some 200 rules. What does not fit is written again without its long lists (stats: without its rules) and
 * says "shortened"; when even that does not fit, nothing is appended and `cut` is set.
 */
void json_tls_event(struct text *out, const struct policy_case *c, const struct input_names *names,
                    struct shared_text *shared);
/* A connection of Ut that is not TLS. */
void json_flow_event(struct text *out, const struct policy_case *c, const struct input_names *names);
/* `advice`: the verdict is of the second profile, and not a violation. `shared`: of the case's own event;
 * NULL: there is none. */
void json_alert_event(struct text *out, const struct policy_case *c, const struct input_names *names,
                      const struct verdict *v, bool advice, const struct shared_text *shared);
/* Takes back an alert about a server or UE in general. */
void json_taken_back_event(struct text *out, const struct taken_back *t, const struct input_names *names);
/* Equal alerts that are one event (json-limit). */
void json_sum_event(struct text *out, const struct alert_sum *sum);
void json_stats_event(struct text *out, const struct tally *tally, const struct capture_health *health,
                      nanos when);

#endif
