/* Is a write of the state file that failed reported, whatever succeeds after it? The test takes the place of
 * pwrite() and posix_fallocate(): the disk is full for the thread that writes, and has room again at the end,
 * but for one page. */
#include "base/nanos.h"
#include "store/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { KEYS = 40000, HOUR = 3600 };

ssize_t __real_pwrite64(int file, const void *bytes, size_t n, off_t at);
ssize_t __wrap_pwrite64(int file, const void *bytes, size_t n, off_t at);
int __real_posix_fallocate64(int file, off_t at, off_t n);
int __wrap_posix_fallocate64(int file, off_t at, off_t n);

static pthread_t the_end;
static _Atomic bool full;
static bool refused; /* the page */

ssize_t __wrap_pwrite64(int file, const void *bytes, size_t n, off_t at)
{
    const bool at_the_end = pthread_equal(pthread_self(), the_end);
    if (!full || (at_the_end && refused))
        return __real_pwrite64(file, bytes, n, at);
    refused |= at_the_end;
    errno = ENOSPC;
    return -1;
}

int __wrap_posix_fallocate64(int file, off_t at, off_t n)
{
    return full && !pthread_equal(pthread_self(), the_end) ? ENOSPC : __real_posix_fallocate64(file, at, n);
}

static off_t size_of(const char *path)
{
    struct stat s;
    return stat(path, &s) == 0 ? s.st_size : -1;
}

/* The pages are written in the order of the file; the later ones make it longer. */
static void test_a_failure_is_reported_whatever_follows(void **state)
{
    (void)state;
    char path[] = "/tmp/utwatch-writer-XXXXXX";
    const int file = mkstemp(path);
    assert_true(file >= 0 && close(file) == 0);
    struct table t;
    assert_int_equal(table_open(&t, 2 * KEYS, path), TABLE_OK);
    const off_t before = size_of(path);
    struct writer *w = writer_start(&t, HOUR * NANOS_PER_SECOND);
    assert_non_null(w);
    table_clock_set(&t, NANOS_PER_SECOND, 2 * NANOS_PER_SECOND, HOUR); /* the first page */
    for (uint64_t key = 1; key <= KEYS; key++) {
        bool fresh;
        struct entry *e = table_put(&t, key * 0x9e3779b97f4a7c15, 1, HOUR, &fresh);
        assert_non_null(e);
        table_write(&t, e, &(struct entry){.origin_us = 1, .method = 1, .last_used = 1});
    }
    the_end = pthread_self();
    full = true;
    assert_int_equal(writer_stop(w), ENOSPC);
    full = false;
    assert_true(refused);
    assert_true(size_of(path) > before);
    table_close(&t);
    assert_int_equal(unlink(path), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_failure_is_reported_whatever_follows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
