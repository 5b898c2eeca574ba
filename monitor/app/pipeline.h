/* One frame's way through the program, and what has to happen around it: expiry, eviction, the end. */
#ifndef UTWATCH_APP_PIPELINE_H
#define UTWATCH_APP_PIPELINE_H

#include "app/judge.h"
#include "app/output.h"
#include "app/ruleset.h"
#include "capture/live.h"
#include "report/health.h"

struct docket;
struct pipeline;

/* Whose it is. */
struct pipeline_worker {
    unsigned number, workers; /* 0 and 1: there is one */
    struct docket *docket;    /* the way to the judge, where that is another thread; else NULL */
};

/* What is finished goes to the judge. NULL after a message, when there is no memory. Rules, output and
 * judge outlive the pipeline. */
struct pipeline *pipeline_new(const struct ruleset *rules, struct output *output, struct judge *judge,
                              const struct pipeline_worker *worker);
void pipeline_free(struct pipeline *p);

/* Between two frames: from now on the configuration is this one. The sizes of tables stay. */
void pipeline_go_on_with(struct pipeline *p, const struct ruleset *rules);

/* What the judge says, perhaps later, of a handshake: a judge_answer. */
void pipeline_answer(struct pipeline *p, struct flow *flow, uint64_t id, uint32_t key_since);

/* Between two frames, when the judge is another thread: what it has answered, and places of the docket that
 * are free again. */
void pipeline_take_answers(struct pipeline *p);

/* From now on identifiers are hashed with this key as well. */
void pipeline_share_identifiers(struct pipeline *p, const struct siphash_key *common);

/* What would be made when it is needed first is made now. */
void pipeline_prepare(struct pipeline *p);

/* A frame will come, or so it seems: if it begins a connection, has the processor fetch where that will be.
 */
void pipeline_expect(const struct pipeline *p, const struct frame *frame);

/* True when it is known what the frame carries. */
bool pipeline_frame(struct pipeline *p, const struct frame *frame);

/* No frame has come, and packet time goes on. */
void pipeline_time(struct pipeline *p, nanos time);

/* No file has come for so long. Findings are not held back for longer than on a quiet tap; but packet time
 * stops for everything in progress, since the next file continues where the last one ended. */
void pipeline_between_files(struct pipeline *p, int64_t waited);

/* What its sockets have counted so far. */
void pipeline_captured(struct pipeline *p, const struct live_counters *counters);

/* The capture is over: what is in progress is judged as it is. */
void pipeline_end(struct pipeline *p);

/* Frames so far. */
uint64_t pipeline_frames(const struct pipeline *p);

/* Of all of them together, with what their judge and its output have counted. */
void pipelines_health(struct pipeline *const *p, unsigned count, const struct judge *judge,
                      struct capture_health *health);

#endif
