/* A statement about a handshake that outlives what it points to. */
#ifndef UTWATCH_APP_STATEMENT_COPY_H
#define UTWATCH_APP_STATEMENT_COPY_H

#include "app/statement.h"
#include "tls/kept_messages.h"

struct statement_copy {
    struct statement told; /* of the copies that follow */
    struct observation observation;
    struct http_connection before;
    bool doubted; /* bytes that came late contradict it */
};

/* `messages`: room for those of the handshake, if it has any. */
static inline void statement_copy(struct statement_copy *c, const struct statement *s,
                                  struct kept_messages *messages)
{
    c->told = *s;
    c->observation = *s->observation;
    c->told.observation = &c->observation;
    if (s->observation->messages) {
        kept_messages_copy(messages, s->observation->messages);
        c->observation.messages = messages;
    }
    if (s->http) {
        c->before = *s->http;
        c->told.http = &c->before;
    }
    c->doubted = false;
}

/* When it is judged, what it teaches is distrusted. */
static inline void statement_contradicted(struct statement_copy *c, enum side side)
{
    c->doubted = true;
    observation_contradicted(&c->observation, side);
}

#endif
