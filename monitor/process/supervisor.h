/*
 * The parent of two processes: the sensor, which reads packets, and the writer, which brings what the sensor
 * found to files and receivers. It parses no packet, and has read the rules before it starts them. It starts
 * what has died again, passes signals on, and reports to the service manager.
 */
#ifndef UTWATCH_PROCESS_SUPERVISOR_H
#define UTWATCH_PROCESS_SUPERVISOR_H

#include "base/limits.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the sensor knew of an interface, for the one that follows it. */
struct last_link {
    _Atomic unsigned char state; /* the sensor's own; 0: it had not looked yet */
    _Atomic unsigned index;      /* the kernel's number of it, whatever its name is; 0: it was not there */
};

/* In memory that all three have. */
struct pulse {
    _Atomic int64_t
        beat; /* when the sensor went round its loop last, on the monotonic clock; 0: not watched */
    _Atomic int64_t writer_beat; /* likewise of the writer */
    atomic_bool writer_delivers; /* it may be waiting for a file, or for who reads it */
    atomic_bool ready;           /* the sensor has opened what it reads */
    atomic_bool anew; /* the sensor is to end, so that one with more rights can open an interface again */
    atomic_bool violated, judged; /* what any sensor of the run has reported, for those that follow it */
    atomic_bool over;             /* no sensor will follow: the writer is to bring out the rest, and to end */
    _Atomic uint64_t frames, handshakes; /* so far, for people */
    _Atomic uint64_t sensors, writers;   /* that were started */
    struct last_link links[MAX_INTERFACES];
};

/* NULL, with errno. For as long as the program runs. */
struct pulse *pulse_new(void);

/* The sensor's exit status when it ends because of pulse.anew. */
enum { SENSOR_ANEW = 64, PROCESS_DIED = -1 };

struct supervised {
    /* What the processes do; `again`: another one did it before, and was killed. They return an exit status.
     */
    int (*sensor)(void *context, bool again);
    int (*writer)(void *context, bool again);
    void *context;
    struct pulse *pulse;
    void (*wake_writer)(void *context);
    bool endless;                  /* a sensor that dies is started again; else that is the end */
    const char *const *interfaces; /* the sensor is to open them anew when they were removed and came back */
    size_t interface_count;
};

struct supervised_end {
    int sensor, writer; /* exit status, or PROCESS_DIED */
};

/* Until both have ended. The caller has called signals_count(). */
struct supervised_end supervise(const struct supervised *what);

#endif
