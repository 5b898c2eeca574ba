#include "session/writer.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

struct writer {
    struct table *table;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    int64_t interval; /* nanoseconds */
    bool stop;
};

static struct timespec later(int64_t interval)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    const int64_t end = t.tv_sec * NANOS_PER_SECOND + t.tv_nsec + interval;
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
        (void)table_sync(w->table); /* what the disk refused stays marked, and is tried again */
        (void)pthread_mutex_lock(&w->lock);
    }
    (void)pthread_mutex_unlock(&w->lock);
    return NULL;
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
    (void)pthread_condattr_destroy(&clock);
    if (pthread_create(&w->thread, NULL, write_on, w) == 0)
        return w;
    (void)pthread_cond_destroy(&w->wake);
    (void)pthread_mutex_destroy(&w->lock);
    free(w);
    return NULL;
}

void writer_stop(struct writer *w)
{
    if (!w)
        return;
    (void)pthread_mutex_lock(&w->lock);
    w->stop = true;
    (void)pthread_cond_signal(&w->wake);
    (void)pthread_mutex_unlock(&w->lock);
    (void)pthread_join(w->thread, NULL);
    (void)table_sync(w->table);
    (void)pthread_cond_destroy(&w->wake);
    (void)pthread_mutex_destroy(&w->lock);
    free(w);
}
