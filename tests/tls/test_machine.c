/* The table of the handshake machine: which ends an event leads to, and that an end is reached from every
 * phase. */
#include "tls/machine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static enum phase after(enum phase phase, enum tls_event event)
{
    return machine_step(phase, event).next;
}

static void giving_up_finishes_in_every_phase_and_renames_no_end(void **state)
{
    (void)state;
    for (int p = PHASE_OPEN; p < PHASE_COUNT; p++) {
        struct transition t = machine_step((enum phase)p, EVENT_GIVE_UP);
        assert_int_equal(t.action, ACTION_FINISH);
        assert_int_equal(t.next, p == PHASE_OPEN ? PHASE_GIVEN_UP : p);
    }
}

static void both_finished_completes_even_what_seemed_to_have_ended(void **state)
{
    (void)state;
    static const enum phase before[] = {PHASE_OPEN, PHASE_REFUSED, PHASE_ABORTED};
    for (size_t i = 0; i < sizeof before / sizeof *before; i++) {
        struct transition t = machine_step(before[i], EVENT_BOTH_FINISHED);
        assert_int_equal(t.next, PHASE_DONE);
        assert_int_equal(t.action, ACTION_FINISH);
    }
}

static void who_ends_it_gives_the_end_its_name(void **state)
{
    (void)state;
    static const enum tls_event of_client[] = {EVENT_CLIENT_FATAL, EVENT_CLIENT_CLOSE};
    static const enum tls_event of_server[] = {EVENT_SERVER_FATAL, EVENT_SERVER_CLOSE};
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(after(PHASE_OPEN, of_client[i]), PHASE_ABORTED);
        assert_int_equal(after(PHASE_OPEN, of_server[i]), PHASE_REFUSED);
    }
    /* A fatal alert is the last word; how long a close is waited upon depends on the other side. */
    assert_int_equal(machine_step(PHASE_OPEN, EVENT_CLIENT_FATAL).action, ACTION_LINGER);
    assert_int_equal(machine_step(PHASE_OPEN, EVENT_SERVER_FATAL).action, ACTION_LINGER);
}

static void the_first_end_counts_but_for_a_late_fatal_alert_of_the_server(void **state)
{
    (void)state;
    assert_int_equal(after(PHASE_ABORTED, EVENT_SERVER_CLOSE), PHASE_ABORTED);
    assert_int_equal(after(PHASE_ABORTED, EVENT_SERVER_FATAL), PHASE_REFUSED);
    assert_int_equal(after(PHASE_REFUSED, EVENT_CLIENT_FATAL), PHASE_REFUSED);
    assert_int_equal(after(PHASE_REFUSED, EVENT_CLIENT_CLOSE), PHASE_REFUSED);
}

static void nothing_changes_a_complete_handshake(void **state)
{
    (void)state;
    for (int e = 0; e < EVENT_COUNT; e++)
        assert_int_equal(after(PHASE_DONE, (enum tls_event)e), PHASE_DONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(giving_up_finishes_in_every_phase_and_renames_no_end),
        cmocka_unit_test(both_finished_completes_even_what_seemed_to_have_ended),
        cmocka_unit_test(who_ends_it_gives_the_end_its_name),
        cmocka_unit_test(the_first_end_counts_but_for_a_late_fatal_alert_of_the_server),
        cmocka_unit_test(nothing_changes_a_complete_handshake),
    };
    return cmocka_run_group_tests_name("machine", tests, NULL, NULL);
}
