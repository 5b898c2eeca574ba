/* Files that only have whole lines, and files that are only there when they are whole. */
#include "app/line_file.h"
#include "app/whole_file.h"
#include "base/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/utwatch-files-XXXXXX";

static const char *in_folder(const char *name)
{
    static char path[4][128];
    static unsigned next;
    char *p = path[next++ % 4];
    (void)snprintf(p, sizeof path[0], "%s/%s", folder, name);
    return p;
}

static char *content(const char *path)
{
    static char bytes[4 << 20];
    const int fd = open(path, O_RDONLY);
    assert_true(fd >= 0);
    const ssize_t n = read(fd, bytes, sizeof bytes - 1);
    assert_true(n >= 0);
    bytes[n] = 0;
    (void)close(fd);
    return bytes;
}

static void put(struct line_file *f, const char *line)
{
    line_file_put(f, span_of_text(line));
}

static void test_lines_are_appended(void **state)
{
    (void)state;
    const char *path = in_folder("appended");
    for (unsigned i = 0; i < 2; i++) {
        struct line_file *f = line_file_open(path, true);
        assert_non_null(f);
        put(f, i ? "second\n" : "first\n");
        assert_true(line_file_close(f));
    }
    assert_string_equal(content(path), "first\nsecond\n");
}

static void test_a_torn_line_spoils_no_other(void **state)
{
    (void)state;
    const char *path = in_folder("torn");
    const int fd = open(path, O_WRONLY | O_CREAT, 0600);
    assert_true(fd >= 0 && write(fd, "half", 4) == 4 && close(fd) == 0);
    struct line_file *f = line_file_open(path, false);
    put(f, "whole\n");
    assert_true(line_file_close(f));
    assert_string_equal(content(path), "half\nwhole\n");
}

static void test_a_removed_file_is_made_again(void **state)
{
    (void)state;
    const char *path = in_folder("removed");
    struct line_file *f = line_file_open(path, false);
    assert_false(line_file_is_removed(f));
    assert_int_equal(rename(path, in_folder("moved")), 0);
    assert_false(line_file_is_removed(f));
    assert_int_equal(unlink(in_folder("moved")), 0);
    assert_true(line_file_is_removed(f));
    assert_true(line_file_reopen(f));
    put(f, "after\n");
    assert_true(line_file_close(f));
    assert_string_equal(content(path), "after\n");
}

static void test_a_renamed_file_is_opened_again(void **state)
{
    (void)state;
    const char *path = in_folder("rotated");
    struct line_file *f = line_file_open(path, false);
    put(f, "before\n");
    assert_int_equal(rename(path, in_folder("rotated.1")), 0);
    put(f, "between\n");
    assert_true(line_file_reopen(f));
    put(f, "after\n");
    assert_true(line_file_close(f));
    assert_string_equal(content(in_folder("rotated.1")), "before\nbetween\n");
    assert_string_equal(content(in_folder("rotated")), "after\n");
}

