/* The file in which is written down what was read of a watched folder. The folder belongs to whoever puts
 * captures into it. */
#include "app/watched.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/utwatch-watched-XXXXXX";
static char path[64], fresh[64], target[64];

static const struct watched_file one = {.device = 1, .inode = 2, .begin = 3, .frames = 4, .size = 5};

static void write_text(const char *name, const char *text)
{
    FILE *f = fopen(name, "w");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

static void assert_text(const char *name, const char *text)
{
    char bytes[256] = "";
    FILE *f = fopen(name, "r");
    assert_non_null(f);
    (void)!fread(bytes, 1, sizeof bytes - 1, f);
    assert_int_equal(fclose(f), 0);
    assert_string_equal(bytes, text);
}

static bool is_link(const char *name)
{
    struct stat s;
    return lstat(name, &s) == 0 && S_ISLNK(s.st_mode);
}

static void test_is_remembered(void **state)
{
    (void)state;
    FILE *f = watched_begin(watched_new(), path);
    assert_non_null(f);
    watched_write(&one, f);
    assert_int_equal(fclose(f), 0);
    struct watched *w = watched_new();
    f = watched_begin(w, path);
    assert_non_null(f);
    assert_int_equal(watched_find(w, &one)->frames, 4);
    assert_int_equal(fclose(f), 0);
    assert_text(path, "1 2 0000000000000003 4 5\n");
}

/* Nor does the name become a link. */
static void test_a_link_is_not_written_through(void **state)
{
    (void)state;
    write_text(target, "somebody else's");
    assert_int_equal(symlink(target, fresh), 0);
    struct watched *w = watched_new();
    FILE *f = watched_begin(w, path);
    assert_non_null(f);
    assert_non_null(watched_find(w, &one));
    assert_int_equal(fclose(f), 0);
    assert_text(target, "somebody else's");
    assert_false(is_link(path));
    assert_int_equal(access(fresh, F_OK), -1);
}

static void test_a_link_is_not_read(void **state)
{
    (void)state;
    write_text(target, "1 2 0000000000000003 4 5\n");
    assert_int_equal(unlink(path), 0);
    assert_int_equal(symlink(target, path), 0);
    struct watched *w = watched_new();
    assert_null(watched_begin(w, path));
    assert_int_equal(errno, ELOOP);
    assert_null(watched_find(w, &one));
    assert_true(is_link(path));
    assert_int_equal(access(fresh, F_OK), -1);
}

static void test_nothing_else_is_left(void **state)
{
    (void)state;
    assert_int_equal(unlink(path), 0);
    assert_int_equal(unlink(target), 0);
    assert_int_equal(rmdir(folder), 0);
}

static int make(void **state)
{
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    (void)snprintf(path, sizeof path, "%s/watched", folder);
    (void)snprintf(fresh, sizeof fresh, "%s/watched.new", folder);
    (void)snprintf(target, sizeof target, "%s/target", folder);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_is_remembered),
        cmocka_unit_test(test_a_link_is_not_written_through),
        cmocka_unit_test(test_a_link_is_not_read),
        cmocka_unit_test(test_nothing_else_is_left),
    };
    return cmocka_run_group_tests(tests, make, NULL);
}
