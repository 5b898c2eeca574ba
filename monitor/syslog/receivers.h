/* All receivers of alerts: what --syslog and the site's `outputs` name. Nothing here waits but
 * receivers_finish(). */
#ifndef UTWATCH_SYSLOG_RECEIVERS_H
#define UTWATCH_SYSLOG_RECEIVERS_H

#include "base/limits.h"
#include "base/span.h"
#include "syslog/tls.h"

#include <poll.h>

struct receivers_config {
    const char *addresses[MAX_RECEIVERS]; /* syslog_address_parse() accepts them */
    size_t count;
    const char *folder; /* of the spools, made if it is missing; NULL: in memory */
    uint64_t cap;       /* of all spools together, bytes */
    struct syslog_tls tls;
};

/* The files of TLS can be used, where an address needs them, and the spool's folder is there or can be made.
 */
bool receivers_check(const struct receivers_config *config, char *error, size_t error_bytes);

struct receiver;
struct receivers;

/* NULL when a spool or a file of TLS cannot be used: `error` says why. The configuration's texts outlive it.
 */
struct receivers *receivers_new(const struct receivers_config *config, char *error, size_t error_bytes);
void receivers_free(struct receivers *r);

/* One message to each. Class: its severity, 0 the least. */
void receivers_take(struct receivers *r, unsigned class, struct span message);

/* Fills in at most MAX_RECEIVERS descriptors; *until becomes sooner where one of them has something to do. */
size_t receivers_wait_for(struct receivers *r, struct pollfd *fds, int64_t *until, int64_t now);
void receivers_work(struct receivers *r, int64_t now);

/* A line for the operator; false: there is none. */
bool receivers_news(struct receivers *r, char *line, size_t bytes, int64_t now);

/* One of them, or NULL: there are not so many. */
const struct receiver *receivers_at(const struct receivers *r, size_t index);

/* All numbers of one of them in a line; false: there are not so many. */
bool receivers_summary(const struct receivers *r, size_t index, char *line, size_t bytes);

/* All receivers together, since they were opened. */
struct receivers_sum {
    uint64_t sent, resent; /* messages handed to connections; of them, repetitions */
    uint64_t arrived;      /* as far as the transport shows */
    uint64_t dropped;      /* for lack of room in a spool, or refused by a receiver */
    uint64_t bytes;        /* of the spools, now */
    bool refused;          /* one of them refuses what it is sent */
    const char *trouble;   /* why a spool cannot be written, or NULL */
};
struct receivers_sum receivers_sum(const struct receivers *r);

/* The end: works until everything has arrived, and gives up after so many nanoseconds; when patient, and
 * nothing would keep the messages, only after so many nanoseconds in which none has arrived. Returns how many
 * have not; *kept: those of them that a spool on disk keeps for the next run. */
uint64_t receivers_finish(struct receivers *r, int64_t most, bool patient, uint64_t *kept);

#endif
