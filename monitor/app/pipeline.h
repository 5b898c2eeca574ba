/* One frame's way through the program, and what has to happen around it: expiry, eviction, the end. */
#ifndef UTWATCH_APP_PIPELINE_H
#define UTWATCH_APP_PIPELINE_H

#include "app/delivered.h"
#include "app/output.h"
#include "app/ruleset.h"
#include "capture/live.h"
#include "policy/policy.h"
#include "report/health.h"
#include "session/session.h"

struct pipeline;

/* NULL after a message, when there is no memory or the state file cannot be opened. Rules and output outlive
 * the pipeline; sessions may be NULL: then it makes its own. */
struct pipeline *pipeline_new(const struct ruleset *rules, struct output *output, struct sessions *sessions);
void pipeline_free(struct pipeline *p);

/* Between two frames: what is judged from now on is judged by these. The sizes of tables stay. False, with
 * nothing changed, when there is no memory. */
bool pipeline_go_on_with(struct pipeline *p, const struct ruleset *rules);

/* What would be made when it is needed first is made now. */
void pipeline_prepare(struct pipeline *p);

void pipeline_frame(struct pipeline *p, const struct frame *frame);

/* No frame has come, and packet time goes on. */
void pipeline_time(struct pipeline *p, nanos time);

/* What the interfaces have counted so far, together. */
void pipeline_captured(struct pipeline *p, const struct live_counters *counters);

/* What has become of its alerts so far. */
void pipeline_delivered(struct pipeline *p, struct delivered_counters delivered);

/* The capture is over: what is in progress is judged as it stands. False, after a message, when the memory of
 * sessions could not be written to its file. */
bool pipeline_end(struct pipeline *p);

/* For people, while the capture goes on. */
void pipeline_progress(const struct pipeline *p, _Atomic uint64_t *frames, _Atomic uint64_t *handshakes);

void pipeline_health(const struct pipeline *p, struct capture_health *health);

/* Frames of which it is known what they carry. */
uint64_t pipeline_understood(const struct pipeline *p);

/* Share of handshakes, in percent, from which damage to the capture took something. */
double pipeline_loss(const struct pipeline *p);

#endif
