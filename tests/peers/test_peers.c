/* What may be inferred of a server from what it selects and refuses (E19, E20), and what of a UE from its
 * hellos? */
#include "peers/peers.h"
#include "peers/serving.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { DES3 = 0x000a, RC4 = 0x0005, AES = 0x002f, ECDHE = 0xc02f };
enum { ENCRYPT_THEN_MAC = 22, EXTENDED_MASTER_SECRET = 23 };

static struct peers *peers;
static struct observation *o;
static struct session_result nothing;
static struct peer_evidence evidence;

static int open_tables(void **state)
{
    (void)state;
    peers = peers_new(6, 4);
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

/* Each a minute after the last one. */
static void hello(uint16_t max_version, const uint16_t *suites, size_t count)
{
    static nanos now;
    memset(o, 0, sizeof *o);
    now += 60 * NANOS_PER_SECOND;
    o->side[CLIENT].hello_time = now;
    o->whence.client.family = o->whence.server.family = 4;
    o->whence.server.port = 443;
    o->whence.client.port = 40000;
    o->seen = SEEN_CLIENT_HELLO;
    o->side[0].captured = o->side[1].captured = o->side[0].start_captured = o->side[1].start_captured = true;
    o->client_hello.max_version = max_version;
    for (size_t i = 0; i < count; i++)
        suite_set_add(&o->client_hello.offered, index_of(suites[i]));
}

static void name_server(const char *name)
{
    o->client_hello.sni = (struct text_slice){.offset = 0, .length = (uint16_t)strlen(name)};
    memcpy(o->text, name, strlen(name));
}

static void learn(const struct session_result *session)
{
    const struct hello_shape shape = peers_shape(peers, o);
    met_note(peers_met(peers), o);
    peers_learn(peers, o, &shape, session);
}

static const struct peer *found(enum side side)
{
    const struct hello_shape shape = peers_shape(peers, o);
    return peers_find(peers, o, &shape, side);
}

static const struct peer *victim_of(enum side side)
{
    const struct hello_shape shape = peers_shape(peers, o);
    return peers_victim(peers, o, &shape, side);
}

static void extend(uint16_t extension)
{
    o->client_hello.extensions[o->client_hello.extension_count++] = extension;
}

static void answer(uint16_t version, uint16_t suite)
{
    o->seen |= SEEN_SERVER_HELLO | SEEN_SERVER_CCS;
    o->server_hello.version = version;
    o->server_hello.suite = suite;
    o->reaction = REACTION_ACCEPTED;
    o->resumption = RESUMPTION_FULL;
    o->outcome = OUTCOME_COMPLETE;
}

static void accept_with(uint16_t version, uint16_t suite)
{
    answer(version, suite);
    learn(&nothing);
}

static void accepted(uint16_t version, uint16_t suite, const uint16_t *suites, size_t count)
{
    hello(version, suites, count);
    accept_with(version, suite);
}

static void refuse_with(uint8_t description)
{
    o->reaction = REACTION_FATAL_ALERT;
    o->outcome = OUTCOME_REFUSED;
    o->alert_count = 1;
    o->alerts[0] = (struct tls_alert){.from = SERVER, .level = 2, .description = description};
    learn(&nothing);
}

static void refused(uint16_t version, const uint16_t *suites, size_t count)
{
    hello(version, suites, count);
    refuse_with(40);
}

static const struct peer *server(void)
{
    const struct peer *s = found(SERVER);
    assert_non_null(s);
    peer_weigh(s, &evidence);
    return s;
}

static size_t lacking(void)
{
    (void)server();
    return suite_set_count(&evidence.lacking);
}

#define OFFER(...) (const uint16_t[]){__VA_ARGS__}, sizeof((const uint16_t[]){__VA_ARGS__}) / sizeof(uint16_t)

static void refusal_needs_an_acceptance(void **state)
{
    (void)state;
    refused(0x0301, OFFER(DES3));
    assert_int_equal(lacking(), 0); /* it may not speak this version at all */
    refused(0x0301, OFFER(DES3));
    assert_int_equal(lacking(), 0);
    accepted(0x0301, AES, OFFER(AES));
    assert_int_equal(lacking(), 0); /* it may have refused anything then */
    refused(0x0301, OFFER(DES3, RC4));
    assert_int_equal(lacking(), 1);
    assert_true(suite_set_has(&evidence.lacking, index_of(DES3)));
    assert_true(suite_set_has(&evidence.alone, index_of(DES3)));
}

static void a_higher_version_proves_nothing(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        accepted(0x0303, AES, OFFER(AES));
        refused(0x0301, OFFER(DES3));
    }
    assert_int_equal(lacking(), 0);
}

