/*
 * The site's configuration (-c): what is Ut here, the operator's policy, known exceptions, limits. Without a
 * file everything that is TLS over TCP is in scope, and plain HTTP where it is plainly Ut.
 */
#ifndef UTWATCH_APP_SITE_H
#define UTWATCH_APP_SITE_H

#include "base/limits.h"
#include "base/network.h"
#include "decode/checksum.h"
#include "decode/spaces.h"
#include "policy/policy.h"
#include "session/session.h"
#include "syslog/receivers.h"

/* A breach that the operator knows about and has a reason for. It is reported as excepted, never as passed.
 */
struct exception {
    const char *rule;      /* id, or a glob */
    struct network server; /* bits 0 and family 0: any */
    uint16_t port;         /* 0: any */
    const char *reason;
    nanos until; /* the end of its last day, UTC; 0 is not accepted */
    const char *until_text;
    unsigned line; /* of its rule in the file */
};

struct node;

struct site {
    const struct node *profile;            /* name or file, or NULL */
    const struct node *advise[MAX_ADVICE]; /* likewise */
    size_t advise_count;
    uint32_t advised; /* profiles that give advice, by the command line or by this file */
    struct network clients[MAX_SCOPE];
    size_t client_count;
    struct network servers[MAX_SCOPE];
    size_t server_count;
    uint16_t ports[MAX_SCOPE];
    size_t port_count;
    const char *names[MAX_SCOPE]; /* globs */
    size_t name_count;
    struct parameter_override overrides[MAX_OVERRIDES];
    size_t override_count;
    struct exception exceptions[MAX_EXCEPTIONS];
    size_t exception_count;
    const char *json;    /* outputs.json, or NULL */
    const char *metrics; /* outputs.metrics, which scrape_address_parse() accepts, or NULL */
    nanos stats_interval;
    nanos peers_interval;         /* of packet time, after which servers and UEs are judged again */
    nanos quiet_limit, lag_limit; /* beyond which the sensor reports itself */
    struct receivers_config receivers;
    uint32_t enterprise;    /* in the SD-ID of messages to them */
    size_t message_bytes;   /* at most in one of them */
    nanos summary_interval; /* of equal alerts */
    uint32_t json_limit;    /* alerts of a second of live capture that are events of their own; 0: all */
    bool identities_clear;
    enum checksum_policy checksums;
    struct tunnel_ends tunnel_ends;
    struct tunnel_ports tunnel_ports;
    bool evidence;    /* frames are kept for --evidence */
    unsigned workers; /* of live capture, that share flows and handshakes out; 1: nobody does */
    uint32_t flows, handshakes;
    struct session_config sessions;
    struct session_farm *farms;
    double loss_limit; /* percent of handshakes */
    uint64_t memory;   /* bytes; 0: no limit */
    struct tree *tree; /* owns the texts */
};

/* `path` NULL: the defaults. `files`: see policy/file_texts.h, or NULL. NULL after mistakes, all of which are
 * in `mistakes`. */
struct site *site_load(const char *path, struct file_texts *files, struct mistakes *mistakes);
void site_free(struct site *site);

/* May it be, by address and port? */
bool site_may_serve(const struct site *site, const struct endpoint *server);

enum scope_key { SCOPE_CLIENTS, SCOPE_SERVERS, SCOPE_PORTS, SCOPE_NAMES, SCOPE_KEYS };

/* The first key that leaves it out of the scope. */
enum scope_key site_left_out_by(const struct site *site, const struct endpoint *client,
                                const struct endpoint *server);

/* Is this server's traffic Ut? `name`: SNI, CONNECT authority or Host; empty when it is not known. */
bool site_in_scope(const struct site *site, const struct endpoint *server, struct span name);

/* Is this a UE, and no health check or scanner? Without `clients` every client is. */
bool site_is_ue(const struct site *site, const struct endpoint *client);

/* The site lists its UEs, and this is one of them. */
bool site_lists_client(const struct site *site, const struct endpoint *client);

/* The file says what is Ut, so that a connection without TLS or XCAP can be recognized as Ut. */
bool site_has_scope(const struct site *site);
/* By address or name, not by ports alone. */
bool site_names_servers(const struct site *site);

/* The site lists the servers of Ut, and this is one of them. */
bool site_lists_server(const struct site *site, const struct endpoint *server);

/* The reason why this breach is excepted, and the last day of that; or NULL. */
const char *site_exception(const struct site *site, const struct verdict *v, const struct policy_case *c,
                           const char **until);

/* site_paths.c: warns of files and folders that the configuration, --evidence or --json (NULL: not given)
 * name and that are not there. */
void site_warn_of_paths(const struct site *site, const char *evidence, const char *json, FILE *out);

/* Warns of exceptions without effect: the profile does not have their rule, perhaps because its name is
 * misspelt, or they had expired at `now` (0: the time of the capture decides). */
void site_warn_of_exceptions(const struct site *site, const struct profile *profile, nanos now, FILE *out);

/* Where the configuration names no number of handshakes, as many as its limit of memory leaves room for. */
void site_size_handshakes(struct site *site);

/* Bytes that the tables take; prints them by part. */
uint64_t site_memory(const struct site *site, FILE *out);

#endif
