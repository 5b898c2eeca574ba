/*
 * Does the sensor still see? Conditions that begin and end by what the capture has counted: no packets,
 * drops, one direction only, lag. Each is reported once when it begins and once when it ends.
 */
#ifndef UTWATCH_APP_SELF_WATCH_H
#define UTWATCH_APP_SELF_WATCH_H

#include "app/delivered.h"
#include "app/output.h"
#include "report/sensor_event.h"

struct self_watch_limits {
    int64_t quiet;    /* nanoseconds without a packet */
    int64_t lag;      /* nanoseconds from a frame's stamp until it is read */
    double drops;     /* percent of the packets of one interval */
    double one_sided; /* percent of the TLS connections of one interval */
};

struct self_watch {
    struct self_watch_limits limits;
    struct output *output;
    bool on[SENSOR_CONDITIONS];
    nanos stamp;          /* of the last packet; 0: there was none */
    int64_t least_offset; /* of the monotonic clock to a stamp: that of a packet read at once */
    int64_t lag;          /* of the last packet */
    int64_t packet_at;    /* when the last one was read; at first: when the watch began; monotonic clock */
    int64_t failed_at;    /* likewise: when an output failed last */
    uint64_t packets, drops, handshakes, one_sided, evicted; /* at the last interval's end */
};

/* The limits are the caller's, and may change. */
void self_watch_begin(struct self_watch *w, struct output *output, int64_t now);

/* Frames were read, the last one with this stamp. */
void self_watch_packets(struct self_watch *w, nanos stamp, int64_t now);

/* What a packet that arrives now is stamped with, as far as is known; 0 when there was none yet. */
nanos self_watch_clock(const struct self_watch *w, int64_t now);

/* None came. */
void self_watch_quiet(struct self_watch *w, int64_t now);

/* At the end of each interval: the counters so far. */
void self_watch_interval(struct self_watch *w, const struct capture_health *health);

/* What those say who write the outputs. */
void self_watch_outputs(struct self_watch *w, const struct delivered *delivered);

/* An edge of an interface. */
void self_watch_tell(struct self_watch *w, enum sensor_condition condition, enum sensor_edge edge,
                     const char *interface, const char *observed);

#endif
