/* What signals ask of a run, whether it reads files or interfaces. */
#ifndef UTWATCH_APP_ORDERS_H
#define UTWATCH_APP_ORDERS_H

#include "app/delivered.h"
#include "app/output.h"
#include "app/pipeline.h"
#include "process/supervisor.h"

struct metrics_board;

/* Of a sensor that follows others. */
struct earlier_sensors {
    uint64_t count; /* 0: it is the first one */
    nanos until;    /* when this one began */
    bool violated;  /* they found violations at or above --fail-on */
    bool judged;    /* they reached a verdict */
};

struct orders {
    struct judge *judge;
    struct pipeline *pipeline[MAX_WORKERS];
    unsigned workers; /* of live capture, each with a pipeline; 1: this thread does all */
    struct output *output;
    void (*reopen)(void *context); /* the files that parcels go to, on SIGHUP; NULL: somebody else does it */
    void *context;
    /* All that is read is open, and start_threads() may be called; false: end. NULL: nobody asks. */
    bool (*ready)(void *context, const struct orders *orders);
    bool (*turn)(void *context,
                 const struct orders *orders); /* each time round the loop of live capture; likewise */
    int news; /* becomes readable when turn() has something to do; without turn() meaningless */
    /* For each interface; the state is 1 and its enum live_state. Of all sensors that follow one another, of
     * which each has to leave it to the next one to open an interface again; NULL: there is one. */
    struct last_link *links;
    /* Of several workers, all NULL for one. They are started when rights and files are given up and system
     * calls are not yet; a second call does nothing. */
    void (*start_threads)(void *threads);
    /* The first so many of them stop between two frames, until 0. */
    void (*hold_threads)(void *threads, unsigned count);
    void *threads;
    struct docket *docket[MAX_WORKERS];
    uint64_t frames; /* that they have read */
    int64_t beat;    /* when the slowest of them went round its loop last, on the monotonic clock */
    struct earlier_sensors earlier;
    int64_t began;                     /* the run, on the monotonic clock; 0: its time is that of packets */
    const atomic_bool *anew;           /* when it ends, another one is to follow it; NULL: none ever does */
    const struct delivered *delivered; /* of the parcels; NULL: unknown */
    struct metrics_board *metrics;     /* where they are written for others; NULL: nobody asks */
    bool live;                         /* the input has no end: a signal is how it ends */
    uint64_t broken_inputs;            /* of the health of the capture, what the input knows */
    uint64_t filtered;
};

/* To be called after each frame and each wait, when signals_any(). False: the run has to end. */
bool orders_heed(struct orders *orders);

/* Once, before the first frame. */
bool orders_ready(const struct orders *orders);

/* To be called each time round a loop. False: the run has to end. */
bool orders_go_on(struct orders *orders);

/* Between these two the first so many workers are at rest, and what is theirs can be looked at. */
void orders_hold(const struct orders *orders, unsigned count);
void orders_let_go(const struct orders *orders);

/* Another sensor goes on with the run. */
bool orders_another_follows(const struct orders *orders);

/* The health of the capture, as it is now; all workers are held. */
void orders_health(const struct orders *orders, struct capture_health *health);

#endif
