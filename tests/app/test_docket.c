/* The way from a worker to the judge: the order of packet time, its bounds, and that nothing is lost between
 * two threads. */
#include "app/docket.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const nanos minute = 60 * NANOS_PER_SECOND;

static bool put(struct docket *d, nanos due)
{
    struct docket_place *place = docket_place(d);
    if (!place)
        return false;
    place->told = (struct statement){.kind = TOLD_CLOCK_SET, .due = due};
    docket_put(d);
    return true;
}

static void put_last(struct docket *d, nanos due, nanos last)
{
    struct docket_place *place = docket_place(d);
    assert_non_null(place);
    place->told = (struct statement){.kind = TOLD_CLOCK_SET, .due = due, .last = last};
    docket_put(d);
}

static void in_order(void **state)
{
    (void)state;
    struct docket *d = docket_new();
    assert_non_null(d);
    assert_null(docket_first(d));
    docket_until(d, 100 * minute);
    put(d, 100 * minute + 1);
    put(d, 100 * minute - 1); /* late: it was said that nothing of that time would come */
    put(d, 98 * minute);      /* the clock was set back */
    assert_int_equal(docket_seen_until(d), 100 * minute);
    const nanos due[] = {100 * minute + 1, 100 * minute, 98 * minute};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(docket_first(d)->told.due, due[i]);
        docket_done(d);
    }
    assert_null(docket_first(d));
    docket_free(d);
}

static void far_apart(void **state)
{
    (void)state;
    assert_true(docket_is_before(10 * minute, 11 * minute));
    assert_false(docket_is_before(10 * minute, 11 * minute + 1));
    assert_false(docket_is_before(10 * minute, 10 * minute));
    assert_false(docket_is_before(INT64_MAX, 10 * minute));
}

/* A place is free again when it was given back, not when it was judged. */
static void bounded(void **state)
{
    (void)state;
    struct docket *d = docket_new();
    assert_non_null(d);
    for (int i = 0; i < DOCKET_PLACES; i++)
        assert_true(put(d, i));
    assert_false(put(d, 0));
    assert_true(docket_is_full(d));
    assert_null(docket_judged(d));
    docket_done(d);
    assert_false(docket_is_full(d));
    assert_false(put(d, 0));
    assert_non_null(docket_judged(d));
    docket_give_back(d);
    assert_null(docket_judged(d));
    assert_true(put(d, 0));
    for (uint32_t i = 0; i < DOCKET_ANSWERS + 3; i++)
        docket_answer(d, &(struct docket_answer){.key_since = i});
    assert_int_equal(docket_lost_answers(d), 3);
    struct docket_answer a;
    for (uint32_t i = 0; i < DOCKET_ANSWERS; i++) {
        assert_true(docket_answered(d, &a));
        assert_int_equal(a.key_since, i);
    }
    assert_false(docket_answered(d, &a));
    docket_free(d);
}

enum { MANY = 300000 };

static void *tell(void *context)
{
    struct docket *d = context;
    struct docket_answer a;
    uint64_t sum = 0;
    for (nanos i = 1; i <= MANY; i++) {
        while (!put(d, i)) {
            for (; docket_judged(d); docket_give_back(d)) {
            }
            (void)sched_yield();
        }
        docket_until(d, i);
        while (docket_answered(d, &a))
            sum += a.key_since;
    }
    while (sum < MANY / 1000 * UINT64_C(7))
        while (docket_answered(d, &a))
            sum += a.key_since;
    return NULL;
}

static void two_threads(void **state)
{
    (void)state;
    struct docket *d = docket_new();
    assert_non_null(d);
    pthread_t worker;
    assert_int_equal(pthread_create(&worker, NULL, tell, d), 0);
    for (nanos next = 1; next <= MANY;) {
        const nanos until = docket_seen_until(d);
        const struct docket_place *place = docket_first(d);
        if (!place) {
            assert_true(until < next); /* else it would be there */
            (void)sched_yield();
            continue;
        }
        assert_int_equal(place->told.due, next);
        if (next % 1000 == 0)
            docket_answer(d, &(struct docket_answer){.key_since = 7});
        docket_done(d);
        next++;
    }
    assert_int_equal(pthread_join(worker, NULL), 0);
    docket_free(d);
}

