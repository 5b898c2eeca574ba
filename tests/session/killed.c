/*
 * Does the state file survive kill -9, and the loss of power, at any instant? usage: session_killed ROUNDS
 * FILE
 *
 * A child learns sessions whose origins follow from their numbers, and is killed after a random time. The
 * file must open, with no age wrong, and nothing damaged or missing that was learned long before. For the
 * loss of power, two copies taken while the child ran are mixed by the sector, as a disk may have written
 * some and not the others: entries may be damaged then, and have to be noticed.
 */
#include "session/session.h"

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { CAPACITY = 40000, LOOK_BACK = 15000, SECTOR = 512, SLOW_ROUND = 20, POWER_ROUND = 4 };

#define BEGIN (INT64_C(1795470000) * NANOS_PER_SECOND)
#define APART (NANOS_PER_SECOND / 50)
/* A second, and what the writer waits for the processor where other tests run. What it waits for a busy disk
 * comes on top (last_written()). */
#define BEHIND (2 * NANOS_PER_SECOND)

struct progress { /* shared with the child */
    _Atomic uint64_t learned;
    int64_t when[1 << 22]; /* on the monotonic clock, by session modulo its size */
};
static struct progress *progress;
static struct observation *o;
static uint64_t checked, missing, old_enough, damaged_entries;

static int64_t now(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * NANOS_PER_SECOND + t.tv_nsec;
}

static void pause_for(int64_t nanoseconds)
{
    const struct timespec t = {.tv_sec = nanoseconds / NANOS_PER_SECOND,
                               .tv_nsec = nanoseconds % NANOS_PER_SECOND};
    (void)nanosleep(&t, NULL);
}

static nanos origin_of(uint64_t session)
{
    return BEGIN + (nanos)session * APART;
}

static void handshake(uint64_t session, nanos when, enum resumption resumption)
{
    o->whence.server.family = 4;
    o->whence.server.port = 443;
    o->whence.server.address[3] = (uint8_t)session;
    o->seen = SEEN_CLIENT_HELLO | SEEN_SERVER_HELLO | SEEN_SERVER_CCS | SEEN_CLIENT_CCS;
    o->side[0].start_captured = o->side[1].start_captured = true;
    o->side[CLIENT].hello_time = o->side[SERVER].hello_time = when;
    o->server_hello.version = 0x0303;
    o->outcome = OUTCOME_COMPLETE;
    o->resumption = resumption;
    memset(o->server_hello.session_id, 7, 32);
    memcpy(o->server_hello.session_id, &session, sizeof session);
    o->server_hello.session_id_len = 32;
    memcpy(o->client_hello.session_id, o->server_hello.session_id, 32);
    o->client_hello.session_id_len = resumption == RESUMPTION_FULL ? 0 : 32;
}

static struct sessions *open_state(const char *path, int64_t interval, bool look_only, char *message)
{
    const struct session_config config = {.sessions = CAPACITY,
                                          .retention =
                                              600 * NANOS_PER_SECOND, /* 30,000 sessions: nothing has to go */
                                          .state = path,
                                          .write_interval = interval,
                                          .look_only = look_only};
    return sessions_new(&config, message, 256);
}

_Noreturn static void learn_until_killed(const char *path, int64_t interval)
{
    char message[256];
    struct session_result r;
    struct sessions *s = open_state(path, interval, false, message);
    while (s) {
        const uint64_t session = progress->learned;
        handshake(session, origin_of(session), RESUMPTION_FULL);
        progress->when[session % (sizeof progress->when / sizeof *progress->when)] = now();
        sessions_judge(s, o, NULL, &r);
        progress->learned = session + 1;
        if (session % 8 == 0 && session > 500) { /* entries that change */
            handshake(session - 500, origin_of(session), RESUMPTION_ID);
            sessions_judge(s, o, NULL, &r);
        }
        pause_for(100000);
    }
    (void)fprintf(stderr, "%s\n", message);
    _exit(1);
}

/* The number of ages that are wrong, or missing though they were learned before `before`. Sessions below
 * `since` may have been lost earlier. */
static uint64_t check(const char *path, uint64_t since, int64_t before, bool may_be_damaged)
{
    char message[256];
    struct session_result r;
    struct sessions *s = open_state(path, 0, true, message);
    uint64_t wrong = 0;
    if (!s) {
        (void)printf("the file: %s\n", message);
        return 1;
    }
    const uint64_t damaged = sessions_counters(s)->damaged;
    const uint64_t missing_before = missing;
    damaged_entries += damaged;
    const uint64_t end = progress->learned;
    for (uint64_t i = end > LOOK_BACK ? end - LOOK_BACK : 0; i < end; i++) {
        handshake(i, origin_of(i) + NANOS_PER_SECOND, RESUMPTION_ID);
        const int64_t when = progress->when[i % (sizeof progress->when / sizeof *progress->when)];
        sessions_judge(s, o, NULL, &r);
        checked++;
        old_enough += i >= since && when < before;
        if (!r.known) {
            missing++;
            if (when < before && i >= since) {
                (void)printf("session %" PRIu64 " of %" PRIu64 " is lost, %.3f s before the kill\n", i, end,
                             (double)(before + BEHIND - when) / 1e9);
                wrong++;
            }
        } else {
            /* One that was lost may have been met again when it was used: a lower bound then. */
            wrong +=
                r.basis == AGE_EXACT ? r.resumed_age != NANOS_PER_SECOND : r.resumed_age > NANOS_PER_SECOND;
        }
    }
    sessions_free(s);
    /* An entry may lie in two pages, of which the writer had one. So one may be half written that was learned
     * while the pages were written, and whose age is missing for that reason; none that was there before. */
    if (!may_be_damaged && damaged > missing - missing_before + 1) {
        (void)printf("%" PRIu64 " sessions are damaged, and %" PRIu64 " of the last ones missing: %s\n",
                     damaged, missing - missing_before, message);
        wrong++;
    }
    return wrong;
}

