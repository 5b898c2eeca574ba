/* The counters and the state of a sensor, as metrics for Prometheus. No label comes from the wire. */
#ifndef UTWATCH_REPORT_METRICS_H
#define UTWATCH_REPORT_METRICS_H

#include "report/health.h"
#include "report/tally.h"

/* The tables that may become full. */
enum metrics_table {
    METRICS_CONNECTIONS,
    METRICS_HANDSHAKES,
    METRICS_SESSIONS,
    METRICS_SERVERS,
    METRICS_UES,
    METRICS_TABLES
};

struct metrics {
    const struct tally *tally;
    const struct capture_health *health;
    uint64_t capacity[METRICS_TABLES];
    const char *const *interface; /* names, as the user wrote them */
    const bool *up;               /* of each */
    size_t interfaces;
    const bool *condition; /* of each enum sensor_condition: it holds */
    nanos now;             /* time of day */
    nanos last_packet;     /* the stamp of the last packet; 0: there was none */
    int64_t lag;           /* nanoseconds from its arrival until it was read */
};

void metrics_write(struct text *t, const struct metrics *m);

#endif
