/*
 * The sessions that several sensors remember together, in Redis: one tap may see where a session began, and
 * another where it is used again.
 *
 * A thread owns the connections. The packet path leaves questions and news for it and never waits: what Redis
 * does not answer in time is unknown, and news that cannot be sent yet wait in an outbox, whose oldest are
 * dropped (and counted) when it is full. Identifiers are hashed with a key that the first sensor puts into
 * Redis and all others take from there.
 */
#ifndef UTWATCH_SHARE_SHARED_H
#define UTWATCH_SHARE_SHARED_H

#include "base/siphash.h"
#include "share/origins.h"

struct shared;

struct shared_counters {
    uint64_t asked;
    uint64_t known;   /* answers that knew the session */
    uint64_t late;    /* questions that were given up, or that Redis refused */
    uint64_t unasked; /* while Redis could not be asked */
    uint64_t told;    /* news that have arrived in Redis */
    uint64_t untold;  /* news that have not, or were dropped */
};

bool shared_url_is_valid(const char *url);

/* Bytes that the processes have together. */
size_t shared_bytes(void);

/*
 * One process may have the packet path, and another one the thread that asks Redis: shared_new() before they
 * part; shared_start() in the one with the thread, and in one that follows it after it was killed;
 * shared_recover() in one that follows a packet path that was killed. None of them waits.
 *
 * `retention`: seconds that Redis keeps a session after its last use. NULL without memory, or when the URL,
 * which outlives it, is not valid; false without a thread.
 */
struct shared *shared_new(const char *url, uint32_t retention);
bool shared_start(struct shared *s);
void shared_recover(struct shared *s);

/* News that have not been sent are lost: call shared_flush() before. */
void shared_close(struct shared *s);

/* Waits until Redis answers, at most so many nanoseconds. */
bool shared_wait_ready(struct shared *s, int64_t most);

/* Waits until all news have arrived, for as long as Redis answers and at most so many nanoseconds. */
void shared_flush(struct shared *s, int64_t most);

/* The following functions are for one thread, the packet path, and never wait. */

/* The common key, if there is a newer one than `version`, which is 0 at first. */
bool shared_new_key(struct shared *s, unsigned *version, struct siphash_key *key);

enum shared_answer {
    SHARED_WAIT,
    SHARED_UNKNOWN, /* Redis does not know it, or cannot be asked */
    SHARED_PARTED,  /* two servers of one scope issued it */
    SHARED_KNOWN,
};

/* A question, 0 when it cannot be asked now. It ends with shared_drop(). */
unsigned shared_ask(struct shared *s, uint64_t key);
enum shared_answer shared_answer(struct shared *s, unsigned question, struct origin *out);
void shared_drop(struct shared *s, unsigned question);

void shared_tell(struct shared *s, const struct origin *news);

void shared_count(const struct shared *s, struct shared_counters *out);

#endif
