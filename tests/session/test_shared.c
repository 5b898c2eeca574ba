/*
 * Do several sensors know together what each of them saw, and does none ever wait for Redis or get an age
 * wrong when it dies, hangs or comes back empty? With a real redis-server, and a cluster of three.
 */
#include "session/session.h"

#include "base/clock.h"
#include "made.h"
#include "redis_server.h"
#include "share/shared_parts.h"
#include "store/table.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { A, B, SENSORS, SKIPPED = 77 };

static struct redis_server server;
static struct sessions *sensor[SENSORS];
static struct session_farm farm = {.members = 2};
static struct observation *o;
static struct session_result r;

static void pause_ms(long ms)
{
    const struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    (void)nanosleep(&t, NULL);
}

static struct sessions *open_sensor(const char *url)
{
    char message[256];
    const struct session_config config = {
        .sessions = 10000, .retention = 8 * 24 * HOUR, .shared = url, .farms = &farm, .farm_count = 1};
    struct sessions *s = sessions_new(&config, message, sizeof message);
    struct siphash_key key;
    if (s)
        (void)sessions_new_common_key(s, &key);
    return s;
}

static int open_both(const char *url)
{
    for (int i = 0; i < SENSORS; i++)
        sensor[i] = open_sensor(url);
    o = calloc(1, sizeof *o);
    return sensor[A] && sensor[B] && o ? 0 : -1;
}

static void close_sensors(void)
{
    for (int i = 0; i < SENSORS; i++) {
        sessions_free(sensor[i]);
        sensor[i] = NULL;
    }
    free(o);
    o = NULL;
}

static int set_up(void **state)
{
    (void)state;
    for (unsigned i = 0; i < farm.members; i++) { /* of 10.0.0.1 and .2; all other servers are alone */
        farm.member[i] = (struct endpoint){.family = 4, .port = 443};
        farm.member[i].address[0] = 10;
        farm.member[i].address[3] = (uint8_t)(i + 1);
    }
    return redis_server_start(&server, NULL, NULL) ? open_both(server.url) : -1;
}

static int tear_down(void **state)
{
    (void)state;
    close_sensors();
    redis_server_remove(&server);
    return 0;
}

/* One handshake at a sensor, as the pipeline does it. Returns whether Redis could be asked. */
static bool judge(int at)
{
    struct session_questions q;
    struct siphash_key key;
    (void)sessions_new_common_key(sensor[at], &key);
    const bool asked = sessions_ask(sensor[at], o, &q);
    const int64_t end = clock_monotonic() + 2 * NANOS_PER_SECOND; /* Redis has a busy machine too */
    while (asked && !sessions_answered(sensor[at], &q) && clock_monotonic() < end)
        pause_ms(1);
    sessions_judge(sensor[at], o, asked ? &q : NULL, &r);
    return asked;
}

static void begin_with_id(int at, nanos when, uint8_t id)
{
    made_handshake(o, when, RESUMPTION_FULL);
    made_id(o, id, false, true);
    (void)judge(at);
    sessions_flush(sensor[at]);
}

static void use_id(int at, nanos when, uint8_t id)
{
    made_handshake(o, when, RESUMPTION_ID);
    made_id(o, id, true, true);
    (void)judge(at);
}

static void use_ticket(int at, nanos when, uint64_t ticket, uint64_t renewed)
{
    made_handshake(o, when, RESUMPTION_TICKET);
    o->client_hello.ticket = true;
    o->client_hello.ticket_hash = made_ticket(ticket, (unsigned)at);
    if (renewed) {
        o->seen |= SEEN_TICKET;
        o->ticket_issued.hash = made_ticket(renewed, (unsigned)at);
    }
    (void)judge(at);
}

static void begin_with_ticket(int at, nanos when, uint64_t ticket)
{
    made_handshake(o, when, RESUMPTION_FULL);
    o->seen |= SEEN_TICKET;
    o->ticket_issued.hash = made_ticket(ticket, (unsigned)at);
    (void)judge(at);
    sessions_flush(sensor[at]);
}

static void assert_exact(nanos age)
{
    assert_true(r.known);
    assert_int_equal(r.basis, AGE_EXACT);
    assert_int_equal(r.resumed_age, age);
}

