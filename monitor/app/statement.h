/* What the pipeline hands to the judge: something that is finished, and whose it is. */
#ifndef UTWATCH_APP_STATEMENT_H
#define UTWATCH_APP_STATEMENT_H

#include "app/session_use.h"
#include "policy/policy.h"

enum statement_kind {
    TOLD_HANDSHAKE,
    TOLD_CONNECTION, /* of Ut, and not TLS */
    TOLD_EXCHANGE,
    TOLD_OLD_KEY,
    TOLD_USE,           /* of a session under NULL encryption */
    TOLD_CLOSED,        /* a side has said that it ends the connection of `client` */
    TOLD_CONTRADICTION, /* bytes that came late contradict the handshake of `flow_id` */
    TOLD_CONTEST,       /* of what `flow_id` says in clear there are two readings */
    TOLD_DISPUTE,       /* an end of `flow_id` resets what was sent in its name */
    TOLD_CLOCK_SET,     /* back or ahead, from `before` to `after` */
    TOLD_CLOCK_NOT_SET, /* takes that back */
};

struct statement {
    enum statement_kind kind;
    unsigned worker; /* whose pipeline it is from */
    nanos due;       /* packet time at which it had ended; of a worker, each comes after the one before */
    nanos last; /* at the end of the capture, when its time would have been over; 0: the capture goes on */
    uint64_t flow_id;
    struct endpoint client; /* CLOSED, */
    unsigned closed;        /* a bit for each enum side that has said so last */
    enum side side;         /* CONTRADICTION, CONTEST: whose bytes they are */
    struct flow *flow;      /* HANDSHAKE: for the answer; the judge does not look into it */
    const struct observation *observation;
    bool session_in_progress; /* see tls_may_begin_session() */
    bool other_side;          /* HANDSHAKE: see tls_has_other_side() */
    bool foreseen;            /* HANDSHAKE: judge_expect() was called, if it has the server's hello */
    bool session_inside; /* HANDSHAKE: a later one inside encryption may have begun a session before this */
    const struct http_connection *http; /* CONNECTION; HANDSHAKE: what came in clear before it, or NULL */
    const char *protocol;               /* CONNECTION */
    const struct http_exchange *exchange;
    struct earlier_use earlier; /* EXCHANGE under NULL encryption: what its answer depends on */
    struct key_use key;         /* `since` is filled by the judge */
    struct session_step step;   /* USE */
    nanos before, after;        /* CLOCK_SET, CLOCK_NOT_SET */
    nanos ahead_from, ahead_by; /* CLOCK_SET back: since then the clock had been ahead by so much; or 0 */
    bool wants_key;             /* HANDSHAKE: somebody looks at how old its keys become */
    bool waits; /* HANDSHAKE, filled by the judge: the answer comes when other sensors have told what they
                   know */
    uint32_t key_since; /* HANDSHAKE, filled by the judge: the second in which the session under the
                           connection's keys began, or by which it had; 0: not known, or not yet */
};

#endif
