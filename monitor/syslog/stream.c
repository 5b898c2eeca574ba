#include "syslog/stream.h"

#include "base/limits.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* A quiet connection is probed. */
enum { DEAD_AFTER_MS = RECEIVER_DEAD_SECONDS * 1000, QUIET_SECONDS = 30, PROBE_SECONDS = 10, PROBES = 3 };

static enum stream_result fail(struct stream *s, int why)
{
    (void)snprintf(s->error, sizeof s->error, "%s", strerror(why));
    return STREAM_FAILED;
}

/* Not set: then a dead peer is noticed later. */
static void watch_over(int fd)
{
    const int yes = 1;
    const int quiet = QUIET_SECONDS;
    const int probe = PROBE_SECONDS;
    const int probes = PROBES;
    const unsigned dead = DEAD_AFTER_MS;
    (void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &yes, sizeof yes);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &quiet, sizeof quiet);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &probe, sizeof probe);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &dead, sizeof dead);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
}

enum stream_result stream_open(struct stream *s, const struct sockaddr *to, socklen_t length, int kind)
{
    *s = (struct stream){.fd = socket(to->sa_family, kind | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
    if (s->fd < 0)
        return fail(s, errno);
    if (kind == SOCK_STREAM && to->sa_family != AF_UNIX)
        watch_over(s->fd);
    if (connect(s->fd, to, length) == 0)
        return STREAM_OK;
    if (errno != EINPROGRESS)
        return fail(s, errno);
    s->wants_room = true;
    return STREAM_WAIT;
}

enum stream_result stream_connected(struct stream *s)
{
    int why = 0;
    socklen_t n = sizeof why;
    struct sockaddr_storage peer;
    if (getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &why, &n) != 0)
        return fail(s, errno);
    if (why)
        return fail(s, why);
    n = sizeof peer;
    if (getpeername(s->fd, (struct sockaddr *)&peer, &n) != 0)
        return STREAM_WAIT;
    s->wants_room = false;
    return STREAM_OK;
}

/* OpenSSL's own socket BIO would raise SIGPIPE, and does not tell how much went out. */
static int bio_write(BIO *b, const char *p, int n)
{
    struct stream *s = BIO_get_data(b);
    const ssize_t put = send(s->fd, p, (size_t)n, MSG_NOSIGNAL);
    BIO_clear_retry_flags(b);
    if (put < 0 && (errno == EAGAIN || errno == EINTR))
        BIO_set_retry_write(b);
    if (put > 0)
        s->written += (uint64_t)put;
    return (int)put;
}

static int bio_read(BIO *b, char *p, int n)
{
    const struct stream *s = BIO_get_data(b);
    const ssize_t got = recv(s->fd, p, (size_t)n, 0);
    BIO_clear_retry_flags(b);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        BIO_set_retry_read(b);
    if (got == 0)
        BIO_set_flags(b, BIO_FLAGS_IN_EOF);
    return (int)got;
}

static long bio_control(BIO *b, int command, long number, void *p)
{
    (void)number;
    (void)p;
    if (command == BIO_CTRL_EOF)
        return BIO_test_flags(b, BIO_FLAGS_IN_EOF) != 0;
    return command == BIO_CTRL_FLUSH;
}

static BIO *bio_over(struct stream *s)
{
    static BIO_METHOD *method;
    if (!method) {
        method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "syslog receiver");
        if (!method || !BIO_meth_set_write(method, bio_write) || !BIO_meth_set_read(method, bio_read) ||
            !BIO_meth_set_ctrl(method, bio_control))
            return NULL;
    }
    BIO *b = BIO_new(method);
    if (b) {
        BIO_set_data(b, s);
        BIO_set_init(b, 1);
    }
    return b;
}

static bool begin_tls(struct stream *s, SSL_CTX *context, const char *name)
{
    struct in6_addr address;
    const bool is_address =
        inet_pton(AF_INET, name, &address) == 1 || inet_pton(AF_INET6, name, &address) == 1;
    s->tls = SSL_new(context);
    BIO *b = s->tls ? bio_over(s) : NULL;
    if (!b)
        return false;
    SSL_set_bio(s->tls, b, b);
    SSL_set_connect_state(s->tls);
    if (is_address)
        return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(s->tls), name) == 1;
    SSL_set_hostflags(s->tls, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    char host[256]; /* OpenSSL's macro wants one that is not constant */
    (void)snprintf(host, sizeof host, "%s", name);
    return SSL_set1_host(s->tls, name) == 1 && SSL_set_tlsext_host_name(s->tls, host) == 1;
}

