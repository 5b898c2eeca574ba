/* The times during which the sensor was blind or saw only a part: how many of each kind, and how long. */
#ifndef UTWATCH_REPORT_SPELLS_H
#define UTWATCH_REPORT_SPELLS_H

#include "report/health.h"
#include "report/sensor_event.h"

struct spells {
    struct spell {
        uint64_t times;
        unsigned open;  /* now: one for each interface whose link is down */
        int64_t since;  /* when the first of the open ones began, on the monotonic clock */
        int64_t length; /* of those that are over, in nanoseconds */
    } of[SENSOR_CONDITIONS];
};

/* A condition begins or ends. */
void spells_note(struct spells *spells, const struct sensor_finding *finding);

/* Fills in what health.def has of them; a spell that is open counts until now. */
void spells_health(const struct spells *spells, int64_t now, struct capture_health *health);

/* "The link of a captured interface was down 2 times, for 8 seconds in all." and so on, with a blank between
 * sentences. False, with nothing written: there were no spells. */
bool text_spells(struct text *out, const struct capture_health *health);

#endif
