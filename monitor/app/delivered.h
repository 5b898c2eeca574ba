/*
 * What became of the parcels, as reported by the process that takes them to the one that makes them: counters
 * for the statistics, and which outputs fail. In memory that both have.
 */
#ifndef UTWATCH_APP_DELIVERED_H
#define UTWATCH_APP_DELIVERED_H

#include <stdatomic.h>
#include <stdint.h>

enum output_kind { OUTPUT_JSON, OUTPUT_EVIDENCE, OUTPUT_SPOOL, OUTPUT_RECEIVER, OUTPUT_KINDS };

struct delivered {
    _Atomic uint64_t sent, resent, arrived, dropped; /* alerts for syslog, of all receivers together */
    _Atomic uint64_t spool_bytes, spool_cap;
    _Atomic uint64_t lost;             /* parcels for which the ring had no room */
    _Atomic uint64_t unwritten;        /* files of evidence that could not be written */
    _Atomic uint64_t events_dropped;   /* likewise lines of JSON */
    _Atomic int failing[OUTPUT_KINDS]; /* errno, or 0: it goes well */
};

/* A copy to be looked at, by the rows of report/health.def. */
struct delivered_counters {
    uint64_t sent, resent, arrived, dropped, spool_bytes, lost, unwritten, events_dropped;
};

/* All zero; for as long as the program runs. NULL, with errno. */
struct delivered *delivered_new(void);

struct delivered_counters delivered_counters(const struct delivered *o);

#endif
