/* The inside of the judge, shared by its files and nobody else. */
#ifndef UTWATCH_APP_JUDGE_PARTS_H
#define UTWATCH_APP_JUDGE_PARTS_H

#include "app/held_back.h"
#include "app/judge.h"
#include "app/site.h"
#include "app/waiting.h"
#include "decode/obstacles.h"
#include "peers/peers.h"
#include "session/challenges.h"

/* What one worker's connections use. */
struct worker_uses {
    uint64_t
        newest;   /* sessions_lineage() of the handshake that it reported last; 0: unknown, or irrelevant */
    uint64_t *of; /* by the slot of the http layer */
};

/* Whose findings about a peer these are: the second index of what peers.h remembers. */
enum { OF_PROFILE, OF_ADVICE };

struct judge {
    struct sessions *sessions;
    struct sessions *own_sessions; /* they end with the judge; NULL: they do not */
    struct peers *peers;
    struct challenges *challenges;
    struct worker_uses *uses; /* by worker */
    unsigned workers;
    struct waiting waiting;
    struct held_back held_back, held_in_clear;
    judge_answer *answer; /* or NULL */
    void *answer_context;
    const struct site *site;
    const struct profile *profile;
    const struct profile *advice; /* or NULL */
    struct verdict *verdicts;     /* room for one case under each profile */
    struct verdict *advised;
    struct output *output;
    struct delivered_counters delivered; /* of its alerts */
    uint64_t handshakes, damaged;
    bool peers_due; /* perhaps there are some */
    struct {
        uint64_t by[SCOPE_KEYS]; /* the key that leaves them out */
        struct obstacles ports;  /* on which ports those are that `ports` leaves out */
    } outside;                   /* handshakes outside the scope */
    uint64_t unnamed;            /* left out, since the name that would decide was not captured */
    uint64_t early;              /* see judge_count_early() */
};

/* judging.c: a case to both profiles, the exceptions, and the output. */
bool handshake_in_scope(const struct judge *j, const struct observation *o);

/* The session under a connection's keys. */
struct connection_session {
    bool waits;       /* for other sensors, so that nothing is known yet */
    uint32_t since;   /* second of packet time at which it began, or by which it had; 0: not known */
    uint64_t lineage; /* sessions_lineage(), where challenges matter; 0: not known */
};

/* `questions`: to other sensors, or NULL. */
struct connection_session judge_handshake(struct judge *j, const struct statement *f,
                                          const struct session_questions *questions);
/* Tells of those that were held back, and whose time has come by `now`, at most so many. */
void judge_held_back(struct judge *j, nanos now, size_t most);
/* The same for peers that are due; and of all peers, at the end. */
void judge_due_peers(struct judge *j, size_t most);
void judge_before_change(void *judge, const struct peer *peer);
void judge_all_peers(struct judge *j);
void judge_connection(struct judge *j, const struct http_connection *c, const char *protocol, nanos due);
void judge_exchange(struct judge *j, const struct http_exchange *e, nanos due);
void judge_key(struct judge *j, struct key_use *key);

#endif
