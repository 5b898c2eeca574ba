#include "syslog/receivers.h"

#include "base/clock.h"
#include "syslog/receiver.h"

#include <errno.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

struct receivers {
    struct receiver *list[MAX_RECEIVERS];
    size_t count;
    bool on_disk;
    size_t strangers; /* segments in the spool's folder that belong to none of them, until that is reported */
    char stranger[64];
    SSL_CTX *tls; /* NULL: nobody needs it */
};

/* With the folders above it. */
static bool make_folder(const char *path)
{
    char part[4096];
    struct stat at;
    const size_t n = strnlen(path, sizeof part);
    if (n == sizeof part) {
        errno = ENAMETOOLONG;
        return false;
    }
    memcpy(part, path, n + 1);
    for (size_t i = 1; i <= n; i++) {
        if (part[i] != '/' && part[i] != '\0')
            continue;
        part[i] = '\0';
        if (mkdir(part, 0700) != 0 && errno != EEXIST && stat(part, &at) != 0)
            return false;
        part[i] = path[i];
    }
    return true;
}

/* What is not there yet will be made. */
static bool check_folder(const char *path, char *error, size_t error_bytes)
{
    struct stat at;
    if (stat(path, &at) != 0 || S_ISDIR(at.st_mode))
        return true;
    (void)snprintf(error, error_bytes, "spool %s: %s", path, strerror(ENOTDIR));
    return false;
}

bool receivers_check(const struct receivers_config *config, char *error, size_t error_bytes)
{
    struct syslog_address address;
    bool tls = false;
    for (size_t i = 0; i < config->count; i++)
        tls |= !syslog_address_parse(config->addresses[i], &address) && syslog_has_tls(&address);
    SSL_CTX *context = tls ? syslog_tls_new(&config->tls, error, error_bytes) : NULL;
    SSL_CTX_free(context);
    return (context || !tls) && (!config->folder || check_folder(config->folder, error, error_bytes));
}

static bool open_one(struct receivers *r, const struct receivers_config *config, const char *address,
                     char *error, size_t error_bytes)
{
    struct receiver_config one = {
        .tls_name = config->tls.name, .folder = config->folder, .cap = config->cap / config->count};
    char why[256] = "";
    const char *wrong = syslog_address_parse(address, &one.address);
    if (wrong) {
        (void)snprintf(error, error_bytes, "syslog %s: %s", address, wrong);
        return false;
    }
    if (syslog_has_tls(&one.address) && !r->tls &&
        !(r->tls = syslog_tls_new(&config->tls, error, error_bytes)))
        return false;
    one.tls = r->tls;
    struct receiver *receiver = receiver_new(&one, why, sizeof why);
    if (receiver)
        r->list[r->count++] = receiver;
    else
        (void)snprintf(error, error_bytes, "spool %s: %s", config->folder, why);
    return receiver != NULL;
}

/* What was spooled for a receiver that the configuration no longer has would lie there unsaid. */
static void find_strangers(struct receivers *r, const char *folder)
{
    struct spool_names names = {.count = r->count};
    for (size_t i = 0; i < r->count; i++)
        names.name[i] = receiver_spool_name(r->list[i]);
    r->strangers = spool_strangers(folder, &names, r->stranger, sizeof r->stranger);
}

struct receivers *receivers_new(const struct receivers_config *config, char *error, size_t error_bytes)
{
    struct receivers *r = calloc(1, sizeof *r);
    if (!r)
        abort();
    r->on_disk = config->folder != NULL;
    if (config->folder && !make_folder(config->folder)) {
        (void)snprintf(error, error_bytes, "spool %s: %s", config->folder, strerror(errno));
        receivers_free(r);
        return NULL;
    }
    for (size_t i = 0; i < config->count; i++)
        if (!open_one(r, config, config->addresses[i], error, error_bytes)) {
            receivers_free(r);
            return NULL;
        }
    if (config->folder)
        find_strangers(r, config->folder);
    return r;
}

