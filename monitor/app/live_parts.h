/* The inside of live capture, shared by its files and nobody else. */
#ifndef UTWATCH_APP_LIVE_PARTS_H
#define UTWATCH_APP_LIVE_PARTS_H

#include "app/live.h"
#include "app/reading.h"
#include "app/self_watch.h"

struct live_capture {
    struct orders *orders;
    const struct ruleset *rules; /* of which the content may change, see orders.turn */
    struct self_watch watch;
    struct reading reading[MAX_WORKERS]; /* a thread's each */
    const char *const *names;            /* of the interfaces, as the user wrote them */
    _Atomic int64_t offset;              /* see struct reading */
    int64_t next_look;                   /* on the monotonic clock, as the next */
    int64_t next_stats, next_count;
    char scope[LIVE_SCOPE_BYTES];
    bool gave_up; /* reading at the end */
};

/* live_watch.c: an edge of an interface, and what the sensor before this one did not see of it. */
void live_tell_edge(struct live_capture *c, const struct live *interface, const char *name,
                    enum live_edge edge);
void live_tell_change(struct live_capture *c, size_t i);

/* Everything is open: intervals begin now. */
void live_begin_watch(struct live_capture *c);

/* Clocks, links, statistics. */
struct self_watch_limits live_limits(const struct site *site);
void live_do_what_is_due(struct live_capture *c, int64_t now);
void live_note_counters(struct live_capture *c);

/* workers.c: several threads read, and this one judges, until the end. */
bool workers_run(struct live_capture *c);

#endif
