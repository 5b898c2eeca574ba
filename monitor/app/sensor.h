/* Capture, parsing and judging: from an input to parcels. */
#ifndef UTWATCH_APP_SENSOR_H
#define UTWATCH_APP_SENSOR_H

#include "app/orders.h"
#include "app/ruleset.h"

/* All of it outlives the sensor. */
struct sensor_setup {
    const struct options *options;
    const struct ruleset *rules; /* others may take their place, see orders.turn */
    struct sessions *sessions;   /* NULL: it makes its own */
    struct watched *watched;     /* of --watch: what was read before; else NULL */
    struct parcel_sink sink;
    struct orders orders; /* what is asked for from outside; pipeline and output are filled in */
};

/* From the start to the end of the capture, or to SIGINT or SIGTERM. Returns the exit status. */
int sensor_run(const struct sensor_setup *setup);

#endif
