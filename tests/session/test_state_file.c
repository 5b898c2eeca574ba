/* A state file that somebody wrote with an intent: its checksums fit, and its numbers lie. */
#include "session/session.h"
#include "store/table_parts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { SESSIONS = 1000, OURS = 3 /* the version */ };

static char path[] = "/tmp/utwatch-state-XXXXXX";

/* The header as the file has it, so that its fields can be set and its checksum made to fit. */
struct header {
    char magic[8];
    uint32_t version, entry_bytes;
    uint64_t buckets;
    struct siphash_key key;
    uint64_t check;
};

static void announce(uint32_t version, uint64_t buckets)
{
    static const struct siphash_key fixed = {1, 1};
    struct header h;
    FILE *f = fopen(path, "r+");
    assert_non_null(f);
    assert_int_equal(fread(&h, sizeof h, 1, f), 1);
    h.version = version;
    h.buckets = buckets;
    h.check = siphash(&fixed, span_of(&h, offsetof(struct header, check)));
    rewind(f);
    assert_int_equal(fwrite(&h, sizeof h, 1, f), 1);
    assert_int_equal(fclose(f), 0);
}

static void ignore_line(const struct session_sum *sum, void *context)
{
    (void)sum;
    (void)context;
}

/* What --sessions does. False: the file was refused. */
static bool look(uint64_t *damaged)
{
    char message[256];
    const struct session_config config = {
        .sessions = 5, .retention = NANOS_PER_SECOND, .state = path, .look_only = true};
    struct sessions *s = sessions_new(&config, message, sizeof message);
    if (!s)
        return false;
    *damaged = sessions_counters(s)->damaged;
    sessions_list(s, sessions_last_use(s), ignore_line, NULL);
    sessions_free(s);
    return true;
}

static void write_entry(struct table *t, uint64_t identifier, const struct entry *what)
{
    bool fresh;
    struct entry *e = table_put(t, identifier, 1, UINT32_MAX, &fresh);
    struct entry next = *what;
    next.tag = e->tag;
    next.last_used = 1;
    table_write(t, e, &next);
}

static int begin(void **state)
{
    (void)state;
    (void)strcpy(path + strlen(path) - 6, "XXXXXX");
    const int file = mkstemp(path);
    (void)close(file);
    return file < 0;
}

static int end(void **state)
{
    (void)state;
    return unlink(path);
}

static void fields_beyond_their_tables_are_dropped(void **state)
{
    (void)state;
    const struct endpoint server = {.address = {192, 0, 2, 1}, .port = 443, .family = 4};
    struct table t;
    bool any;
    assert_int_equal(table_open(&t, SESSIONS, path), TABLE_OK);
    const uint16_t known = table_server(&t, &server);
    write_entry(&t, UINT64_C(0x1111111111111111), &(struct entry){.origin_us = 5, .server = known});
    write_entry(&t, UINT64_C(0x2222222222222222), &(struct entry){.origin_us = 5, .server = TABLE_SERVERS});
    write_entry(&t, UINT64_C(0x3333333333333333), &(struct entry){.origin_us = 5, .server = UINT16_MAX});
    write_entry(
        &t, UINT64_C(0x4444444444444444),
        &(struct entry){.origin_us = 5, .server = (uint16_t)(known == 1 ? 2 : 1)}); /* an empty place */
    write_entry(&t, UINT64_C(0x5555555555555555), &(struct entry){.origin_us = (UINT64_C(1) << 54) - 1});
    assert_true(table_write_out(&t, &any) && any);
    table_close(&t);
    uint64_t damaged;
    assert_true(look(&damaged));
    assert_int_equal(damaged, 4);
    assert_int_equal(table_open(&t, SESSIONS, path), TABLE_OK);
    assert_int_equal(t.used, 1);
    assert_int_equal(t.damaged, 4);
    table_close(&t);
}

/* A jump that goes farther than the clock can count, puts every age in doubt instead. */
static void jumps_that_cannot_be_put_ages_in_doubt(void **state)
{
    (void)state;
    static const struct clock_jump lies[] = {{.before = -5, .after = INT64_MAX},
                                             {.before = INT64_MAX, .after = INT64_MIN},
                                             {.before = 1, .after = -1}};
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        struct table t;
        bool any;
        assert_int_equal(table_open(&t, SESSIONS, path), TABLE_OK);
        memset(t.jumps, 0, TABLE_JUMPS * sizeof *t.jumps);
        table_clock_set(&t, lies[i].before, lies[i].after, UINT32_MAX);
        assert_true(table_write_out(&t, &any) && any);
        table_close(&t);
        assert_int_equal(table_open(&t, SESSIONS, path), TABLE_OK);
        assert_true(table_spans_jump(&t, 100, 200));
        assert_int_equal(table_latest(&t, 100, 200), 200);
        table_close(&t);
    }
}

static void sizes_that_lie_are_refused(void **state)
{
    (void)state;
    static const uint64_t lies[] = {0, 1000, UINT32_MAX, UINT64_MAX / 192, UINT64_MAX / 2, UINT64_MAX};
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        struct table t;
        uint64_t damaged;
        assert_int_equal(table_open(&t, SESSIONS, path), TABLE_OK);
        table_close(&t);
        announce(OURS, lies[i]);
        if (look(&damaged)) /* a number that the file could have room for: then all of it is read as it is */
            assert_int_equal(lies[i], 1000);
        else
            assert_int_not_equal(lies[i], 1000);
        assert_int_equal(unlink(path), 0);
    }
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fclose(f), 0);
}

