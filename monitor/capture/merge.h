/*
 * Frames of several inputs in the order of their time stamps. Each input keeps its own order; what came of it
 * is copied and held until no other input can have an earlier frame, for a bounded time and in bounded
 * memory.
 */
#ifndef UTWATCH_CAPTURE_MERGE_H
#define UTWATCH_CAPTURE_MERGE_H

#include "capture/frame.h"

struct merge;

/* For so many inputs, each with room for so many bytes of frames. NULL: not enough memory. */
struct merge *merge_new(unsigned inputs, size_t room);
void merge_free(struct merge *merge);

/* Frames given before it was known that they were the next, for want of room or after MERGE_HOLD_MS. */
uint64_t merge_unordered(const struct merge *merge);

/* Takes a frame of input frame->source; `now`: the monotonic clock. False: there is no room, and nothing was
 * taken; merge_give_one() makes room. */
bool merge_put(struct merge *merge, const struct frame *frame, int64_t now);

/* Of this input, nothing stamped before `until` is still to come. */
void merge_seen(struct merge *merge, unsigned input, nanos until);

/* The earliest frame, even if an earlier one may still come; false when there is none. */
bool merge_give_one(struct merge *merge, capture_callback *callback, void *context);

/* Gives all frames that are known to be the next ones, and those held for too long. */
void merge_give(struct merge *merge, int64_t now, capture_callback *callback, void *context);

#endif
