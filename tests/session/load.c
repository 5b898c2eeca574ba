/*
 * Is every age right under load? usage: session_load SESSIONS RESUMPTIONS [STATE-FILE]
 *
 * Full handshakes and resumptions over three days of packet time, by id and by ticket, tickets renewed half
 * of the time, one id in a hundred given out anew. The generator keeps its own list of origins. Prints what
 * was wrong, what a session costs, and how long one handshake takes; fails when an age is wrong, or when one
 * is not known although nothing had to be forgotten.
 */
#include "session/session.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { SERVERS = 20, SLOW_MICROSECONDS = 100 };

#define SPAN  (3 * 86400 * NANOS_PER_SECOND)
#define BEGIN (INT64_C(1795470000) * NANOS_PER_SECOND)

/* What took long, and how much of it because the machine ran something else in the middle. */
struct pauses {
    uint64_t slow, preempted, longest; /* nanoseconds */
    long switched;
};

static struct {
    struct sessions *sessions;
    struct observation *o;
    struct session_result r;
    nanos *origin;       /* by session */
    uint8_t *generation; /* of its ticket */
    uint64_t random;
    uint64_t operations, busy; /* nanoseconds */
    struct pauses pauses;
    uint64_t wrong, unknown, resumptions;
} g;

static uint64_t draw(uint64_t below)
{
    g.random += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t z = g.random;
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return (z ^ z >> 31) % below;
}

static void by_server(uint64_t session)
{
    memset(&g.o->whence.server, 0, sizeof g.o->whence.server);
    g.o->whence.server.family = 4;
    g.o->whence.server.port = 443;
    g.o->whence.server.address[3] = (uint8_t)(session % SERVERS);
}

static void begin(uint64_t session, nanos when, enum resumption resumption)
{
    struct observation *o = g.o;
    by_server(session);
    o->seen = SEEN_CLIENT_HELLO | SEEN_SERVER_HELLO | SEEN_SERVER_CCS | SEEN_CLIENT_CCS;
    o->side[CLIENT].hello_time = when;
    o->side[SERVER].hello_time = when + NANOS_PER_SECOND / 100;
    o->server_hello.version = 0x0303;
    o->outcome = OUTCOME_COMPLETE;
    o->resumption = resumption;
    o->client_hello.session_id_len = o->server_hello.session_id_len = 0;
    o->client_hello.ticket = false;
    o->ticket_issued.hash.own = 0;
}

static void put_id(uint8_t *id, uint8_t *length, uint64_t session)
{
    memset(id, 0x5a, 32);
    memcpy(id, &session, sizeof session);
    id[sizeof session] = g.generation[session];
    *length = 32;
}

static uint64_t ticket_of(uint64_t session)
{
    return (session + 1) << 8 | g.generation[session];
}

static bool has_id(uint64_t session)
{
    return session % 2 == 0;
}

static long switches(void)
{
    struct rusage r;
    (void)getrusage(RUSAGE_THREAD, &r);
    return r.ru_nivcsw + r.ru_nvcsw;
}

