#include "app/processes.h"

#include "app/boundary.h"
#include "app/delivery.h"
#include "app/live.h"
#include "app/metrics_board.h"
#include "app/reload.h"
#include "app/say.h"
#include "app/sensor.h"
#include "app/watched.h"
#include "base/clock.h"
#include "base/limits.h"
#include "process/confine.h"
#include "process/ring.h"
#include "process/signals.h"
#include "process/supervisor.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    TAKE_BYTES = 1 << 18, /* of parcels between two writes */
    LOOK_MS = 100,        /* of the writer at its outputs, when nothing comes */
    FULL_PAUSE_NS = 500000,
};

struct processes {
    const struct options *options;
    const struct ruleset *start; /* the rules of the start */
    const struct site *site;     /* and their configuration */
    struct ruleset rules;        /* of the sensor: by which it judges now */
    uint32_t generation;         /* the newest that was looked at */
    struct watched *watched;     /* of --watch: what was read; else NULL */
    struct board *board;         /* with the texts of the rules */
    struct delivery *delivery;
    struct sessions *sessions;
    struct ring *ring;
    struct delivered *delivered;
    struct metrics_board *metrics; /* NULL: nobody asks for them */
    struct pulse *pulse;
    pid_t supervisor;
    int64_t began;               /* a run without end */
    const struct output *output; /* of the sensor, once it reads */
    bool violated_before;        /* by sensors before it */
    bool ended;                  /* the writer has seen the end */
};

/* ---- the sensor */

/* Before anything of it is reported, so that the exit status is right whatever becomes of this process.
 * Nobody can take back what an earlier sensor has found. */
static void note_findings(const struct processes *p)
{
    if (p->output)
        atomic_store_explicit(&p->pulse->violated, p->violated_before || output_violated(p->output),
                              memory_order_relaxed);
    if (p->output && output_judged(p->output))
        atomic_store_explicit(&p->pulse->judged, true, memory_order_relaxed);
}

/* Live, an event that finds no room is lost, and counted: no packet waits. A report or a replay has the time.
 */
static void put(void *context, enum parcel_kind kind, struct span bytes)
{
    struct processes *p = context;
    note_findings(p);
    const bool waits = !p->options->live || kind == PARCEL_REPORT || kind == PARCEL_END;
    const int64_t until = clock_monotonic() + RING_PATIENCE_SECONDS * NANOS_PER_SECOND;
    while (!ring_put(p->ring, kind, bytes) && waits && (!p->options->live || clock_monotonic() < until))
        clock_pause(FULL_PAUSE_NS);
}

/* Everything is open, and no packet has been read. */
static bool ready(void *context, const struct orders *orders)
{
    struct processes *p = context;
    if (p->options->endless && !p->options->no_confine && !confine_drop_privileges()) {
        (void)fprintf(stderr, "utwatch: cannot give up privileges: %s\n", strerror(errno));
        return false;
    }
    boundary_close(p->options, p->site, orders);
    p->output = orders->output;
    atomic_store(&p->pulse->ready, true);
    return true;
}

static void release_rules(struct processes *p)
{
    if (p->rules.profile != p->start->profile)
        ruleset_free(&p->rules);
}

/* What the kernel keeps away is decided when the interfaces are opened. */
static bool same_scope(const struct options *o, const struct site *a, const struct site *b)
{
    char *room = malloc(2 * (size_t)LIVE_SCOPE_BYTES);
    if (!room)
        abort();
    const char *x = live_scope(a, room, LIVE_SCOPE_BYTES);
    const char *y = live_scope(b, room + LIVE_SCOPE_BYTES, LIVE_SCOPE_BYTES);
    const bool same = !o->live || o->filter || (x && y ? strcmp(x, y) == 0 : x == y);
    free(room);
    return same;
}

/* Between two frames. */
static void take_new_rules(struct processes *p, const struct orders *orders)
{
    struct ruleset rules;
    p->generation = board_number(p->board);
    const int64_t waited = clock_monotonic() - board_put_at(p->board);
    if (!reload_take(p->board, p->options, &rules))
        return;
    orders_hold(orders, orders->workers);
    if (!judge_go_on_with(orders->judge, &rules) || !output_go_on_with(orders->output, &rules))
        abort(); /* the sensor that follows begins with them */
    for (unsigned i = 0; i < orders->workers; i++)
        pipeline_go_on_with(orders->pipeline[i], &rules);
    orders_let_go(orders);
    if (!same_scope(p->options, p->rules.site, rules.site))
        atomic_store(&p->pulse->anew, true);
    release_rules(p);
    p->rules = rules;
    const struct rules_version *version = profile_version(rules.profile);
    (void)fprintf(stderr,
                  "utwatch: judging by generation %" PRIu32
                  " of the rules: %s, %zu rule%s, hash %s, there for %.1f ms\n",
                  version->generation, profile_name(rules.profile), profile_rule_count(rules.profile),
                  profile_rule_count(rules.profile) == 1 ? "" : "s", version->hash, (double)waited / 1e6);
}