static void other_alerts_prove_nothing(void **state)
{
    (void)state;
    static const uint8_t others[] = {70, 112, 80, 0};
    for (size_t i = 0; i < sizeof others; i++) {
        accepted(0x0301, AES, OFFER(AES));
        hello(0x0301, OFFER(DES3));
        refuse_with(others[i]);
    }
    assert_int_equal(lacking(), 0);
}

static void another_shape_proves_nothing(void **state)
{
    (void)state;
    for (int i = 0; i < 14; i++) {
        const int how = i % 7;
        accepted(0x0303, AES, OFFER(AES));
        hello(how == 3 ? 0x0304 : 0x0303, OFFER(DES3, ECDHE));
        if (how == 0)
            name_server("other");
        if (how == 1)
            o->client_hello.groups[o->client_hello.group_count++] = 29;
        if (how == 2)
            o->client_hello.signature_algorithms[o->client_hello.signature_algorithm_count++] = 0x0401;
        if (how == 4)
            extend(EXTENDED_MASTER_SECRET);
        if (how == 5)
            o->client_hello.renegotiation_info = true;
        if (how == 6) /* what is not among those kept may be the one that matters */
            o->client_hello.extensions_cut = true;
        refuse_with(40);
    }
    assert_int_equal(lacking(), 0);
}

/* What a server insists on is missing (RFC 5746, 7627, 7366): the one suite of the hello is not to blame. */
static void a_missing_extension_proves_nothing(void **state)
{
    (void)state;
    static const uint16_t wanted[] = {EXTENDED_MASTER_SECRET, ENCRYPT_THEN_MAC, 0};
    for (size_t n = 0; n < 6; n++) {
        const size_t i = n % 3;
        hello(0x0303, OFFER(AES));
        o->whence.server.address[0] = (uint8_t)i;
        if (wanted[i])
            extend(wanted[i]);
        else
            o->client_hello.renegotiation_info = true;
        accept_with(0x0303, AES);
        hello(0x0303, OFFER(DES3));
        o->whence.server.address[0] = (uint8_t)i;
        refuse_with(40);
        assert_int_equal(lacking(), 0);
        assert_true(suite_set_empty(&evidence.alone));
    }
}

/* Neither the order of extensions nor padding nor GREASE nor the list of groups, where no suite needs one. */
static void what_matters_not_is_no_difference(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        hello(0x0303, OFFER(AES));
        extend(EXTENDED_MASTER_SECRET);
        extend(ENCRYPT_THEN_MAC);
        extend(10);
        o->client_hello.groups[o->client_hello.group_count++] = 29;
        accept_with(0x0303, AES);
        hello(0x0303, OFFER(DES3));
        extend(0x2a2a);
        extend(ENCRYPT_THEN_MAC);
        extend(EXTENDED_MASTER_SECRET);
        extend(21);
        refuse_with(40);
    }
    assert_int_equal(lacking(), 1);
}

/* One accepted hello has the name, another the extensions: of both together nothing is known. */
static void two_halves_make_no_hello(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        hello(0x0303, OFFER(AES));
        name_server("strict");
        extend(EXTENDED_MASTER_SECRET);
        accept_with(0x0303, AES);
        hello(0x0303, OFFER(AES));
        name_server("lax");
        accept_with(0x0303, AES);
        hello(0x0303, OFFER(DES3));
        name_server("strict");
        refuse_with(40);
    }
    assert_int_equal(lacking(), 0);
}