/* The limit on the size of a file stands for a disk that is full: write() takes a part of a line. */
static void set_limit(rlim_t bytes)
{
    struct rlimit limit = {.rlim_cur = bytes, .rlim_max = RLIM_INFINITY};
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* Of two lines, the file takes the first and a part of the other. */
static struct line_file *open_and_fill(const char *path)
{
    struct line_file *f = line_file_open(path, false);
    set_limit(10);
    put(f, "a line\n");
    put(f, "another line\n");
    return f;
}

static void test_a_full_disk_is_waited_for(void **state)
{
    (void)state;
    const char *path = in_folder("full");
    struct line_file *f = open_and_fill(path);
    assert_false(line_file_flush(f));
    assert_int_equal(errno, EFBIG);
    assert_int_equal(line_file_waiting(f), 10);
    set_limit(RLIM_INFINITY);
    assert_true(line_file_flush(f));
    assert_true(line_file_close(f));
    assert_string_equal(content(path), "a line\nanother line\n");
}

static void test_what_has_no_room_is_dropped_whole(void **state)
{
    (void)state;
    const char *path = in_folder("dropped");
    char line[1000];
    memset(line, 'x', sizeof line);
    line[sizeof line - 1] = '\n';
    struct line_file *f = line_file_open(path, false);
    set_limit(1500);
    for (size_t i = 0; i < 2 * (LINES_WAITING / sizeof line); i++)
        line_file_put(f, span_of(line, sizeof line));
    set_limit(RLIM_INFINITY);
    assert_false(line_file_close(f));
    struct stat s;
    assert_int_equal(stat(path, &s), 0);
    assert_int_equal(s.st_size % (off_t)sizeof line, 0);
    assert_in_range((size_t)s.st_size / sizeof line, LINES_WAITING / sizeof line - 2,
                    LINES_WAITING / sizeof line + 2);
}

/* A sensor that was taken over puts what no other would. */
static void test_more_than_there_is_room_for_is_dropped(void **state)
{
    (void)state;
    const char *path = in_folder("long");
    static char lines[3 * LINES_WAITING];
    memset(lines, 'x', sizeof lines);
    lines[LINES_WAITING] = lines[sizeof lines - 1] = '\n';
    struct line_file *f = line_file_open(path, false);
    put(f, "before\n");
    line_file_put(f, span_of(lines, sizeof lines));
    assert_int_equal(line_file_dropped(f), 2);
    put(f, "after\n");
    assert_false(line_file_close(f));
    assert_string_equal(content(path), "before\nafter\n");
}

static void test_half_a_line_is_taken_back(void **state)
{
    (void)state;
    const char *path = in_folder("half");
    struct line_file *f = open_and_fill(path);
    assert_false(line_file_close(f));
    set_limit(RLIM_INFINITY);
    assert_string_equal(content(path), "a line\n");
}

static void test_a_line_that_was_begun_is_whole_in_the_new_file(void **state)
{
    (void)state;
    const char *path = in_folder("filled");
    struct line_file *f = open_and_fill(path);
    assert_false(line_file_flush(f));
    assert_int_equal(rename(path, in_folder("filled.1")), 0);
    assert_true(line_file_reopen(f));
    set_limit(RLIM_INFINITY);
    put(f, "after\n");
    assert_true(line_file_close(f));
    assert_string_equal(content(in_folder("filled.1")), "a line\n");
    assert_string_equal(content(in_folder("filled")), "another line\nafter\n");
}

/* SIGHUP comes for other reasons than a file that was renamed. */
static void test_a_line_goes_on_in_the_same_file(void **state)
{
    (void)state;
    const char *path = in_folder("same");
    struct line_file *f = open_and_fill(path);
    assert_false(line_file_flush(f));
    assert_true(line_file_reopen(f));
    assert_false(line_file_flush(f));
    set_limit(RLIM_INFINITY);
    assert_true(line_file_close(f));
    assert_string_equal(content(path), "a line\nanother line\n");
}

static void test_a_full_pipe_is_not_waited_for(void **state)
{
    (void)state;
    const char *path = in_folder("pipe");
    assert_int_equal(mkfifo(path, 0600), 0);
    const int reader = open(path, O_RDONLY | O_NONBLOCK);
    struct line_file *f = line_file_open(path, false);
    assert_non_null(f);
    char line[1000];
    memset(line, 'x', sizeof line);
    line[sizeof line - 1] = '\n';
    for (unsigned i = 0; i < 200; i++)
        line_file_put(f, span_of(line, sizeof line));
    assert_false(line_file_flush(f));
    assert_int_equal(errno, EAGAIN);
    static char taken[300000];
    size_t all = 0;
    ssize_t n;
    for (unsigned i = 0; i < 100; i++) {
        while ((n = read(reader, taken, sizeof taken)) > 0)
            all += (size_t)n;
        (void)line_file_flush(f);
    }
    assert_int_equal(all, 200 * sizeof line);
    assert_true(line_file_close(f));
    (void)close(reader);
}

static void test_a_report_appears_when_it_is_whole(void **state)
{
    (void)state;
    const char *path = in_folder("report");
    for (unsigned i = 0; i < 2; i++) {
        struct whole_file *f = whole_file_open(path);
        assert_non_null(f);
        whole_file_put(f, span_of_text(i ? "new" : "old"));
        whole_file_flush(f);
        if (i)
            assert_string_equal(content(path), "old");
        else
            assert_int_equal(access(path, F_OK), -1);
        assert_true(whole_file_finish(f));
        whole_file_free(f);
    }
    assert_string_equal(content(path), "new");
}

int __real_fsync(int fd);
int __wrap_fsync(int fd);
static bool disk_fails;

int __wrap_fsync(int fd)
{
    if (!disk_fails)
        return __real_fsync(fd);
    errno = EIO;
    return -1;
}

/* What may not be there after a power cut takes no other's place. */
static void test_a_report_is_on_the_disk_before_it_appears(void **state)
{
    (void)state;
    const char *path = in_folder("flushed");
    for (unsigned i = 0; i < 2; i++) {
        struct whole_file *f = whole_file_open(path);
        assert_non_null(f);
        whole_file_put(f, span_of_text(i ? "new" : "old"));
        disk_fails = i;
        assert_int_equal(whole_file_finish(f), !i);
        assert_int_equal(errno, i ? EIO : 0);
        whole_file_free(f);
    }
    disk_fails = false;
    assert_string_equal(content(path), "old");
}

static void test_an_unfinished_report_leaves_the_earlier(void **state)
{
    (void)state;
    const char *path = in_folder("kept");
    for (unsigned i = 0; i < 2; i++) {
        struct whole_file *f = whole_file_open(path);
        whole_file_put(f, span_of_text(i ? "unfinished" : "whole"));
        if (!i)
            assert_true(whole_file_finish(f));
        whole_file_free(f);
    }
    assert_string_equal(content(path), "whole");
    struct whole_file *f = whole_file_open(path);
    whole_file_put(f, span_of_text("for which there is no room"));
    set_limit(10);
    assert_false(whole_file_finish(f));
    set_limit(RLIM_INFINITY);
    whole_file_free(f);
    assert_string_equal(content(path), "whole");
}

static void test_a_link_stays_a_link(void **state)
{
    (void)state;
    assert_int_equal(symlink("target", in_folder("link")), 0);
    struct whole_file *f = whole_file_open(in_folder("target"));
    assert_true(whole_file_finish(f));
    whole_file_free(f);
    f = whole_file_open(in_folder("link"));
    whole_file_put(f, span_of_text("through the link"));
    assert_true(whole_file_finish(f));
    whole_file_free(f);
    struct stat s;
    assert_int_equal(lstat(in_folder("link"), &s), 0);
    assert_true(S_ISLNK(s.st_mode));
    assert_string_equal(content(in_folder("target")), "through the link");
}

/* The last of the tests, since a fixture that fails is no failure for cmocka: above all no temporary file is
 * left. */
static void test_nothing_else_is_left(void **state)
{
    (void)state;
    static const char *const names[] = {"appended", "torn",   "removed", "rotated", "rotated.1", "full",
                                        "dropped",  "long",   "half",    "filled",  "filled.1",  "same",
                                        "pipe",     "report", "flushed", "kept",    "link",      "target"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_int_equal(unlink(in_folder(names[i])), 0);
    assert_int_equal(rmdir(folder), 0);
}

static int make(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines_are_appended),
        cmocka_unit_test(test_a_torn_line_spoils_no_other),
        cmocka_unit_test(test_a_removed_file_is_made_again),
        cmocka_unit_test(test_a_renamed_file_is_opened_again),
        cmocka_unit_test(test_a_full_disk_is_waited_for),
        cmocka_unit_test(test_what_has_no_room_is_dropped_whole),
        cmocka_unit_test(test_more_than_there_is_room_for_is_dropped),
        cmocka_unit_test(test_half_a_line_is_taken_back),
        cmocka_unit_test(test_a_line_that_was_begun_is_whole_in_the_new_file),
        cmocka_unit_test(test_a_line_goes_on_in_the_same_file),
        cmocka_unit_test(test_a_full_pipe_is_not_waited_for),
        cmocka_unit_test(test_a_report_appears_when_it_is_whole),
        cmocka_unit_test(test_a_report_is_on_the_disk_before_it_appears),
        cmocka_unit_test(test_an_unfinished_report_leaves_the_earlier),
        cmocka_unit_test(test_a_link_stays_a_link),
        cmocka_unit_test(test_nothing_else_is_left),
    };
    return cmocka_run_group_tests(tests, make, NULL);
}
