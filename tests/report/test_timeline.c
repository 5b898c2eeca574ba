/* The steps of the timeline: nothing is lost when they become wider, whatever the order of the times. */
#include "report/timeline.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const nanos second = NANOS_PER_SECOND;

static uint64_t sum_until(const struct timeline *t, nanos time)
{
    uint64_t sum = 0;
    for (int64_t i = t->first; i <= t->last; i++)
        if ((i + 1) * t->width <= time)
            sum += t->step[i - t->first].handshakes;
    return sum;
}

static void one_time_is_one_step(void **state)
{
    (void)state;
    struct timeline t = {0};
    timeline_at(&t, 5 * second)->handshakes++;
    timeline_at(&t, 5 * second)->handshakes++;
    assert_int_equal(t.first, t.last);
    assert_int_equal(t.step[0].handshakes, 2);
}

/* From both ends and between, by steps of a prime so that borders are met nowhere. */
static void every_count_stays_where_it_was(void **state)
{
    (void)state;
    enum { TIMES = 10007 };
    struct timeline t = {0};
    for (int64_t i = 0; i < TIMES; i++) {
        const int64_t at = i * 4999 % TIMES;
        struct timeline_step *step = timeline_at(&t, at * 61 * second);
        step->handshakes++;
        step->violations[i % TIMELINE_SEVERITIES]++;
    }
    assert_true(t.last - t.first < TIMELINE_STEPS);
    assert_true(t.last - t.first >= TIMELINE_STEPS / 2 - 1);
    uint64_t handshakes = 0, violations = 0;
    for (size_t i = 0; i < TIMELINE_STEPS; i++) {
        handshakes += t.step[i].handshakes;
        for (size_t j = 0; j < TIMELINE_SEVERITIES; j++)
            violations += t.step[i].violations[j];
    }
    assert_int_equal(handshakes, TIMES);
    assert_int_equal(violations, TIMES);
    for (int64_t i = t.first; i <= t.last; i++) { /* all times before the end of a step, and no others */
        const nanos end = (i + 1) * t.width;
        const uint64_t before = (uint64_t)((end + 61 * second - 1) / (61 * second));
        assert_int_equal(sum_until(&t, end), before < TIMES ? before : TIMES);
    }
}

static void times_before_1970_have_a_step(void **state)
{
    (void)state;
    struct timeline t = {0};
    timeline_at(&t, -3 * second)->handshakes++;
    timeline_at(&t, 3 * second)->handshakes++;
    timeline_at(&t, -3 * second)->handshakes++;
    assert_int_equal(t.step[0].handshakes, 2);
    assert_int_equal(t.step[t.last - t.first].handshakes, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_time_is_one_step),
        cmocka_unit_test(every_count_stays_where_it_was),
        cmocka_unit_test(times_before_1970_have_a_step),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
