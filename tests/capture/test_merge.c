/* Frames of several inputs by time stamp: none lost, none changed, each input in its own order, and all in
 * the order of their stamps as long as that can be known. */
#include "base/limits.h"
#include "capture/merge.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

enum { INPUTS = 3, FRAMES = 20000, ROOM = 8192, MOST_BYTES = 2500 };

struct taken {
    uint64_t count, next[INPUTS]; /* number of the next frame of each input */
    nanos last;
    bool in_order;
};

static uint8_t content(unsigned source, uint64_t number, size_t i)
{
    return (uint8_t)(source * 31 + number * 7 + i);
}

static bool take(void *context, const struct frame *f)
{
    struct taken *t = context;
    assert_int_equal(f->number, t->next[f->source]);
    for (size_t i = 0; i < f->bytes.n; i++)
        assert_int_equal(f->bytes.p[i], content(f->source, f->number, i));
    t->in_order &= f->time >= t->last;
    t->last = f->time;
    t->next[f->source]++;
    t->count++;
    return true;
}

/* A frame whose bytes tell which one it is. */
static struct frame make(uint8_t *bytes, unsigned source, uint64_t number, nanos time)
{
    const size_t n = (size_t)rand() % MOST_BYTES;
    for (size_t i = 0; i < n; i++)
        bytes[i] = content(source, number, i);
    return (struct frame){.time = time, .bytes = span_of(bytes, n), .source = source, .number = number};
}

/* Inputs are read in turn, each some frames at a time, as from rings; one that has none says until when. */
static void test_order(void **state)
{
    (void)state;
    srand(33141);
    struct merge *m = merge_new(INPUTS, 64 * ROOM);
    struct taken t = {.in_order = true};
    uint64_t number[INPUTS] = {0};
    uint8_t bytes[MOST_BYTES];
    nanos now = 0;
    for (unsigned turn = 0; t.count < FRAMES; turn++) {
        const nanos from = now;
        now += 1000;
        for (unsigned i = 0; i < INPUTS; i++) {
            nanos time = from;
            for (int n = rand() % 8; n > 0; n--) {
                time += rand() % 100;
                const struct frame f = make(bytes, i, number[i]++, time);
                assert_true(merge_put(m, &f, now));
            }
            if (time == from)
                merge_seen(m, i, now);
        }
        merge_give(m, now, take, &t);
    }
    assert_true(t.in_order);
    assert_int_equal(merge_unordered(m), 0);
    merge_free(m);
}

/* Where there is no room, the earliest goes first, and nothing is lost. */
static void test_room(void **state)
{
    (void)state;
    srand(33222);
    struct merge *m = merge_new(INPUTS, ROOM);
    struct taken t = {0};
    uint64_t number[INPUTS] = {0};
    uint8_t bytes[MOST_BYTES];
    for (uint64_t n = 0; n < FRAMES; n++) {
        const unsigned i = (unsigned)rand() % INPUTS;
        const struct frame f = make(bytes, i, number[i]++, (nanos)n);
        while (!merge_put(m, &f, 0))
            assert_true(merge_give_one(m, take, &t));
    }
    const uint64_t early = merge_unordered(m);
    assert_true(early > 0);
    while (merge_give_one(m, take, &t))
        ;
    assert_int_equal(t.count, FRAMES);
    merge_free(m);
}

/* One input is silent, and never says until when: the others are held for a bounded time. */
static void test_hold(void **state)
{
    (void)state;
    struct merge *m = merge_new(2, ROOM);
    struct taken t = {.in_order = true};
    uint8_t bytes[MOST_BYTES];
    const int64_t most = MERGE_HOLD_MS * (NANOS_PER_SECOND / 1000);
    const struct frame f = make(bytes, 0, 0, 5000);
    assert_true(merge_put(m, &f, 100));
    merge_give(m, 99 + most, take, &t);
    assert_int_equal(t.count, 0);
    merge_give(m, 100 + most, take, &t);
    assert_int_equal(t.count, 1);
    assert_int_equal(merge_unordered(m), 1);
    /* As soon as it says so, they go on. */
    const struct frame g = make(bytes, 0, 1, 6000);
    assert_true(merge_put(m, &g, 100));
    merge_seen(m, 1, 5999);
    merge_give(m, 100, take, &t);
    assert_int_equal(t.count, 1);
    merge_seen(m, 1, 6000);
    merge_give(m, 100, take, &t);
    assert_int_equal(t.count, 2);
    assert_int_equal(merge_unordered(m), 1);
    merge_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_room),
        cmocka_unit_test(test_hold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
