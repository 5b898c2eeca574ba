/* What is reported of a receiver that comes and goes, and of a disk that takes some and refuses others: a
 * line now and then, not one for each change. */
#include "base/nanos.h"
#include "syslog/receiver.h"

#include <dirent.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static const int64_t millisecond = NANOS_PER_SECOND / 1000;

static char folder[64];
static char path[80];

static int make_folder(void **state)
{
    (void)state;
    (void)strcpy(folder, "/tmp/utwatch-receiver-XXXXXX");
    if (!mkdtemp(folder))
        return -1;
    (void)snprintf(path, sizeof path, "%s/log", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    DIR *d = opendir(folder);
    char file[600];
    for (const struct dirent *e; d && (e = readdir(d));) {
        (void)snprintf(file, sizeof file, "%s/%s", folder, e->d_name);
        (void)unlink(file);
    }
    (void)closedir(d);
    return rmdir(folder);
}

static int listen_there(void)
{
    struct sockaddr_un here = {.sun_family = AF_UNIX};
    (void)snprintf(here.sun_path, sizeof here.sun_path, "%.*s", (int)sizeof here.sun_path - 1, path);
    const int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&here, sizeof here), 0);
    return fd;
}

static struct receiver *new_receiver(bool on_disk)
{
    static char address[100];
    char error[256];
    struct receiver_config config = {.cap = 1 << 20, .folder = on_disk ? folder : NULL};
    (void)snprintf(address, sizeof address, "unix:%s", path);
    assert_null(syslog_address_parse(address, &config.address));
    struct receiver *r = receiver_new(&config, error, sizeof error);
    assert_non_null(r);
    return r;
}

static int lines(struct receiver *r, int64_t now, const char *with)
{
    char line[512];
    int count = 0;
    while (receiver_news(r, line, sizeof line, now))
        count += strstr(line, with) != NULL;
    return count;
}

static int work_for(struct receiver *r, int64_t *now, int64_t time)
{
    int count = 0;
    for (const int64_t end = *now + time; *now < end; *now += 50 * millisecond) {
        receiver_work(r, *now);
        count += lines(r, *now, "");
    }
    return count;
}

static void comes_and_goes(void **state)
{
    (void)state;
    enum { TIMES = 30 };
    struct receiver *r = new_receiver(false);
    int64_t now = 1000 * NANOS_PER_SECOND;
    const int64_t begin = now;
    int count = 0;
    for (int i = 0; i < TIMES; i++) {
        const int fd = listen_there();
        count += work_for(r, &now, 4 * NANOS_PER_SECOND);
        assert_true(receiver_is_connected(r));
        (void)close(fd);
        (void)unlink(path);
        receiver_take(r, 0, span_of("a message", 9));
        count += work_for(r, &now, NANOS_PER_SECOND);
        assert_false(receiver_is_connected(r));
    }
    assert_in_range(count, 2, 2 * (1 + (now - begin) / (60 * NANOS_PER_SECOND)));
    receiver_free(r);
}

static void let_files_grow_to(rlim_t bytes)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes < limit.rlim_max ? bytes : limit.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void takes_some_and_refuses_others(void **state)
{
    (void)state;
    const struct timespec longer_than_it_is_spared = {.tv_sec = 1, .tv_nsec = 50000000};
    struct receiver *r = new_receiver(true);
    int refused = 0;
    int written = 0;
    (void)signal(SIGXFSZ, SIG_IGN);
    for (int i = 0; i < 3; i++) {
        let_files_grow_to(0);
        receiver_take(r, 0, span_of("a message", 9));
        assert_non_null(receiver_trouble(r));
        refused += lines(r, (1 + i) * NANOS_PER_SECOND, "large");
        let_files_grow_to(RLIM_INFINITY);
        (void)nanosleep(&longer_than_it_is_spared, NULL);
        receiver_take(r, 0, span_of("a message", 9));
        assert_null(receiver_trouble(r));
        written += lines(r, (1 + i) * NANOS_PER_SECOND, "written again");
    }
    assert_int_equal(refused, 1);
    assert_int_equal(written, 1);
    receiver_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(comes_and_goes, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(takes_some_and_refuses_others, make_folder, remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