/* A suite that the server selected elsewhere could be used here only if the hello is such as it was then. */
static void a_common_suite_has_to_be_usable(void **state)
{
    (void)state;
    enum { SAME, OTHER_GROUP, OTHER_ALGORITHM, OTHER_NAME, OTHER_EXTENSION, OTHER_VERSION, OTHERS };
    for (int how = SAME; how < OTHERS; how++) {
        for (int now = 0; now < 2; now++) {
            hello(0x0303, OFFER(RC4, ECDHE));
            o->whence.server.address[0] = (uint8_t)(how + 1);
            o->client_hello.groups[0] = now && how == OTHER_GROUP ? 24 : 29;
            o->client_hello.signature_algorithms[0] = now && how == OTHER_ALGORITHM ? 0x0403 : 0x0401;
            o->client_hello.group_count = o->client_hello.signature_algorithm_count = 1;
            name_server(now && how == OTHER_NAME ? "b" : "a");
            if (now && how == OTHER_EXTENSION)
                extend(19); /* client_certificate_type */
            if (now)
                answer(how == OTHER_VERSION ? 0x0302 : 0x0303, RC4);
            else
                accept_with(0x0303, ECDHE);
        }
        const struct hello_shape shape = peers_shape(peers, o);
        const struct peer *s = found(SERVER);
        assert_int_equal(s == NULL, how == OTHER_NAME); /* a server of its own */
        if (!s)
            continue;
        peer_weigh_handshake(peers, s, o, &shape, &evidence);
        assert_int_equal(suite_set_has(&evidence.common, index_of(ECDHE)), how == SAME);
    }
}

/* What it refused then was not refused for its suites, nor need anything else have been: one such moment
 * leaves the others alone, and two leave nothing. */
static void later_selection_overrides(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        accepted(0x0301, AES, OFFER(AES));
        refused(0x0301, OFFER(DES3, RC4));
    }
    assert_int_equal(lacking(), 2);
    accepted(0x0301, DES3, OFFER(DES3));
    assert_int_equal(lacking(), 0);
    assert_int_equal(evidence.doubt, 0);
    for (int i = 0; i < 2; i++) {
        accepted(0x0301, AES, OFFER(AES));
        refused(0x0301, OFFER(RC4));
    }
    assert_int_equal(lacking(), 1);
    accepted(0x0301, AES, OFFER(AES));
    refused(0x0301, OFFER(DES3));
    assert_int_equal(lacking(), 0);
    assert_int_equal(evidence.doubt, UNOBSERVED_INCONSISTENT);
    accepted(0x0301, DES3, OFFER(DES3));
    assert_false(suite_set_has(&server()->contradicted, index_of(DES3)));
}

/* A client that the server does not serve, or not now, proves nothing of the suites. */
static void each_client_for_itself(void **state)
{
    (void)state;
    for (int i = 0; i < 6; i++) {
        accepted(0x0301, AES, OFFER(AES));
        hello(0x0301, OFFER(DES3));
        o->whence.client.address[0] = 7;
        refuse_with(40);
    }
    assert_int_equal(lacking(), 0);
    assert_int_equal(evidence.doubt, 0);
}

/* Handshakes are learned when they end, not in the order of their hellos. */
static void learned_late(void **state)
{
    (void)state;
    accepted(0x0301, AES, OFFER(AES));
    const nanos first = o->side[CLIENT].hello_time;
    accepted(0x0301, AES, OFFER(AES));
    for (int moment = 0; moment < 2; moment++) {
        for (int i = 0; i < 3; i++) {
            hello(0x0301, OFFER(DES3));
            o->side[CLIENT].hello_time = first + (60 * moment + 1) * NANOS_PER_SECOND + i;
            refuse_with(40);
        }
        assert_int_equal(lacking(), moment);
    }
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
    learn(&nothing);
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
    learn(&resuming); /* need only hold the session's suite, but has that */
    const struct peer *u = found(CLIENT);
    assert_int_equal(u->full_offers, 2);
    assert_true(suite_set_has(&u->offered, index_of(DES3)));
    assert_false(suite_set_has(&u->always, index_of(DES3)));
    assert_true(suite_set_has(&u->always, index_of(AES)));
    assert_true(suite_set_has(&u->offered, index_of(RC4)));
    assert_false(suite_set_has(&u->always, index_of(RC4)));
    assert_int_equal(u->sessions.attempts, 1);
    o->whence.client.port = 40001; /* the port is no part of a UE */
    assert_ptr_equal(found(CLIENT), u);
}