/* Nobody knows what a worker has read that has not said anything yet. */
static void not_said(void **state)
{
    (void)state;
    struct docket *d[] = {docket_new(), docket_new()};
    assert_non_null(d[0]);
    assert_non_null(d[1]);
    docket_until(d[0], 100 * minute);
    put(d[0], 100 * minute + 5);
    assert_int_equal(dockets_next(d, 2), 2);
    assert_int_equal(dockets_told_until(d, 2), 0);
    docket_until(d[1], 100 * minute + 2);
    put(d[1], 100 * minute + 3);
    assert_int_equal(dockets_next(d, 2), 1);
    docket_done(d[1]);
    assert_int_equal(dockets_next(d, 2), 2);
    assert_int_equal(dockets_told_until(d, 2), 100 * minute);
    docket_until(d[1], 100 * minute + 6);
    assert_int_equal(dockets_next(d, 2), 0);
    docket_free(d[0]);
    docket_free(d[1]);
}

/* What was in progress at the end comes after all else, in an order of its own, once the others have told
 * theirs. */
static void at_the_end(void **state)
{
    (void)state;
    struct docket *d[] = {docket_new(), docket_new()};
    assert_non_null(d[0]);
    assert_non_null(d[1]);
    docket_until(d[0], 100 * minute);
    docket_until(d[1], 100 * minute + 7);
    put_last(d[0], 100 * minute, 101 * minute + 2);
    assert_int_equal(dockets_next(d, 2), 2);
    put(d[1], 100 * minute + 7);
    put_last(d[1], 100 * minute + 7, 101 * minute);
    put_last(d[1], 100 * minute + 7, 101 * minute + 1);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(dockets_next(d, 2), 1);
        docket_done(d[1]);
    }
    assert_int_equal(dockets_next(d, 2), 2);
    docket_until(d[1], INT64_MAX);
    assert_int_equal(dockets_next(d, 2), 0);
    docket_free(d[0]);
    docket_free(d[1]);
}

enum { WORKERS = 4, TURNS = 200000 };

/* Each worker reads the frames that are its own as late as it likes, from its first one on; what is taken is
 * in the order of frames. */
static void any_interleaving(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed <= 20; seed++) {
        uint64_t random = seed * UINT64_C(0x9e3779b97f4a7c15);
        struct docket *d[WORKERS];
        nanos read[WORKERS]; /* frames are stamped 1, 2, 3 .. after the first minute, each some worker's */
        nanos taken = 0;
        uint64_t statements = 0;
        for (size_t i = 0; i < WORKERS; i++) {
            assert_non_null(d[i] = docket_new());
            read[i] = minute;
        }
        for (int turn = 0; turn < TURNS; turn++) {
            random = random * UINT64_C(6364136223846793005) + 1442695040888963407;
            const size_t w = random >> 33 & (WORKERS - 1);
            const size_t frames = random >> 40 & 15;
            for (size_t i = 0; i < frames; i++) {
                read[w]++;
                docket_until(d[w], read[w]);
                if ((size_t)(read[w] * 7 >> 1) % WORKERS == w && put(d[w], read[w]))
                    statements++;
            }
            for (unsigned next; random >> 60 && (next = dockets_next(d, WORKERS)) < WORKERS;) {
                const nanos due = docket_first(d[next])->told.due;
                assert_true(taken <= due);
                taken = due;
                docket_done(d[next]);
                while (docket_judged(d[next]))
                    docket_give_back(d[next]);
            }
        }
        assert_true(statements > TURNS / 2);
        for (size_t i = 0; i < WORKERS; i++)
            docket_free(d[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_order),         cmocka_unit_test(far_apart), cmocka_unit_test(bounded),
        cmocka_unit_test(two_threads),      cmocka_unit_test(not_said),  cmocka_unit_test(at_the_end),
        cmocka_unit_test(any_interleaving),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