static void assert_at_least(nanos age)
{
    assert_true(r.known);
    assert_int_equal(r.basis, AGE_AT_LEAST);
    assert_int_equal(r.resumed_age, age);
}

static void an_id_begun_at_one_is_known_at_the_other(void **state)
{
    (void)state;
    begin_with_id(A, DAY1, 7);
    use_id(B, DAY1 + 25 * HOUR, 7);
    assert_exact(25 * HOUR);
    assert_true(r.suite_known && r.suite == 0x002f);
    use_id(B, DAY1 + 26 * HOUR, 8); /* nobody knows it */
    assert_false(r.known);
}

static void a_chain_goes_over_both(void **state)
{
    (void)state;
    begin_with_ticket(A, DAY1, 100);
    for (uint64_t i = 1; i <= 6; i++) {
        const int at = i % 2 ? B : A;
        use_ticket(at, DAY1 + (nanos)i * 10 * HOUR, 99 + i, 100 + i);
        assert_exact((nanos)i * 10 * HOUR);
        sessions_flush(sensor[at]);
    }
}

static void a_first_sighting_is_a_bound_for_the_other(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        made_handshake(o, DAY1 + i * 30 * HOUR, RESUMPTION_PSK);
        o->server_hello.version = 0x0304;
        o->client_hello.psk = o->server_hello.psk = true;
        o->client_hello.psk_count = 1;
        o->client_hello.psk_hash[0] = made_ticket(77, (unsigned)i);
        (void)judge(i);
        sessions_flush(sensor[i]);
    }
    assert_int_equal(r.basis, AGE_AT_LEAST);
    assert_int_equal(r.offered_age, 30 * HOUR);
}

static void an_id_given_out_again_may_be_another_session(void **state)
{
    (void)state;
    begin_with_id(A, DAY1, 7);
    use_id(B, DAY1 + HOUR, 7); /* B has it from A now */
    begin_with_id(A, DAY1 + 20 * HOUR, 7);
    use_id(B, DAY1 + 30 * HOUR, 7);
    assert_at_least(10 * HOUR); /* or it is a copy of the first handshake: A does not know, nor does B */
    /* What happened later than the use, in a capture that is replayed late, is not its origin. */
    begin_with_id(A, DAY1 + 40 * HOUR, 7);
    use_id(B, DAY1 + 35 * HOUR, 7);
    assert_at_least(15 * HOUR);
}

static void a_fatal_alert_is_known_to_both(void **state)
{
    (void)state;
    begin_with_id(A, DAY1, 7);
    made_handshake(o, DAY1 + HOUR, RESUMPTION_ID);
    made_id(o, 7, true, true);
    o->alerts[o->alert_count++] = (struct tls_alert){.from = SERVER, .level = 2, .description = 40};
    (void)judge(A);
    sessions_flush(sensor[A]);
    use_id(B, DAY1 + 2 * HOUR, 7);
    assert_true(r.known && r.dead);
}

static struct shared *started(void)
{
    struct shared *s = shared_new(server.url, 1000);
    assert_non_null(s);
    assert_true(shared_start(s));
    return s;
}

static void at_server(uint8_t number)
{
    o->whence.server = farm.member[number];
}

static void full_id(int at, nanos when, uint8_t id, uint8_t srv, uint64_t flow)
{
    made_handshake(o, when, RESUMPTION_FULL);
    made_id(o, id, false, true);
    at_server(srv);
    o->whence.flow_id = flow;
    (void)judge(at);
    sessions_flush(sensor[at]);
}

static void use_at(int at, nanos when, uint8_t id, uint8_t srv)
{
    made_handshake(o, when, RESUMPTION_ID);
    made_id(o, id, true, true);
    at_server(srv);
    (void)judge(at);
    sessions_flush(sensor[at]);
}

/* What a sensor finds that has seen nothing itself. */
static void use_at_a_third(nanos when, uint8_t id, uint8_t srv)
{
    struct sessions *before = sensor[A];
    sensor[A] = open_sensor(server.url);
    assert_non_null(sensor[A]);
    use_at(A, when, id, srv);
    sessions_free(sensor[A]);
    sensor[A] = before;
}

