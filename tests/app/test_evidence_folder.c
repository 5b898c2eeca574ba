/* The folder of --evidence: what may get into it, and what has to leave it. */
#include "app/evidence_folder.h"
#include "base/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char above[] = "/tmp/utwatch-evidence-XXXXXX"; /* the folder of evidence is in it */
static char folder[64];

static bool is_there(const char *name)
{
    char path[256];
    struct stat s;
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    return lstat(path, &s) == 0;
}

static bool put(struct evidence_folder *f, const char *name, size_t bytes)
{
    struct evidence_name n = {""};
    (void)snprintf(n.text, sizeof n.text, "%s", name);
    uint8_t *parcel = calloc(1, sizeof n + bytes);
    assert_non_null(parcel);
    memcpy(parcel, &n, sizeof n);
    const bool good = evidence_folder_put(f, span_of(parcel, sizeof n + bytes));
    const int why = errno;
    free(parcel);
    errno = why;
    return good;
}

static const char *name_of(unsigned number)
{
    static struct evidence_name name[4];
    struct evidence_name *n = &name[number % 4];
    evidence_name(n, NANOS_PER_SECOND * number, number, "handshake");
    return n->text;
}

static void test_no_file_gets_another_place(void **state)
{
    (void)state;
    struct evidence_folder *f = evidence_folder_open(folder);
    assert_non_null(f);
    static const char *const names[] = {
        "../escaped",
        "/tmp/utwatch-escaped",
        ".",
        "",
        "other.pcapng",
        "20261125T182401.123456Z-0f3a5b77c2d1e4-/../../esc.pcapng",
        "20261125T182401.123456Z-0f3a5b77c2d1e4-x/y.pcapng",
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        assert_false(put(f, names[i], 10));
        assert_int_equal(errno, EINVAL);
    }
    assert_true(put(f, name_of(1), 10));
    assert_true(is_there(name_of(1)));
    assert_int_equal(unlinkat(AT_FDCWD, "/tmp/utwatch-escaped", 0), -1);
    evidence_folder_close(f);
}

/* Of an earlier run, without its bytes. */
static void leave_file(const char *name, off_t bytes)
{
    char path[256];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    const int fd = open(path, O_WRONLY | O_CREAT, 0600);
    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, bytes), 0);
    assert_int_equal(close(fd), 0);
}

/* The frames of a capture that is read again have the same names. */
static void test_a_file_that_comes_again_counts_once(void **state)
{
    (void)state;
    assert_true(EVIDENCE_FOLDER_BYTES == 1 << 30);
    leave_file(name_of(1), 600 << 20);
    leave_file(name_of(2), 400 << 20);
    struct evidence_folder *f = evidence_folder_open(folder);
    assert_non_null(f);
    assert_true(put(f, name_of(2), 1000)); /* 600 MiB are left */
    assert_true(put(f, name_of(3), 30 << 20));
    assert_true(is_there(name_of(1)) && is_there(name_of(2)) && is_there(name_of(3)));
    evidence_folder_close(f);
}

static int remove_all(void **state)
{
    (void)state;
    char command[128];
    (void)snprintf(command, sizeof command, "rm -rf %s", above);
    return system(command); /* NOLINT(cert-env33-c): a name of our own */
}

static int make(void **state)
{
    (void)state;
    if (!mkdtemp(above))
        return -1;
    (void)snprintf(folder, sizeof folder, "%s/evidence", above);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_file_gets_another_place),
        cmocka_unit_test(test_a_file_that_comes_again_counts_once),
    };
    return cmocka_run_group_tests(tests, make, remove_all);
}
