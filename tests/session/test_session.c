/* Is the age of a resumed session right, whatever it is resumed by, and never made younger? */
#include "session/memory.h"

#include "made.h"
#include "store/table_parts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static struct sessions *sessions;
static struct observation *o;
static struct session_result r;

static int open_memory(void **state)
{
    (void)state;
    const struct session_config config = {.sessions = 1000, .retention = 8 * 24 * HOUR};
    char message[256];
    sessions = sessions_new(&config, message, sizeof message);
    o = calloc(1, sizeof *o);
    return sessions && o ? 0 : -1;
}

static int open_with(const struct session_config *config)
{
    char message[256];
    sessions_free(sessions);
    sessions = sessions_new(config, message, sizeof message);
    return sessions ? 0 : -1;
}

static int close_memory(void **state)
{
    (void)state;
    sessions_free(sessions);
    free(o);
    return 0;
}

static void handshake(nanos when, enum resumption resumption)
{
    made_handshake(o, when, resumption);
}

static void with_id(uint8_t id, bool offered, bool echoed)
{
    made_id(o, id, offered, echoed);
}

static void offer_ticket(uint64_t name)
{
    o->client_hello.ticket = true;
    o->client_hello.ticket_hash.own = name;
}

static void issue_ticket(uint64_t name)
{
    o->seen |= SEEN_TICKET;
    o->ticket_issued.hash.own = name;
}

static void judge(void)
{
    sessions_judge(sessions, o, NULL, &r);
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

/* A handshake on the connection of this number. */
static void on_connection(nanos time, uint64_t flow_id, enum resumption resumption, uint64_t offers,
                          uint64_t issues)
{
    handshake(time, resumption);
    o->whence.flow_id = flow_id;
    if (offers)
        offer_ticket(offers);
    if (issues)
        issue_ticket(issues);
    judge();
}

/* Neither in memory, where a state file may have it, nor in what another sensor says. */
static void an_origin_before_this_century_is_none(void **state)
{
    (void)state;
    const nanos none[] = {0, HOUR, 86400 * 365 * NANOS_PER_SECOND};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        const struct identifier_hash ticket = {.own = 100 + i};
        const struct identifier name = identifier_of_ticket(RESUMPTION_TICKET, &ticket);
        handshake(DAY1, RESUMPTION_TICKET);
        const struct place place = memory_locate(sessions, &o->whence, &name);
        memory_put(sessions, &place, &(struct memo){.origin = none[i], .now = DAY1 - HOUR, .anew = true});
        offer_ticket(ticket.own);
        judge();
        assert_true(r.offered && !r.known);
        /* And what is seen now is better. */
        handshake(DAY1 + 2 * HOUR, RESUMPTION_TICKET);
        offer_ticket(ticket.own);
        judge();
        assert_true(r.known);
        assert_int_equal(r.basis, AGE_AT_LEAST);
        assert_int_equal(r.offered_age, 2 * HOUR);
    }
}

static void what_renewed_a_contradicted_session_is_in_doubt(void **state)
{
    (void)state;
    on_connection(DAY1, 1, RESUMPTION_FULL, 0, 100);
    on_connection(DAY1 + NANOS_PER_SECOND, 2, RESUMPTION_TICKET, 100, 101);
    assert_int_equal(r.basis, AGE_EXACT);
    on_connection(DAY1 + NANOS_PER_SECOND, 3, RESUMPTION_FULL, 0, 200);
    sessions_doubt(sessions, 1);
    on_connection(DAY1 + HOUR, 4, RESUMPTION_TICKET, 101, 0);
    assert_int_equal(r.basis, AGE_AT_LEAST);
    assert_int_equal(r.resumed_age, HOUR - NANOS_PER_SECOND);
    on_connection(DAY1 + HOUR, 5, RESUMPTION_TICKET, 200, 0); /* another session of the server */
    assert_int_equal(r.basis, AGE_EXACT);
}

/* Whoever renews an old session with a ticket that he has seen elsewhere makes that one no older. */
static void a_contradicted_renewal_proves_no_age(void **state)
{
    (void)state;
    on_connection(DAY1, 1, RESUMPTION_FULL, 0, 100);
    on_connection(DAY1 + 25 * HOUR, 2, RESUMPTION_TICKET, 100, 101);
    sessions_doubt(sessions, 2);
    on_connection(DAY1 + 26 * HOUR, 3, RESUMPTION_TICKET, 101, 0);
    assert_int_equal(r.basis, AGE_AT_LEAST);
    assert_int_equal(r.resumed_age, HOUR);
    on_connection(DAY1 + 26 * HOUR, 4, RESUMPTION_TICKET, 100,
                  0); /* which it came from is as old as before */
    assert_int_equal(r.basis, AGE_EXACT);
}

static void origins_that_make_room_are_counted(void **state)
{
    (void)state;
    const uint64_t before = sessions_counters(sessions)->unguarded;
    on_connection(DAY1, 1, RESUMPTION_FULL, 0, 100);
    on_connection(DAY1 + NANOS_PER_SECOND, 1 + RECENT_SESSIONS, RESUMPTION_FULL, 0, 101);
    assert_int_equal(sessions_counters(sessions)->unguarded - before, 1);
    on_connection(DAY1 + HOUR, 1, RESUMPTION_FULL, 0, 102); /* nothing contradicts the one before any more */
    assert_int_equal(sessions_counters(sessions)->unguarded - before, 1);
}

