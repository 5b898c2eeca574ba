#include "process/signals.h"

#include "base/nanos.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

static const int caught[] = {SIGINT, SIGTERM, SIGHUP, SIGUSR1};
enum { CAUGHT = sizeof caught / sizeof *caught };

static atomic_int stop, hangup, user;
static atomic_uint stops;
static atomic_bool any, counting;

static _Atomic(const char *) unfinished[SIGNALS_FILES];

static void exchange(const char *from, const char *to)
{
    for (size_t i = 0; i < SIGNALS_FILES; i++) {
        const char *expected = from;
        if (atomic_compare_exchange_strong(&unfinished[i], &expected, to))
            return;
    }
}

void signals_unfinished(const char *path)
{
    exchange(NULL, path);
}

void signals_finished(const char *path)
{
    exchange(path, NULL);
}

void signals_remove_unfinished(void)
{
    for (size_t i = 0; i < SIGNALS_FILES; i++) {
        const char *path = atomic_exchange(&unfinished[i], NULL);
        if (path)
            (void)unlink(path);
    }
}

/* The system's own action comes when this handler has returned. */
static void end_at_once(int signal)
{
    const struct sigaction action = {.sa_handler = SIG_DFL};
    signals_remove_unfinished();
    (void)sigaction(signal, &action, NULL);
    (void)raise(signal);
}

static void on_signal(int signal)
{
    if (signal == SIGHUP) {
        atomic_store(&hangup, 1);
    } else if (signal == SIGUSR1) {
        atomic_store(&user, 1);
    } else {
        atomic_store(&stop, signal);
        if (atomic_fetch_add(&stops, 1) && !atomic_load(&counting))
            end_at_once(signal);
    }
    atomic_store(&any, true);
}

void signals_catch(void)
{
    struct sigaction action = {.sa_handler = on_signal}; /* no SA_RESTART: what waits is to be woken */
    (void)sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < CAUGHT; i++)
        (void)sigaction(caught[i], &action, NULL);
}

void signals_count(void)
{
    atomic_store(&counting, true);
    signals_catch();
}

unsigned signals_stops(void)
{
    return atomic_load(&stops);
}

bool signals_any(void)
{
    return atomic_load_explicit(&any, memory_order_relaxed);
}

int signals_stop(void)
{
    return atomic_load(&stop);
}

bool signals_take(int signal)
{
    atomic_int *flag = signal == SIGHUP ? &hangup : &user;
    atomic_store(&any, atomic_load(&stop) != 0);
    const bool was = atomic_exchange(flag, 0) != 0;
    if (atomic_load(&hangup) || atomic_load(&user) || atomic_load(&stop))
        atomic_store(&any, true);
    return was;
}

int signals_poll(struct pollfd *fds, nfds_t count, int64_t most)
{
    sigset_t held;
    sigset_t before;
    (void)sigemptyset(&held);
    for (size_t i = 0; i < CAUGHT; i++)
        (void)sigaddset(&held, caught[i]);
    (void)sigprocmask(SIG_BLOCK, &held, &before);
    const struct timespec t = {.tv_sec = most / NANOS_PER_SECOND, .tv_nsec = most % NANOS_PER_SECOND};
    int ready = -1;
    int why = EINTR;
    if (!signals_any()) {
        ready = ppoll(fds, count, most < 0 ? NULL : &t, &before);
        why = errno;
    }
    (void)sigprocmask(SIG_SETMASK, &before, NULL);
    errno = why;
    return ready;
}
