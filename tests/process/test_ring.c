/* The ring between two processes: order, wrapping, a full one, a hostile putter, and processes that are
 * killed. */
#include "process/ring.h"

#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static void test_what_is_put_is_taken_in_order(void **state)
{
    (void)state;
    struct ring *r = ring_new(4096);
    unsigned put = 0;
    unsigned taken = 0;
    uint32_t kind;
    struct span bytes;
    for (unsigned round = 0; round < 1000; round++) {
        char text[128];
        memset(text, 'x', sizeof text);
        while (ring_put(r, put + 1, span_of(text, put % sizeof text)))
            put++;
        for (unsigned i = 0; i < 7 && ring_take(r, &kind, &bytes); i++) {
            assert_int_equal(kind, taken + 1);
            assert_int_equal(bytes.n, taken % sizeof text);
            ring_release(r);
            taken++;
        }
    }
    assert_true(put > 5000);
    assert_int_equal(ring_dropped(r), 1000);
    while (ring_take(r, &kind, &bytes)) {
        ring_release(r);
        taken++;
    }
    assert_int_equal(put, taken);
    ring_free(r);
}

static void test_what_was_not_released_is_taken_again(void **state)
{
    (void)state;
    struct ring *r = ring_new(4096);
    uint32_t kind;
    struct span bytes;
    assert_true(ring_put(r, 1, span_of("first", 5)));
    assert_true(ring_put(r, 2, span_of("second", 6)));
    for (unsigned i = 0; i < 2; i++) {
        ring_begin(r);
        assert_true(ring_take(r, &kind, &bytes));
        assert_memory_equal(bytes.p, "first", 5);
    }
    ring_release(r);
    assert_true(ring_take(r, &kind, &bytes));
    assert_memory_equal(bytes.p, "second", 6);
    ring_free(r);
}

static void test_the_taker_is_woken(void **state)
{
    (void)state;
    struct ring *r = ring_new(4096);
    struct pollfd p = {.fd = ring_descriptor(r), .events = POLLIN};
    assert_true(ring_sleep(r));
    assert_int_equal(poll(&p, 1, 0), 0);
    assert_true(ring_put(r, 1, span_of("x", 1)));
    assert_int_equal(poll(&p, 1, 0), 1);
    ring_awake(r);
    assert_int_equal(poll(&p, 1, 0), 0);
    assert_false(ring_sleep(r));
    ring_free(r);
}

/* A putter that was taken over writes anything anywhere into the memory. */
static void test_nothing_is_believed(void **state)
{
    (void)state;
    enum { BYTES = 4096 };
    srand(1);
    for (unsigned run = 0; run < 20000; run++) {
        struct ring *r = ring_new(BYTES);
        for (unsigned i = 0; i < 5; i++)
            assert_true(ring_put(r, 1, span_of("some bytes", 10)));
        unsigned char **memory = (unsigned char **)(void *)r; /* its first member */
        for (int i = rand() % 20; i >= 0; i--)
            (*memory)[rand() % 320] = (unsigned char)rand();
        uint32_t kind;
        struct span bytes;
        for (unsigned i = 0; i < 1000 && ring_take(r, &kind, &bytes); i++) {
            assert_in_range(bytes.n, 0, BYTES);
            volatile unsigned char last = bytes.n ? bytes.p[bytes.n - 1] : 0;
            (void)last;
            ring_release(r);
        }
        ring_free(r);
    }
}

static void put_for_ever(struct ring *r, _Atomic uint64_t *count)
{
    char text[300];
    for (;;) {
        const uint64_t n = *count;
        memset(text, (int)(n & 0xff), sizeof text);
        memcpy(text, &n, sizeof n);
        if (ring_put(r, 1, span_of(text, sizeof n + n % 256)))
            *count = n + 1;
    }
}

/* The putter is killed at any instant, again and again: whole pieces in their order, at most one of them
 * twice. */
static void test_a_killed_putter(void **state)
{
    (void)state;
    struct ring *r = ring_new(1 << 16);
    _Atomic uint64_t *count =
        mmap(NULL, sizeof *count, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    uint64_t next = 0;
    srand(2);
    for (unsigned run = 0; run < 200 || next <= 1000; run++) { /* more where a busy machine lets few begin */
        const pid_t child = fork();
        if (child == 0)
            put_for_ever(r, count);
        const struct timespec some = {.tv_nsec = rand() % 2000000};
        (void)nanosleep(&some, NULL);
        (void)kill(child, SIGKILL);
        (void)waitpid(child, NULL, 0);
        uint32_t kind;
        struct span bytes;
        while (ring_take(r, &kind, &bytes)) {
            uint64_t n;
            assert_true(bytes.n >= sizeof n);
            memcpy(&n, bytes.p, sizeof n);
            assert_true(n == next || n + 1 == next);
            assert_int_equal(bytes.n, sizeof n + n % 256);
            for (size_t i = sizeof n; i < bytes.n; i++)
                assert_int_equal(bytes.p[i], n & 0xff);
            next = n + 1;
            ring_release(r);
        }
    }
    ring_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_put_is_taken_in_order),
        cmocka_unit_test(test_what_was_not_released_is_taken_again),
        cmocka_unit_test(test_the_taker_is_woken),
        cmocka_unit_test(test_nothing_is_believed),
        cmocka_unit_test(test_a_killed_putter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
