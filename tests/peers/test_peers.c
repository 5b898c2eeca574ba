/* What may be inferred of a server from what it selects and refuses (E19, E20), and what of a UE from its
 * hellos? */
#include "peers/peers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { DES3 = 0x000a, RC4 = 0x0005, AES = 0x002f, ECDHE = 0xc02f };

static struct peers *peers;
static struct observation *o;
static struct session_result nothing;
static struct peer_evidence evidence;

static int open_tables(void **state)
{
    (void)state;
    peers = peers_new(4, 4);
    o = calloc(1, sizeof *o);
    return peers && o ? 0 : -1;
}

static int close_tables(void **state)
{
    (void)state;
    peers_free(peers);
    free(o);
    return 0;
}

static size_t index_of(uint16_t code)
{
    const struct suite *suite = suite_find(code);
    assert_non_null(suite);
    return suite_index(suite);
}

static void hello(uint16_t max_version, const uint16_t *suites, size_t count)
{
    memset(o, 0, sizeof *o);
    o->whence.client.family = o->whence.server.family = 4;
    o->whence.server.port = 443;
    o->whence.client.port = 40000;
    o->seen = SEEN_CLIENT_HELLO;
    o->side[0].captured = o->side[1].captured = o->side[0].start_captured = o->side[1].start_captured = true;
    o->client_hello.max_version = max_version;
    for (size_t i = 0; i < count; i++)
        suite_set_add(&o->client_hello.offered, index_of(suites[i]));
}

static void accepted(uint16_t version, uint16_t suite, const uint16_t *suites, size_t count)
{
    hello(version, suites, count);
    o->seen |= SEEN_SERVER_HELLO | SEEN_SERVER_CCS;
    o->server_hello.version = version;
    o->server_hello.suite = suite;
    o->reaction = REACTION_ACCEPTED;
    o->resumption = RESUMPTION_FULL;
    o->outcome = OUTCOME_COMPLETE;
    peers_learn(peers, o, &nothing);
}

static void refuse_with(uint8_t description)
{
    o->reaction = REACTION_FATAL_ALERT;
    o->outcome = OUTCOME_REFUSED;
    o->alert_count = 1;
    o->alerts[0] = (struct tls_alert){.from = SERVER, .level = 2, .description = description};
    peers_learn(peers, o, &nothing);
}

static void refused(uint16_t version, const uint16_t *suites, size_t count)
{
    hello(version, suites, count);
    refuse_with(40);
}

static const struct peer *server(void)
{
    const struct peer *s = peers_find(peers, o, SERVER);
    assert_non_null(s);
    peer_weigh(s, &evidence);
    return s;
}

#define OFFER(...) (const uint16_t[]){__VA_ARGS__}, sizeof((const uint16_t[]){__VA_ARGS__}) / sizeof(uint16_t)

static void refusal_needs_an_acceptance(void **state)
{
    (void)state;
    refused(0x0301, OFFER(DES3));
    (void)server();
    assert_int_equal(evidence.refusal_count, 0); /* it may not speak this version at all */
    accepted(0x0301, AES, OFFER(AES));
    (void)server();
    assert_int_equal(evidence.refusal_count, 1);
    assert_true(suite_set_has(&evidence.refusals[0], index_of(DES3)));
    assert_false(suite_set_empty(&evidence.alone));
}

static void a_higher_version_proves_nothing(void **state)
{
    (void)state;
    accepted(0x0303, AES, OFFER(AES));
    refused(0x0301, OFFER(DES3));
    (void)server();
    assert_int_equal(evidence.refusal_count, 0);
}

static void other_alerts_prove_nothing(void **state)
{
    (void)state;
    accepted(0x0301, AES, OFFER(AES));
    static const uint8_t others[] = {70, 112, 80, 0};
    for (size_t i = 0; i < sizeof others; i++) {
        hello(0x0301, OFFER(DES3));
        refuse_with(others[i]);
    }
    (void)server();
    assert_int_equal(evidence.refusal_count, 0);
}

static void another_shape_proves_nothing(void **state)
{
    (void)state;
    accepted(0x0303, AES, OFFER(AES));
    for (int how = 0; how < 4; how++) {
        hello(how == 3 ? 0x0304 : 0x0303, OFFER(DES3, ECDHE));
        if (how == 0) {
            memcpy(o->text, "other", 5);
            o->client_hello.sni = (struct text_slice){.offset = 0, .length = 5};
        }
        if (how == 1)
            o->client_hello.groups[o->client_hello.group_count++] = 29;
        if (how == 2)
            o->client_hello.signature_algorithms[o->client_hello.signature_algorithm_count++] = 0x0401;
        refuse_with(40);
    }
    (void)server();
    assert_int_equal(evidence.refusal_count, 0);
}