/* A server of the farm gives out the id of another one's session: which is meant is not known any more. */
static void a_name_of_two_servers_is_not_known(void **state)
{
    (void)state;
    full_id(A, DAY1, 7, 0, 1);
    full_id(B, DAY1 + HOUR, 7, 1, 2);
    use_at_a_third(DAY1 + 30 * HOUR, 7, 0);
    assert_false(r.known);
}

static long times_slept(void)
{
    struct rusage usage;
    (void)getrusage(RUSAGE_THREAD, &usage);
    return usage.ru_nvcsw;
}

static void assert_never_waits(int at, uint8_t id)
{
    for (int i = 0; i < 5000; i++) {
        struct session_questions q;
        made_handshake(o, DAY1 + 3 * HOUR, RESUMPTION_ID);
        made_id(o, id, true, true);
        const int64_t from = clock_monotonic();
        const long slept = times_slept();
        const bool asked = sessions_ask(sensor[at], o, &q);
        sessions_judge(sensor[at], o, asked ? &q : NULL, &r);
        /* A busy machine takes the processor away; who waits for Redis gives it up. */
        assert_true(clock_monotonic() - from < 50 * NANOS_PER_SECOND / 1000 || times_slept() == slept);
        assert_true(!r.known || r.basis == AGE_AT_LEAST || r.resumed_age == 3 * HOUR);
    }
}

static bool come_back(int at)
{
    for (int i = 0; i < 1200; i++) {
        struct session_questions q;
        struct siphash_key key;
        (void)sessions_new_common_key(sensor[at], &key);
        made_handshake(o, DAY1, RESUMPTION_ID);
        made_id(o, 250, true, true);
        if (sessions_ask(sensor[at], o, &q)) {
            sessions_judge(sensor[at], o, &q, &r);
            return true;
        }
        pause_ms(10);
    }
    return false;
}

static void a_server_that_dies_is_caught_up_with(void **state)
{
    (void)state;
    begin_with_id(A, DAY1, 7);
    redis_server_kill(&server);
    assert_never_waits(B, 7);
    /* Meanwhile A goes on by itself, and remembers what it has to tell. */
    begin_with_id(A, DAY1, 9);
    use_id(A, DAY1 + 2 * HOUR, 9);
    assert_exact(2 * HOUR);
    assert_true(redis_server_start_again(&server));
    assert_true(come_back(A) && come_back(B));
    sessions_flush(sensor[A]);
    use_id(B, DAY1 + 25 * HOUR, 9);
    assert_exact(25 * HOUR);
    /* What Redis forgot is known where it was seen. */
    use_id(A, DAY1 + 25 * HOUR, 7);
    assert_exact(25 * HOUR);
}

static void a_server_that_hangs_holds_nobody_up(void **state)
{
    (void)state;
    begin_with_id(A, DAY1, 7);
    (void)kill(server.pid, SIGSTOP);
    assert_never_waits(B, 7);
    pause_ms(2500); /* the connections are given up in between */
    assert_never_waits(B, 7);
    begin_with_id(A, DAY1, 9);
    (void)kill(server.pid, SIGCONT);
    assert_true(come_back(A) && come_back(B));
    sessions_flush(sensor[A]);
    use_id(B, DAY1 + 25 * HOUR, 9);
    assert_exact(25 * HOUR);
    use_id(B, DAY1 + 25 * HOUR, 7);
    assert_exact(25 * HOUR);
}

static void sensors_agree_on_a_key_again(void **state)
{
    (void)state;
    assert_true(redis_server_tell(&server, "flushall"));
    redis_server_kill(&server);
    assert_true(redis_server_start_again(&server));
    assert_true(redis_server_tell(&server, "set utwatch:key 000102030405060708090a0b0c0d0e0f"));
    assert_true(come_back(A) && come_back(B));
    begin_with_ticket(A, DAY1, 5);
    begin_with_id(A, DAY1, 7);
    use_id(B, DAY1 + HOUR, 7);
    assert_exact(HOUR);
}