/* What a call of OpenSSL left behind. */
static enum stream_result tls_result(struct stream *s, int returned)
{
    const int why = SSL_get_error(s->tls, returned);
    const int system = errno;
    s->wants_room = why == SSL_ERROR_WANT_WRITE;
    if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE)
        return STREAM_WAIT;
    if (why == SSL_ERROR_ZERO_RETURN)
        return STREAM_END;
    const unsigned long code = ERR_peek_last_error();
    const long verify = SSL_get_verify_result(s->tls);
    const char *reason = ERR_reason_error_string(code);
    ERR_clear_error();
    if (ERR_GET_REASON(code) == SSL_R_UNEXPECTED_EOF_WHILE_READING ||
        (why == SSL_ERROR_SYSCALL && !code && !system))
        return STREAM_END;
    if (verify != X509_V_OK)
        (void)snprintf(s->error, sizeof s->error, "its certificate is not accepted: %s",
                       X509_verify_cert_error_string(verify));
    else
        (void)snprintf(s->error, sizeof s->error, "TLS: %s", reason ? reason : strerror(system));
    return STREAM_FAILED;
}

enum stream_result stream_secure(struct stream *s, struct ssl_ctx_st *context, const char *name)
{
    ERR_clear_error();
    if (!s->tls && !begin_tls(s, context, name)) {
        (void)snprintf(s->error, sizeof s->error, "TLS cannot begin with the name %s", name);
        return STREAM_FAILED;
    }
    errno = 0;
    const int done = SSL_do_handshake(s->tls);
    if (done == 1) {
        s->wants_room = false;
        return STREAM_OK;
    }
    const enum stream_result result = tls_result(s, done);
    if (result != STREAM_END)
        return result;
    (void)snprintf(s->error, sizeof s->error, "it ended the TLS handshake");
    return STREAM_FAILED;
}

enum stream_result stream_read(struct stream *s, void *p, size_t room, size_t *got)
{
    *got = 0;
    if (s->tls) {
        const bool wanted = s->wants_room;
        ERR_clear_error();
        errno = 0;
        const int done = SSL_read_ex(s->tls, p, room, got);
        if (done == 1)
            return STREAM_OK;
        const enum stream_result result = tls_result(s, done);
        s->wants_room |= wanted;
        return result;
    }
    const ssize_t n = recv(s->fd, p, room, 0);
    if (n > 0)
        *got = (size_t)n;
    if (n > 0)
        return STREAM_OK;
    if (n == 0)
        return STREAM_END;
    return errno == EAGAIN || errno == EINTR ? STREAM_WAIT : fail(s, errno);
}

enum stream_result stream_write(struct stream *s, struct span bytes, size_t *put)
{
    *put = 0;
    s->wants_room = false;
    if (s->tls) {
        ERR_clear_error();
        errno = 0;
        const int done = SSL_write_ex(s->tls, bytes.p, bytes.n, put);
        return done == 1 ? STREAM_OK : tls_result(s, done);
    }
    const ssize_t n = send(s->fd, bytes.p, bytes.n, MSG_NOSIGNAL);
    if (n >= 0) {
        *put = (size_t)n;
        s->written += (uint64_t)n;
        return STREAM_OK;
    }
    if (errno == EINTR)
        return STREAM_WAIT;
    s->wants_room = errno == EAGAIN || errno == ENOBUFS;
    return s->wants_room ? STREAM_WAIT : fail(s, errno);
}

size_t stream_unacknowledged(const struct stream *s)
{
    int n = 0;
    return ioctl(s->fd, SIOCOUTQ, &n) == 0 && n > 0 ? (size_t)n : 0;
}

void stream_finish(struct stream *s)
{
    if (s->tls)
        (void)SSL_shutdown(s->tls);
    ERR_clear_error();
    (void)shutdown(s->fd, SHUT_WR);
}

void stream_close(struct stream *s)
{
    SSL_free(s->tls);
    s->tls = NULL;
    if (s->fd >= 0)
        (void)close(s->fd);
    s->fd = -1;
    s->wants_room = false;
    s->written = 0;
}