static void later_selection_overrides(void **state)
{
    (void)state;
    accepted(0x0301, AES, OFFER(AES));
    refused(0x0301, OFFER(DES3, RC4));
    accepted(0x0301, DES3, OFFER(DES3));
    const struct peer *s = server();
    assert_int_equal(evidence.refusal_count, 1);
    assert_false(suite_set_has(&evidence.refusals[0], index_of(DES3)));
    assert_true(suite_set_has(&evidence.refusals[0], index_of(RC4)));
    assert_false(suite_set_has(&s->contradicted, index_of(DES3)));
}

static void later_refusal_contradicts(void **state)
{
    (void)state;
    accepted(0x0301, DES3, OFFER(DES3));
    refused(0x0301, OFFER(DES3));
    const struct peer *s = server();
    assert_true(suite_set_has(&s->contradicted, index_of(DES3)));
}

static void unseen_answers_stay_possible(void **state)
{
    (void)state;
    accepted(0x0301, AES, OFFER(AES));
    hello(0x0301, OFFER(DES3));
    o->side[SERVER].damage = UNOBSERVED_GAP;
    peers_learn(peers, o, &nothing);
    const struct peer *s = server();
    assert_true(suite_set_has(&s->possible, index_of(DES3)));
    assert_false(suite_set_has(&s->possible, index_of(RC4)));
    assert_int_equal(s->missing, UNOBSERVED_GAP);
}

static void offers_of_a_ue(void **state)
{
    (void)state;
    accepted(0x0301, AES, OFFER(AES, DES3));
    accepted(0x0301, AES, OFFER(AES));
    const struct session_result resuming = {.offered = true};
    hello(0x0301, OFFER(RC4));
    peers_learn(peers, o, &resuming); /* need only hold the session's suite */
    const struct peer *u = peers_find(peers, o, CLIENT);
    assert_int_equal(u->full_offers, 2);
    assert_true(suite_set_has(&u->offered, index_of(DES3)));
    assert_false(suite_set_has(&u->always, index_of(DES3)));
    assert_true(suite_set_has(&u->always, index_of(AES)));
    assert_false(suite_set_has(&u->offered, index_of(RC4)));
    assert_int_equal(u->attempts, 1);
    o->whence.client.port = 40001; /* the port is no part of a UE */
    assert_ptr_equal(peers_find(peers, o, CLIENT), u);
}

static void the_longest_unseen_goes_first(void **state)
{
    (void)state;
    for (uint8_t i = 1; i <= 4; i++) {
        hello(0x0301, OFFER(AES));
        o->whence.server.address[0] = i;
        assert_null(peers_victim(peers, o, SERVER));
        peers_learn(peers, o, &nothing);
    }
    hello(0x0301, OFFER(AES));
    o->whence.server.address[0] = 1;
    peers_learn(peers, o, &nothing); /* seen again: 2 is the oldest now */
    o->whence.server.address[0] = 9;
    const struct peer *victim = peers_victim(peers, o, SERVER);
    assert_non_null(victim);
    assert_int_equal(victim->end.address[0], 2);
    peers_forget(peers, victim);
    peers_learn(peers, o, &nothing);
    static const uint8_t order[] = {1, 3, 4, 9}; /* by the first handshake */
    size_t n = 0;
    for (const struct peer *p = NULL; (p = peers_next(peers, SERVER, p)); n++)
        assert_int_equal(p->end.address[0], order[n]);
    assert_int_equal(n, 4);
    assert_int_equal(peers_counters(peers)->evicted, 1);
}

int main(void)
{
#define WITH_TABLES(test) cmocka_unit_test_setup_teardown(test, open_tables, close_tables)
    const struct CMUnitTest tests[] = {
        WITH_TABLES(refusal_needs_an_acceptance),   WITH_TABLES(a_higher_version_proves_nothing),
        WITH_TABLES(other_alerts_prove_nothing),    WITH_TABLES(another_shape_proves_nothing),
        WITH_TABLES(later_selection_overrides),     WITH_TABLES(later_refusal_contradicts),
        WITH_TABLES(unseen_answers_stay_possible),  WITH_TABLES(offers_of_a_ue),
        WITH_TABLES(the_longest_unseen_goes_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