static void the_longest_unseen_goes_first(void **state)
{
    (void)state;
    for (uint8_t i = 1; i <= 6; i++) {
        hello(0x0301, OFFER(AES));
        o->whence.server.address[0] = i;
        assert_null(victim_of(SERVER));
        learn(&nothing);
    }
    hello(0x0301, OFFER(AES));
    o->whence.server.address[0] = 1;
    learn(&nothing); /* seen again: 2 is the oldest now */
    o->whence.server.address[0] = 9;
    const struct peer *victim = victim_of(SERVER);
    assert_non_null(victim);
    assert_int_equal(victim->end.address[0], 2);
    peers_forget(peers, victim);
    learn(&nothing);
    static const uint8_t order[] = {1, 3, 4, 5, 6, 9}; /* by the first handshake */
    size_t n = 0;
    for (const struct peer *p = NULL; (p = peers_next(peers, SERVER, p)); n++)
        assert_int_equal(p->end.address[0], order[n]);
    assert_int_equal(n, 6);
    assert_int_equal(peers_counters(peers)->evicted, 1);
}

/* Whoever asks one address for names at random takes the places of no other address, and of no name that is
 * in use. */
static void names_of_an_address_have_a_cap(void **state)
{
    (void)state;
    enum { NAMES = 3 * MAX_NAMES_OF_ADDRESS };
    peers_free(peers);
    peers = peers_new(2 * MAX_NAMES_OF_ADDRESS, 4);
    for (int i = 0; i < NAMES; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "n%d", i);
        hello(0x0301, OFFER(AES));
        name_server(name);
        const struct peer *victim = victim_of(SERVER);
        assert_int_equal(victim != NULL, i >= MAX_NAMES_OF_ADDRESS);
        if (victim) {
            assert_string_not_equal(victim->name, "n0");
            peers_forget(peers, victim);
        }
        learn(&nothing);
        if (i == 0)
            learn(&nothing); /* the only one that was asked for twice */
    }
    assert_int_equal(peers_counters(peers)->servers, MAX_NAMES_OF_ADDRESS);
    hello(0x0301, OFFER(AES));
    name_server("N0.");
    assert_non_null(found(SERVER));
    assert_true(peers_have_server(peers, &o->whence.server));
    o->whence.server.address[0] = 9;
    assert_null(victim_of(SERVER));
    assert_false(peers_have_server(peers, &o->whence.server));
}

/* Who comes again after an eviction may have done anything before; who is new has not. */
static void who_was_evicted_has_a_history(void **state)
{
    (void)state;
    hello(0x0301, OFFER(AES));
    learn(&nothing);
    for (enum side side = CLIENT; side <= SERVER; side++) {
        assert_false(found(side)->shortened);
        peers_forget(peers, found(side));
        assert_null(found(side));
    }
    hello(0x0301, OFFER(AES));
    learn(&nothing);
    const struct peer *u = found(CLIENT);
    const struct peer *s = found(SERVER);
    assert_true(u->shortened && u->unseen_offers && u->missing & UNOBSERVED_EVICTED);
    assert_true(s->shortened && s->possible_any && s->missing & UNOBSERVED_EVICTED && s->unread_version == 1);
    peer_weigh(s, &evidence);
    assert_int_equal(evidence.doubt, UNOBSERVED_EVICTED);
    hello(0x0301, OFFER(AES));
    o->whence.client.address[0] = o->whence.server.address[0] = 7;
    learn(&nothing);
    assert_false(found(CLIENT)->shortened || found(SERVER)->shortened);
}

