/*
 * Several threads read, each its own sockets with its own pipeline, and tell the judge by their dockets. The
 * thread that started them judges, and does all that is not about frames.
 *
 * What is judged later may depend on what was judged before, so statements are taken in the order of their
 * ends (statement.due): the earliest when no other worker can have one that is earlier. Each says up to which
 * packet time it has reported all (docket_until()), also when it has nothing to read.
 */
#include "app/docket.h"
#include "app/live_parts.h"
#include "base/clock.h"
#include "process/signals.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

enum {
    STATEMENTS = 256,      /* that are judged before clocks and signals are looked at again */
    IDLE_MS = 5,           /* of the judge, when there is nothing to judge */
    WAIT_MS = 20,          /* of a worker for frames: then it says up to when it has reported all */
    HELD_PAUSE_NS = 50000, /* of a worker that is held, and of who holds it */
};

struct worker {
    struct crew *crew;
    pthread_t thread;
    struct reading *reading;
    struct docket *docket;
    pthread_mutex_t turn;               /* it reads; while others hold this, they may look at what it owns */
    bool held;                          /* by the judge */
    _Atomic int64_t read_time, read_at; /* of the last frames; 0: there were none */
    _Atomic int64_t first_time;         /* of the first one */
    _Atomic uint64_t frames;
    _Atomic int64_t beat;
    atomic_bool over;
    bool gave_up; /* reading at the end; to be looked at when it is over */
};

struct crew {
    struct live_capture *live;
    struct orders *orders;
    struct worker worker[MAX_WORKERS];
    unsigned count;
    bool started;
    atomic_bool hold; /* workers are to stay out of their next turn */
    atomic_bool stop; /* and to come to the end */
    _Atomic int64_t end_clock;
    nanos now; /* of the judge: packet time; 0: it has not begun */
    nanos next_peers;
};

/* ---- a worker */

static void note_frames(struct worker *w, size_t frames)
{
    struct reading *r = w->reading;
    if (!atomic_load_explicit(&w->first_time, memory_order_relaxed) && r->frame_time)
        atomic_store_explicit(&w->first_time, r->frame_time, memory_order_release);
    atomic_store_explicit(&w->beat, r->now, memory_order_relaxed);
    if (!frames)
        return;
    atomic_store_explicit(&w->frames, pipeline_frames(r->pipeline), memory_order_relaxed);
    atomic_store_explicit(&w->read_time, r->read_time, memory_order_relaxed);
    atomic_store_explicit(&w->read_at, r->frame_at, memory_order_release);
}

static void read_to_the_end(struct worker *w)
{
    struct reading *r = w->reading;
    (void)pthread_mutex_lock(&w->turn);
    w->gave_up = !reading_drain(r, atomic_load(&w->crew->end_clock));
    pipeline_end(r->pipeline);
    docket_until(w->docket, INT64_MAX);
    (void)pthread_mutex_unlock(&w->turn);
    atomic_store(&w->over, true);
}

static void *work(void *context)
{
    struct worker *w = context;
    struct crew *c = w->crew;
    struct reading *r = w->reading;
    while (!atomic_load(&c->stop)) {
        while (atomic_load(&c->hold))
            clock_pause(HELD_PAUSE_NS);
        (void)pthread_mutex_lock(&w->turn);
        reading_after_wait(r);
        pipeline_take_answers(r->pipeline);
        const size_t frames = reading_go_on(r);
        if (!frames)
            reading_pass_time(r);
        note_frames(w, frames);
        reading_before_wait(r);
        (void)pthread_mutex_unlock(&w->turn);
        if (!frames)
            reading_wait(r, WAIT_MS);
    }
    read_to_the_end(w);
    return NULL;
}

/* ---- the order of statements */

/* The worker whose first statement is the next to be judged; NULL: it is not known yet. */
static const struct worker *next_to_be_judged(const struct crew *c)
{
    const unsigned next = dockets_next(c->orders->docket, c->count);
    return next < c->count ? &c->worker[next] : NULL;
}

/* Packet time of the first frame that any of them has read; 0: there was none. */
static nanos first_of_all(struct crew *c)
{
    nanos first = 0;
    for (unsigned i = 0; i < c->count; i++) {
        const nanos own = atomic_load_explicit(&c->worker[i].first_time, memory_order_acquire);
        if (own && (!first || own < first))
            first = own;
    }
    return first;
}

static void begin_time(struct crew *c, nanos time)
{
    c->now = time;
    c->next_peers = time + c->live->rules->site->peers_interval;
}

/* All that had ended by `time` has been judged; 0: that is not known yet. */
static void go_on_to(struct crew *c, nanos time)
{
    const nanos jump = DOCKET_JUMP_SECONDS * NANOS_PER_SECOND;
    const nanos interval = c->live->rules->site->peers_interval;
    if (!c->now && first_of_all(c))
        begin_time(c, first_of_all(c));
    if (!c->now || !time || time == INT64_MAX)
        return;
    if (time < c->now - jump)
        begin_time(c, time);
    if (time > c->next_peers) {
        judge_interval_ends(c->orders->judge);
        c->next_peers = time + interval - (time - c->next_peers) % interval;
    }
    if (time > c->now)
        c->now = time;
    output_time(c->orders->output, c->now);
}

static void judge_what_waits(struct crew *c, size_t most)
{
    if (c->now)
        judge_go_on(c->orders->judge, c->now, most);
}

