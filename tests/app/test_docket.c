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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_order),
        cmocka_unit_test(far_apart),
        cmocka_unit_test(bounded),
        cmocka_unit_test(two_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
