/* One connection that never blocks, plain or under TLS. */
#ifndef UTWATCH_SYSLOG_STREAM_H
#define UTWATCH_SYSLOG_STREAM_H

#include "base/span.h"

#include <sys/socket.h>

struct ssl_st;
struct ssl_ctx_st;

enum stream_result { STREAM_OK, STREAM_WAIT, STREAM_END, STREAM_FAILED };

struct stream {
    int fd;             /* -1: none */
    struct ssl_st *tls; /* NULL: plain */
    bool wants_room;    /* wait for POLLOUT as well as for POLLIN */
    uint64_t written;   /* bytes that the socket took, those of TLS included */
    char error[160];    /* why it FAILED */
};

/* Begins to connect. `kind`: SOCK_STREAM or SOCK_DGRAM. OK, WAIT for stream_connected(), or FAILED. */
enum stream_result stream_open(struct stream *s, const struct sockaddr *to, socklen_t length, int kind);
enum stream_result stream_connected(struct stream *s);

/* TLS over it: `name` is what the certificate must be for, a host name or an address. Call again after WAIT.
 */
enum stream_result stream_secure(struct stream *s, struct ssl_ctx_st *context, const char *name);

/* At most `room` bytes into p. END: the other side will send no more. */
enum stream_result stream_read(struct stream *s, void *p, size_t room, size_t *got);

/* Some of the bytes; the rest after WAIT, the same bytes first. */
enum stream_result stream_write(struct stream *s, struct span bytes, size_t *put);

/* Bytes that the other side's kernel has not acknowledged; of a local socket, those that were not read. */
size_t stream_unacknowledged(const struct stream *s);

/* Nothing more will be written. */
void stream_finish(struct stream *s);
void stream_close(struct stream *s);

#endif
