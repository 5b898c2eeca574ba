/* The clock that only goes forward, for waits and deadlines. Packets have their own time (base/nanos.h). */
#ifndef UTWATCH_BASE_CLOCK_H
#define UTWATCH_BASE_CLOCK_H

#include "base/nanos.h"

#include <time.h>

/* Nanoseconds since some moment before the start of the program. */
static inline int64_t clock_monotonic(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * NANOS_PER_SECOND + t.tv_nsec;
}

/* Waits for so long, less than a second; a signal may end it earlier. */
static inline void clock_pause(long nanoseconds)
{
    const struct timespec t = {.tv_nsec = nanoseconds};
    (void)nanosleep(&t, NULL);
}

/* The time of day, by which the kernel stamps frames; it may be set. */
static inline nanos clock_of_day(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_REALTIME, &t);
    return (nanos)t.tv_sec * NANOS_PER_SECOND + t.tv_nsec;
}

#endif