static void inner_length_of_rfc4507(void **state)
{
    (void)state;
    handshake(DAY1, RESUMPTION_FULL);
    issue_ticket(5);
    judge();
    handshake(DAY1 + HOUR, RESUMPTION_TICKET);
    offer_ticket(6);
    o->client_hello.ticket_inner_hash.own = 5;
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
        o->client_hello.psk_hash[0].own = 77;
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

/* A client may offer several PSKs, of which the server takes one (RFC 8446 4.2.11): it answers for the
 * oldest. */
static void of_several_psks_the_oldest_counts(void **state)
{
    (void)state;
    static const struct {
        unsigned hour, taken;
        uint64_t name[2];
        enum age_basis basis, offered;
        int64_t offered_age;
    } hellos[] = {
        {0, 0, {50, 0}, AGE_UNKNOWN, AGE_UNKNOWN, 0},
        {30, 0, {51, 50}, AGE_UNKNOWN, AGE_AT_LEAST, 30 * HOUR},
        {31, 0, {51, 50}, AGE_AT_LEAST, AGE_AT_LEAST, 31 * HOUR},
        {32, 1, {52, 50}, AGE_AT_LEAST, AGE_AT_LEAST, 32 * HOUR},
        {33, 0, {53, 54}, AGE_UNKNOWN, AGE_UNKNOWN, 0},
    };
    for (size_t i = 0; i < sizeof hellos / sizeof *hellos; i++) {
        handshake(DAY1 + hellos[i].hour * HOUR, RESUMPTION_PSK);
        o->server_hello.version = 0x0304;
        o->client_hello.psk = o->server_hello.psk = true;
        o->client_hello.psk_count = hellos[i].name[1] ? 2 : 1;
        o->server_hello.psk_selected = (uint8_t)hellos[i].taken;
        for (unsigned n = 0; n < o->client_hello.psk_count; n++)
            o->client_hello.psk_hash[n].own = hellos[i].name[n];
        judge();
        assert_int_equal(r.basis, hellos[i].basis);
        assert_int_equal(r.offered_basis, hellos[i].offered);
        assert_int_equal(r.offered_age, hellos[i].offered_age);
    }
}

/* RFC 8446 4.2.11: one that was established externally has an obfuscated age of 0 each time. */
static void a_psk_without_an_age(void **state)
{
    (void)state;
    static const struct {
        uint64_t identity;
        bool ageless, named;
        enum ageless_psk is;
    } hellos[] = {
        {88, true, true, AGELESS_EITHER},   {88, true, true, AGELESS_EXTERNAL},
        {99, false, false, AGELESS_NONE}, /* a ticket */
        {99, true, false, AGELESS_EITHER},  {99, true, false, AGELESS_EITHER},
        {88, true, true, AGELESS_EXTERNAL}, {77, true, false, AGELESS_EITHER}, /* a name with an age */
        {77, true, true, AGELESS_EITHER},   {77, true, true, AGELESS_EITHER},
        {88, true, false, AGELESS_EITHER},  {88, true, true, AGELESS_EITHER}};
    for (size_t i = 0; i < sizeof hellos / sizeof *hellos; i++) {
        handshake(DAY1 + (nanos)i * HOUR, hellos[i].ageless ? RESUMPTION_UNKNOWN : RESUMPTION_PSK);
        o->hello = (i + 1) << 34;
        o->server_hello.version = 0x0304;
        o->client_hello.psk = o->server_hello.psk = true;
        o->client_hello.psk_count = 1;
        o->client_hello.psk_hash[0].own = hellos[i].identity;
        o->client_hello.psk_ageless = hellos[i].ageless;
        o->client_hello.psk_named = hellos[i].named;
        judge();
        assert_int_equal(r.ageless, hellos[i].is);
        assert_int_equal(r.offered, !hellos[i].ageless);
    }
}

/* RFC 8446 4.1.2: another hello has another random. 0: it is not known, so that nothing tells them apart. */
static void a_hello_without_an_age_that_is_captured_twice(void **state)
{
    (void)state;
    static const uint64_t one = UINT64_C(1) << 34;
    static const struct {
        uint64_t identity, hello;
        enum ageless_psk is;
    } hellos[] = {{88, one, AGELESS_EITHER}, {88, one, AGELESS_EITHER},       {88, 2 * one, AGELESS_EXTERNAL},
                  {88, one, AGELESS_EITHER}, {88, 2 * one, AGELESS_EXTERNAL}, {99, 0, AGELESS_EITHER},
                  {99, 0, AGELESS_EITHER},   {99, one, AGELESS_EXTERNAL}};
    for (size_t i = 0; i < sizeof hellos / sizeof *hellos; i++) {
        handshake(DAY1 + (nanos)i * HOUR, RESUMPTION_UNKNOWN);
        o->hello = hellos[i].hello;
        o->server_hello.version = 0x0304;
        o->client_hello.psk = o->server_hello.psk = true;
        o->client_hello.psk_count = 1;
        o->client_hello.psk_hash[0].own = hellos[i].identity;
        o->client_hello.psk_ageless = o->client_hello.psk_named = 1;
        judge();
        assert_int_equal(r.ageless, hellos[i].is);
    }
}

/* Of two handshakes the second ends first: it alone had an earlier hello. */
static void a_psk_without_an_age_that_ends_late(void **state)
{
    (void)state;
    static const struct {
        nanos hello;
        enum ageless_psk is;
    } hellos[] = {{DAY1 + HOUR, AGELESS_EITHER}, {DAY1, AGELESS_EITHER}, {DAY1 + 2 * HOUR, AGELESS_EXTERNAL}};
    for (size_t i = 0; i < sizeof hellos / sizeof *hellos; i++) {
        handshake(hellos[i].hello, RESUMPTION_UNKNOWN);
        o->hello = (i + 1) << 34;
        o->server_hello.version = 0x0304;
        o->client_hello.psk = o->server_hello.psk = true;
        o->client_hello.psk_count = 1;
        o->client_hello.psk_hash[0].own = 88;
        o->client_hello.psk_ageless = o->client_hello.psk_named = 1;
        judge();
        assert_int_equal(r.ageless, hellos[i].is);
    }
}

static void nothing_is_learned_from_half_a_handshake(void **state)
{
    (void)state;
    for (int how = 0; how < 5; how++) {
        handshake(DAY1, RESUMPTION_FULL);
        with_id((uint8_t)(20 + how), false, true);
        if (how == 0)
            o->side[SERVER].damage = UNOBSERVED_GAP;
        if (how == 1)
            o->side[CLIENT].damage = UNOBSERVED_OVERLAP;
        if (how == 2)
            o->side[SERVER].start_captured = false;
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

static void with_short_id(void)
{
    o->client_hello.session_id_len = o->client_hello.session_id_len ? 8 : 0;
    o->server_hello.session_id_len = o->server_hello.session_id_len ? 8 : 0;
}

/* A short id may be issued by two servers; a long one is one session's, wherever it is resumed. */
static void a_short_id_is_its_servers(void **state)
{
    (void)state;
    for (int is_short = 0; is_short < 2; is_short++) {
        handshake(DAY1, RESUMPTION_FULL);
        with_id(7, false, true);
        if (is_short)
            with_short_id();
        judge();
        handshake(DAY1 + HOUR, RESUMPTION_ID);
        with_id(7, true, true);
        if (is_short)
            with_short_id();
        o->whence.server.port = 8443;
        judge();
        assert_int_equal(r.known, !is_short);
        assert_int_equal(r.basis, is_short ? AGE_UNKNOWN : AGE_EXACT);
        assert_int_equal(r.resumed_age, is_short ? 0 : HOUR);
    }
}

/* Nobody saw who else got it, and when; whoever got it here goes on with it. */
static void a_short_id_is_its_clients(void **state)
{
    (void)state;
    for (int how = 0; how < 3; how++) { /* its client, another one, another one with a long id */
        handshake(DAY1 + how * 72 * HOUR, RESUMPTION_FULL);
        with_id((uint8_t)(50 + how), false, true);
        if (how < 2)
            with_short_id();
        judge();
        for (int times = 1; times < 3; times++) {
            handshake(DAY1 + how * 72 * HOUR + times * 20 * HOUR, RESUMPTION_ID);
            with_id((uint8_t)(50 + how), true, true);
            if (how < 2)
                with_short_id();
            o->whence.client.address[15] = (uint8_t)(how > 0);
            judge();
            assert_int_equal(r.basis, how == 1 ? AGE_UNKNOWN : AGE_EXACT);
            assert_int_equal(r.resumed_age, how == 1 ? 0 : times * 20 * HOUR);
            assert_true(r.accepted);
            assert_int_equal(r.missed, how == 1 ? UNOBSERVED_UNDECIDED : 0);
        }
    }
}

/* A server that does not resume another one's session has refused nothing that it could know; the client
 * offered what is so old. */
static void what_another_server_issued_may_be_refused(void **state)
{
    (void)state;
    handshake(DAY1, RESUMPTION_FULL);
    issue_ticket(100);
    judge();
    handshake(DAY1 + 30 * HOUR, RESUMPTION_FULL);
    offer_ticket(100);
    o->whence.server.port = 8443;
    judge();
    assert_true(r.offered && r.refused && !r.known);
    assert_int_equal(r.basis, AGE_UNKNOWN);
    assert_int_equal(r.offered_basis, AGE_AT_LEAST);
    assert_int_equal(r.offered_age,
                     30 * HOUR - 1000); /* the ServerHello came a microsecond after the ClientHello */
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

static void end_by_alert(nanos client_had, nanos server_had)
{
    o->alert_count = 1;
    o->alerts[0].level = 2;
    o->alert_had[CLIENT] = client_had;
    o->alert_had[SERVER] = server_had;
    judge();
}

static void assert_knew(nanos client_said, nanos server_said, uint16_t port, bool client, bool server)
{
    handshake(client_said, RESUMPTION_ID);
    with_id(7, true, true);
    o->whence.client.port = port;
    o->side[SERVER].hello_time = server_said;
    judge();
    assert_true(r.known && r.dead);
    assert_true(r.knew[CLIENT] == client && r.knew[SERVER] == server);
}

/* RFC 2246 7.2.2: upon transmission or receipt, whatever is judged first. Of two alerts the first counts. */
static void an_alert_ends_a_session_for_whom_it_has_reached(void **state)
{
    (void)state;
    handshake(DAY1, RESUMPTION_FULL);
    with_id(7, false, true);
    judge();
    handshake(DAY1 + HOUR, RESUMPTION_ID);
    with_id(7, true, true);
    end_by_alert(DAY1 + 2 * HOUR, DAY1 + 4 * HOUR);
    assert_knew(DAY1 + HOUR, DAY1 + HOUR, 1, false, false);
    assert_knew(DAY1 + 2 * HOUR, DAY1 + 4 * HOUR, 2, false, false);
    assert_knew(DAY1 + HOUR, DAY1 + 5 * HOUR, 3, false, true);
    assert_knew(DAY1 + 3 * HOUR, DAY1 + 3 * HOUR, 4, true, false);
    assert_knew(DAY1 + 5 * HOUR, DAY1 + 5 * HOUR, 5, true, true);
    handshake(DAY1 + 6 * HOUR, RESUMPTION_ID);
    with_id(7, true, true);
    end_by_alert(DAY1 + 7 * HOUR, 0); /* when the server had it is not known */
    assert_knew(DAY1 + 3 * HOUR, DAY1 + 5 * HOUR, 6, true, true);
}

static void an_alert_of_unknown_time_blames_nobody(void **state)
{
    (void)state;
    handshake(DAY1, RESUMPTION_FULL);
    with_id(7, false, true);
    end_by_alert(0, 0);
    assert_knew(DAY1 + 5 * HOUR, DAY1 + 5 * HOUR, 1, false, false);
}

static void full(uint8_t id, nanos when, uint16_t port)
{
    handshake(when, RESUMPTION_FULL);
    with_id(id, false, true);
    o->whence.server.port = port;
    judge();
}

static void resumed(uint8_t id, nanos when, uint16_t port)
{
    handshake(when, RESUMPTION_ID);
    with_id(id, true, true);
    o->whence.server.port = port;
    judge();
}

/* RFC 5246 7.4.1.2: the randoms of two handshakes differ, and what a server draws of them. */
static void an_identifier_is_not_issued_twice(void **state)
{
    (void)state;
    static const struct {
        nanos apart; /* from the first handshake to its copy */
        enum age_basis basis;
        nanos least;
    } cases[] = {
        {0, AGE_EXACT, 25 * HOUR},
        {NANOS_PER_SECOND / 2, AGE_EXACT, 25 * HOUR - NANOS_PER_SECOND / 2},
        {3 * NANOS_PER_SECOND, AGE_AT_LEAST, 25 * HOUR - 3 * NANOS_PER_SECOND},
        {2 * HOUR, AGE_AT_LEAST, 23 * HOUR},
        {-2 * HOUR, AGE_AT_LEAST, 25 * HOUR}, /* the copy's clock is slow */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const uint8_t id = (uint8_t)(60 + i);
        full(id, DAY1, 443);
        for (int copies = 0; copies < 2; copies++)
            full(id, DAY1 + cases[i].apart, 443);
        resumed(id, DAY1 + 25 * HOUR, 443);
        assert_int_equal(r.basis, cases[i].basis);
        assert_int_equal(r.resumed_age, cases[i].least);
    }
}

/* A part of a copy says as well that the session began at one of two times. */
static void a_part_of_a_copy_is_one(void **state)
{
    (void)state;
    static const struct {
        uint64_t random[2]; /* that the first handshake showed */
        nanos apart;
        enum age_basis basis;
    } cases[] = {{{1, 2}, 2 * HOUR, AGE_AT_LEAST}, {{1, 0}, 2 * HOUR, AGE_AT_LEAST},
                 {{0, 2}, 2 * HOUR, AGE_AT_LEAST}, {{0, 2}, NANOS_PER_SECOND, AGE_EXACT},
                 {{3, 4}, 2 * HOUR, AGE_EXACT},    {{1, 4}, 2 * HOUR, AGE_EXACT},
                 {{0, 2}, -2 * HOUR, AGE_AT_LEAST}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const uint64_t own = (i + 1) << 40;
        handshake(DAY1, RESUMPTION_FULL);
        with_id((uint8_t)(100 + i), false, true);
        for (enum side who = CLIENT; who <= SERVER; who++)
            o->random[who] = cases[i].random[who] ? own + cases[i].random[who] : 0;
        o->outcome = OUTCOME_ONE_SIDED;
        judge();
        handshake(DAY1 + cases[i].apart, RESUMPTION_FULL);
        with_id((uint8_t)(100 + i), false, true);
        o->random[CLIENT] = own + 1;
        o->random[SERVER] = own + 2;
        judge();
        resumed((uint8_t)(100 + i), DAY1 + 30 * HOUR, 443);
        assert_int_equal(r.basis, cases[i].basis);
        const nanos later = cases[i].apart > 0 ? cases[i].apart : 0;
        if (r.basis == AGE_AT_LEAST)
            assert_true(r.resumed_age <= 30 * HOUR - later &&
                        r.resumed_age > 30 * HOUR - later - 2 * NANOS_PER_SECOND);
    }
}

static void a_farm_shares_its_sessions(void **state)
{
    (void)state;
    struct session_farm farm = {.members = 2};
    farm.member[0] = (struct endpoint){.family = 4, .port = 443};
    farm.member[1] = (struct endpoint){.family = 4, .port = 444};
    const struct session_config config = {
        .sessions = 1000, .retention = 8 * 24 * HOUR, .farms = &farm, .farm_count = 1};
    assert_int_equal(open_with(&config), 0);
    full(7, DAY1, 444);
    resumed(7, DAY1 + HOUR, 443);
    assert_int_equal(r.basis, AGE_EXACT);
    assert_int_equal(r.resumed_age, HOUR);
    full(8, DAY1, 444);
    full(9, DAY1, 445);
    for (uint8_t id = 8; id <= 9; id++) {
        handshake(DAY1 + HOUR, RESUMPTION_FULL);
        with_id(id, true, false);
        o->client_hello.ticket = false;
        judge();
        assert_int_equal(r.known, id == 8); /* the other one's issuer is none of the farm */
    }
}

/* A server that hands out another one's id takes no session from it, and makes none younger. */
static void one_servers_id_is_not_anothers(void **state)
{
    (void)state;
    const struct session_config config = {.sessions = 1000, .retention = 8 * 24 * HOUR, .one_scope = true};
    assert_int_equal(open_with(&config), 0);
    full(7, DAY1, 443);
    resumed(7, DAY1 + HOUR, 8443);
    assert_int_equal(r.resumed_age, HOUR);
    full(7, DAY1 + 20 * HOUR, 666);
    resumed(7, DAY1 + 25 * HOUR, 443);
    assert_int_equal(r.basis, AGE_EXACT);
    assert_int_equal(r.resumed_age, 25 * HOUR);
    resumed(7, DAY1 + 25 * HOUR, 666);
    assert_int_equal(r.resumed_age, 5 * HOUR);
    resumed(7, DAY1 + 25 * HOUR, 8443);
    assert_false(r.known); /* of which of the two nobody can say */
    full(7, DAY1 + 26 * HOUR, 443);
    resumed(7, DAY1 + 27 * HOUR, 443);
    assert_int_equal(r.resumed_age, HOUR);
    assert_int_equal(sessions_counters(sessions)->parted, 1);
}

/* The id was given out again, in a handshake of which a part is missing: it may be older, not younger. */
static void a_damaged_reissue_leaves_a_bound(void **state)
{
    (void)state;
    full(7, DAY1, 443);
    handshake(DAY1 + 20 * HOUR, RESUMPTION_FULL);
    with_id(7, false, true);
    o->side[CLIENT].damage = UNOBSERVED_GAP;
    judge();
    resumed(7, DAY1 + 30 * HOUR, 443);
    assert_int_equal(r.basis, AGE_AT_LEAST);
    assert_int_equal(r.resumed_age, 10 * HOUR);
}

static void renew(nanos when, uint64_t ticket, uint64_t renewed)
{
    handshake(when, RESUMPTION_TICKET);
    offer_ticket(ticket);
    issue_ticket(renewed);
    judge();
}

/* A ticket that renews a session was another one's before: which of the two is resumed, nobody knows. */
static void a_ticket_renewed_as_anothers_leaves_a_bound(void **state)
{
    (void)state;
    handshake(DAY1, RESUMPTION_FULL);
    issue_ticket(100);
    judge();
    handshake(DAY1 + 25 * HOUR, RESUMPTION_FULL);
    issue_ticket(101);
    judge();
    renew(DAY1 + 26 * HOUR, 101, 100);
    for (unsigned i = 0; i < 2; i++) {
        renew(DAY1 + 27 * HOUR, 100, 100 + 2 * i);
        assert_int_equal(r.basis, AGE_AT_LEAST);
        assert_int_equal(r.resumed_age, 2 * HOUR);
        assert_false(r.suite_known);
    }
    renew(DAY1 + 28 * HOUR, 102, 101); /* the same session's: nothing is learned that was not known */
    renew(DAY1 + 29 * HOUR, 101, 0);
    assert_int_equal(r.basis, AGE_EXACT);
    assert_int_equal(r.resumed_age, 4 * HOUR);
}

static void a_clock_set_back_leaves_a_bound(void **state)
{
    (void)state;
    full(7, DAY1, 443);
    sessions_clock_set(sessions, DAY1 + 10 * HOUR, DAY1 + 5 * HOUR);
    full(8, DAY1 + 11 * HOUR, 443);
    resumed(7, DAY1 + 12 * HOUR, 443);
    assert_int_equal(r.basis, AGE_AT_LEAST);
    assert_int_equal(r.resumed_age, 12 * HOUR);
    resumed(8, DAY1 + 12 * HOUR, 443);
    assert_int_equal(r.basis, AGE_EXACT);
    /* More jumps than there is room for cover each other: less is exact, nothing is wrong. */
    for (int i = 0; i < 100; i++)
        sessions_clock_set(sessions, DAY1 + (20 + i) * HOUR, DAY1 + (19 + i) * HOUR);
    full(9, DAY1 + 118 * HOUR, 443);
    resumed(9, DAY1 + 121 * HOUR, 443);
    assert_int_equal(r.basis, AGE_AT_LEAST);
}

/* What takes a step back leaves the others. */
static void a_clock_that_was_not_set_leaves_ages_exact(void **state)
{
    (void)state;
    full(7, DAY1, 443);
    sessions_clock_set(sessions, DAY1 + HOUR, DAY1 + 26 * HOUR);
    resumed(7, DAY1 + 26 * HOUR, 443);
    assert_true(r.basis == AGE_AT_LEAST && r.clock_set);
    full(8, DAY1 + 27 * HOUR, 443);
    sessions_clock_set(sessions, DAY1 + 28 * HOUR, DAY1 + 30 * HOUR);
    sessions_clock_not_set(sessions, DAY1 + HOUR, DAY1 + 26 * HOUR);
    sessions_clock_not_set(sessions, DAY1 + HOUR, DAY1 + 26 * HOUR);
    resumed(7, DAY1 + 27 * HOUR, 443);
    assert_true(r.basis == AGE_EXACT && !r.clock_set);
    assert_int_equal(r.resumed_age, 27 * HOUR);
    resumed(8, DAY1 + 31 * HOUR, 443);
    assert_true(r.basis == AGE_AT_LEAST && r.clock_set);
    sessions_clock_not_set(sessions, DAY1 + 28 * HOUR, DAY1 + 30 * HOUR);
    resumed(8, DAY1 + 31 * HOUR, 443);
    assert_int_equal(r.basis, AGE_EXACT);
}

/* Of the time across a step nobody knows more than that it was no less than what is left without it. */
static void a_clock_set_ahead_leaves_a_bound(void **state)
{
    (void)state;
    full(7, DAY1, 443);
    sessions_clock_set(sessions, DAY1 + HOUR, DAY1 + 26 * HOUR);
    resumed(7, DAY1 + 26 * HOUR, 443);
    assert_int_equal(r.basis, AGE_AT_LEAST);
    assert_int_equal(r.resumed_age, HOUR);
    full(8, DAY1 + 27 * HOUR, 443);
    resumed(8, DAY1 + 52 * HOUR, 443);
    assert_int_equal(r.basis, AGE_EXACT);
    assert_int_equal(r.resumed_age, 25 * HOUR);
    resumed(7, DAY1 + 52 * HOUR, 443);
    assert_int_equal(r.resumed_age, 27 * HOUR);
    /* A step back takes nothing of that; too many steps leave nothing. */
    sessions_clock_set(sessions, DAY1 + 53 * HOUR, DAY1 + 51 * HOUR);
    resumed(7, DAY1 + 54 * HOUR, 443);
    assert_int_equal(r.resumed_age, 29 * HOUR);
    for (int i = 0; i < 100; i++)
        sessions_clock_set(sessions, DAY1 + (60 + i) * HOUR, DAY1 + (61 + i) * HOUR);
    resumed(7, DAY1 + 170 * HOUR, 443);
    assert_int_equal(r.basis, AGE_AT_LEAST);
    assert_true(r.resumed_age <= 1000);
}

/* An abbreviated handshake under another suite does not change what the session had (RFC 2246 7.4.1.3). */
static void a_renewed_ticket_keeps_the_suite(void **state)
{
    (void)state;
    handshake(DAY1, RESUMPTION_FULL);
    issue_ticket(100);
    judge();
    handshake(DAY1 + HOUR, RESUMPTION_TICKET);
    offer_ticket(100);
    issue_ticket(101);
    o->server_hello.suite = 0x0005;
    judge();
    handshake(DAY1 + 2 * HOUR, RESUMPTION_TICKET);
    offer_ticket(101);
    judge();
    assert_true(r.suite_known && r.suite == 0x002f);
}

static char state_path[] = "/tmp/utwatch-test-XXXXXX";

static const char *open_state(uint32_t size)
{
    static char message[256];
    const struct session_config config = {.sessions = size, .retention = 8 * 24 * HOUR, .state = state_path};
    sessions_free(sessions);
    sessions = sessions_new(&config, message, sizeof message);
    return message;
}

static void a_state_file_outlives_its_process(void **state)
{
    (void)state;
    const int file = mkstemp(state_path);
    assert_true(file >= 0);
    assert_string_equal(open_state(1000), "");
    full(7, DAY1, 443);
    sessions_clock_set(sessions, DAY1 - HOUR, DAY1 - 2 * HOUR);
    assert_string_equal(open_state(1000), "");
    resumed(7, DAY1 + 25 * HOUR, 443);
    assert_int_equal(r.basis, AGE_EXACT);
    assert_int_equal(r.resumed_age, 25 * HOUR);
    /* Two processes cannot have it at once; looking is allowed. */
    struct sessions *had = sessions;
    sessions = NULL;
    assert_non_null(strstr(open_state(1000), "another process"));
    assert_null(sessions);
    char message[256];
    const struct session_config look = {.sessions = 5, .state = state_path, .look_only = true};
    struct sessions *copy = sessions_new(&look, message, sizeof message);
    assert_non_null(copy);
    sessions_free(copy);
    sessions_free(had);
    /* For more sessions the file has no room, which is told; for fewer it has. Nothing is forgotten. */
    for (unsigned i = 0; i < 2; i++) {
        const char *said = open_state(i ? 500 : 2000);
        assert_true(i ? !*said : strstr(said, "fewer sessions") != NULL);
        resumed(7, DAY1 + 25 * HOUR, 443);
        assert_int_equal(r.resumed_age, 25 * HOUR);
    }
    sessions_free(sessions);
    sessions = NULL;
    /* An entry with a wrong bit is dropped, counted, and said so. */
    struct table t;
    assert_int_equal(table_open(&t, 1000, state_path), TABLE_OK);
    for (uint64_t i = 0; i < t.taken * TABLE_BUCKET; i++)
        if (t.entries[i].tag) {
            t.entries[i].origin_us ^= 1 << 20;
            table_use(&t, &t.entries[i], 0, 0);
        }
    bool any;
    assert_true(table_write_out(&t, &any) && any && table_keep(&t));
    table_close(&t);
    assert_non_null(strstr(open_state(1000), "1 damaged session of the state file is forgotten"));
    assert_int_equal(sessions_counters(sessions)->damaged, 1);
    resumed(7, DAY1 + 25 * HOUR, 443);
    assert_false(r.known);
    /* The first header is lost: the second one serves. */
    sessions_free(sessions);
    sessions = NULL;
    const char nothing[64] = {0};
    assert_int_equal(pwrite(file, nothing, sizeof nothing, 0), sizeof nothing);
    assert_string_equal(open_state(1000), "");
    /* Cut short: what is there is kept, and it has its size again. */
    full(7, DAY1, 443);
    for (uint8_t other = 100; other < 200; other++)
        full(other, DAY1, 443);
    sessions_free(sessions);
    sessions = NULL;
    struct stat whole;
    assert_int_equal(fstat(file, &whole), 0);
    assert_int_equal(ftruncate(file, whole.st_size - 4096 - 10), 0);
    assert_non_null(strstr(open_state(1000), "missing"));
    resumed(7, DAY1 + 25 * HOUR, 443);
    assert_int_equal(r.resumed_age, 25 * HOUR);
    assert_string_equal(open_state(1000), "");
    /* Both heads are lost: set aside, and begun anew. */
    sessions_free(sessions);
    sessions = NULL;
    const off_t heads[] = {0, (off_t)table_layout(0).second_header};
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
        assert_int_equal(pwrite(file, nothing, 32, heads[i] + 8), 32);
    assert_non_null(strstr(open_state(1000), ".damaged"));
    assert_non_null(sessions);
    sessions_free(sessions);
    sessions = NULL;
    /* A file of something else is left alone. */
    char aside[sizeof state_path + 16];
    (void)snprintf(aside, sizeof aside, "%s.damaged", state_path);
    assert_int_equal(unlink(aside), 0);
    FILE *foreign = fopen(state_path, "w");
    assert_true(foreign && fputs("name,phone\n", foreign) >= 0 && fclose(foreign) == 0);
    assert_non_null(strstr(open_state(1000), "not one of utwatch"));
    assert_null(sessions);
    (void)close(file);
    (void)unlink(state_path);
}

/* Filled to the load that the cap promises: nothing lost; beyond it the least useful goes, and is counted. */
static void table_keeps_what_it_promises(void **state)
{
    (void)state;
    enum { ENTRIES = 200000 };
    struct table t;
    assert_int_equal(table_open(&t, ENTRIES, NULL), TABLE_OK);
    /* At most 32 bytes a session; the servers' places come on top, whatever the capacity. */
    assert_true((t.bytes - TABLE_SERVERS * sizeof(struct endpoint)) / ENTRIES <= 32);
    bool fresh;
    const struct siphash_key key = {1, 2};
    uint64_t *names = calloc(ENTRIES, sizeof *names);
    uint64_t capacity = t.buckets * 8 * 4 / 5;
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

/* A renewed ticket is of the same session (RFC 5077 3.3): what ended that, and what is not known of its age,
 * goes with it. */
static void a_renewed_ticket_inherits_end_and_doubt(void **state)
{
    (void)state;
    handshake(DAY1, RESUMPTION_FULL);
    issue_ticket(100);
    o->alert_count = 1;
    o->alerts[0].level = 2;
    judge();
    renew(DAY1 + HOUR, 100, 101);
    renew(DAY1 + 2 * HOUR, 101, 102);
    assert_true(r.known && r.dead && r.basis == AGE_EXACT);
    renew(DAY1, 50, 51); /* its full handshake was not seen */
    renew(DAY1 + HOUR, 50, 52);
    renew(DAY1 + 2 * HOUR, 52, 53);
    assert_true(r.known && !r.dead);
    assert_int_equal(r.basis, AGE_AT_LEAST);
}

/* A session of each: `ticket` at DAY1 + at_ticket, which a fatal alert ends, and `id` at DAY1 + at_id. */
static void issue_both(nanos at_ticket, uint64_t ticket, nanos at_id, uint8_t id)
{
    handshake(DAY1 + at_ticket, RESUMPTION_FULL);
    issue_ticket(ticket);
    o->alert_count = 1;
    o->alerts[0].level = 2;
    judge();
    handshake(DAY1 + at_id, RESUMPTION_FULL);
    with_id(id, false, true);
    judge();
}

/* Beside a ticket the id is a marker (RFC 5077 3.4), or that of another session: which one the server took is
 * not known. What was resumed is at least the younger, what was offered the older, and only if both have
 * ended was one resumed that had. */
static void a_ticket_beside_an_id_may_be_either(void **state)
{
    (void)state;
    issue_both(0, 100, 2 * HOUR, 9);
    issue_both(3 * HOUR, 101, HOUR, 10);
    for (unsigned i = 0; i < 2; i++) {
        handshake(DAY1 + 5 * HOUR, RESUMPTION_TICKET);
        offer_ticket(100 + i);
        with_id((uint8_t)(9 + i), true, true);
        judge();
        assert_true(r.known && !r.dead);
        assert_int_equal(r.basis, AGE_AT_LEAST);
        assert_int_equal(r.resumed_age, (i ? 2 : 3) * HOUR);
        assert_int_equal(r.offered_age, (i ? 4 : 5) * HOUR - 1000);
    }
    handshake(DAY1 + 5 * HOUR, RESUMPTION_TICKET);
    offer_ticket(100);
    judge();
    assert_true(r.known && r.dead);
}

/* At `server`, in a handshake whose bytes are in doubt. */
static void reissue_in_doubt(nanos when, uint8_t id, uint8_t server)
{
    handshake(when, RESUMPTION_FULL);
    with_id(id, false, true);
    o->whence.confirmed = true;
    o->whence.server.address[3] = server;
    o->side[SERVER].damage = UNOBSERVED_OVERLAP;
    judge();
}

static void use_id(nanos when, uint8_t id, uint8_t server)
{
    handshake(when, RESUMPTION_ID);
    with_id(id, true, true);
    o->whence.server.address[3] = server;
    judge();
}

/* A handshake that is not believed makes a known session neither young, nor surely old. */
static void a_reissue_in_doubt_unsettles_an_age(void **state)
{
    (void)state;
    handshake(DAY1, RESUMPTION_FULL);
    with_id(7, false, true);
    o->alert_count = 1;
    o->alerts[0].level = 2;
    judge();
    use_id(DAY1 + HOUR, 7, 0);
    assert_true(r.basis == AGE_EXACT && !r.in_doubt && r.suite_known);
    reissue_in_doubt(DAY1 + 24 * HOUR, 7, 0);
    use_id(DAY1 + 25 * HOUR, 7, 0);
    assert_true(r.basis == AGE_AT_LEAST && r.in_doubt && !r.suite_known);
    assert_int_equal(r.resumed_age, 25 * HOUR);
    handshake(DAY1 + 26 * HOUR, RESUMPTION_FULL);
    with_id(7, true, true);
    o->randoms = 5;
    judge(); /* this one is believed */
    use_id(DAY1 + 27 * HOUR, 7, 0);
    assert_true(r.basis == AGE_EXACT && !r.in_doubt && r.suite_known);
    assert_int_equal(r.resumed_age, HOUR);
}

/* One that is only seen in use, too, and one that a renewed ticket continues. */
static void a_bound_is_unsettled_too(void **state)
{
    (void)state;
    use_id(DAY1, 7, 0);
    reissue_in_doubt(DAY1 + 24 * HOUR, 7, 0);
    handshake(DAY1 + 25 * HOUR, RESUMPTION_ID);
    with_id(7, true, true);
    issue_ticket(100);
    judge();
    assert_true(r.basis == AGE_AT_LEAST && r.in_doubt);
    handshake(DAY1 + 26 * HOUR, RESUMPTION_TICKET);
    offer_ticket(100);
    judge();
    assert_true(r.basis == AGE_AT_LEAST && r.in_doubt);
    assert_int_equal(r.resumed_age, 26 * HOUR + 1000); /* since the hello that used it */
}

/* Whoever sees an id can have a server of his own issue it. */
static void another_server_unsettles_nothing(void **state)
{
    (void)state;
    handshake(DAY1, RESUMPTION_FULL);
    with_id(7, false, true);
    judge();
    reissue_in_doubt(DAY1 + 24 * HOUR, 7, 9);
    use_id(DAY1 + 25 * HOUR, 7, 9);
    assert_int_equal(r.basis, AGE_AT_LEAST);
    assert_int_equal(r.resumed_age, HOUR);
    use_id(DAY1 + 25 * HOUR, 7, 0);
    assert_true(r.basis == AGE_EXACT && !r.in_doubt);
    assert_int_equal(r.resumed_age, 25 * HOUR);
}

/* Where the server's hello could not be read, it may have issued any identifier to this UE. */
static void an_answer_that_is_not_read_unsettles_the_ages_of_its_ue(void **state)
{
    (void)state;
    handshake(DAY1, RESUMPTION_FULL);
    with_id(7, false, true);
    judge();
    handshake(DAY1 + 24 * HOUR, RESUMPTION_UNKNOWN);
    o->seen = (o->seen | SEEN_CLIENT_KEY_EXCHANGE) & ~(uint32_t)SEEN_SERVER_HELLO;
    o->whence.confirmed = true;
    o->whence.client.address[3] = 20;
    o->side[SERVER].hello_time = 0;
    o->side[SERVER].damage = UNOBSERVED_MALFORMED;
    o->event_time = DAY1 + 24 * HOUR;
    judge();
    for (uint8_t client = 20; client < 22; client++) {
        handshake(DAY1 + 25 * HOUR, RESUMPTION_ID);
        with_id(7, true, true);
        o->whence.client.address[3] = client;
        o->event_time = DAY1 + 25 * HOUR;
        judge();
        assert_int_equal(r.in_doubt, client == 20);
        assert_int_equal(r.basis, client == 20 ? AGE_AT_LEAST : AGE_EXACT);
        assert_int_equal(r.resumed_age, 25 * HOUR);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(id_is_exact, open_memory, close_memory),
        cmocka_unit_test_setup_teardown(refused_offer_is_the_clients, open_memory, close_memory),
        cmocka_unit_test_setup_teardown(same_id_issued_anew_is_a_new_session, open_memory, close_memory),
        cmocka_unit_test_setup_teardown(chain_of_renewed_tickets_keeps_its_origin, open_memory, close_memory),
        cmocka_unit_test_setup_teardown(an_origin_before_this_century_is_none, open_memory, close_memory),
        cmocka_unit_test_setup_teardown(what_renewed_a_contradicted_session_is_in_doubt, open_memory,
                                        close_memory),
        cmocka_unit_test_setup_teardown(a_contradicted_renewal_proves_no_age, open_memory, close_memory),
        cmocka_unit_test_setup_teardown(origins_that_make_room_are_counted, open_memory, close_memory),
        cmocka_unit_test_setup_teardown(inner_length_of_rfc4507, open_memory, close_memory),
        cmocka_unit_test_setup_teardown(first_sighting_is_a_lower_bound, open_memory, close_memory),
        cmocka_unit_test_setup_teardown(of_several_psks_the_oldest_counts, open_memory, close_memory),
        cmocka_unit_test_setup_teardown(a_psk_without_an_age, open_memory, close_memory),
        cmocka_unit_test_setup_teardown(a_hello_without_an_age_that_is_captured_twice, open_memory,
                                        close_memory),
        cmocka_unit_test_setup_teardown(a_psk_without_an_age_that_ends_late, open_memory, close_memory),
        cmocka_unit_test_setup_teardown(nothing_is_learned_from_half_a_handshake, open_memory, close_memory),
        cmocka_unit_test_setup_teardown(a_short_id_is_its_servers, open_memory, close_memory),
        cmocka_unit_test_setup_teardown(a_short_id_is_its_clients, open_memory, close_memory),
        cmocka_unit_test_setup_teardown(a_part_of_a_copy_is_one, open_memory, close_memory),
        cmocka_unit_test_setup_teardown(an_identifier_is_not_issued_twice, open_memory, close_memory),
        cmocka_unit_test_setup_teardown(what_another_server_issued_may_be_refused, open_memory, close_memory),
        cmocka_unit_test_setup_teardown(fatal_alert_kills_the_session, open_memory, close_memory),
        cmocka_unit_test_setup_teardown(an_alert_ends_a_session_for_whom_it_has_reached, open_memory,
                                        close_memory),
        cmocka_unit_test_setup_teardown(an_alert_of_unknown_time_blames_nobody, open_memory, close_memory),
        cmocka_unit_test_setup_teardown(a_farm_shares_its_sessions, open_memory, close_memory),
        cmocka_unit_test_setup_teardown(one_servers_id_is_not_anothers, open_memory, close_memory),
        cmocka_unit_test_setup_teardown(a_damaged_reissue_leaves_a_bound, open_memory, close_memory),
        cmocka_unit_test_setup_teardown(a_ticket_renewed_as_anothers_leaves_a_bound, open_memory,
                                        close_memory),
        cmocka_unit_test_setup_teardown(a_clock_set_back_leaves_a_bound, open_memory, close_memory),
        cmocka_unit_test_setup_teardown(a_clock_set_ahead_leaves_a_bound, open_memory, close_memory),
        cmocka_unit_test_setup_teardown(a_clock_that_was_not_set_leaves_ages_exact, open_memory,
                                        close_memory),
        cmocka_unit_test_setup_teardown(a_renewed_ticket_keeps_the_suite, open_memory, close_memory),
        cmocka_unit_test_setup_teardown(a_renewed_ticket_inherits_end_and_doubt, open_memory, close_memory),
        cmocka_unit_test_setup_teardown(a_ticket_beside_an_id_may_be_either, open_memory, close_memory),
        cmocka_unit_test_setup_teardown(a_reissue_in_doubt_unsettles_an_age, open_memory, close_memory),
        cmocka_unit_test_setup_teardown(a_bound_is_unsettled_too, open_memory, close_memory),
        cmocka_unit_test_setup_teardown(another_server_unsettles_nothing, open_memory, close_memory),
        cmocka_unit_test_setup_teardown(an_answer_that_is_not_read_unsettles_the_ages_of_its_ue, open_memory,
                                        close_memory),
        cmocka_unit_test_setup_teardown(a_state_file_outlives_its_process, open_memory, close_memory),
        cmocka_unit_test(table_keeps_what_it_promises),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
