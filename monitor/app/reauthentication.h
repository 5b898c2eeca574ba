/*
 * Challenges (401) on connections under NULL encryption, session by session (TS 33.141 6.1.3): the
 * connection's HTTP says what was asked and answered, session/challenges.h remembers it for later
 * connections.
 */
#ifndef UTWATCH_APP_REAUTHENTICATION_H
#define UTWATCH_APP_REAUTHENTICATION_H

#include "app/session_use.h"
#include "http/http.h"

struct pipeline;

/* A readable connection's use of its session. */
struct session_use {
    bool told;   /* to the judge; false: its session, or a part of its requests, is not known */
    nanos begun; /* the ClientHello */
    enum tls_user user;
    bool resumed; /* the session is not this connection's own, or that is not known */
    bool asked;   /* the judge has been told */
    bool acknowledged;
    uint32_t ack;    /* the server's highest */
    uint32_t claims; /* see struct http_connection */
};

/* The connection becomes readable, or gets another session by a renegotiation. */
void reauthentication_begin(struct pipeline *p, const struct flow *flow, const struct session_use *use);

/* It has a session, and nobody reads what it says under it. */
void reauthentication_unreadable(struct pipeline *p, const struct flow *flow);

/* The connection went on, or one of its sides ended it. */
void reauthentication_follow(struct pipeline *p, const struct flow *flow);
void reauthentication_acknowledged(struct pipeline *p, const struct flow *flow, uint32_t ack);

/* Nothing more is read of it, with `damage` (enum http_damage). */
void reauthentication_end(struct pipeline *p, const struct flow *flow, uint32_t damage);

/* On what it depends, for an exchange of this connection, whether an earlier one left a challenge. */
struct earlier_use reauthentication_of(const struct pipeline *p, const struct flow *flow);

#endif
