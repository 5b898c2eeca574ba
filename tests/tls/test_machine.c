/* The table of the handshake machine: every cell is filled, and from every phase an end is reached. */
#include "tls/machine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* An empty cell would be {PHASE_IDLE, ACTION_NONE}; only idle itself may stay so. */
static void every_cell_is_filled(void **state)
{
    (void)state;
    for (int p = PHASE_IDLE + 1; p < PHASE_COUNT; p++)
        for (int e = 0; e < EVENT_COUNT; e++) {
            struct transition t = machine_step((enum phase)p, (enum tls_event)e);
            assert_int_not_equal(t.next, PHASE_IDLE);
            assert_true(t.next < PHASE_COUNT && t.action <= ACTION_FINISH);
        }
}

static void giving_up_finishes_in_every_phase(void **state)
{
    (void)state;
    for (int p = 0; p < PHASE_COUNT; p++)
        assert_int_equal(machine_step((enum phase)p, EVENT_GIVE_UP).action, ACTION_FINISH);
}

static void both_finished_completes_from_every_phase_before_an_end(void **state)
{
    (void)state;
    for (int p = 0; p <= PHASE_OPAQUE; p++) {
        struct transition t = machine_step((enum phase)p, EVENT_BOTH_FINISHED);
        assert_int_equal(t.next, PHASE_DONE);
        assert_int_equal(t.action, ACTION_FINISH);
    }
}

static void a_loss_changes_no_phase(void **state)
{
    (void)state;
    for (int p = 0; p < PHASE_COUNT; p++)
        assert_int_equal(machine_step((enum phase)p, EVENT_GAP).next, p);
}

static void the_two_handshakes_of_rfc_2246(void **state)
{
    (void)state;
    static const enum tls_event full[] = {
        EVENT_CLIENT_HELLO,      EVENT_SERVER_HELLO,    EVENT_SERVER_MESSAGE,
        EVENT_SERVER_HELLO_DONE, EVENT_CLIENT_MESSAGE,  EVENT_CLIENT_CCS,
        EVENT_SERVER_CCS,        EVENT_CLIENT_FINISHED, EVENT_BOTH_FINISHED};
    static const enum tls_event abbreviated[] = {EVENT_CLIENT_HELLO, EVENT_SERVER_HELLO, EVENT_SERVER_CCS,
                                                 EVENT_CLIENT_CCS, EVENT_BOTH_FINISHED};
    enum phase phase = PHASE_IDLE;
    for (size_t i = 0; i < sizeof full / sizeof *full; i++) {
        struct transition t = machine_step(phase, full[i]);
        assert_int_not_equal(t.action, ACTION_NOTE); /* nothing of this is unexpected */
        phase = t.next;
    }
    assert_int_equal(phase, PHASE_DONE);
    phase = PHASE_IDLE;
    for (size_t i = 0; i < sizeof abbreviated / sizeof *abbreviated; i++) {
        struct transition t = machine_step(phase, abbreviated[i]);
        assert_int_not_equal(t.action, ACTION_NOTE);
        phase = t.next;
    }
    assert_int_equal(phase, PHASE_DONE);
}

static void names_are_all_there(void **state)
{
    (void)state;
    for (int p = 0; p < PHASE_COUNT; p++)
        assert_true(strlen(phase_name((enum phase)p)) > 0);
    for (int e = 0; e < EVENT_COUNT; e++)
        assert_true(strlen(tls_event_name((enum tls_event)e)) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_cell_is_filled),
        cmocka_unit_test(giving_up_finishes_in_every_phase),
        cmocka_unit_test(both_finished_completes_from_every_phase_before_an_end),
        cmocka_unit_test(a_loss_changes_no_phase),
        cmocka_unit_test(the_two_handshakes_of_rfc_2246),
        cmocka_unit_test(names_are_all_there),
    };
    return cmocka_run_group_tests_name("machine", tests, NULL, NULL);
}