static uint8_t *copy_of(const char *path, size_t *size)
{
    struct stat st;
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    uint8_t *bytes = NULL;
    if (file >= 0 && fstat(file, &st) == 0 && st.st_size > 0 && (bytes = malloc((size_t)st.st_size)))
        *size = read(file, bytes, (size_t)st.st_size) == st.st_size ? (size_t)st.st_size : 0;
    if (file >= 0)
        (void)close(file);
    return bytes;
}

static uint64_t after_loss_of_power(const char *path, const uint8_t *old, const uint8_t *new, size_t size)
{
    char mixed[4096];
    (void)snprintf(mixed, sizeof mixed, "%s.mixed", path);
    FILE *f = fopen(mixed, "wb");
    uint64_t wrong = 1;
    if (!f)
        return 1;
    for (size_t at = 0; at < size; at += SECTOR)
        (void)fwrite((rand() & 1 ? old : new) + at, 1, SECTOR, f); /* NOLINT: chance is enough */
    if (fclose(f) == 0)
        wrong = check(mixed, 0, 0, true);
    (void)unlink(mixed);
    return wrong;
}

/* On the monotonic clock. */
static int64_t last_written(const char *path)
{
    struct stat st;
    struct timespec t;
    if (stat(path, &st) != 0)
        return 0;
    (void)clock_gettime(CLOCK_REALTIME, &t);
    const int64_t ago = (t.tv_sec - st.st_mtim.tv_sec) * NANOS_PER_SECOND + t.tv_nsec - st.st_mtim.tv_nsec;
    return now() - ago;
}

static uint64_t round_of(const char *path, unsigned round)
{
    const bool slow = round % SLOW_ROUND == 0;
    const int64_t interval = slow ? 0 : 2 * NANOS_PER_SECOND / 1000;
    const int64_t most = slow ? 2 * NANOS_PER_SECOND : NANOS_PER_SECOND / 20;
    const uint64_t since = progress->learned;
    const pid_t child = fork();
    if (child == 0)
        learn_until_killed(path, interval);
    size_t size[2] = {0, 0};
    uint8_t *copy[2] = {NULL, NULL};
    pause_for((slow ? BEHIND : 0) + rand() % most); /* NOLINT: chance is enough */
    if (round % POWER_ROUND == 1)
        for (int i = 0; i < 2; i++) {
            copy[i] = copy_of(path, &size[i]);
            pause_for(5 * NANOS_PER_SECOND / 1000);
        }
    (void)kill(child, SIGKILL);
    const int64_t killed = now();
    int status = 0;
    (void)waitpid(child, &status, 0);
    uint64_t wrong = !WIFSIGNALED(status);
    const int64_t written = last_written(path);
    wrong += check(path, since, (written < killed ? written : killed) - BEHIND, false);
    if (copy[0] && copy[1] && size[0] && size[0] == size[1])
        wrong += after_loss_of_power(path, copy[0], copy[1], size[0]);
    free(copy[0]);
    free(copy[1]);
    return wrong;
}

int main(int argc, char **argv)
{
    if (argc < 3)
        return 2;
    const unsigned rounds = (unsigned)strtoul(argv[1], NULL, 10);
    uint64_t wrong = 0;
    char message[256];
    progress = mmap(NULL, sizeof *progress, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    o = calloc(1, sizeof *o);
    if (progress == MAP_FAILED || !o)
        return 1;
    (void)unlink(argv[2]);
    sessions_free(open_state(argv[2], 0, false, message));
    srand(33141);
    for (unsigned i = 1; i <= rounds; i++)
        wrong += round_of(argv[2], i);
    (void)printf("%u kills, %" PRIu64 " sessions learned, %" PRIu64 " ages looked up, %" PRIu64
                 " of them old enough when the kill came: %" PRIu64 " wrong or lost; %" PRIu64
                 " were of a last second; %" PRIu64 " entries damaged by the loss of power\n",
                 rounds, progress->learned, checked, old_enough, wrong, missing, damaged_entries);
    (void)unlink(argv[2]);
    free(o);
    return wrong || !old_enough || missing == checked ? 1 : 0;
}
