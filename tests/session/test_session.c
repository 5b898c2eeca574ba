/* Is the age of a resumed session right, whatever it is resumed by, and never made younger? */
#include "session/session.h"

#include "session/table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define HOUR (3600 * NANOS_PER_SECOND)
#define DAY1 (INT64_C(1795470000) * NANOS_PER_SECOND)

static struct sessions *sessions;
static struct observation *o;
static struct session_result r;

static int open_memory(void **state)
{
    (void)state;
    const struct session_config config = {.sessions = 1000, .retention = 8 * 24 * HOUR};
    sessions = sessions_new(&config);
    o = calloc(1, sizeof *o);
    return sessions && o ? 0 : -1;
}

static int close_memory(void **state)
{
    (void)state;
    sessions_free(sessions);
    free(o);
    return 0;
}

/* A complete handshake, all of it seen. */
static void handshake(nanos when, enum resumption resumption)
{
    memset(o, 0, sizeof *o);
    o->server.family = o->client.family = 4;
    o->server.port = 443;
    o->seen = SEEN_CLIENT_HELLO | SEEN_SERVER_HELLO | SEEN_SERVER_CCS | SEEN_CLIENT_CCS;
    o->side_seen[0] = o->side_seen[1] = o->start_seen[0] = o->start_seen[1] = true;
    o->hello_time[CLIENT] = when;
    o->hello_time[SERVER] = when + 1000;
    o->server_hello.version = 0x0303;
    o->server_hello.suite = 0x002f;
    o->outcome = OUTCOME_COMPLETE;
    o->resumption = resumption;
}

static void with_id(uint8_t id, bool offered, bool echoed)
{
    if (offered) {
        memset(o->client_hello.session_id, id, 32);
        o->client_hello.session_id_len = 32;
    }
    if (echoed) {
        memset(o->server_hello.session_id, id, 32);
        o->server_hello.session_id_len = 32;
    }
}

static void offer_ticket(uint64_t name)
{
    o->client_hello.ticket = true;
    o->client_hello.ticket_name = name;
}

static void issue_ticket(uint64_t name)
{
    o->seen |= SEEN_TICKET;
    o->ticket_issued.name = name;
}

static void judge(void)
{
    sessions_judge(sessions, o, &r);
}

static void id_is_exact(void **state)
{
    (void)state;
    handshake(DAY1, RESUMPTION_FULL);
    with_id(7, false, true);
    judge();
    assert_false(r.offered);
    assert_true(r.issued);
    handshake(DAY1 + 25 * HOUR, RESUMPTION_ID);
    with_id(7, true, true);
    judge();
    assert_true(r.offered && r.known && r.accepted);
    assert_int_equal(r.basis, AGE_EXACT);
    assert_int_equal(r.offered_age, 25 * HOUR - 1000);
    assert_int_equal(r.resumed_age, 25 * HOUR);
    assert_true(r.suite_known && r.suite == 0x002f);
}

static void refused_offer_is_the_clients(void **state)
{
    (void)state;
    handshake(DAY1, RESUMPTION_FULL);
    with_id(7, false, true);
    judge();
    handshake(DAY1 + 30 * HOUR, RESUMPTION_FULL);
    with_id(7, true, false);
    with_id(8, false, true);
    judge();
    assert_true(r.offered && r.known && r.refused && !r.accepted);
    /* A compatibility id that nobody issued is no attempt (E9). */
    handshake(DAY1 + 31 * HOUR, RESUMPTION_FULL);
    with_id(99, true, false);
    judge();
    assert_false(r.offered);
}

static void same_id_issued_anew_is_a_new_session(void **state)
{
    (void)state;
    for (int day = 0; day < 2; day++) {
        handshake(DAY1 + day * 20 * HOUR, RESUMPTION_FULL);
        with_id(7, day == 1, true);
        judge();
    }
    handshake(DAY1 + 30 * HOUR, RESUMPTION_ID);
    with_id(7, true, true);
    judge();
    assert_int_equal(r.resumed_age, 10 * HOUR);
}

static void chain_of_renewed_tickets_keeps_its_origin(void **state)
{
    (void)state;
    handshake(DAY1, RESUMPTION_FULL);
    issue_ticket(100);
    judge();
    for (uint64_t i = 1; i <= 5; i++) {
        handshake(DAY1 + (nanos)i * 10 * HOUR, RESUMPTION_TICKET);
        offer_ticket(99 + i);
        issue_ticket(100 + i);
        judge();
        assert_int_equal(r.basis, AGE_EXACT);
        assert_int_equal(r.resumed_age, (nanos)i * 10 * HOUR);
    }
    /* Going back to an older ticket does not make the newer one younger or older. */
    handshake(DAY1 + 60 * HOUR, RESUMPTION_TICKET);
    offer_ticket(101);
    judge();
    assert_int_equal(r.resumed_age, 60 * HOUR);
}

static void inner_length_of_rfc4507(void **state)
{
    (void)state;
    handshake(DAY1, RESUMPTION_FULL);
    issue_ticket(5);
    judge();
    handshake(DAY1 + HOUR, RESUMPTION_TICKET);
    offer_ticket(6);
    o->client_hello.ticket_inner_name = 5;
    judge();
    assert_int_equal(r.basis, AGE_EXACT);
}

