/* Capture, parsing and judging: from an input to parcels. */
#ifndef UTWATCH_APP_SENSOR_H
#define UTWATCH_APP_SENSOR_H

#include "app/options.h"
#include "app/parcel.h"
#include "app/site.h"
#include "policy/policy.h"

/* All of it outlives the sensor. */
struct sensor_setup {
    const struct options *options;
    const struct site *site;
    const struct profile *profile;
    const struct profile *advice; /* or NULL */
    struct parcel_sink sink;
    void (*reopen)(void *context); /* on SIGHUP: the files that parcels go to */
    void *context;
};

/* From the start to the end of the capture, or to SIGINT or SIGTERM. Returns the exit status. */
int sensor_run(const struct sensor_setup *setup);

#endif
