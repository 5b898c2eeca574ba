/* Does the histogram put an age on the right side of the line, and keep the oldest reuses? */
#include "report/ages.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HOUR (3600 * NANOS_PER_SECOND)

static struct ages *ages;
static struct observation *o;

static int begin(void **state)
{
    (void)state;
    ages = calloc(1, sizeof *ages);
    o = calloc(1, sizeof *o);
    return ages && o ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    free(ages);
    free(o);
    return 0;
}

static void reuse(uint16_t server, uint8_t client, int64_t age, enum age_basis basis)
{
    struct session_result s = {.offered = true,
                               .accepted = true,
                               .known = basis != AGE_UNKNOWN,
                               .method = RESUMPTION_ID,
                               .basis = basis,
                               .resumed_age = age};
    o->whence.server = (struct endpoint){.family = 4, .port = server};
    o->whence.client = (struct endpoint){.family = 4, .port = 40000, .address = {10, 0, 0, client}};
    struct policy_case c = {.observation = o, .session = &s};
    ages_add(ages, &c);
}

static void the_line_is_after_24_hours(void **state)
{
    (void)state;
    reuse(443, 1, 24 * HOUR, AGE_EXACT);
    reuse(443, 1, 24 * HOUR + 1, AGE_EXACT);
    reuse(443, 1, 25 * HOUR, AGE_AT_LEAST);
    reuse(443, 1, 0, AGE_UNKNOWN);
    reuse(443, 1, -5, AGE_EXACT); /* the clock of the capture trembles */
    const struct age_row *row = &ages->rows[0];
    assert_int_equal(ages->count, 1);
    assert_int_equal(row->exact[AGE_STEPS_WITHIN - 1], 1);
    assert_int_equal(row->exact[AGE_STEPS_WITHIN], 1);
    assert_int_equal(row->at_least[AGE_STEPS_WITHIN], 1);
    assert_int_equal(row->exact[0], 1);
    assert_int_equal(row->unknown, 1);
    assert_int_equal(age_row_total(row), 5);
    assert_int_equal(age_row_over(row), 2);
}

static void the_oldest_are_kept_once_each(void **state)
{
    (void)state;
    for (uint8_t i = 0; i < 40; i++)
        reuse(443, i, ((i * 7) % 40) * HOUR, AGE_EXACT);
    reuse(443, 17, 100 * HOUR, AGE_EXACT); /* was 39 h: rises to the top, and stands there once */
    assert_int_equal(ages->oldest_count, OLDEST_REUSES);
    assert_true(ages->oldest[0].age == 100 * HOUR);
    for (size_t i = 1; i < OLDEST_REUSES; i++)
        assert_true(ages->oldest[i].age == (int64_t)(39 - i) * HOUR);
    reuse(443, 17, 1 * HOUR, AGE_EXACT);
    assert_true(ages->oldest[0].age == 100 * HOUR);
}

static void late_servers_share_a_row(void **state)
{
    (void)state;
    for (uint16_t i = 0; i < 1000; i++)
        reuse((uint16_t)(1000 + i), 1, HOUR, AGE_EXACT);
    reuse(1000, 1, 30 * HOUR, AGE_EXACT);
    assert_int_equal(ages->count, MAX_AGE_ROWS + 1);
    assert_int_equal(age_row_total(&ages->rows[MAX_AGE_ROWS]), 1000 - MAX_AGE_ROWS);
    assert_int_equal(age_row_total(&ages->rows[0]), 2);
    const struct age_row *rows[AGE_ROWS];
    assert_int_equal(ages_ordered(ages, rows), MAX_AGE_ROWS + 1);
    assert_ptr_equal(rows[0], &ages->rows[0]); /* over 24 hours comes first */
    assert_ptr_equal(rows[1], &ages->rows[MAX_AGE_ROWS]);
}

static void what_was_not_resumed_is_not_counted(void **state)
{
    (void)state;
    struct session_result s = {.offered = true, .known = true, .basis = AGE_EXACT};
    struct policy_case c = {.observation = o, .session = &s};
    ages_add(ages, &c);
    c.session = NULL;
    ages_add(ages, &c);
    assert_int_equal(ages->count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_line_is_after_24_hours, begin, end),
        cmocka_unit_test_setup_teardown(the_oldest_are_kept_once_each, begin, end),
        cmocka_unit_test_setup_teardown(late_servers_share_a_row, begin, end),
        cmocka_unit_test_setup_teardown(what_was_not_resumed_is_not_counted, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
