/*
 * How connections under NULL encryption use their sessions: the pipeline reports it step by step, since only
 * the judge knows which session a connection has.
 */
#ifndef UTWATCH_APP_SESSION_USE_H
#define UTWATCH_APP_SESSION_USE_H

#include "base/nanos.h"
#include "decode/segment.h"

enum session_step_kind {
    USE_BEGINS,        /* of the session of the last handshake that was reported */
    USE_OF_UNKNOWN,    /* begins, of a session that nobody knows */
    USE_IS_UNREADABLE, /* of the session of that handshake: nobody reads what is sent there */
    USE_SETTLES,       /* the UE has said who it is */
    USE_IS_GIVEN_UP,   /* a part of it was not seen, and nothing more is reported about it */
    USE_IS_CHALLENGED, /* `server` asks who it is */
    USE_IS_LEFT,       /* and from `since` on the UE can no longer answer on this connection */
};

struct session_step {
    enum session_step_kind kind;
    uint32_t slot;     /* of the connection in the http layer */
    bool in_the_place; /* BEGINS, OF_UNKNOWN: of another session, which may have been answered by it */
    struct endpoint server;
    nanos since;
};

/* An exchange may show that a challenge was left unanswered. */
struct earlier_use {
    uint32_t slot;
    bool resumed;   /* the session is not the connection's own, or that is not known */
    nanos begun;    /* the ClientHello */
    bool under_way; /* handshakes between the same addresses may be in progress */
};

#endif
