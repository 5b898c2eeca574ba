/* Events about the sensor itself: it sees nothing, or only a part. */
#ifndef UTWATCH_REPORT_SENSOR_EVENT_H
#define UTWATCH_REPORT_SENSOR_EVENT_H

#include "base/nanos.h"
#include "base/text.h"

enum sensor_condition {
    SENSOR_NO_PACKETS,
    SENSOR_DROPS,
    SENSOR_ONE_DIRECTION,
    SENSOR_LAG,
    SENSOR_LINK_DOWN,
    SENSOR_INTERFACE_GONE,
    SENSOR_INTERFACE_RENAMED,
    SENSOR_SPOOL_FILLS,
    SENSOR_OUTPUT_FAILS,
    SENSOR_TABLE_FULL,
    SENSOR_CONDITIONS
};

struct sensor_finding {
    enum sensor_condition condition;
    enum sensor_edge {
        SENSOR_BEGINS,
        SENSOR_ENDS,
        SENSOR_CHANGES
    } edge;                /* CHANGES: begins and ends at once */
    nanos time;            /* of day, when it is reported */
    int64_t at;            /* when it began or ended, on the monotonic clock */
    const char *interface; /* as the user wrote it, or NULL */
    const char *observed;  /* for people */
};

/* The properties of a condition. */
struct sensor_words {
    const char *name, *title;
    const char *over;       /* the title of its end; NULL: it has none */
    unsigned sid, severity; /* EVE's: 1 is the highest */
};
const struct sensor_words *sensor_words(enum sensor_condition condition);
extern const char *const sensor_edge_names[]; /* "begins", "ends", "changes" */

/* "no-packets" and so on. */
const char *sensor_condition_name(enum sensor_condition condition);

/* Appends the event of either edge, one line of JSON with its newline. */
void json_sensor_event(struct text *out, const struct sensor_finding *finding);

/* Appends the alert; there is one for each condition that begins. */
void json_sensor_alert(struct text *out, const struct sensor_finding *finding);

#endif
