/*
 * A state file that somebody else wrote. The input says what the table was told, so that its checksums are
 * right, and then which bytes of the file are others.
 */
#include "arena.h"
#include "base/cursor.h"
#include "fuzz.h"
#include "session/session.h"
#include "store/table.h"

#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    CAPACITY = 16,
    KEYS = 40 /* eight more than fit */,
    NOW = 1795470000,
    RETENTION = 86400,
    MOST_STEPS = 64,
    HEADER_CHECK_AT = 40
};

static struct paths {
    char folder[64], state[80], aside[96];
} * paths;

static void set_up(void)
{
    paths = calloc(1, sizeof *paths);
    assert(paths);
    (void)strcpy(paths->folder, "/dev/shm/utwatch-fuzz-XXXXXX");
    assert(mkdtemp(paths->folder));
    (void)snprintf(paths->state, sizeof paths->state, "%s/state", paths->folder);
    (void)snprintf(paths->aside, sizeof paths->aside, "%s.damaged", paths->state);
}

static struct entry entry_from(struct cursor *c)
{
    struct entry e = {.last_used = cursor_u32(c), .suite = cursor_u16(c), .server = cursor_u16(c)};
    e.origin_us = ((uint64_t)cursor_u32(c) << 22 | cursor_u24(c)) & ((UINT64_C(1) << 54) - 1);
    e.flags = cursor_u8(c) & 0x7fU;
    e.method = cursor_u8(c) & 7U;
    return e;
}

static void tell(struct table *t, struct cursor *c)
{
    for (unsigned steps = cursor_u8(c) % MOST_STEPS; steps && c->status == PARSE_OK; steps--) {
        const uint64_t key = (uint64_t)cursor_u16(c) * UINT64_C(0x9e3779b97f4a7c15);
        struct entry next = entry_from(c);
        bool fresh;
        struct entry *e = table_put(t, key, NOW, RETENTION, &fresh);
        next.tag = e->tag;
        table_write(t, e, &next);
        if (next.suite & 1)
            table_clock_set(t, (nanos)(next.origin_us * 1000), (nanos)next.last_used * NANOS_PER_SECOND,
                            RETENTION);
    }
}

/* Other bytes at some places; the header's checksum is made right again where the input says so. */
static void patch(const char *path, struct cursor *c)
{
    static const struct siphash_key fixed = {1, 1};
    uint8_t header[HEADER_CHECK_AT];
    const int file = open(path, O_RDWR | O_CLOEXEC);
    struct stat s;
    assert(file >= 0 && fstat(file, &s) == 0);
    while (cursor_left(c) && c->status == PARSE_OK) {
        const uint8_t what = cursor_u8(c);
        const off_t at = cursor_u24(c) % (s.st_size + 1);
        const struct span bytes = cursor_take(c, what & 15);
        if (what == 0xff)
            assert(ftruncate(file, at) == 0);
        else if (bytes.n)
            assert(pwrite(file, bytes.p, bytes.n, what & 16 ? at % (2 * HEADER_CHECK_AT) : at) > 0);
        if (what & 32 && pread(file, header, sizeof header, 0) == sizeof header) {
            const uint64_t check = siphash(&fixed, span_of(header, sizeof header));
            assert(pwrite(file, &check, sizeof check, HEADER_CHECK_AT) == sizeof check);
        }
    }
    (void)close(file);
}

static void count(const struct session_sum *sum, void *context)
{
    uint64_t *all = context;
    assert(sum->exact <= sum->sessions && sum->old <= sum->sessions);
    *all += sum->sessions;
}

/* --sessions */
static void list(const char *path)
{
    char error[512];
    const struct session_config config = {
        .sessions = CAPACITY, .retention = RETENTION * NANOS_PER_SECOND, .state = path, .look_only = true};
    struct sessions *s = sessions_new(&config, error, sizeof error);
    if (!s)
        return;
    uint64_t all = 0;
    sessions_list(s, NOW * NANOS_PER_SECOND, count, &all);
    assert(all <= sessions_counters(s)->used);
    sessions_free(s);
}

/* As a sensor goes on with it. */
static void go_on(const char *path)
{
    struct table t;
    const enum table_result opened = table_open(&t, CAPACITY, path);
    bool any;
    if (opened != TABLE_OK && opened != TABLE_DAMAGED && opened != TABLE_CUT && opened != TABLE_SMALLER)
        return;
    for (uint64_t i = 0; i < KEYS; i++) {
        const uint64_t key = i * UINT64_C(0x9e3779b97f4a7c15);
        const struct entry *known = table_find(&t, key, NOW, RETENTION);
        if (known)
            assert(known->tag && known->origin_us < UINT64_C(1) << 54);
        bool fresh;
        struct entry *e = table_put(&t, key, NOW, RETENTION, &fresh);
        const struct entry next = {
            .tag = e->tag, .origin_us = NOW * UINT64_C(1000000), .flags = ENTRY_EXACT, .last_used = NOW};
        table_write(&t, e, &next);
        assert(table_find(&t, key, NOW, RETENTION));
    }
    assert(t.taken <= t.buckets && t.used <= t.taken * TABLE_BUCKET);
    assert(table_write_out(&t, &any));
    table_close(&t);
    const enum table_result again = table_open(&t, CAPACITY, path);
    assert((again == TABLE_OK || again == TABLE_SMALLER) && t.damaged == 0);
    table_close(&t);
}

static void run(struct cursor input)
{
    struct table t;
    bool any;
    assert(table_open(&t, CAPACITY, paths->state) == TABLE_OK);
    tell(&t, &input);
    assert(table_write_out(&t, &any));
    table_close(&t);
    patch(paths->state, &input);
    list(paths->state);
    go_on(paths->state);
    (void)unlink(paths->state);
    (void)unlink(paths->aside);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (arena_enter()) {
        set_up();
        arena_keep();
    }
    run(cursor_over(span_of(data, size)));
    arena_leave();
    return 0;
}