/* Complete handshakes of so many servers. */
static void serve(struct serving *serving, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        hello(0x0301, OFFER(AES));
        answer(0x0301, AES);
        o->whence.confirmed = true;
        o->whence.client.address[0] = 1;
        memcpy(o->whence.server.address + 1, &i, sizeof i);
        serving_learn(serving, o);
    }
}

/* However many servers there were since, a host that was one is none of the UEs. */
static void a_server_stays_one(void **state)
{
    (void)state;
    struct serving *serving = calloc(1, sizeof *serving);
    assert_non_null(serving);
    serving->key = siphash_random_key();
    serve(serving, 4 * SERVING_HOSTS);
    assert_true(serving->forgotten > SERVING_HOSTS);
    for (uint32_t i = 0; i < 4 * SERVING_HOSTS; i++) {
        memcpy(o->whence.client.address + 1, &i, sizeof i);
        o->whence.client.address[0] = 0;
        assert_true(endpoint_same_host(&o->whence.client, &o->whence.server) ||
                    serving_has_client(serving, &o->whence));
    }
    uint32_t wrong = 0;
    for (uint32_t i = 0; i < SERVING_HOSTS; i++) {
        const uint32_t new = i + 4 * SERVING_HOSTS;
        memcpy(o->whence.client.address + 1, &new, sizeof new);
        wrong += serving_has_client(serving, &o->whence);
    }
    assert_true(wrong < SERVING_HOSTS / 16);
    free(serving);
}

/* With this key no five of them lead to the same four places. */
static void no_server_gives_way_to_few(void **state)
{
    (void)state;
    struct serving *serving = calloc(1, sizeof *serving);
    assert_non_null(serving);
    serve(serving, 100);
    assert_int_equal(serving->forgotten, 0);
    free(serving);
}

static void doubted(uint64_t flow_id, enum side contradicted)
{
    peers_doubt(peers, flow_id, contradicted);
}

static void accepted_on(uint64_t flow_id, uint16_t suite, const uint16_t *suites, size_t count)
{
    hello(0x0301, suites, count);
    o->whence.flow_id = flow_id;
    accept_with(0x0301, suite);
}

/* What somebody else may have said proves nothing; what others have shown stays. */
static void a_contradicted_handshake_taught_nothing(void **state)
{
    (void)state;
    refused(0x0301, OFFER(DES3));
    accepted_on(1, AES, OFFER(AES, DES3));
    refused(0x0301, OFFER(DES3));
    assert_int_equal(lacking(), 1);
    doubted(2, SERVER); /* another one */
    assert_int_equal(lacking(), 1);
    doubted(1, SERVER);
    const struct peer *s = server();
    assert_int_equal(lacking(), 0);
    assert_int_equal(s->accepted_count, 0);
    assert_int_equal(s->highest_version, 0);
    assert_int_equal(s->sessions.full, 0);
    assert_true(suite_set_empty(&s->selected));
    assert_true(suite_set_has(&s->possible, index_of(AES)) && suite_set_has(&s->possible, index_of(DES3)));
    assert_int_equal(s->missing, UNOBSERVED_OVERLAP);
    accepted_on(3, AES, OFFER(AES, RC4));
    accepted_on(4, RC4, OFFER(AES, RC4));
    doubted(4, SERVER);
    doubted(4, SERVER); /* once */
    s = server();
    assert_true(suite_set_has(&s->selected, index_of(AES)) && !suite_set_has(&s->selected, index_of(RC4)));
    assert_int_equal(s->accepted_count, 1);
    assert_false(suite_set_has(&s->accepted[0].selected, index_of(RC4)));
    assert_int_equal(s->highest_version, 0x0301);
    assert_int_equal(s->sessions.full, 1);
}