void receivers_free(struct receivers *r)
{
    if (!r)
        return;
    for (size_t i = 0; i < r->count; i++)
        receiver_free(r->list[i]);
    SSL_CTX_free(r->tls);
    free(r);
}

void receivers_take(struct receivers *r, unsigned class, struct span message)
{
    for (size_t i = 0; i < r->count; i++)
        receiver_take(r->list[i], class, message);
}

size_t receivers_wait_for(struct receivers *r, struct pollfd *fds, int64_t *until, int64_t now)
{
    size_t count = 0;
    for (size_t i = 0; i < r->count; i++)
        count += receiver_wait_for(r->list[i], &fds[count], until, now);
    return count;
}

void receivers_work(struct receivers *r, int64_t now)
{
    for (size_t i = 0; i < r->count; i++)
        receiver_work(r->list[i], now);
}

bool receivers_news(struct receivers *r, char *line, size_t bytes, int64_t now)
{
    if (r->strangers) {
        (void)snprintf(
            line, bytes,
            "syslog: %zu file%s of alerts in the spool %s for no receiver that is configured, such as %s",
            r->strangers, r->strangers == 1 ? "" : "s", r->strangers == 1 ? "is" : "are", r->stranger);
        r->strangers = 0;
        return true;
    }
    for (size_t i = 0; i < r->count; i++)
        if (receiver_news(r->list[i], line, bytes, now))
            return true;
    return false;
}

const struct receiver *receivers_at(const struct receivers *r, size_t index)
{
    return index < r->count ? r->list[index] : NULL;
}

bool receivers_summary(const struct receivers *r, size_t index, char *line, size_t bytes)
{
    if (index >= r->count)
        return false;
    receiver_summary(r->list[index], line, bytes);
    return true;
}

struct receivers_sum receivers_sum(const struct receivers *r)
{
    struct receivers_sum sum = {0};
    for (size_t i = 0; i < r->count; i++) {
        const struct receiver_counters c = receiver_sent(r->list[i]);
        const struct spool_counters s = receiver_spool(r->list[i]);
        sum.sent += c.sent;
        sum.resent += c.resent;
        sum.arrived += receiver_arrived(r->list[i]);
        sum.refused |= receiver_refuses(r->list[i]);
        sum.dropped += c.refused;
        for (unsigned class = 0; class < SPOOL_CLASSES; class ++)
            sum.dropped += s.dropped[class];
        sum.bytes += s.bytes;
        if (!sum.trouble)
            sum.trouble = receiver_trouble(r->list[i]);
    }
    return sum;
}

static bool have_ended(const struct receivers *r)
{
    for (size_t i = 0; i < r->count; i++)
        if (!receiver_has_ended(r->list[i]))
            return false;
    return true;
}

static uint64_t waiting(const struct receivers *r)
{
    uint64_t count = 0;
    for (size_t i = 0; i < r->count; i++)
        count += receiver_spool(r->list[i]).kept;
    return count;
}

uint64_t receivers_finish(struct receivers *r, int64_t most, bool patient, uint64_t *kept)
{
    int64_t now = clock_monotonic();
    int64_t deadline = now + most;
    uint64_t before = waiting(r);
    for (size_t i = 0; i < r->count; i++)
        receiver_end(r->list[i]);
    receivers_work(r, now);
    while (!have_ended(r) && now < deadline) {
        struct pollfd fds[MAX_RECEIVERS];
        int64_t until = deadline;
        const size_t count = receivers_wait_for(r, fds, &until, now);
        const int64_t wait = until > now ? (until - now + 999999) / 1000000 : 0;
        if (poll(fds, (nfds_t)count, (int)wait) < 0 && errno != EINTR)
            break;
        now = clock_monotonic();
        receivers_work(r, now);
        const uint64_t left = waiting(r);
        if (left < before && patient && !r->on_disk)
            deadline = now + most;
        before = left;
    }
    *kept = r->on_disk ? waiting(r) : 0;
    return waiting(r);
}