static void judge_first_of(struct crew *c, const struct worker *w)
{
    struct statement *s = &docket_first(w->docket)->told;
    go_on_to(c, s->due);
    judge_what_waits(c, ENDED_AT_A_FRAME);
    judge_take(c->orders->judge, s);
    if (s->kind == TOLD_HANDSHAKE && s->wants_key && !s->waits) {
        const struct docket_answer answer = {
            .flow = s->flow, .flow_id = s->flow_id, .key_since = s->key_since};
        docket_answer(w->docket, &answer);
    }
    docket_done(w->docket);
}

static bool judge_some(struct crew *c)
{
    const struct worker *w;
    int left = STATEMENTS;
    for (; left && (w = next_to_be_judged(c)); left--)
        judge_first_of(c, w);
    return left < STATEMENTS;
}

/* ---- the judge's thread */

static void start(void *threads)
{
    struct crew *c = threads;
    if (c->started)
        return;
    c->started = true;
    sigset_t all;
    sigset_t before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    for (unsigned i = 0; i < c->count; i++)
        if (pthread_create(&c->worker[i].thread, NULL, work, &c->worker[i]) != 0)
            abort();
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/* A worker that waits for room within its turn gets it, if need be before it is its turn. */
static void hold_one(struct crew *c, struct worker *w)
{
    while (pthread_mutex_trylock(&w->turn) != 0) {
        if (judge_some(c))
            continue;
        if (docket_is_full(w->docket)) {
            judge_count_early(c->orders->judge);
            judge_first_of(c, w);
        } else {
            clock_pause(HELD_PAUSE_NS);
        }
    }
    w->held = true;
}

static void hold(void *threads, unsigned count)
{
    struct crew *c = threads;
    if (!c->started)
        return;
    atomic_store(&c->hold, count != 0);
    for (unsigned i = 0; i < count; i++)
        hold_one(c, &c->worker[i]);
    for (unsigned i = 0; i < c->count && !count; i++) {
        if (c->worker[i].held)
            (void)pthread_mutex_unlock(&c->worker[i].turn);
        c->worker[i].held = false;
    }
}

static void share_new_key(struct crew *c)
{
    struct siphash_key common;
    if (!judge_new_common_key(c->orders->judge, &common))
        return;
    hold(c, c->count);
    for (unsigned i = 0; i < c->count; i++)
        pipeline_share_identifiers(c->orders->pipeline[i], &common);
    hold(c, 0);
}

/* What the workers have read, to those who watch. */
static void look_at_workers(struct crew *c, int64_t now, int64_t *seen)
{
    c->orders->frames = 0;
    c->orders->beat = now;
    for (unsigned i = 0; i < c->count; i++) {
        struct worker *w = &c->worker[i];
        const int64_t read_at = atomic_load_explicit(&w->read_at, memory_order_acquire);
        const int64_t beat = atomic_load_explicit(&w->beat, memory_order_relaxed);
        c->orders->frames += atomic_load_explicit(&w->frames, memory_order_relaxed);
        if (beat && beat < c->orders->beat)
            c->orders->beat = beat;
        if (read_at != seen[i])
            self_watch_packets(&c->live->watch, atomic_load_explicit(&w->read_time, memory_order_relaxed),
                               read_at);
        seen[i] = read_at;
    }
}

static void judge_all(struct crew *c)
{
    int64_t seen[MAX_WORKERS] = {0};
    c->orders->beat = clock_monotonic();
    while (orders_go_on(c->orders)) {
        const nanos until = dockets_told_until(c->orders->docket, c->count);
        const bool any = judge_some(c);
        const int64_t now = clock_monotonic();
        if (!any)
            go_on_to(c, until);
        judge_what_waits(c, any ? ENDED_AT_A_FRAME : SIZE_MAX); /* no statement waits meanwhile */
        share_new_key(c);
        look_at_workers(c, now, seen);
        live_do_what_is_due(c->live, now);
        if (any)
            continue;
        output_flush(c->orders->output);
        (void)signals_poll(NULL, 0, IDLE_MS * NANOS_PER_MILLISECOND);
    }
}

static bool all_over(const struct crew *c)
{
    for (unsigned i = 0; i < c->count; i++)
        if (!atomic_load(&c->worker[i].over))
            return false;
    return true;
}

static void judge_rest(struct crew *c)
{
    atomic_store(&c->end_clock, self_watch_clock(&c->live->watch, clock_monotonic()));
    atomic_store(&c->stop, true);
    for (bool over = false; !over;) {
        over = all_over(c); /* and what they told is there */
        while (judge_some(c)) {
        }
        judge_what_waits(c, SIZE_MAX);
        if (!over)
            clock_pause(HELD_PAUSE_NS);
    }
    for (unsigned i = 0; i < c->count; i++) {
        (void)pthread_join(c->worker[i].thread, NULL);
        c->live->gave_up |= c->worker[i].gave_up;
    }
}

bool workers_run(struct live_capture *live)
{
    struct crew *c = calloc(1, sizeof *c);
    if (!c)
        return false;
    struct orders *orders = live->orders;
    c->live = live;
    c->orders = orders;
    c->count = orders->workers;
    for (unsigned i = 0; i < c->count; i++) {
        struct worker *w = &c->worker[i];
        w->crew = c;
        w->reading = &live->reading[i];
        w->docket = orders->docket[i];
        (void)pthread_mutex_init(&w->turn, NULL);
    }
    orders->start_threads = start;
    orders->hold_threads = hold;
    orders->threads = c;
    atomic_store(&c->hold, true);
    const bool ready = orders_ready(orders);
    start(c); /* where nothing is confined */
    live_begin_watch(live);
    atomic_store(&c->hold, false);
    if (ready)
        judge_all(c);
    judge_rest(c);
    orders->hold_threads = NULL;
    orders->threads = NULL;
    free(c);
    return ready;
}