static void first_sighting_is_a_lower_bound(void **state)
{
    (void)state;
    handshake(DAY1, RESUMPTION_TICKET);
    offer_ticket(3);
    judge();
    assert_true(r.offered && !r.known);
    handshake(DAY1 + 25 * HOUR, RESUMPTION_TICKET);
    offer_ticket(3);
    judge();
    assert_int_equal(r.basis, AGE_AT_LEAST);
    assert_int_equal(r.offered_age, 25 * HOUR);
    /* A PSK the same; one established externally has no age. */
    for (int i = 0; i < 2; i++) {
        handshake(DAY1 + i * 30 * HOUR, RESUMPTION_PSK);
        o->server_hello.version = 0x0304;
        o->client_hello.psk = o->server_hello.psk = true;
        o->client_hello.psk_count = 1;
        o->client_hello.psk_name[0] = 77;
        judge();
    }
    assert_int_equal(r.basis, AGE_AT_LEAST);
    assert_int_equal(r.offered_age, 30 * HOUR);
    handshake(DAY1, RESUMPTION_PSK);
    o->server_hello.version = 0x0304;
    o->client_hello.psk = o->server_hello.psk = true;
    o->client_hello.psk_count = 1;
    judge();
    assert_false(r.offered);
}

static void nothing_is_learned_from_half_a_handshake(void **state)
{
    (void)state;
    for (int how = 0; how < 5; how++) {
        handshake(DAY1, RESUMPTION_FULL);
        with_id((uint8_t)(20 + how), false, true);
        if (how == 0)
            o->damage[SERVER] = UNOBSERVED_GAP;
        if (how == 1)
            o->damage[CLIENT] = UNOBSERVED_OVERLAP;
        if (how == 2)
            o->start_seen[SERVER] = false;
        if (how == 3)
            o->outcome = OUTCOME_UNFINISHED;
        if (how == 4)
            o->seen &= ~(uint32_t)SEEN_SERVER_CCS;
        judge();
        handshake(DAY1 + HOUR, RESUMPTION_ID);
        with_id((uint8_t)(20 + how), true, true);
        judge();
        assert_false(r.known);
    }
}

static void another_server_is_another_scope(void **state)
{
    (void)state;
    handshake(DAY1, RESUMPTION_FULL);
    with_id(7, false, true);
    judge();
    handshake(DAY1 + HOUR, RESUMPTION_ID);
    with_id(7, true, true);
    o->server.port = 8443;
    judge();
    assert_false(r.known);
}

static void fatal_alert_kills_the_session(void **state)
{
    (void)state;
    handshake(DAY1, RESUMPTION_FULL);
    with_id(7, false, true);
    o->outcome = OUTCOME_REFUSED;
    o->alert_count = 1;
    o->alerts[0].level = 2;
    judge();
    handshake(DAY1 + HOUR, RESUMPTION_ID);
    with_id(7, true, true);
    judge();
    assert_true(r.known && r.dead);
}

/* Filled to the load that the cap promises: nothing lost; beyond it the least useful goes, and is counted. */
static void table_keeps_what_it_promises(void **state)
{
    (void)state;
    enum { ENTRIES = 200000 };
    struct table t;
    assert_true(table_open(&t, ENTRIES));
    assert_true(t.bytes / ENTRIES <= 64); /* the buckets are a power of two: at most twice what is needed */
    bool fresh;
    const struct siphash_key key = {1, 2};
    uint64_t *names = calloc(ENTRIES, sizeof *names);
    uint64_t capacity = t.bytes / sizeof(struct entry) * 4 / 5;
    if (capacity > ENTRIES)
        capacity = ENTRIES;
    for (uint64_t i = 0; i < capacity; i++) {
        names[i] = siphash(&key, span_of(&i, sizeof i));
        table_put(&t, names[i], (uint32_t)(1000 + i), 100000000, &fresh)->flags = ENTRY_EXACT;
    }
    assert_true(t.evicted < capacity / 1000);
    uint64_t found = 0;
    for (uint64_t i = 0; i < capacity; i++)
        found += table_find(&t, names[i], 1000, 100000000) != NULL;
    assert_true(found + t.evicted >= capacity - 2);
    /* Expired ones are not found. */
    assert_null(table_find(&t, names[5], 1000 + 5 + 200000, 100000));
    free(names);
    table_close(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(id_is_exact, open_memory, close_memory),
        cmocka_unit_test_setup_teardown(refused_offer_is_the_clients, open_memory, close_memory),
        cmocka_unit_test_setup_teardown(same_id_issued_anew_is_a_new_session, open_memory, close_memory),
        cmocka_unit_test_setup_teardown(chain_of_renewed_tickets_keeps_its_origin, open_memory, close_memory),
        cmocka_unit_test_setup_teardown(inner_length_of_rfc4507, open_memory, close_memory),
        cmocka_unit_test_setup_teardown(first_sighting_is_a_lower_bound, open_memory, close_memory),
        cmocka_unit_test_setup_teardown(nothing_is_learned_from_half_a_handshake, open_memory, close_memory),
        cmocka_unit_test_setup_teardown(another_server_is_another_scope, open_memory, close_memory),
        cmocka_unit_test_setup_teardown(fatal_alert_kills_the_session, open_memory, close_memory),
        cmocka_unit_test(table_keeps_what_it_promises),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
