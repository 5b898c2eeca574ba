/* What signals ask of a run, whether it reads files or interfaces. */
#ifndef UTWATCH_APP_ORDERS_H
#define UTWATCH_APP_ORDERS_H

#include "app/delivered.h"
#include "app/output.h"
#include "app/pipeline.h"
#include "process/signals.h"

struct orders {
    struct pipeline *pipeline;
    struct output *output;
    void (*reopen)(void *context); /* the files that parcels go to, on SIGHUP; NULL: somebody else does it */
    void *context;
    bool (*ready)(void *context); /* all that is read is open, and all threads are there; false: end. NULL:
                                     nobody asks */
    bool (*turn)(void *context,
                 const struct orders *orders); /* each time round the loop of live capture; likewise */
    /* For each interface, 1 and its enum live_state as it was last; 0 at first. Of all sensors that follow
     * one another, of which each has to leave it to the next one to open an interface again; NULL: there is
     * one. */
    _Atomic unsigned char *links;
    const struct delivered *delivered; /* of the parcels; NULL: nobody tells */
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

/* The health of the capture, as it is now. */
void orders_health(const struct orders *orders, struct capture_health *health);

#endif
