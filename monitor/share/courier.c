/* The thread that speaks to Redis: it takes requests off the ring, asks, and brings answers back. */
#include "base/limits.h"
#include "share/shared_parts.h"

#include "base/clock.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

static void answer(struct shared *s, uint64_t question, enum question_state state)
{
    struct question *q = &s->m->questions[question];
    unsigned expected = QUESTION_ASKED;
    if (!atomic_compare_exchange_strong(&q->state, &expected, state))
        atomic_store(&q->state, QUESTION_FREE);
}

static void on_answer(void *context, uint64_t item, enum redis_status status, struct span value)
{
    struct shared *s = context;
    enum question_state state = status == REDIS_FAILED ? QUESTION_FAILED : QUESTION_UNKNOWN;
    if (status == REDIS_ANSWERED && origin_read(value, &s->m->questions[item].origin))
        state = QUESTION_KNOWN;
    else if (status == REDIS_ANSWERED && value.n == 1 && value.p[0] == '?')
        state = QUESTION_PARTED;
    answer(s, item, state);
}

static void ask(struct shared *s, const struct request *r, int64_t now)
{
    struct origin_texts texts;
    struct redis_command command;
    origin_question(r->origin.key, s->retention, &texts, &command);
    if (!atomic_load(&s->m->ready) || !redis_send(s->redis, &command, on_answer, s, r->question, now))
        answer(s, r->question, QUESTION_FAILED);
}

static void count_pending(struct shared *s)
{
    atomic_store(&s->m->pending, s->m->outbox.end - s->m->outbox.first);
}

static void take_requests(struct shared *s, int64_t now)
{
    uint32_t first = atomic_load(&s->m->ring_first);
    const uint32_t end = atomic_load(&s->m->ring_end);
    if (end - first > SHARED_RING)
        first = end;
    for (; first != end; first++) {
        const struct request r = s->m->ring[first % SHARED_RING]; /* it may change */
        if (r.question == NEWS)
            outbox_put(s, &r.origin, false);
        else if (r.question < SHARED_QUESTIONS)
            ask(s, &r, now);
    }
    count_pending(s); /* before they leave the ring, so that they are counted in one place at least */
    atomic_store(&s->m->ring_first, first);
}

static void wait_for_work(struct shared *s, int64_t now)
{
    struct pollfd fds[1 + REDIS_NODES] = {{.fd = s->wake, .events = POLLIN}};
    int64_t until;
    const size_t nodes = redis_wait_for(s->redis, fds + 1, &until, now);
    atomic_store(&s->m->asleep, true);
    const bool work = !ring_is_empty(s) || atomic_load(&s->stop);
    const int64_t left = until > now ? (until - now) / 1000000 + 1 : 0;
    (void)poll(fds, 1 + nodes, work ? 1 : (int)left);
    atomic_store(&s->m->asleep, false);
    uint64_t count;
    if (fds[0].revents && read(s->wake, &count, sizeof count) < 0 && errno != EAGAIN)
        atomic_store(&s->stop, true);
    redis_handle(s->redis, fds + 1, nodes, clock_monotonic());
}

static void *serve(void *argument)
{
    struct shared *s = argument;
    while (!atomic_load(&s->stop)) {
        const int64_t now = clock_monotonic();
        common_key_agree(s, now);
        take_requests(s, now);
        outbox_deliver(s, now);
        count_pending(s);
        wait_for_work(s, now);
    }
    return NULL;
}

void courier_take_over(struct shared *s)
{
    bool *in_ring = calloc(SHARED_QUESTIONS, sizeof *in_ring);
    const uint32_t end = atomic_load(&s->m->ring_end);
    for (uint32_t i = atomic_load(&s->m->ring_first), n = 0; in_ring && i != end && n < SHARED_RING;
         i++, n++) {
        const uint32_t question = s->m->ring[i % SHARED_RING].question;
        if (question < SHARED_QUESTIONS)
            in_ring[question] = true;
    }
    for (uint32_t i = 0; in_ring && i < SHARED_QUESTIONS; i++) {
        const unsigned state = atomic_load(&s->m->questions[i].state);
        if (!in_ring[i] && (state == QUESTION_ASKED || state == QUESTION_DROPPED))
            answer(s, i, QUESTION_FAILED);
    }
    free(in_ring);
    outbox_send_again(&s->m->outbox);
    s->m->key_state = KEY_TO_OFFER;
    s->m->key_again = 0;
    atomic_store(&s->m->ready, false);
}

/* Signals are for the packet path; a broken connection has to be an error here, not a SIGPIPE. */
bool courier_start(struct shared *s)
{
    sigset_t all;
    sigset_t before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_BLOCK, &all, &before);
    const bool started = pthread_create(&s->thread, NULL, serve, s) == 0;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return started;
}
