#include "redis_server.h"

#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Debian has one program under several names, and this one without a service that is started at once. */
static const char program[] = "/usr/bin/redis-check-rdb";

static void pause_ms(long ms)
{
    const struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    (void)nanosleep(&t, NULL);
}

bool redis_server_exists(void)
{
    return access(program, X_OK) == 0;
}

static bool is_free(int port)
{
    const struct sockaddr_in a = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const bool good = s >= 0 && bind(s, (const struct sockaddr *)&a, sizeof a) == 0;
    if (s >= 0)
        (void)close(s);
    return good;
}

/* The nodes of a cluster talk to each other on the port 10000 above. Both are below those that the kernel
 * gives to connections. */
static int free_port(void)
{
    static int next = 0;
    for (int i = 0; i < 1000; i++) {
        const int port = 10000 + (getpid() * 7 + next++) % 10000;
        if (is_free(port) && is_free(port + 10000))
            return port;
    }
    return 0;
}

static bool answers(const struct redis_server *r)
{
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_port = htons((uint16_t)r->port),
                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const bool good = s >= 0 && connect(s, (struct sockaddr *)&a, sizeof a) == 0;
    if (s >= 0)
        (void)close(s);
    return good;
}

static bool start(struct redis_server *r, const char *option, const char *value)
{
    char port[16];
    (void)snprintf(port, sizeof port, "%d", r->port);
    r->pid = fork();
    if (r->pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that fails leaves no server behind */
        (void)!freopen("/dev/null", "w", stdout);
        (void)!freopen("/dev/null", "w", stderr);
        (void)execl(program, "redis-server", "--port", port, "--bind", "127.0.0.1", "--save", "", "--dir",
                    r->folder, "--logfile", "log", option, value, (char *)NULL);
        _exit(127);
    }
    for (int i = 0; i < 6000 && r->pid > 0; i++) {
        if (answers(r))
            return true;
        pause_ms(10);
    }
    return false;
}

bool redis_server_start(struct redis_server *r, const char *option, const char *value)
{
    *r = (struct redis_server){.port = free_port(), .folder = "/tmp/utwatch-redis-XXXXXX"};
    if (!r->port || !mkdtemp(r->folder))
        return false;
    (void)snprintf(r->url, sizeof r->url, "redis://127.0.0.1:%d", r->port);
    return start(r, option, value);
}

bool redis_server_start_again(struct redis_server *r)
{
    return start(r, NULL, NULL);
}

void redis_server_kill(struct redis_server *r)
{
    if (r->pid <= 0)
        return;
    (void)kill(r->pid, SIGKILL);
    (void)waitpid(r->pid, NULL, 0);
    r->pid = 0;
}

void redis_server_remove(struct redis_server *r)
{
    char command[128];
    redis_server_kill(r);
    (void)snprintf(command, sizeof command, "rm -rf %s", r->folder);
    (void)!system(command); /* NOLINT: a folder that mkdtemp named */
}

bool redis_server_tell(const struct redis_server *r, const char *words)
{
    char command[512];
    (void)snprintf(command, sizeof command, "redis-cli -p %d %s > /dev/null", r->port, words);
    return system(command) == 0; /* NOLINT: words of the tests */
}
