#include "report/timeline.h"

enum { NARROWEST = 1000000 /* nanoseconds */ };

static int64_t floor_divided(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

static void join(struct timeline_step *to, const struct timeline_step *from)
{
    to->handshakes += from->handshakes;
    for (size_t i = 0; i < TIMELINE_SEVERITIES; i++)
        to->violations[i] += from->violations[i];
}

/* Steps that are twice as wide. */
static void widen(struct timeline *t)
{
    struct timeline_step steps[TIMELINE_STEPS] = {0};
    const int64_t first = floor_divided(t->first, 2);
    for (int64_t i = t->first; i <= t->last; i++)
        join(&steps[floor_divided(i, 2) - first], &t->step[i - t->first]);
    memcpy(t->step, steps, sizeof steps);
    t->first = first;
    t->last = floor_divided(t->last, 2);
    t->width *= 2;
}

struct timeline_step *timeline_at(struct timeline *t, nanos time)
{
    if (!t->width) {
        t->width = NARROWEST;
        t->first = t->last = floor_divided(time, t->width);
    }
    int64_t at = floor_divided(time, t->width);
    while ((at > t->last ? at : t->last) - (at < t->first ? at : t->first) >= TIMELINE_STEPS) {
        widen(t);
        at = floor_divided(time, t->width);
    }
    if (at < t->first) {
        const size_t before = (size_t)(t->first - at);
        memmove(t->step + before, t->step, (TIMELINE_STEPS - before) * sizeof *t->step);
        memset(t->step, 0, before * sizeof *t->step);
        t->first = at;
    }
    if (at > t->last)
        t->last = at;
    return &t->step[at - t->first];
}