/* The UE's own words: its offer is not known, and the server's selection is. */
static void a_contradicted_hello_offered_nothing(void **state)
{
    (void)state;
    accepted_on(1, AES, OFFER(AES));
    accepted_on(2, RC4, OFFER(AES, RC4));
    doubted(2, CLIENT);
    const struct peer *u = found(CLIENT);
    assert_true(suite_set_has(&u->offered, index_of(AES)) && !suite_set_has(&u->offered, index_of(RC4)));
    assert_int_equal(u->unseen_offers, 1);
    assert_int_equal(u->missing, UNOBSERVED_OVERLAP);
    assert_int_equal(u->full_offers, 1);
    const struct peer *s = server();
    assert_true(suite_set_has(&s->selected, index_of(RC4)));
    assert_int_equal(s->missing, 0);
    assert_int_equal(s->sessions.full, 1);
    assert_false(suite_set_has(&s->accepted[0].selected, index_of(RC4)));
}

static void open_for_many_ues(void)
{
    peers_free(peers);
    peers = peers_new(6, 64);
    assert_non_null(peers);
}

static uint64_t evidence_forgotten(void)
{
    return peers_counters(peers)->evidence_forgotten;
}

static void evidence_that_makes_room_is_counted(void **state)
{
    (void)state;
    open_for_many_ues();
    for (unsigned i = 0; i < MAX_REFUSALS + 2; i++) {
        hello(0x0301, OFFER(DES3));
        o->whence.client.address[0] = (uint8_t)(i + 1);
        refuse_with(40);
        assert_int_equal(evidence_forgotten(), i < MAX_REFUSALS ? 0 : i + 1 - MAX_REFUSALS);
    }
    const uint64_t before = evidence_forgotten();
    for (unsigned i = 0; i < MAX_HELLO_SHAPES + 1; i++) {
        hello(0x0301, OFFER(AES));
        for (unsigned k = 0; k < i; k++)
            extend((uint16_t)(1000 + k));
        accept_with(0x0301, AES);
    }
    assert_int_equal(evidence_forgotten() - before, 1);
}

static void handshakes_forgotten_early_are_counted(void **state)
{
    (void)state;
    open_for_many_ues();
    for (unsigned i = 0; i < 2 * WAYS; i++) {
        hello(0x0301, OFFER(AES)); /* a minute later, when no copy comes any more */
        o->randoms = 7;
        o->whence.client.address[0] = (uint8_t)(i + 1);
        accept_with(0x0301, AES);
    }
    assert_int_equal(peers_counters(peers)->handshakes_forgotten, 0);
    const nanos now = o->side[CLIENT].hello_time;
    for (unsigned i = 0; i < WAYS; i++) {
        hello(0x0301, OFFER(AES));
        o->side[CLIENT].hello_time = now;
        o->randoms = 7;
        o->whence.client.address[0] = (uint8_t)(i + 100);
        accept_with(0x0301, AES);
    }
    assert_int_equal(peers_counters(peers)->handshakes_forgotten, 1); /* the rest was a minute old */
}

static void lessons_that_make_room_are_counted(void **state)
{
    (void)state;
    accepted_on(5, AES, OFFER(AES));
    accepted_on(5 + RECENT_LESSONS, AES, OFFER(AES));
    assert_int_equal(peers_counters(peers)->lessons_forgotten, 1);
    hello(0x0301, OFFER(AES));
    o->whence.flow_id = 5;
    o->event_time = 60 * NANOS_PER_SECOND; /* nothing contradicts the one before any more */
    accept_with(0x0301, AES);
    assert_int_equal(peers_counters(peers)->lessons_forgotten, 1);
}

/* A flood of strangers does not make everybody known before, for ever. */
static void evictions_are_forgotten_after_two_days(void **state)
{
    (void)state;
    for (int day = 0; day < 4; day++) {
        hello(0x0301, OFFER(AES));
        o->whence.client.address[0] = (uint8_t)(day ? day : 3);
        o->event_time = (day + 1) * (FORGOTTEN_HOURS + 1) * 3600 * NANOS_PER_SECOND;
        learn(&nothing);
        assert_false(found(CLIENT)->shortened);
        peers_forget(peers, found(CLIENT));
        hello(0x0301, OFFER(AES));
        o->whence.client.address[0] = (uint8_t)(day ? day : 3);
        o->event_time = (day + 1) * (FORGOTTEN_HOURS + 1) * 3600 * NANOS_PER_SECOND + 1;
        learn(&nothing);
        assert_true(found(CLIENT)->shortened);
        if (!day)
            peers_forget(peers, found(CLIENT));
    }
    assert_int_equal(peers_counters(peers)->came_again, 4);
}