static uint64_t clock_now(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void note(struct pauses *p, uint64_t took)
{
    if (took < SLOW_MICROSECONDS * 1000) {
        p->longest = took > p->longest ? took : p->longest;
        return;
    }
    const long now = switches();
    const bool preempted = now != p->switched;
    p->switched = now;
    p->preempted += preempted;
    p->slow += !preempted;
    p->longest = !preempted && took > p->longest ? took : p->longest;
}

static void judge(void)
{
    const uint64_t from = clock_now();
    sessions_judge(g.sessions, g.o, NULL, &g.r);
    const uint64_t took = clock_now() - from;
    g.operations++;
    g.busy += took;
    note(&g.pauses, took);
}

/* The same for reading one word at random, for as long: how often the machine itself stands still. */
static struct pauses pauses_of_machine(const nanos *words, uint64_t count)
{
    struct pauses p = {.switched = switches()};
    for (uint64_t busy = 0; busy < g.busy;) {
        const uint64_t at = draw(count);
        const uint64_t from = clock_now();
        g.random += words[at] & 1;
        const uint64_t took = clock_now() - from;
        busy += took;
        note(&p, took);
    }
    return p;
}

static void full(uint64_t session, nanos when)
{
    begin(session, when, RESUMPTION_FULL);
    if (g.origin[session] != -1)
        g.generation[session]++; /* no server issues the same again */
    g.origin[session] = g.o->side[SERVER].hello_time;
    if (has_id(session)) {
        put_id(g.o->server_hello.session_id, &g.o->server_hello.session_id_len, session);
    } else {
        g.o->seen |= SEEN_TICKET;
        g.o->ticket_issued.hash.own = ticket_of(session);
    }
    judge();
}

static void resume(uint64_t session, nanos when)
{
    begin(session, when, has_id(session) ? RESUMPTION_ID : RESUMPTION_TICKET);
    if (has_id(session)) {
        put_id(g.o->client_hello.session_id, &g.o->client_hello.session_id_len, session);
        put_id(g.o->server_hello.session_id, &g.o->server_hello.session_id_len, session);
    } else {
        g.o->client_hello.ticket = true;
        g.o->client_hello.ticket_hash.own = ticket_of(session);
        if (draw(2) && g.generation[session] < UINT8_MAX) {
            g.generation[session]++;
            g.o->seen |= SEEN_TICKET;
            g.o->ticket_issued.hash.own = ticket_of(session);
        }
    }
    judge();
    g.resumptions++;
    if (!g.r.known || g.r.basis != AGE_EXACT)
        g.unknown++;
    else /* the memory keeps microseconds */
        g.wrong += llabs(g.r.resumed_age - (g.o->side[SERVER].hello_time - g.origin[session])) > 1000;
}

static size_t resident(void)
{
    size_t pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (f) {
        if (fscanf(f, "%*s %zu", &pages) != 1)
            pages = 0;
        (void)fclose(f);
    }
    return pages * (size_t)sysconf(_SC_PAGESIZE);
}

int main(int argc, char **argv)
{
    if (argc < 3)
        return 2;
    const uint64_t count = strtoull(argv[1], NULL, 10);
    const uint64_t resumptions = strtoull(argv[2], NULL, 10);
    char message[256];
    const struct session_config config = {.sessions = (uint32_t)count,
                                          .take_memory = true,
                                          .retention = 8 * 86400 * NANOS_PER_SECOND,
                                          .state = argc > 3 ? argv[3] : NULL};
    g.o = calloc(1, sizeof *g.o);
    g.origin = calloc(count, sizeof *g.origin);
    g.generation = calloc(count, sizeof *g.generation);
    if (!g.o || !g.origin || !g.generation)
        return 1;
    memset(g.origin, 0xff, count * sizeof *g.origin); /* the list is no memory of the sessions */
    g.o->side[0].start_captured = g.o->side[1].start_captured = true;
    memset(g.generation, 0xff, count);
    memset(g.generation, 0, count);
    const size_t before = resident();
    g.sessions = sessions_new(&config, message, sizeof message);
    if (!g.sessions) {
        (void)fprintf(stderr, "%s\n", message);
        return 1;
    }
    uint64_t resumed = 0;
    for (uint64_t i = 0; i < count; i++) {
        const nanos when = BEGIN + (nanos)((double)i / (double)count * (double)SPAN);
        full(i, when);
        for (; resumed < resumptions * (i + 1) / count; resumed++) {
            const uint64_t session = draw(i + 1);
            if (has_id(session) && draw(100) == 0)
                full(session, when);
            else
                resume(session, when + NANOS_PER_SECOND);
        }
    }
    const struct session_counters *c = sessions_counters(g.sessions);
    const double taken = (double)(resident() - before);
    (void)printf("%" PRIu64 " sessions, %" PRIu64 " resumptions: %" PRIu64 " wrong, %" PRIu64
                 " not known; %" PRIu64 " names, %" PRIu64 " forgotten\n",
                 count, g.resumptions, g.wrong, g.unknown, c->used, c->evicted);
    (void)printf("%.0f MiB, %.1f bytes a name; %.0f operations a second\n", taken / 1048576,
                 taken / (double)c->used, (double)g.operations * 1e9 / (double)g.busy);
    const struct pauses machine = pauses_of_machine(g.origin, count);
    const struct pauses *const both[] = {&g.pauses, &machine};
    for (size_t i = 0; i < 2; i++)
        (void)printf("%s: the longest took %.1f us, %" PRIu64 " more than %d us, not counting %" PRIu64
                     " that were interrupted\n",
                     i ? "reading one word, for as long" : "an operation", (double)both[i]->longest / 1000,
                     both[i]->slow, SLOW_MICROSECONDS, both[i]->preempted);
    const bool good = g.wrong == 0 && g.unknown <= c->evicted;
    sessions_free(g.sessions);
    free(g.generation);
    free(g.origin);
    free(g.o);
    return good ? 0 : 1;
}
