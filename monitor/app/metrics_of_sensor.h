/* Puts together what the sensor knows of itself, as metrics. */
#ifndef UTWATCH_APP_METRICS_OF_SENSOR_H
#define UTWATCH_APP_METRICS_OF_SENSOR_H

#include "app/orders.h"
#include "app/self_watch.h"
#include "app/site.h"

/* The interfaces of live capture. */
struct metrics_interfaces {
    const char *name[MAX_INTERFACES];
    bool up[MAX_INTERFACES];
    size_t count;
};

void metrics_of_sensor(const struct orders *orders, const struct site *site, const struct self_watch *watch,
                       const struct capture_health *health, const struct metrics_interfaces *interfaces);

#endif
