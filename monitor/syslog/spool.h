/*
 * Messages that one receiver has not acknowledged, in files with a cap.
 *
 * Every message is written before it is sent, so that a killed process loses none. Each class (severity) has
 * its own segments, files to which is only appended; a segment that is done with is removed. When the cap is
 * reached, the oldest segment of the least severe class goes, and what it held is counted as dropped. Where a
 * disk refuses, the messages wait in memory. Reading merges the classes in the order of arrival.
 *
 * Nothing waits for the disk: what a crash of the machine (not of the process) takes is what the kernel had
 * not yet written.
 */
#ifndef UTWATCH_SYSLOG_SPOOL_H
#define UTWATCH_SYSLOG_SPOOL_H

#include "base/limits.h"
#include "base/span.h"

enum { SPOOL_CLASSES = 4 }; /* 0 is the least severe */

#define SPOOL_LEAST_BYTES (UINT64_C(64) << 10) /* the smallest cap */

struct spool;

/* A message that was handed out. */
struct spool_message {
    uint64_t number;   /* grows with each message, over restarts too */
    struct span bytes; /* until the next call */
};

struct spool_counters {
    uint64_t kept;                   /* messages that are not done */
    uint64_t bytes;                  /* of all segments */
    uint64_t done;                   /* that have arrived, since the spool was opened */
    uint64_t dropped[SPOOL_CLASSES]; /* that had to go while they were not done */
    uint64_t damaged;                /* segments of an earlier run whose end was torn */
    uint64_t refused;                /* writes that the disk refused */
};

/*
 * `folder` NULL: in memory. What an earlier run left under `name` (a file name's characters only) is taken
 * over. NULL when the folder cannot be used; `error` says why then.
 */
struct spool *spool_open(const char *folder, const char *name, uint64_t cap, char *error, size_t error_bytes);
void spool_close(struct spool *s);

const char *spool_name(const struct spool *s);

struct spool_names {
    const char *name[MAX_RECEIVERS];
    size_t count;
};

/* Segments in the folder that are under none of these names: nobody sends them. `first`: the name of one. */
size_t spool_strangers(const char *folder, const struct spool_names *names, char *first, size_t bytes);

/* False when the message itself was the least severe and is dropped (counted). At most SYSLOG_MOST_BYTES. */
bool spool_put(struct spool *s, unsigned class, struct span message);

/* The oldest message that was not handed out, which stays the same until spool_took(). False: none. */
bool spool_peek(struct spool *s, struct spool_message *out);
void spool_took(struct spool *s);

/* Everything that was handed out up to this number has arrived. */
void spool_done(struct spool *s, uint64_t number);

/* A connection was lost: hand out again what is not done. */
void spool_rewind(struct spool *s);

struct spool_counters spool_counters(const struct spool *s);

/* Text of the last refusal of the disk, or NULL when the last write went well. */
const char *spool_trouble(const struct spool *s);

#endif
