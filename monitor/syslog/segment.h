/* One file of a spool: a header that says how much of it is done, then messages with their numbers and
 * checksums. */
#ifndef UTWATCH_SYSLOG_SEGMENT_H
#define UTWATCH_SYSLOG_SEGMENT_H

#include "base/span.h"

enum { SEGMENT_MOST_BYTES = 8192 }; /* of a message */

struct segment {
    int fd; /* -1: this slot is free */
    bool in_memory;
    bool closed; /* nothing is appended any more */
    unsigned class;
    uint64_t id;    /* by which its file is named */
    uint64_t first; /* number of its first message; 0: none yet */
    uint64_t size;  /* bytes of the file, header included */
    uint64_t done;  /* where the first message that is not done begins */
    uint64_t taken; /* where the next message to hand out begins; never before `done` */
    uint64_t next;  /* number of the message at `taken`; 0: not read yet, or there is none */
    uint64_t kept;  /* messages from `done` on */
};

/* A message as it lies in a segment. */
struct segment_message {
    uint64_t number;
    uint64_t end; /* where the next one begins */
    struct span bytes;
};

enum { SEGMENT_HEADER = 16, SEGMENT_OVERHEAD = 16 }; /* of a file; of each message */

/* An empty segment in a file that was just opened. False, with errno. */
bool segment_begin(struct segment *s, int fd, unsigned class);

/* Takes over a file of an earlier run, without its end where that is torn (*torn). False when it is no
 * segment at all. */
bool segment_resume(struct segment *s, int fd, unsigned class, bool *torn, uint64_t *last);

/* False with errno when the disk refuses; the segment is as before then. */
bool segment_append(struct segment *s, uint64_t number, struct span message);

/* The message at `at`, into a buffer of SEGMENT_MOST_BYTES. False: there is no whole one. */
bool segment_read(const struct segment *s, uint64_t at, uint8_t *buffer, struct segment_message *out);

/* Moves `done` behind all messages up to `number`, and remembers it in the file. Returns how many those are.
 */
uint64_t segment_done(struct segment *s, uint64_t number);

/* Empties a segment of which everything is done. False when the disk refuses. */
bool segment_empty(struct segment *s);

static inline bool segment_is_used(const struct segment *s)
{
    return s->fd >= 0;
}

#endif