static void what_stands_in_redis_is_not_believed_blindly(void **state)
{
    (void)state;
    begin_with_id(A, DAY1, 7);
    assert_true(redis_server_tell(&server,
                                  "--raw eval \"for _,k in ipairs(redis.call('keys','utwatch:session:*')) do "
                                  "redis.call('set',k,'99999999999999999999 1 47 zz f') end\" 0"));
    use_id(B, DAY1 + HOUR, 7);
    assert_false(r.known);
    assert_true(redis_server_tell(&server, "set utwatch:key nonsense"));
    use_id(A, DAY1 + HOUR, 7);
    assert_exact(HOUR);
}

static void a_password_is_sent(void **state)
{
    (void)state;
    struct redis_server locked;
    char url[160];
    assert_true(redis_server_start(&locked, "--requirepass", "s3cret"));
    (void)snprintf(url, sizeof url, "redis://:s3cret@127.0.0.1:%d", locked.port);
    struct sessions *with = open_sensor(url);
    struct sessions *without = open_sensor(locked.url);
    struct sessions *before = sensor[A];
    assert_non_null(with);
    assert_non_null(without);
    sensor[A] = with;
    assert_true(come_back(A));
    sensor[A] = without;
    made_handshake(o, DAY1, RESUMPTION_ID);
    made_id(o, 7, true, true);
    assert_false(judge(A));
    sensor[A] = before;
    sessions_free(with);
    sessions_free(without);
    redis_server_remove(&locked);
}

/* Three nodes, and a URL that names one of them. */
static void a_cluster_is_followed(void **state)
{
    (void)state;
    struct redis_server node[3];
    char words[512];
    close_sensors();
    for (int i = 0; i < 3; i++)
        assert_true(redis_server_start(&node[i], "--cluster-enabled", "yes"));
    (void)snprintf(words, sizeof words,
                   "--cluster create 127.0.0.1:%d 127.0.0.1:%d 127.0.0.1:%d --cluster-yes", node[0].port,
                   node[1].port, node[2].port);
    assert_true(redis_server_tell(&node[0], words));
    assert_int_equal(open_both(node[1].url), 0);
    assert_true(come_back(A) && come_back(B));
    for (int i = 0; i < 3; i++) /* the connections to the others are made when they are first needed */
        for (uint8_t id = 1; id < 40; id++)
            begin_with_id(A, DAY1, id);
    pause_ms(1500);
    for (uint8_t id = 1; id < 40; id++)
        use_id(B, DAY1 + HOUR, id);
    pause_ms(1500);
    for (uint8_t id = 1; id < 40; id++) {
        begin_with_id(A, DAY1 + 2 * HOUR, id);
        use_id(B, DAY1 + 25 * HOUR, id);
        assert_at_least(23 * HOUR);
    }
    for (int i = 0; i < 3; i++)
        redis_server_remove(&node[i]);
}

/* Whatever order the news of a session arrive in, and however often: one result. */
static void order_of_the_news_does_not_matter(void **state)
{
    (void)state;
    static const struct origin news[] = {
        {.us = 5000, .server = 1, .flags = ENTRY_EXACT | ENTRY_SUITE, .suite = 47, .kind = ORIGIN_FULL},
        {.us = 9000, .server = 1, .flags = ENTRY_EXACT | ENTRY_SUITE, .suite = 47, .kind = ORIGIN_FULL},
        {.us = 6000, .server = 1, .kind = ORIGIN_SEEN},
        {.us = 7000, .server = 1, .kind = ORIGIN_SEEN},
    };
    static const unsigned order[][6] = {
        {0, 1, 2, 3, 0, 1}, {3, 2, 1, 0, 3, 2}, {2, 0, 3, 1, 1, 0}, {1, 3, 0, 2, 0, 3}};
    struct shared *s = started();
    assert_true(shared_wait_ready(s, NANOS_PER_SECOND));
    for (uint64_t i = 0; i < sizeof order / sizeof *order; i++) {
        for (unsigned n = 0; n < 6; n++) {
            struct origin one = news[order[i][n]];
            one.key = 1000 + i;
            shared_tell(s, &one);
        }
        shared_flush(s, NANOS_PER_SECOND);
        struct origin out = {0};
        const unsigned question = shared_ask(s, 1000 + i);
        assert_int_not_equal(question, 0);
        while (shared_answer(s, question, &out) == SHARED_WAIT)
            pause_ms(1);
        assert_int_equal(shared_answer(s, question, &out), SHARED_KNOWN);
        assert_int_equal(out.us, 9000);
        assert_int_equal(out.flags, ENTRY_EXACT | ENTRY_SUITE);
        shared_drop(s, question);
    }
    struct shared_counters c;
    shared_count(s, &c);
    assert_int_equal(c.told, 24);
    assert_int_equal(c.untold, 0);
    assert_int_equal(c.known, 4);
    shared_close(s);
}