static bool turn(void *context, const struct orders *orders)
{
    struct processes *p = context;
    struct pulse *pulse = p->pulse;
    note_findings(p);
    if (board_number(p->board) != p->generation)
        take_new_rules(p, orders);
    const bool alone = orders->workers == 1;
    const uint64_t frames = alone ? pipeline_frames(orders->pipeline[0]) : orders->frames;
    atomic_store_explicit(&pulse->beat, alone ? clock_monotonic() : orders->beat, memory_order_relaxed);
    atomic_store_explicit(&pulse->frames, frames, memory_order_relaxed);
    atomic_store_explicit(&pulse->handshakes, judge_handshakes(orders->judge), memory_order_relaxed);
    /* Without a supervisor nobody would end or replace it. */
    return !atomic_load_explicit(&pulse->anew, memory_order_relaxed) && getppid() == p->supervisor;
}

static int run_sensor(void *context, bool again)
{
    struct processes *p = context;
    char message[256] = "";
    signals_count();
    (void)signal(SIGHUP, SIG_IGN); /* the writer's */
    delivery_abandon(p->delivery); /* outputs are beyond its reach */
    p->delivery = NULL;
    if (!board_only_read(p->board)) {
        perror("utwatch: cannot share the rules");
        return EXIT_RUNTIME;
    }
    if (again)
        sessions_recover(p->sessions);
    p->generation = board_number(p->board);
    if (p->generation == 1 || !reload_take(p->board, p->options, &p->rules))
        p->rules = *p->start;
    sessions_wait_for_others(p->sessions, message, sizeof message);
    if (*message)
        say_line(message);
    const struct earlier_sensors earlier = {.count = atomic_load(&p->pulse->sensors) - 1,
                                            .until = clock_of_day(),
                                            .violated = atomic_load(&p->pulse->violated),
                                            .judged = atomic_load(&p->pulse->judged)};
    p->violated_before = earlier.violated;
    const struct sensor_setup setup = {.options = p->options,
                                       .rules = &p->rules,
                                       .watched = p->watched,
                                       .sessions = p->sessions,
                                       .sink = {.take = put, .context = p, .delivered = p->delivered},
                                       .orders = {.ready = ready,
                                                  .turn = turn,
                                                  .news = board_descriptor(p->board),
                                                  .context = p,
                                                  .metrics = p->metrics,
                                                  .links = p->pulse->links,
                                                  .earlier = earlier,
                                                  .began = p->began,
                                                  .anew = &p->pulse->anew}};
    const int status = sensor_run(&setup);
    release_rules(p);
    return atomic_load(&p->pulse->anew) && !signals_stop() ? SENSOR_ANEW : status;
}

/* ---- the writer */

static void beat(const struct processes *p, bool delivers)
{
    atomic_store_explicit(&p->pulse->writer_delivers, delivers, memory_order_relaxed);
    atomic_store_explicit(&p->pulse->writer_beat, clock_monotonic(), memory_order_release);
}

/* Delivers the parcels that are there, up to so many bytes, and releases them. */
static bool take_some(struct processes *p)
{
    uint32_t kind;
    struct span bytes;
    while (ring_held(p->ring) < TAKE_BYTES && ring_take(p->ring, &kind, &bytes)) {
        p->ended |= kind == PARCEL_END;
        beat(p, true);
        delivery_take(p->delivery, (enum parcel_kind)kind, bytes);
    }
    if (!ring_held(p->ring))
        return false;
    beat(p, true);
    delivery_flush(p->delivery);
    ring_release(p->ring);
    return true;
}

static void wait_for_more(struct processes *p)
{
    struct pollfd fds[1 + DELIVERY_DESCRIPTORS] = {{.fd = ring_descriptor(p->ring), .events = POLLIN}};
    int64_t now = clock_monotonic();
    int64_t until = now + LOOK_MS * NANOS_PER_MILLISECOND;
    const size_t count = delivery_wait_for(p->delivery, fds + 1, &until, now);
    const bool sleeps = ring_sleep(p->ring);
    const int64_t most = sleeps && until > now ? until - now : 0;
    (void)signals_poll(fds, 1 + (nfds_t)count, most); /* whatever woke it, everything is checked */
    ring_awake(p->ring);
    beat(p, true);
    delivery_work(p->delivery, clock_monotonic());
    atomic_store(&p->delivered->lost, ring_dropped(p->ring));
}

