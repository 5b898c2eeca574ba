/* What the packet path does: it leaves questions and news in the ring, and reads answers where they lie. */
#include "share/shared_parts.h"

#include "base/clock.h"

#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

static void let_go(struct shared *s)
{
    if (s->wake >= 0)
        (void)close(s->wake);
    redis_free(s->redis);
    (void)pthread_mutex_destroy(&s->lock);
    free(s->outbox.letters);
    free(s->ring);
    free(s->questions);
    free(s);
}

bool shared_url_is_valid(const char *url)
{
    struct redis *r = redis_new(url);
    redis_free(r);
    return r != NULL;
}

struct shared *shared_open(const char *url, uint32_t retention)
{
    struct shared *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    (void)pthread_mutex_init(&s->lock, NULL);
    s->retention = retention;
    s->key = s->offer = siphash_random_key();
    s->key_version = 1; /* until Redis has another, it may become that of all */
    s->redis = redis_new(url);
    s->questions = calloc(SHARED_QUESTIONS, sizeof *s->questions);
    s->ring = calloc(SHARED_RING, sizeof *s->ring);
    s->outbox.letters = calloc(SHARED_OUTBOX, sizeof *s->outbox.letters);
    s->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (s->redis && s->questions && s->ring && s->outbox.letters && s->wake >= 0 && courier_start(s))
        return s;
    let_go(s);
    return NULL;
}

void shared_close(struct shared *s)
{
    const uint64_t one = 1;
    if (!s)
        return;
    atomic_store(&s->stop, true);
    (void)!write(s->wake, &one, sizeof one);
    struct timespec end;
    (void)clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec += SHARED_FLUSH_SECONDS;
    /* It may be waiting for the name of a host, for as long as the resolver pleases: the end does not wait
     * for that. */
    if (pthread_timedjoin_np(s->thread, NULL, &end) == 0)
        let_go(s);
}

bool shared_wait_ready(struct shared *s, int64_t most)
{
    const struct timespec pause = {.tv_nsec = 1000000};
    for (const int64_t end = clock_monotonic() + most; !atomic_load(&s->ready) && clock_monotonic() < end;)
        (void)nanosleep(&pause, NULL);
    return atomic_load(&s->ready);
}

void shared_flush(struct shared *s, int64_t most)
{
    const struct timespec pause = {.tv_nsec = 1000000};
    const int64_t end = clock_monotonic() + most;
    while ((!ring_is_empty(s) || atomic_load(&s->pending)) && atomic_load(&s->ready) &&
           clock_monotonic() < end)
        (void)nanosleep(&pause, NULL);
}

static bool post(struct shared *s, const struct request *r)
{
    const uint64_t one = 1;
    const uint32_t end = atomic_load_explicit(&s->ring_end, memory_order_relaxed);
    if (end - atomic_load(&s->ring_first) == SHARED_RING)
        return false;
    s->ring[end % SHARED_RING] = *r;
    atomic_store(&s->ring_end, end + 1);
    if (atomic_exchange(&s->asleep, false))
        (void)!write(s->wake, &one, sizeof one);
    return true;
}

unsigned shared_ask(struct shared *s, uint64_t key)
{
    const uint32_t at = s->next_question % SHARED_QUESTIONS;
    struct question *q = &s->questions[at];
    if (!key || !atomic_load(&s->ready) || atomic_load(&q->state) != QUESTION_FREE) {
        s->counters.unasked++;
        return 0;
    }
    atomic_store(&q->state, QUESTION_ASKED);
    if (!post(s, &(struct request){.question = at, .origin = {.key = key}})) {
        atomic_store(&q->state, QUESTION_FREE);
        s->counters.unasked++;
        return 0;
    }
    s->next_question++;
    s->counters.asked++;
    return at + 1;
}

enum shared_answer shared_answer(struct shared *s, unsigned question, struct origin *out)
{
    const struct question *q = &s->questions[question - 1];
    switch ((enum question_state)atomic_load(&q->state)) {
    case QUESTION_ASKED:
        return SHARED_WAIT;
    case QUESTION_KNOWN:
        *out = q->origin;
        return SHARED_KNOWN;
    case QUESTION_PARTED:
        return SHARED_PARTED;
    case QUESTION_UNKNOWN:
    case QUESTION_FAILED:
    case QUESTION_FREE:
    case QUESTION_DROPPED:
        break;
    }
    return SHARED_UNKNOWN;
}

void shared_drop(struct shared *s, unsigned question)
{
    struct question *q = &s->questions[question - 1];
    unsigned state = QUESTION_ASKED;
    if (atomic_compare_exchange_strong(&q->state, &state, QUESTION_DROPPED)) {
        s->counters.late++;
        return;
    }
    s->counters.known += state == QUESTION_KNOWN;
    s->counters.late += state == QUESTION_FAILED;
    atomic_store(&q->state, QUESTION_FREE);
}

void shared_tell(struct shared *s, const struct origin *news)
{
    if (!news->key || !post(s, &(struct request){.news = true, .origin = *news}))
        (void)atomic_fetch_add(&s->untold, 1);
}

void shared_count(const struct shared *s, struct shared_counters *out)
{
    *out = s->counters;
    out->told = atomic_load(&s->told);
    out->untold = atomic_load(&s->untold) + atomic_load(&s->pending);
}
