/* TLS to a receiver: who it must be, and who we are. By OpenSSL; nothing of it judges the traffic. */
#ifndef UTWATCH_SYSLOG_TLS_H
#define UTWATCH_SYSLOG_TLS_H

#include <stdbool.h>
#include <stddef.h>

struct ssl_ctx_st;

/* Files, or NULL. */
struct syslog_tls {
    const char *ca;          /* whom to trust; NULL: the system's authorities */
    const char *name;        /* in the receiver's certificate; NULL: the host of its address */
    const char *certificate; /* ours, with its chain, PEM; NULL: none */
    const char *key;         /* of our certificate; NULL: in the same file */
};

/* NULL, `error` then says which file is wrong and how. */
struct ssl_ctx_st *syslog_tls_new(const struct syslog_tls *t, char *error, size_t error_bytes);

#endif
