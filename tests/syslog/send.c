/*
 * Sends numbered messages to receivers through monitor/syslog, as live capture does: nothing is waited for
 * but the pace. Usage: send COUNT PER_SECOND FOLDER CAP CA CERTIFICATE KEY NAME ADDRESS... ("-": none).
 * Message N has sequenceId N and severity N mod 4. Prints "left N kept N" at the end, news on standard error.
 */
#include "base/clock.h"
#include "syslog/message.h"
#include "syslog/receivers.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *text_or_none(const char *word)
{
    return strcmp(word, "-") == 0 ? NULL : word;
}

static void tell(struct receivers *r, int64_t now)
{
    char line[512];
    while (receivers_news(r, line, sizeof line, now))
        (void)fprintf(stderr, "%s\n", line);
}

static void work_until(struct receivers *r, int64_t end)
{
    int64_t now;
    while ((now = clock_monotonic()) < end) {
        struct pollfd fds[MAX_RECEIVERS];
        int64_t until = end;
        const size_t count = receivers_wait_for(r, fds, &until, now);
        const int64_t wait = until > now ? (until - now + 999999) / 1000000 : 0;
        (void)poll(fds, (nfds_t)count, (int)wait);
        receivers_work(r, clock_monotonic());
        tell(r, clock_monotonic());
    }
}

static void put(struct receivers *r, struct syslog_origin *origin, unsigned long i)
{
    static struct syslog_message m;
    char buffer[SYSLOG_MOST_BYTES + 1];
    const unsigned class = (unsigned)(i % 4);
    syslog_begin(&m, buffer, origin, (enum syslog_severity)(SYSLOG_NOTICE - class),
                 (nanos)1764000000 * NANOS_PER_SECOND + (nanos)i * NANOS_PER_MICROSECOND, "test-message");
    syslog_param_uint(&m, "number", i);
    syslog_param_text(&m, "filler", "0123456789012345678901234567890123456789012345678901234567890123456789");
    syslog_words(&m, "A message of the test");
    receivers_take(r, class, syslog_end(&m));
}

int main(int argc, char **argv)
{
    struct receivers_config config = {0};
    if (argc < 10 || argc > 9 + MAX_RECEIVERS)
        return 2;
    const unsigned long count = strtoul(argv[1], NULL, 10);
    const unsigned long per_second = strtoul(argv[2], NULL, 10);
    config.folder = text_or_none(argv[3]);
    config.cap = strtoull(argv[4], NULL, 10);
    config.tls = (struct syslog_tls){.ca = text_or_none(argv[5]),
                                     .certificate = text_or_none(argv[6]),
                                     .key = text_or_none(argv[7]),
                                     .name = text_or_none(argv[8])};
    for (int i = 9; i < argc; i++)
        config.addresses[config.count++] = argv[i];
    char error[512];
    struct receivers *r = receivers_new(&config, error, sizeof error);
    if (!r) {
        (void)fprintf(stderr, "%s\n", error);
        return 1;
    }
    struct syslog_origin origin = syslog_origin_here(32473, SYSLOG_LEAST_BYTES);
    const int64_t start = clock_monotonic();
    for (unsigned long i = 1; i <= count; i++) {
        put(r, &origin, i);
        work_until(r, start + (int64_t)i * NANOS_PER_SECOND / (int64_t)per_second);
    }
    const char *most = getenv("FINISH_SECONDS");
    uint64_t kept;
    const uint64_t left =
        receivers_finish(r, (most ? strtoll(most, NULL, 10) : 30) * NANOS_PER_SECOND, true, &kept);
    tell(r, clock_monotonic());
    (void)printf("left %" PRIu64 " kept %" PRIu64 "\n", left, kept);
    receivers_free(r);
    return 0;
}
