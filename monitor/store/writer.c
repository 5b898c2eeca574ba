#include "store/writer.h"

#include "base/clock.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

struct writer {
    struct table *table;
    pthread_t writing, keeping;
    pthread_mutex_t lock; /* protects what follows */
    pthread_cond_t wake, written;
    int64_t interval; /* nanoseconds */
    bool stop;
    bool to_keep; /* something was written that has not been flushed yet */
    _Atomic uint64_t failures;
};

static struct timespec later(int64_t interval)
{
    const int64_t end = clock_monotonic() + interval;
    return (struct timespec){.tv_sec = end / NANOS_PER_SECOND, .tv_nsec = end % NANOS_PER_SECOND};
}

static void *write_on(void *argument)
{
    struct writer *w = argument;
    (void)pthread_mutex_lock(&w->lock);
    while (!w->stop) {
        const struct timespec until = later(w->interval);
        (void)pthread_cond_timedwait(&w->wake, &w->lock, &until);
        (void)pthread_mutex_unlock(&w->lock);
        bool any = false;
        if (!table_write_out(w->table, &any))
            (void)atomic_fetch_add(&w->failures, 1);
        (void)pthread_mutex_lock(&w->lock);
        w->to_keep |= any;
        if (w->to_keep)
            (void)pthread_cond_signal(&w->written);
    }
    (void)pthread_mutex_unlock(&w->lock);
    return NULL;
}

static void *keep_on(void *argument)
{
    struct writer *w = argument;
    (void)pthread_mutex_lock(&w->lock);
    while (!w->stop) {
        if (!w->to_keep) {
            (void)pthread_cond_wait(&w->written, &w->lock);
            continue;
        }
        w->to_keep = false;
        (void)pthread_mutex_unlock(&w->lock);
        if (!table_keep(w->table))
            (void)atomic_fetch_add(&w->failures, 1);
        (void)pthread_mutex_lock(&w->lock);
    }
    (void)pthread_mutex_unlock(&w->lock);
    return NULL;
}

static void stop_threads(struct writer *w, bool both)
{
    (void)pthread_mutex_lock(&w->lock);
    w->stop = true;
    (void)pthread_cond_signal(&w->wake);
    (void)pthread_cond_signal(&w->written);
    (void)pthread_mutex_unlock(&w->lock);
    (void)pthread_join(w->writing, NULL);
    if (both)
        (void)pthread_join(w->keeping, NULL);
}

static void let_go(struct writer *w)
{
    (void)pthread_cond_destroy(&w->written);
    (void)pthread_cond_destroy(&w->wake);
    (void)pthread_mutex_destroy(&w->lock);
    free(w);
}

struct writer *writer_start(struct table *table, int64_t interval)
{
    struct writer *w = calloc(1, sizeof *w);
    if (!w)
        return NULL;
    w->table = table;
    w->interval = interval;
    pthread_condattr_t clock;
    (void)pthread_condattr_init(&clock);
    (void)pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    (void)pthread_mutex_init(&w->lock, NULL);
    (void)pthread_cond_init(&w->wake, &clock);
    (void)pthread_cond_init(&w->written, &clock);
    (void)pthread_condattr_destroy(&clock);
    if (pthread_create(&w->writing, NULL, write_on, w) == 0) {
        if (pthread_create(&w->keeping, NULL, keep_on, w) == 0)
            return w;
        stop_threads(w, false);
    }
    let_go(w);
    return NULL;
}

uint64_t writer_failures(const struct writer *w)
{
    return atomic_load(&w->failures);
}

int writer_stop(struct writer *w)
{
    if (!w)
        return 0;
    stop_threads(w, true);
    bool any;
    const int why = table_write_out(w->table, &any) && table_keep(w->table) ? 0 : errno;
    let_go(w);
    return why;
}