/* Counts the judged ones, and what they had done by then. */
static void count_judged(void *context, const struct peer *peer)
{
    uint64_t *handshakes = context;
    *handshakes += peer->handshakes;
}

static unsigned judge_due(void)
{
    unsigned count = 0;
    for (const struct peer *peer; (peer = peers_due(peers)); count++)
        peers_was_judged(peers, peer);
    return count;
}

/* What comes after the end of an interval changes nothing in what is judged of it, however late that is. */
static void peers_are_judged_by_their_interval(void **state)
{
    (void)state;
    uint64_t handshakes = 0;
    peers_judged_by(peers, count_judged, &handshakes);
    for (uint8_t i = 0; i < 3; i++) {
        hello(0x0301, OFFER(AES));
        o->whence.client.address[0] = i;
        o->whence.server.address[0] = i;
        learn(&nothing);
    }
    assert_null(peers_due(peers));
    peers_interval_ends(peers);
    hello(0x0301, OFFER(AES));
    o->whence.client.address[0] = 1;
    learn(&nothing); /* of the second UE and the first server */
    assert_int_equal(handshakes, 2);
    learn(&nothing);
    assert_int_equal(handshakes, 2); /* not twice */
    assert_int_equal(judge_due(), 4);
    peers_interval_ends(peers);
    assert_int_equal(judge_due(), 2); /* the others would be judged as before */
    peers_interval_ends(peers);
    assert_int_equal(judge_due(), 0);
    peers_all_change(peers);
    peers_interval_ends(peers);
    peers_interval_ends(peers); /* before any was judged */
    peers_forget(peers, found(CLIENT));
    assert_int_equal(judge_due(), 5);
    assert_int_equal(handshakes, 2);
}

int main(void)
{
#define WITH_TABLES(test) cmocka_unit_test_setup_teardown(test, open_tables, close_tables)
    const struct CMUnitTest tests[] = {
        WITH_TABLES(refusal_needs_an_acceptance),
        WITH_TABLES(a_higher_version_proves_nothing),
        WITH_TABLES(other_alerts_prove_nothing),
        WITH_TABLES(another_shape_proves_nothing),
        WITH_TABLES(a_missing_extension_proves_nothing),
        WITH_TABLES(what_matters_not_is_no_difference),
        WITH_TABLES(two_halves_make_no_hello),
        WITH_TABLES(a_common_suite_has_to_be_usable),
        WITH_TABLES(later_selection_overrides),
        WITH_TABLES(each_client_for_itself),
        WITH_TABLES(learned_late),
        WITH_TABLES(later_refusal_contradicts),
        WITH_TABLES(unseen_answers_stay_possible),
        WITH_TABLES(offers_of_a_ue),
        WITH_TABLES(a_contradicted_handshake_taught_nothing),
        WITH_TABLES(a_contradicted_hello_offered_nothing),
        WITH_TABLES(the_longest_unseen_goes_first),
        WITH_TABLES(names_of_an_address_have_a_cap),
        WITH_TABLES(evidence_that_makes_room_is_counted),
        WITH_TABLES(handshakes_forgotten_early_are_counted),
        WITH_TABLES(lessons_that_make_room_are_counted),
        WITH_TABLES(who_was_evicted_has_a_history),
        WITH_TABLES(a_server_stays_one),
        WITH_TABLES(no_server_gives_way_to_few),
        WITH_TABLES(peers_are_judged_by_their_interval),
        WITH_TABLES(evictions_are_forgotten_after_two_days),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
