#include "app/docket.h"

#include <stdlib.h>

enum { LINE = 64 /* bytes of a cache line */ };

/* Positions count from the beginning; modulo the number of places they are places. */
struct docket {
    _Alignas(LINE) _Atomic uint64_t end; /* behind the last statement */
    _Atomic int64_t until;
    uint64_t given_back;    /* of the worker alone */
    uint64_t taken_answers; /* likewise */
    _Atomic uint64_t read_answers;
    _Alignas(LINE) _Atomic uint64_t first; /* of those that are not judged */
    _Atomic uint64_t answers;              /* behind the last one */
    uint64_t lost_answers;                 /* of the judge alone */
    struct docket_place *place;            /* DOCKET_PLACES */
    struct docket_answer *answer;          /* DOCKET_ANSWERS */
};

size_t docket_memory(void)
{
    return DOCKET_PLACES * sizeof(struct docket_place) + DOCKET_ANSWERS * sizeof(struct docket_answer);
}

struct docket *docket_new(void)
{
    struct docket *d = aligned_alloc(LINE, (sizeof *d + LINE - 1) / LINE * LINE);
    if (!d)
        return NULL;
    *d = (struct docket){.place = calloc(DOCKET_PLACES, sizeof *d->place),
                         .answer = calloc(DOCKET_ANSWERS, sizeof *d->answer)};
    if (d->place && d->answer)
        return d;
    docket_free(d);
    return NULL;
}

void docket_free(struct docket *d)
{
    if (!d)
        return;
    free(d->place);
    free(d->answer);
    free(d);
}

struct docket_place *docket_place(struct docket *d)
{
    const uint64_t end = atomic_load_explicit(&d->end, memory_order_relaxed);
    return end - d->given_back < DOCKET_PLACES ? &d->place[end % DOCKET_PLACES] : NULL;
}

void docket_put(struct docket *d)
{
    const uint64_t end = atomic_load_explicit(&d->end, memory_order_relaxed);
    struct statement *told = &d->place[end % DOCKET_PLACES].told;
    const nanos until = atomic_load_explicit(&d->until, memory_order_relaxed);
    if (docket_is_before(told->due, until)) /* nothing of that time was to come any more */
        told->due = until;
    atomic_store_explicit(&d->end, end + 1, memory_order_release);
}

void docket_until(struct docket *d, nanos time)
{
    atomic_store_explicit(&d->until, time, memory_order_release);
}

struct docket_place *docket_judged(struct docket *d)
{
    if (d->given_back == atomic_load_explicit(&d->first, memory_order_acquire))
        return NULL;
    return &d->place[d->given_back % DOCKET_PLACES];
}

void docket_give_back(struct docket *d)
{
    d->given_back++;
}

bool docket_answered(struct docket *d, struct docket_answer *answer)
{
    const uint64_t read = d->taken_answers;
    if (read == atomic_load_explicit(&d->answers, memory_order_acquire))
        return false;
    *answer = d->answer[read % DOCKET_ANSWERS];
    d->taken_answers = read + 1;
    atomic_store_explicit(&d->read_answers, read + 1, memory_order_release);
    return true;
}

nanos docket_seen_until(const struct docket *d)
{
    return atomic_load_explicit(&d->until, memory_order_acquire);
}

struct docket_place *docket_first(const struct docket *d)
{
    const uint64_t first = atomic_load_explicit(&d->first, memory_order_relaxed);
    if (first == atomic_load_explicit(&d->end, memory_order_acquire))
        return NULL;
    return &d->place[first % DOCKET_PLACES];
}

void docket_done(struct docket *d)
{
    const uint64_t first = atomic_load_explicit(&d->first, memory_order_relaxed);
    atomic_store_explicit(&d->first, first + 1, memory_order_release);
}

bool docket_is_full(const struct docket *d)
{
    const uint64_t first = atomic_load_explicit(&d->first, memory_order_relaxed);
    return atomic_load_explicit(&d->end, memory_order_acquire) - first == DOCKET_PLACES;
}

void docket_answer(struct docket *d, const struct docket_answer *answer)
{
    const uint64_t end = atomic_load_explicit(&d->answers, memory_order_relaxed);
    if (end - atomic_load_explicit(&d->read_answers, memory_order_acquire) == DOCKET_ANSWERS) {
        d->lost_answers++;
        return;
    }
    d->answer[end % DOCKET_ANSWERS] = *answer;
    atomic_store_explicit(&d->answers, end + 1, memory_order_release);
}

uint64_t docket_lost_answers(const struct docket *d)
{
    return d->lost_answers;
}

bool docket_is_before(nanos time, nanos due)
{
    return time < due && due - time <= DOCKET_JUMP_SECONDS * NANOS_PER_SECOND;
}

/* Of two heads of dockets. Where they are too far apart the clock was set back between them. */
static bool is_earlier(nanos a, nanos b)
{
    return docket_is_before(a, b) || (a > b && !docket_is_before(b, a));
}

static bool precedes(const struct statement *a, const struct statement *b)
{
    return a->last || b->last ? a->last < b->last : is_earlier(a->due, b->due);
}

/* May a worker with nothing in its docket still tell something that is to be judged before this? One that has
 * not said anything yet may have read frames of any time, and only one that is over knows the last of its
 * own. */
static bool may_tell_before(nanos until, const struct statement *s)
{
    return s->last ? until < INT64_MAX : !until || docket_is_before(until, s->due);
}

unsigned dockets_next(struct docket *const *dockets, unsigned count)
{
    nanos until[MAX_WORKERS];
    const struct docket_place *first[MAX_WORKERS];
    unsigned best = count;
    for (unsigned i = 0; i < count; i++) {
        until[i] = docket_seen_until(dockets[i]);
        first[i] = docket_first(dockets[i]);
        if (first[i] && (best == count || precedes(&first[i]->told, &first[best]->told)))
            best = i;
    }
    for (unsigned i = 0; i < count && best < count; i++)
        if (!first[i] && may_tell_before(until[i], &first[best]->told))
            return count;
    return best;
}

nanos dockets_told_until(struct docket *const *dockets, unsigned count)
{
    nanos least = INT64_MAX;
    for (unsigned i = 0; i < count; i++) {
        const nanos until = docket_seen_until(dockets[i]);
        const struct docket_place *first = docket_first(dockets[i]);
        const nanos own = first && first->told.due < until ? first->told.due : until;
        if (!own)
            return 0;
        if (is_earlier(own, least) || least == INT64_MAX)
            least = own;
    }
    return least;
}
