/* The board between processes: the newest alone, whole at any moment, and closed to whoever may only read. */
#include "process/board.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { SIZE = 1 << 16 };

static void test_the_newest_is_found(void **state)
{
    (void)state;
    struct board *b = board_new(SIZE);
    static uint8_t got[SIZE], too_much[SIZE + 1];
    uint32_t number;
    assert_int_equal(board_number(b), 0);
    for (uint32_t i = 1; i < 6; i++) {
        char text[16];
        const int n = snprintf(text, sizeof text, "text %u", i);
        assert_true(board_put(b, span_of(text, (size_t)n)));
        assert_int_equal(board_number(b), i);
        assert_int_equal(board_get(b, got, &number), n);
        assert_int_equal(number, i);
        assert_memory_equal(got, text, (size_t)n);
    }
    assert_false(board_put(b, span_of(too_much, sizeof too_much)));
    assert_int_equal(board_number(b), 5);
    board_free(b);
}

/* A process that publishes one letter after the other, until it is killed. */
static pid_t publisher(struct board *b)
{
    const pid_t pid = fork();
    if (pid != 0)
        return pid;
    static uint8_t text[SIZE];
    for (unsigned letter = 0;; letter++) {
        memset(text, (int)(letter % 251), sizeof text);
        if (!board_put(b, span_of(text, sizeof text)))
            _exit(1);
    }
}

static void test_it_is_whole_whenever_the_publisher_is_killed(void **state)
{
    (void)state;
    struct board *b = board_new(SIZE);
    static uint8_t got[SIZE];
    uint32_t number = 0;
    uint32_t before = 0;
    for (unsigned run = 0; run < 50 || before <= 50; run++) { /* more where a busy machine lets few begin */
        const pid_t pid = publisher(b);
        for (unsigned i = 0; i < 20; i++) {
            const size_t n = board_get(b, got, &number);
            for (size_t at = 1; at < n; at++)
                assert_int_equal(got[at], got[0]);
        }
        (void)usleep(500);
        assert_int_equal(kill(pid, SIGKILL), 0);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
        const size_t n = board_get(b, got, &number);
        assert_true(number >= before);
        before = number;
        for (size_t at = 1; at < n; at++)
            assert_int_equal(got[at], got[0]);
    }
    board_free(b);
}

static void test_a_reader_cannot_write(void **state)
{
    (void)state;
    struct board *b = board_new(SIZE);
    static uint8_t got[SIZE];
    uint32_t number;
    assert_true(board_put(b, span_of("abc", 3)));
    const pid_t pid = fork();
    if (pid == 0) {
        if (!board_only_read(b) || board_get(b, got, &number) != 3 || memcmp(got, "abc", 3) != 0)
            _exit(1);
        (void)signal(SIGSEGV, SIG_DFL);
        (void)board_put(b, span_of("x", 1));
        _exit(2);
    }
    int how;
    assert_int_equal(waitpid(pid, &how, 0), pid);
    assert_true(WIFSIGNALED(how) ? WTERMSIG(how) == SIGSEGV : WEXITSTATUS(how) > 2);
    assert_true(board_put(b, span_of("defg", 4)));
    assert_int_equal(board_get(b, got, &number), 4);
    board_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_newest_is_found),
        cmocka_unit_test(test_it_is_whole_whenever_the_publisher_is_killed),
        cmocka_unit_test(test_a_reader_cannot_write),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