/* Nobody puts anything any more. */
static bool is_over(const struct processes *p, int64_t *orphan_since)
{
    if (atomic_load(&p->pulse->over))
        return true;
    if (getppid() == p->supervisor)
        return false;
    const int64_t now = clock_monotonic();
    if (!*orphan_since)
        *orphan_since = now;
    return p->ended || now - *orphan_since > ORPHAN_SECONDS * NANOS_PER_SECOND;
}

static int finish(struct processes *p)
{
    int status = EXIT_CLEAN;
    if (!delivery_finish(p->delivery, DELIVERY_PATIENCE))
        status = EXIT_RUNTIME;
    if (!sessions_flush(p->sessions)) {
        say_failed("the sessions could not be written", p->site->sessions.state);
        status = EXIT_RUNTIME;
    }
    const uint64_t dropped = ring_dropped(p->ring);
    if (dropped)
        (void)fprintf(stderr, "utwatch: the writer had no time for %llu part%s of the output\n",
                      (unsigned long long)dropped, dropped == 1 ? "" : "s");
    return status;
}

static int run_writer(void *context, bool again)
{
    struct processes *p = context;
    int64_t orphan_since = 0;
    char message[256] = "";
    (void)signal(SIGINT, SIG_IGN);
    (void)signal(SIGTERM, SIG_IGN);
    (void)signal(SIGUSR1, SIG_IGN);
    if (!p->options->no_confine && !confine_keep_file_access())
        perror("utwatch: the writer cannot give up privileges");
    if (again)
        delivery_reopen(p->delivery);
    delivery_tell(p->delivery, p->delivered);
    if (p->metrics && !metrics_board_only_read(p->metrics)) {
        perror("utwatch: cannot share the metrics");
        return EXIT_RUNTIME;
    }
    if (p->metrics)
        delivery_serve_metrics(p->delivery, p->metrics, p->pulse);
    ring_begin(p->ring);
    if (!sessions_serve(p->sessions, message, sizeof message)) {
        say_line(message);
        return EXIT_RUNTIME;
    }
    for (;;) {
        const bool over = is_over(p, &orphan_since);
        const bool more = take_some(p);
        beat(p, false);
        if (signals_take(SIGHUP)) {
            beat(p, true);
            delivery_reopen(p->delivery);
            if (p->options->endless)
                reload_publish(p->board, p->options, p->site);
        }
        if (!more && over)
            return finish(p);
        if (!more)
            wait_for_more(p);
        else
            delivery_work(p->delivery, clock_monotonic());
    }
}

/* ---- the supervisor */

static void wake_writer(void *context)
{
    ring_poke(((struct processes *)context)->ring);
}

static bool prepare(struct processes *p, const struct file_texts *texts)
{
    char message[256] = "";
    struct session_config config = p->site->sessions;
    config.served_elsewhere = true;
    p->sessions = sessions_new(&config, message, sizeof message);
    if (*message)
        say_line(message);
    if (!p->sessions)
        return false;
    p->ring = ring_new(PARCEL_RING);
    p->pulse = pulse_new();
    p->delivered = delivered_new();
    p->board = board_new(RULES_TEXT_BYTES);
    if (!p->ring || !p->pulse || !p->delivered || !p->board ||
        !board_put(p->board, span_of(texts->bytes, texts->used))) {
        (void)fprintf(stderr, "utwatch: not enough memory for the processes\n");
        return false;
    }
    if (p->options->watch && !(p->watched = watched_new()))
        return false;
    if (p->options->endless && p->site->metrics && !(p->metrics = metrics_board_new()))
        return false;
    p->delivery = delivery_new(p->options, p->site, !p->options->endless);
    return p->delivery && (!p->watched || delivery_remembers(p->delivery, p->watched));
}

static int status_of(int status)
{
    return status == PROCESS_DIED ? EXIT_RUNTIME : status;
}

int processes_run(const struct options *o, const struct ruleset *rules, const struct file_texts *texts)
{
    struct processes p = {.options = o,
                          .start = rules,
                          .site = rules->site,
                          .supervisor = getpid(),
                          .began = o->endless ? clock_monotonic() : 0};
    int status = EXIT_RUNTIME;
    if (prepare(&p, texts)) {
        signals_count();
        const struct supervised what = {.sensor = run_sensor,
                                        .writer = run_writer,
                                        .context = &p,
                                        .pulse = p.pulse,
                                        .wake_writer = wake_writer,
                                        .endless = o->endless,
                                        .interfaces = o->inputs,
                                        .interface_count = o->live ? o->input_count : 0};
        const struct supervised_end end = supervise(&what);
        status = worse_status(status_of(end.sensor), status_of(end.writer));
    }
    delivery_abandon(p.delivery);
    metrics_board_free(p.metrics);
    ring_free(p.ring);
    board_free(p.board);
    sessions_free(p.sessions);
    return status;
}
