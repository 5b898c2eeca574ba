/* The way to a connection over which messages can be sent: looked up, connected, secured, RELP opened. */
#ifndef UTWATCH_SYSLOG_CONNECTION_H
#define UTWATCH_SYSLOG_CONNECTION_H

#include "syslog/address.h"
#include "syslog/relp.h"
#include "syslog/stream.h"

struct lookup;
struct addrinfo;
struct ssl_ctx_st;

enum connection_at { AT_REST, AT_LOOKUP, AT_CONNECT, AT_TLS, AT_OPEN, AT_WORK };

struct connection {
    const struct syslog_address *address;
    struct ssl_ctx_st *tls;
    const char *tls_name;
    enum connection_at at;
    struct lookup *lookup;
    const struct addrinfo *next; /* of the host's addresses, to be tried */
    struct stream stream;
    struct relp_reader answers;
    int64_t deadline; /* for the next step */
    char why[200];    /* the last connection was lost, or could not be made */
};

/* From AT_REST. */
void connection_begin(struct connection *c, int64_t now);

/* Goes on until AT_WORK, as far as that is possible without waiting. Back AT_REST: it failed, see `why`. */
void connection_advance(struct connection *c, int64_t now);

/* Gives the connection up. `why` NULL: keep the earlier reason. */
void connection_lose(struct connection *c, const char *why);

#endif
