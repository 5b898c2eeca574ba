#include "session/challenges.h"

#include "base/limits.h"
#include "base/ways.h"

#include <stdlib.h>
#include <string.h>

enum challenge_state {
    FREE,
    ASKED,   /* the UE may still answer on `connection` */
    LEFT,    /* since `since` it cannot answer any more */
    DOUBTED, /* not all of `connection` was seen */
    UNCLEAR, /* two sessions have this lineage */
};

struct challenge {
    uint64_t session;
    uint64_t connection;
    nanos since;
    struct endpoint server;
    enum challenge_state state;
};

struct begun_session {
    uint64_t session;
    enum identified user;
};

struct challenges {
    struct challenge *place;     /* CHALLENGED_SESSIONS, in sets of WAYS */
    struct begun_session *begun; /* the last one to begin, of those that share a place */
    uint32_t turn;
    bool any;
    uint64_t forgotten;
};

size_t challenges_memory(void)
{
    return CHALLENGED_SESSIONS * (sizeof(struct challenge) + sizeof(struct begun_session));
}

struct challenges *challenges_new(void)
{
    struct challenges *c = calloc(1, sizeof *c);
    if (!c)
        return NULL;
    c->place = calloc(CHALLENGED_SESSIONS, sizeof *c->place);
    c->begun = calloc(CHALLENGED_SESSIONS, sizeof *c->begun);
    if (c->place && c->begun)
        return c;
    challenges_free(c);
    return NULL;
}

void challenges_free(struct challenges *c)
{
    if (!c)
        return;
    free(c->place);
    free(c->begun);
    free(c);
}

bool challenges_any(const struct challenges *c)
{
    return c->any;
}

uint64_t challenges_forgotten(const struct challenges *c)
{
    return c->forgotten;
}

static struct challenge *find(const struct challenges *c, uint64_t session)
{
    struct challenge *places = &c->place[ways_of(session, CHALLENGED_SESSIONS)];
    for (size_t i = 0; i < WAYS && session; i++)
        if (places[i].state != FREE && places[i].session == session)
            return &places[i];
    return NULL;
}

/* The record of the session, or a place for one. */
static struct challenge *place_for(struct challenges *c, uint64_t session)
{
    struct challenge *known = find(c, session);
    if (known)
        return known;
    struct challenge *places = &c->place[ways_of(session, CHALLENGED_SESSIONS)];
    for (size_t i = 0; i < WAYS; i++)
        if (places[i].state == FREE)
            return &places[i];
    c->forgotten++;
    return &places[next_way(&c->turn)];
}

static void put(struct challenges *c, const struct challenge *record)
{
    *place_for(c, record->session) = *record;
    c->any = true;
}

void challenges_begin(struct challenges *c, uint64_t session, enum identified user)
{
    struct begun_session *last = &c->begun[session % CHALLENGED_SESSIONS];
    const bool twice = session && last->session == session;
    if (twice)
        put(c, &(struct challenge){.session = session, .state = UNCLEAR});
    *last = (struct begun_session){session, twice ? IDENTIFIED_UNKNOWN : user};
}

enum identified challenges_identified(const struct challenges *c, uint64_t session)
{
    const struct begun_session *last = &c->begun[session % CHALLENGED_SESSIONS];
    return session && last->session == session ? last->user : IDENTIFIED_UNKNOWN;
}

void challenges_ask(struct challenges *c, uint64_t session, const struct endpoint *server,
                    uint64_t connection)
{
    const struct challenge *known = find(c, session);
    if (!session || (known && known->state != ASKED)) /* the older one stays open until answered */
        return;
    put(c,
        &(struct challenge){.session = session, .connection = connection, .server = *server, .state = ASKED});
}

void challenges_leave(struct challenges *c, uint64_t session, uint64_t connection, nanos since)
{
    struct challenge *known = find(c, session);
    if (!known || known->state != ASKED || known->connection != connection)
        return;
    known->since = since;
    known->state = LEFT;
}

/* A server that relies on the session may know the user from that connection. */
static void note_claim(struct challenges *c, uint64_t session)
{
    struct begun_session *last = &c->begun[session % CHALLENGED_SESSIONS];
    if (session && last->session == session && last->user == IDENTIFIED_NO)
        last->user = IDENTIFIED_UNKNOWN;
}

void challenges_settle(struct challenges *c, uint64_t session)
{
    struct challenge *known = find(c, session);
    note_claim(c, session);
    if (known && known->state != UNCLEAR)
        known->state = FREE;
}

void challenges_doubt(struct challenges *c, uint64_t session, uint64_t connection)
{
    const struct challenge *known = find(c, session);
    note_claim(c, session);
    if (session && (!known || known->state != UNCLEAR))
        put(c, &(struct challenge){.session = session, .connection = connection, .state = DOUBTED});
}

bool challenges_perhaps(const struct challenges *c, uint64_t session, uint64_t connection)
{
    const struct challenge *known = find(c, session);
    return known && known->connection != connection;
}

bool challenges_open(const struct challenges *c, uint64_t session, const struct endpoint *server, nanos time)
{
    const struct challenge *known = find(c, session);
    return known && known->state == LEFT && known->since <= time && endpoint_equal(&known->server, server);
}