static bool is_answered(struct shared *s, uint64_t key)
{
    struct origin out;
    const unsigned question = shared_ask(s, key);
    const int64_t end = clock_monotonic() + 2 * NANOS_PER_SECOND;
    while (question && shared_answer(s, question, &out) == SHARED_WAIT && clock_monotonic() < end)
        pause_ms(1);
    const bool answered = question && shared_answer(s, question, &out) != SHARED_WAIT;
    if (question)
        shared_drop(s, question);
    return answered;
}

static void put_question(struct shared *s, uint32_t number)
{
    const uint32_t end = atomic_load(&s->m->ring_end);
    s->m->ring[end % SHARED_RING] = (struct request){.question = number, .origin = {.key = 1}};
    atomic_store(&s->m->ring_end, end + 1);
}

/* The thread has more rights than the process of the packet path, which may be an attacker's. */
static void no_number_of_the_packet_path_is_believed(void **state)
{
    (void)state;
    struct shared *s = started();
    assert_true(shared_wait_ready(s, NANOS_PER_SECOND));
    static const uint32_t numbers[] = {SHARED_QUESTIONS, 1U << 30, UINT32_MAX - 1};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        put_question(s, numbers[i]);
    assert_true(is_answered(s, 1));
    atomic_store(&s->m->ring_end, atomic_load(&s->m->ring_first) + (1U << 30));
    assert_true(is_answered(s, 2) || is_answered(s, 2));
    shared_close(s);
}

static void junk_in_the_memory_of_both_is_survived(void **state)
{
    (void)state;
    for (unsigned round = 0; round < 8; round++) {
        struct shared *s = started();
        assert_true(shared_wait_ready(s, NANOS_PER_SECOND));
        uint64_t x = round + 1;
        unsigned char *bytes = (unsigned char *)s->m;
        for (size_t i = 0; i < sizeof *s->m; i++) {
            x = x * 6364136223846793005U + 1442695040888963407U;
            bytes[i] = round == 0 ? 0xff : round == 1 ? 0x55 : (unsigned char)(x >> 56);
        }
        const uint64_t one = 1;
        assert_int_equal(write(s->wake, &one, sizeof one), sizeof one);
        pause_ms(20);
        shared_close(s);
    }
}

static void a_value_is_read_or_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"",           "?",
                                      "1 2 3 4",    "1 2 3 4 f ",
                                      "1 1 1 1 x",  "18014398509481984 1 1 1 f",
                                      "1 64 1 1 f", "1 1 65536 1 f",
                                      "-1 1 1 1 f", "1 1 1 1 ff"};
    struct origin out;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(origin_read(span_of(bad[i], strlen(bad[i])), &out));
    assert_false(origin_read(span_of("1 1 1 1 f\0", 10), &out));
    static const char good[] = "1795470000123456 9 47 5c1e4f0a7d2b3c68 f";
    assert_true(origin_read(span_of(good, sizeof good - 1), &out));
    assert_int_equal(out.us, 1795470000123456);
    assert_int_equal(out.flags, ENTRY_EXACT | ENTRY_SUITE);
    assert_int_equal(out.suite, 47);
    assert_true(out.server == 0x5c1e4f0a7d2b3c68);
    assert_int_equal(out.kind, ORIGIN_FULL);
}

