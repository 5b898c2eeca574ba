/* Private to this folder: the data that the packet path and the thread share. */
#ifndef UTWATCH_SHARE_SHARED_PARTS_H
#define UTWATCH_SHARE_SHARED_PARTS_H

#include "base/limits.h"
#include "base/nanos.h"
#include "share/shared.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/types.h>

#define RETRY_PAUSE NANOS_PER_SECOND /* before refused news are sent again */

enum question_state {
    QUESTION_FREE,
    QUESTION_ASKED,
    QUESTION_DROPPED, /* before the answer came: free when it comes */
    QUESTION_KNOWN,
    QUESTION_PARTED,
    QUESTION_UNKNOWN,
    QUESTION_FAILED,
};

struct question {
    _Atomic unsigned state;
    struct origin origin;
};

#define NEWS UINT32_MAX

/* From the packet path to the thread. */
struct request {
    uint32_t question;    /* or NEWS */
    struct origin origin; /* of a question only the key */
};

enum letter_state { LETTER_WAITING, LETTER_SENT, LETTER_DONE };

struct letter {
    struct origin news;
    enum letter_state state;
    unsigned char retried; /* it was refused before */
};

/* News by number; number modulo SHARED_OUTBOX is the place. */
struct outbox {
    uint64_t first, next, end; /* oldest that has not arrived, next to send, next to write */
    size_t under_way;
    int64_t hold_until; /* for what was refused before */
    struct letter letters[SHARED_OUTBOX];
};

enum key_state { KEY_TO_OFFER, KEY_OFFERED, KEY_TO_FETCH, KEY_FETCHED, KEY_AGREED };

/* What both processes have, and what a thread takes over from a killed one. The process of the packet path
 * may have been taken over by what it read from the wire: there is no pointer in it, and no number of it is
 * believed to be within bounds. */
struct shared_memory {
    _Atomic unsigned served; /* by a thread, at some time */
    _Atomic uint32_t ring_first, ring_end;
    _Atomic unsigned asleep, ready;
    unsigned key_checked_again; /* the key that was agreed on remains valid meanwhile */

    enum key_state key_state;
    int64_t key_again;          /* when to try again */
    struct siphash_key offer;   /* what this sensor would use, and then what all of them do */
    struct siphash_key keys[2]; /* by version, so that a new one is not read while it is written */
    _Atomic unsigned key_version;

    uint32_t next_question; /* of the packet path, as are these */
    struct shared_counters counters;
    _Atomic uint64_t told, untold, pending; /* of the thread */

    struct question questions[SHARED_QUESTIONS];
    struct request ring[SHARED_RING];
    struct outbox outbox;
};

/* Each process has its own. */
struct shared {
    struct shared_memory *m;
    struct redis *redis; /* of the process that has the thread */
    pid_t owner;         /* that process; 0: it is another one */
    const char *url;
    uint32_t retention;
    pthread_t thread;
    int wake; /* eventfd */
    _Atomic bool stop;
};

static inline bool ring_is_empty(struct shared *s)
{
    return atomic_load(&s->m->ring_first) == atomic_load(&s->m->ring_end);
}

/* courier.c: the thread, which alone speaks to Redis. False: it cannot be started. */
bool courier_start(struct shared *s);
/* Before that: takes over the questions and news that the thread of a killed process had no answer to. */
void courier_take_over(struct shared *s);

/* common_key.c: one step towards the key that all sensors use, and whether Redis can be used by now. */
void common_key_agree(struct shared *s, int64_t now);

/* outbox.c: news that have not arrived in Redis yet. */
void outbox_put(struct shared *s, const struct origin *news, bool retried);
void outbox_deliver(struct shared *s, int64_t now);
/* News that were sent and not answered are sent again. */
void outbox_send_again(struct outbox *o);
/* Drops the news under a key that nobody else has: they would never be found. */
void outbox_drop_keys(struct outbox *o);

#endif