static void another_version_is_left_alone(void **state)
{
    (void)state;
    for (uint32_t version = OURS - 1; version <= OURS + 1; version++) {
        struct table t;
        assert_int_equal(table_open(&t, SESSIONS, path), TABLE_OK);
        const uint64_t buckets = t.buckets;
        table_close(&t);
        announce(version, buckets);
        assert_int_equal(table_open(&t, SESSIONS, path), version == OURS ? TABLE_OK : TABLE_OTHER_KIND);
        if (version == OURS)
            table_close(&t);
        announce(OURS, buckets);
    }
}

/* A file is cut where it ends before the image does, and within a step of those by which it grows; once. */
static void odd_ends_are_mended(void **state)
{
    (void)state;
    enum { MANY = 100000, STEP = 1 << 20 };
    struct table t;
    bool any;
    assert_int_equal(table_open(&t, MANY, path), TABLE_OK);
    const size_t entries = table_layout(t.buckets).entries, whole = t.bytes;
    table_close(&t);
    const struct {
        size_t size;
        enum table_result result;
    } ends[] = {{whole, TABLE_OK},
                {whole + 4, TABLE_OK},
                {entries + STEP, TABLE_OK},
                {entries + STEP + 10, TABLE_CUT},
                {entries + STEP - 10, TABLE_CUT},
                {entries - 10, TABLE_CUT}};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        assert_int_equal(truncate(path, (off_t)ends[i].size), 0);
        assert_int_equal(table_open(&t, MANY, path), ends[i].result);
        assert_true(table_write_out(&t, &any));
        table_close(&t);
        for (unsigned again = 0; again < 2; again++) { /* what is written then makes no odd end */
            assert_int_equal(table_open(&t, MANY, path), TABLE_OK);
            assert_true(table_write_out(&t, &any));
            table_close(&t);
        }
    }
}

/* The file was cut within a place that no bucket has any more: what is left of an entry is none of the bucket
 * that gets the place. */
static void a_place_that_is_cut_is_emptied(void **state)
{
    (void)state;
    struct table t;
    bool any;
    assert_int_equal(table_open(&t, SESSIONS, path), TABLE_OK);
    const off_t second = (off_t)(table_layout(t.buckets).entries + sizeof(struct entry));
    table_close(&t);
    assert_int_equal(truncate(path, second), 0);
    FILE *f = fopen(path, "a");
    assert_non_null(f);
    assert_int_equal(fwrite("half an entry", 1, 13, f), 13);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(table_open(&t, SESSIONS, path), TABLE_CUT);
    write_entry(&t, 1, &(struct entry){.origin_us = 5});
    assert_true(table_write_out(&t, &any) && any);
    table_close(&t);
    assert_int_equal(table_open(&t, SESSIONS, path), TABLE_OK);
    assert_int_equal(t.damaged, 0);
    assert_int_equal(t.used, 1);
    table_close(&t);
}

/* A step of the clock of which nothing says that it is one hides none behind it. */
static void a_jump_behind_a_gap_counts(void **state)
{
    (void)state;
    struct table t;
    bool any;
    assert_int_equal(table_open(&t, SESSIONS, path), TABLE_OK);
    table_clock_set(&t, 1000, 500, UINT32_MAX);
    table_clock_set(&t, 3000, 2000, UINT32_MAX);
    memset(&t.jumps[0], 0, sizeof t.jumps[0]);
    assert_true(table_write_out(&t, &any) && any);
    table_close(&t);
    assert_int_equal(table_open(&t, SESSIONS, path), TABLE_OK);
    assert_true(table_spans_jump(&t, 2500, 2600));
    table_close(&t);
}

/* Two buckets with one place, or a place that the file does not have. */
static void places_that_lie_are_dropped(void **state)
{
    (void)state;
    struct table t;
    bool any;
    assert_int_equal(table_open(&t, SESSIONS, path), TABLE_OK);
    for (uint64_t i = 1; i <= 20; i++)
        write_entry(&t, i * UINT64_C(0x1111111111111111) / 20, &(struct entry){.origin_us = 5});
    const uint64_t taken = t.taken;
    uint64_t free = 0;
    while (t.places[free])
        free++;
    t.places[free] = 1;
    table_mark(&t, &t.places[free], sizeof t.places[free]);
    while (t.places[free])
        free++;
    t.places[free] = (uint32_t)t.buckets + 1;
    table_mark(&t, &t.places[free], sizeof t.places[free]);
    assert_true(table_write_out(&t, &any) && any);
    table_close(&t);
    uint64_t damaged;
    assert_true(look(&damaged));
    assert_int_equal(damaged, 2);
    assert_int_equal(table_open(&t, SESSIONS, path), TABLE_OK);
    assert_true(t.taken <= taken);
    for (uint64_t i = 0; i < t.buckets; i++)
        assert_true(t.places[i] <= taken);
    table_close(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(fields_beyond_their_tables_are_dropped, begin, end),
        cmocka_unit_test_setup_teardown(jumps_that_cannot_be_put_ages_in_doubt, begin, end),
        cmocka_unit_test_setup_teardown(sizes_that_lie_are_refused, begin, end),
        cmocka_unit_test_setup_teardown(another_version_is_left_alone, begin, end),
        cmocka_unit_test_setup_teardown(odd_ends_are_mended, begin, end),
        cmocka_unit_test_setup_teardown(a_place_that_is_cut_is_emptied, begin, end),
        cmocka_unit_test_setup_teardown(a_jump_behind_a_gap_counts, begin, end),
        cmocka_unit_test_setup_teardown(places_that_lie_are_dropped, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
