/*
 * One receiver of alerts: a spool, a connection, and what was sent but has not arrived.
 *
 * It never waits: receiver_work() does what can be done now. A connection that is lost is made again after a
 * while that grows from RETRY_FIRST to RETRY_MOST; then everything that has not arrived is sent once more.
 * What has arrived is known from the acknowledgement (RELP), from the time that the connection stayed open
 * afterwards (TCP, TLS, see window.h), from the socket's empty queue (unix), or from no error that came back
 * (UDP).
 */
#ifndef UTWATCH_SYSLOG_RECEIVER_H
#define UTWATCH_SYSLOG_RECEIVER_H

#include "syslog/address.h"
#include "syslog/spool.h"

#include <poll.h>

struct ssl_ctx_st;

struct receiver_config {
    struct syslog_address address;
    struct ssl_ctx_st *tls; /* of those with TLS; not owned */
    const char *tls_name;   /* NULL: the address' host */
    const char *folder;     /* of the spool; NULL: in memory */
    uint64_t cap;           /* of the spool, bytes */
};

struct receiver_counters {
    uint64_t sent;      /* messages handed to the connection, repetitions included */
    uint64_t resent;    /* of them, the repetitions */
    uint64_t connected; /* times */
    uint64_t refused;   /* messages that were given up, since a RELP receiver refused them again and again */
};

struct receiver;

/* NULL when the spool cannot be opened. What the configuration points to outlives the receiver. */
struct receiver *receiver_new(const struct receiver_config *config, char *error, size_t error_bytes);
void receiver_free(struct receiver *r);

/* A message that receiver_work() sends. Class: see spool.h. */
void receiver_take(struct receiver *r, unsigned class, struct span message);

/* What to wait for, and until when at the latest. False: there is no descriptor. */
bool receiver_wait_for(struct receiver *r, struct pollfd *fd, int64_t *until, int64_t now);
void receiver_work(struct receiver *r, int64_t now);

/* No more messages will come: once everything has arrived, the connection is closed in order. */
void receiver_end(struct receiver *r);
bool receiver_has_ended(const struct receiver *r);

struct receiver_counters receiver_sent(const struct receiver *r);
struct spool_counters receiver_spool(const struct receiver *r);
/* Why its spool cannot be written, or NULL. */
const char *receiver_trouble(const struct receiver *r);
/* Of late it has refused messages. */
bool receiver_refuses(const struct receiver *r);
/* Messages, as far as the transport shows. */
uint64_t receiver_arrived(const struct receiver *r);
const char *receiver_spool_name(const struct receiver *r); /* its files begin with it */
const char *receiver_name(const struct receiver *r);
bool receiver_is_connected(const struct receiver *r);

/* Something that the operator should be told, at most one line at a time; false: nothing. */
bool receiver_news(struct receiver *r, char *line, size_t bytes, int64_t now);

/* All its numbers in a line. */
void receiver_summary(const struct receiver *r, char *line, size_t bytes);

#endif
