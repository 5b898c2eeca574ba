/* Turns verdicts into events, the report's violations and its summary, all as finished parcels, and keeps the
 * tally. */
#ifndef UTWATCH_APP_OUTPUT_H
#define UTWATCH_APP_OUTPUT_H

#include "app/options.h"
#include "app/parcel.h"
#include "app/peer_findings.h"
#include "app/ruleset.h"
#include "policy/policy.h"
#include "report/findings.h"
#include "report/health.h"
#include "report/sensor_event.h"
#include "report/summing.h"
#include "report/tally.h"

struct evidence_frames;
struct output;
struct streams;

/* NULL when there is no memory. What is given outlives the output. `goes_on`: with what another one before it
 * has begun. */
struct output *output_new(const struct options *o, const struct ruleset *rules,
                          const struct parcel_sink *sink, bool goes_on);
void output_free(struct output *out);

/* What comes from now on was judged by these rules; nothing refers to the earlier ones any more. False, with
 * nothing changed, when there is no memory. */
bool output_go_on_with(struct output *out, const struct ruleset *rules);

/* Has the processor fetch what output_case() will touch for a handshake of this UE, or output_peer() for a UE
 * or server; `asked`: see case_asked(). */
void output_expect(const struct output *out, const struct endpoint *offender, uint64_t asked);

/* One judged case with its verdicts, and those of the advice profile. */
void output_case(struct output *out, const struct policy_case *c, const struct verdict *verdicts,
                 size_t count, const struct verdict *advice, size_t advised);

/* One verdict about a server or UE in general, and what is new about it. Events report each change at once;
 * reports that are written during the run contain what holds in the end. */
void output_peer(struct output *out, const struct policy_case *c, const struct verdict *v,
                 const struct peer_news *news, bool advice);

/* The name of the interface, in live capture, at which a connection was seen; else NULL. */
const char *output_interface(const struct output *out, const struct whence *about);

/* --baseline was given. Does it have this violation? */
bool output_has_baseline(const struct output *out);
bool output_knows(const struct output *out, const struct policy_case *c, const struct verdict *v);

/* Where frames are kept for the evidence of alerts; NULL when none is wanted. */
struct evidence_frames *output_evidence(struct output *out);

/* What numbers connections as Wireshark does, for the HTML report; NULL when nobody asks for it. */
struct streams *output_streams(struct output *out);

/* The HTML report shows the messages of handshakes. */
bool output_shows_messages(const struct output *out);
const struct findings_counters *output_findings(const struct output *out);

/* The statistics event, as of `when`. */
void output_statistics(struct output *out, const struct capture_health *health, nanos when);

/* The summary so far, on standard error. */
void output_status(struct output *out, const struct capture_health *health);

/* A condition of the sensor itself: an event, an alert when it begins, and a line on standard error. */
void output_sensor(struct output *out, const struct sensor_finding *finding);

/* Fills in how often and how long the sensor was blind, until now on the monotonic clock. */
void output_blind(const struct output *out, int64_t now, struct capture_health *health);

/* Packet time has advanced. */
void output_time(struct output *out, nanos now);

/* Nothing may come for a while: passes on what is finished. */
void output_flush(struct output *out);

/* The end: statistics event, summary, and the last parcel. `status`: the exit status of the run. */
void output_end(struct output *out, const struct capture_health *health, int status);

/* The end of this sensor, but not of the run: another one goes on. */
void output_pause(struct output *out, const struct capture_health *health);

/* Counts of alerts for syslog, and of those beyond json-limit. */
const struct summing_counters *output_messages(const struct output *out);
const struct summing_counters *output_beyond_limit(const struct output *out);

/* At least one verdict was reached. */
bool output_judged(const struct output *out);

/* What was judged so far, in numbers. */
const struct tally *output_tally(struct output *out);

/* Violations found so far, of whatever severity. */
uint64_t output_violations(const struct output *out);

/* What came of --expect, on standard output. False: a rule said otherwise. */
bool output_as_expected(const struct output *out);

/* A violation at or above --fail-on was found, and not taken back. */
bool output_violated(const struct output *out);

#endif
