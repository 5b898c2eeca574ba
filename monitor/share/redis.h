/*
 * Commands to Redis, or to a cluster of it, from the poll loop of one thread. Nothing here waits except the
 * resolver, for host names in the URL. Connections are made, lost and made again between calls, replies come
 * to a callback, and a command that is not answered in time has failed. In a cluster a command goes to the
 * node that has its key's slot, and follows redirections.
 */
#ifndef UTWATCH_SHARE_REDIS_H
#define UTWATCH_SHARE_REDIS_H

#include "base/span.h"

#include <poll.h>

enum {
    REDIS_COMMAND_BYTES = 1280 /* of one, as it is sent */
};

struct redis;

enum redis_status {
    REDIS_ANSWERED, /* value: a bulk string or status */
    REDIS_NIL,
    REDIS_FAILED /* no answer, or an error: nothing is known */
};

struct redis_command {
    struct span word[12];
    size_t count;
    size_t key; /* which word is the key, whose slot decides on the node of a cluster */
};

/* `value` is valid during the call; for an error it is the error's text. */
typedef void redis_done(void *context, uint64_t item, enum redis_status status, struct span value);

/* redis://[:password@]host[:port][,host[:port]...], all of them at once. NULL for any other text. */
struct redis *redis_new(const char *url);
void redis_free(struct redis *r); /* commands under way fail */

/*
 * False when no node is connected or too many commands are under way: then `done` is not called. It is called
 * with `context` and `item` once, from redis_handle() or redis_free(). `now`: nanoseconds of a clock that
 * only goes forward.
 */
bool redis_send(struct redis *r, const struct redis_command *command, redis_done *done, void *context,
                uint64_t item, int64_t now);

/* A node is connected. */
bool redis_is_up(const struct redis *r);

/* Fills in what to wait for; returns how many (at most REDIS_NODES), and until when at the latest. */
size_t redis_wait_for(struct redis *r, struct pollfd *fds, int64_t *until, int64_t now);

/* Handles what poll() found, connects anew, and gives up what is overdue. */
void redis_handle(struct redis *r, const struct pollfd *fds, size_t count, int64_t now);

#endif
