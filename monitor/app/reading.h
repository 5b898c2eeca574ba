/*
 * One thread's reading of its sockets, one on each interface: frames go to a pipeline, those of several
 * interfaces in the order of their stamps, and when none come packet time goes on by the monotonic clock.
 */
#ifndef UTWATCH_APP_READING_H
#define UTWATCH_APP_READING_H

#include "app/pipeline.h"
#include "base/limits.h"
#include "capture/live.h"
#include "capture/merge.h"

#include <poll.h>
#include <stdatomic.h>

struct reading {
    struct pipeline *pipeline;
    struct live *interface[MAX_INTERFACES];
    size_t count;
    int news; /* a descriptor that ends the wait as well, and is emptied; -1: none does */
    struct pollfd poll[MAX_INTERFACES + 1];
    int ready;           /* what the last poll() has said */
    struct merge *merge; /* of several interfaces; NULL: there is one */
    int64_t now;         /* when reading began */
    nanos read_time;     /* of the last frame that was read, perhaps to be held */
    _Atomic int64_t
        *offset; /* from time stamps to the monotonic clock, by the last reading of any thread; 0: none */
    nanos frame_time; /* of the last frame */
    int64_t frame_at; /* when it was read */
    bool shared;      /* `offset` is: other threads read other frames of the same interfaces */
    nanos end;        /* it was asked for: frames stamped later are not taken; 0: it goes on */
    uint64_t arrived[MAX_INTERFACES]; /* frames by then: so many are taken, however they are stamped */
    bool drained[MAX_INTERFACES];     /* nothing is left of what had come by then */
};

/* After the interfaces are there. False: not enough memory. */
bool reading_open(struct reading *r, size_t room);
void reading_close(struct reading *r);

/* What is there, at most so many frames of an interface as may pass before clocks and signals are looked at.
 * Returns how many. */
size_t reading_go_on(struct reading *r);

/* None were there. */
void reading_pass_time(struct reading *r);

/* Until there are some, a signal comes, or so many milliseconds have passed. Others may look at the
 * interfaces, and close one, while this thread waits, but not before and afterwards. */
void reading_before_wait(struct reading *r);
void reading_wait(struct reading *r, int most);
void reading_after_wait(struct reading *r);

/* Frames that arrived before the end was asked for are read too, as far as they can be within DRAIN_SECONDS;
 * `clock`: of a packet that arrives now. False: not all of them. */
bool reading_drain(struct reading *r, nanos clock);

/* Adds what the kernel has counted for its sockets; `alone`: what it counts for an interface as well. */
void reading_count(struct reading *r, struct live_counters *sum, bool alone);

#endif
