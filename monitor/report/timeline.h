/* Handshakes and violations over packet time, in steps that become wider as the time goes on. */
#ifndef UTWATCH_REPORT_TIMELINE_H
#define UTWATCH_REPORT_TIMELINE_H

#include "policy/policy.h"

#define TIMELINE_STEPS      96
#define TIMELINE_SEVERITIES 4

struct timeline_step {
    uint64_t handshakes;
    uint64_t violations[TIMELINE_SEVERITIES]; /* by enum severity */
};

struct timeline {
    nanos width;         /* of a step; 0: nothing has come */
    int64_t first, last; /* steps since 1970 */
    struct timeline_step step[TIMELINE_STEPS];
};

/* The step of this time. */
struct timeline_step *timeline_at(struct timeline *t, nanos time);

#endif
