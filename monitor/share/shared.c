/* The packet path's side: it puts questions and news into the ring, and reads the answers from their slots.
 */
#include "base/limits.h"
#include "share/shared_parts.h"

#include "base/clock.h"

#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static void let_go(struct shared *s)
{
    if (s->owner == getpid())
        redis_free(s->redis);
    if (s->wake >= 0)
        (void)close(s->wake);
    if (s->m)
        (void)munmap(s->m, sizeof *s->m);
    free(s);
}

bool shared_url_is_valid(const char *url)
{
    struct redis *r = redis_new(url);
    redis_free(r);
    return r != NULL;
}

size_t shared_bytes(void)
{
    return sizeof(struct shared_memory);
}

static struct shared_memory *new_memory(void)
{
    struct shared_memory *m =
        mmap(NULL, sizeof *m, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (m == MAP_FAILED)
        return NULL;
    m->offer = siphash_random_key();
    m->keys[1] = m->offer;
    m->key_version = 1; /* until Redis has another key, this one may become the key of all sensors */
    return m;
}

struct shared *shared_new(const char *url, uint32_t retention)
{
    struct shared *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->url = url;
    s->retention = retention;
    s->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    s->m = new_memory();
    if (s->wake >= 0 && s->m)
        return s;
    let_go(s);
    return NULL;
}

bool shared_start(struct shared *s)
{
    if (atomic_exchange(&s->m->served, true))
        courier_take_over(s);
    atomic_store(&s->stop, false);
    s->redis = redis_new(s->url);
    s->owner = getpid();
    return s->redis && courier_start(s);
}

void shared_recover(struct shared *s)
{
    for (uint32_t i = 0; i < SHARED_QUESTIONS; i++) {
        unsigned state = QUESTION_ASKED;
        if (!atomic_compare_exchange_strong(&s->m->questions[i].state, &state, QUESTION_DROPPED) &&
            state != QUESTION_DROPPED)
            atomic_store(&s->m->questions[i].state, QUESTION_FREE);
    }
}

static void stop(struct shared *s)
{
    const uint64_t one = 1;
    if (s->owner != getpid())
        return;
    atomic_store(&s->stop, true);
    (void)!write(s->wake, &one, sizeof one);
    struct timespec end;
    (void)clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec += SHARED_FLUSH_SECONDS;
    /* The thread may be waiting for the resolver without a limit. The end does not wait for that, and leaves
     * the thread its memory. */
    if (pthread_timedjoin_np(s->thread, NULL, &end) != 0)
        s->owner = 0;
}

void shared_close(struct shared *s)
{
    if (!s)
        return;
    const bool mine = s->owner == getpid();
    stop(s);
    if (!mine || s->owner)
        let_go(s);
}

enum { PAUSE_NS = 1000000 };

bool shared_wait_ready(struct shared *s, int64_t most)
{
    for (const int64_t end = clock_monotonic() + most; !atomic_load(&s->m->ready) && clock_monotonic() < end;)
        clock_pause(PAUSE_NS);
    return atomic_load(&s->m->ready);
}

void shared_flush(struct shared *s, int64_t most)
{
    const int64_t end = clock_monotonic() + most;
    while ((!ring_is_empty(s) || atomic_load(&s->m->pending)) && atomic_load(&s->m->ready) &&
           clock_monotonic() < end)
        clock_pause(PAUSE_NS);
}

static bool post(struct shared *s, const struct request *r)
{
    const uint64_t one = 1;
    const uint32_t end = atomic_load_explicit(&s->m->ring_end, memory_order_relaxed);
    if (end - atomic_load(&s->m->ring_first) == SHARED_RING)
        return false;
    s->m->ring[end % SHARED_RING] = *r;
    atomic_store(&s->m->ring_end, end + 1);
    if (atomic_exchange(&s->m->asleep, false))
        (void)!write(s->wake, &one, sizeof one);
    return true;
}

unsigned shared_ask(struct shared *s, uint64_t key)
{
    const uint32_t at = s->m->next_question % SHARED_QUESTIONS;
    struct question *q = &s->m->questions[at];
    if (!key || !atomic_load(&s->m->ready) || atomic_load(&q->state) != QUESTION_FREE) {
        s->m->counters.unasked++;
        return 0;
    }
    atomic_store(&q->state, QUESTION_ASKED);
    if (!post(s, &(struct request){.question = at, .origin = {.key = key}})) {
        atomic_store(&q->state, QUESTION_FREE);
        s->m->counters.unasked++;
        return 0;
    }
    s->m->next_question++;
    s->m->counters.asked++;
    return at + 1;
}

enum shared_answer shared_answer(struct shared *s, unsigned question, struct origin *out)
{
    const struct question *q = &s->m->questions[question - 1];
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
    struct question *q = &s->m->questions[question - 1];
    unsigned state = QUESTION_ASKED;
    if (atomic_compare_exchange_strong(&q->state, &state, QUESTION_DROPPED)) {
        s->m->counters.late++;
        return;
    }
    s->m->counters.known += state == QUESTION_KNOWN;
    s->m->counters.late += state == QUESTION_FAILED;
    atomic_store(&q->state, QUESTION_FREE);
}

void shared_tell(struct shared *s, const struct origin *news)
{
    if (!news->key || !post(s, &(struct request){.question = NEWS, .origin = *news}))
        (void)atomic_fetch_add(&s->m->untold, 1);
}

void shared_count(const struct shared *s, struct shared_counters *out)
{
    *out = s->m->counters;
    out->told = atomic_load(&s->m->told);
    out->untold = atomic_load(&s->m->untold) + atomic_load(&s->m->pending);
}