static void urls(void **state)
{
    (void)state;
    static const char *const good[] = {"redis://localhost", "redis://127.0.0.1:7000", "redis://[::1]:7000",
                                       "redis://[::1]",     "redis://:pw@h:1,i:2",    "redis://:p@w@h"};
    static const char *const bad[] = {
        "redis://",          "redis://:1",   "redis://h:",   "redis://h:0",
        "redis://h:65536",   "redis://h:1x", "redis://[::1", "redis://[::1]7000",
        "redis://user:pw@h", "rediss://h",   "redis://h,,i", "redis://:@h"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_true(shared_url_is_valid(good[i]));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(shared_url_is_valid(bad[i]));
}

/* ---- what one sensor must not make another believe */

static void an_origin_stays_that_of_its_server(void **state)
{
    (void)state;
    full_id(A, DAY1, 7, 0, 1);             /* server 0 of the farm */
    use_at(B, DAY1 + HOUR, 7, 1);          /* used at server 1 */
    full_id(B, DAY1 + 19 * HOUR, 7, 1, 2); /* server 1 gives out the name itself */
    use_at(B, DAY1 + 25 * HOUR, 7, 0);
    assert_false(r.known && r.basis == AGE_EXACT && r.resumed_age < 25 * HOUR);
}

static void a_name_of_two_servers_is_not_exact_anywhere(void **state)
{
    (void)state;
    full_id(A, DAY1, 7, 0, 1);
    full_id(B, DAY1 + 19 * HOUR, 7, 1, 2);
    use_at(A, DAY1 + 25 * HOUR, 7, 1); /* server 1's session, 6 h old */
    assert_false(r.known && r.basis == AGE_EXACT && r.resumed_age > 6 * HOUR);
}

static void a_doubt_reaches_the_other(void **state)
{
    (void)state;
    begin_with_id(B, DAY1, 7);
    use_id(A, DAY1 + HOUR, 7);
    sessions_doubt(sensor[B], o->whence.flow_id);
    sessions_flush(sensor[B]);
    use_id(B, DAY1 + 2 * HOUR, 7);
    use_id(A, DAY1 + 25 * HOUR, 7);
    assert_int_equal(r.basis, AGE_AT_LEAST);
}

static void a_reissue_seen_in_part_reaches_the_other(void **state)
{
    (void)state;
    begin_with_id(A, DAY1, 7);
    use_id(B, DAY1 + HOUR, 7);
    made_handshake(o, DAY1 + 20 * HOUR, RESUMPTION_FULL);
    made_id(o, 7, false, true);
    o->side[CLIENT].damage |= UNOBSERVED_GAP;
    (void)judge(B);
    sessions_flush(sensor[B]);
    use_id(B, DAY1 + 25 * HOUR, 7);
    use_id(A, DAY1 + 25 * HOUR, 7);
    assert_false(r.basis == AGE_EXACT);
}

static void a_reissue_in_doubt_reaches_the_other(void **state)
{
    (void)state;
    for (uint8_t id = 7; id < 9; id++) {
        const bool late = id == 8; /* it is in doubt only after its end */
        begin_with_id(A, DAY1, id);
        use_id(B, DAY1 + HOUR, id);
        assert_exact(HOUR);
        made_handshake(o, DAY1 + 20 * HOUR, RESUMPTION_FULL);
        made_id(o, id, true, true);
        o->whence.confirmed = true;
        o->randoms = id;
        o->side[SERVER].damage = late ? 0 : UNOBSERVED_OVERLAP;
        (void)judge(A);
        if (late)
            sessions_doubt(sensor[A], o->whence.flow_id);
        sessions_flush(sensor[A]);
        use_id(B, DAY1 + 25 * HOUR, id);
        assert_int_equal(r.basis, AGE_AT_LEAST);
        assert_true(r.resumed_age <= 5 * HOUR);
    }
}

static void an_alert_is_of_one_session(void **state)
{
    (void)state;
    struct shared *s = started();
    assert_true(shared_wait_ready(s, NANOS_PER_SECOND));
    const struct origin f1 = {.key = 5, .us = 5000, .server = 1, .flags = 9, .suite = 47, .kind = 'f'};
    struct origin f2 = f1;
    f2.us = 9000;
    const struct origin d = {.key = 5, .us = 5000, .server = 1, .flags = ENTRY_DEAD, .kind = 'd'};
    for (int order = 0; order < 2; order++) {
        struct origin a = f1, b = order ? d : f2, c = order ? f2 : d, out = {0};
        a.key = b.key = c.key = 5 + (uint64_t)order;
        shared_tell(s, &a);
        shared_tell(s, &b);
        shared_tell(s, &c);
        shared_flush(s, NANOS_PER_SECOND);
        const unsigned q = shared_ask(s, a.key);
        while (shared_answer(s, q, &out) == SHARED_WAIT)
            pause_ms(1);
        assert_int_equal(out.us, 9000);
        assert_false(out.flags & ENTRY_DEAD);
        shared_drop(s, q);
    }
    shared_close(s);
}

static void what_was_seen_before_redis_came(void **state)
{
    (void)state;
    redis_server_kill(&server);
    struct sessions *old = sensor[A];
    sensor[A] = open_sensor(server.url);
    full_id(A, DAY1, 9, 0, 1);
    assert_true(redis_server_start_again(&server));
    assert_true(come_back(A) && come_back(B));
    sessions_flush(sensor[A]);
    use_at(B, DAY1 + 25 * HOUR, 9, 0);
    assert_false(r.known && r.basis == AGE_EXACT && r.resumed_age != 25 * HOUR);
    /* and then the other server of the farm gives it out, in sight of A */
    full_id(A, DAY1 + 19 * HOUR, 9, 1, 2);
    use_at_a_third(DAY1 + 25 * HOUR, 9, 0);
    sessions_free(sensor[A]);
    sensor[A] = old;
    assert_false(r.known && r.basis == AGE_EXACT && r.resumed_age < 25 * HOUR);
}

static void a_renewed_ticket_is_no_better_than_the_old_one(void **state)
{
    (void)state;
    begin_with_ticket(A, DAY1 + HOUR, 100);
    sessions_clock_set(sensor[A], DAY1 + HOUR + NANOS_PER_SECOND, DAY1);
    use_ticket(A, DAY1 + 2 * HOUR, 100, 101);
    sessions_flush(sensor[A]);
    use_ticket(B, DAY1 + 25 * HOUR, 101, 0);
    assert_false(r.basis == AGE_EXACT);
}

static void an_origin_in_a_far_future_is_none(void **state)
{
    (void)state;
    begin_with_id(A, DAY1, 7);
    assert_true(redis_server_tell(&server,
                                  "--raw eval \"for _,k in ipairs(redis.call('keys','utwatch:session:*')) do "
                                  "redis.call('set',k,'18014398509481983 1 47 1 f') end\" 0"));
    use_id(B, DAY1 + HOUR, 7);
    assert_false(r.known);
}

static void a_doubt_outlives_a_hanging_server(void **state)
{
    (void)state;
    begin_with_id(B, DAY1, 7);
    use_id(A, DAY1 + HOUR, 7);
    (void)kill(server.pid, SIGSTOP);
    sessions_doubt(sensor[B], o->whence.flow_id);
    pause_ms(3000);
    (void)kill(server.pid, SIGCONT);
    assert_true(come_back(B));
    use_id(B, DAY1 + 2 * HOUR, 7);
    sessions_flush(sensor[B]);
    use_id(B, DAY1 + 25 * HOUR, 7);
    assert_int_equal(r.basis, AGE_AT_LEAST);
}

int main(void)
{
    if (!redis_server_exists())
        return SKIPPED;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(no_number_of_the_packet_path_is_believed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(junk_in_the_memory_of_both_is_survived, set_up, tear_down),
        cmocka_unit_test(a_value_is_read_or_refused),
        cmocka_unit_test(urls),
        cmocka_unit_test_setup_teardown(an_id_begun_at_one_is_known_at_the_other, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_chain_goes_over_both, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_first_sighting_is_a_bound_for_the_other, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_id_given_out_again_may_be_another_session, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_fatal_alert_is_known_to_both, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_name_of_two_servers_is_not_known, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_server_that_dies_is_caught_up_with, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_server_that_hangs_holds_nobody_up, set_up, tear_down),
        cmocka_unit_test_setup_teardown(sensors_agree_on_a_key_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_stands_in_redis_is_not_believed_blindly, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_password_is_sent, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_cluster_is_followed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(order_of_the_news_does_not_matter, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_origin_stays_that_of_its_server, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_name_of_two_servers_is_not_exact_anywhere, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_doubt_reaches_the_other, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_reissue_seen_in_part_reaches_the_other, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_reissue_in_doubt_reaches_the_other, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_alert_is_of_one_session, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_was_seen_before_redis_came, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_renewed_ticket_is_no_better_than_the_old_one, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_origin_in_a_far_future_is_none, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_doubt_outlives_a_hanging_server, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
