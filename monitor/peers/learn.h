/* What one handshake teaches about its server and its UE; the lesson records what was new. */
#ifndef UTWATCH_PEERS_LEARN_H
#define UTWATCH_PEERS_LEARN_H

#include "peers/lesson.h"
#include "session/session.h"

/* What is the same for all servers. */
struct suite_kinds {
    struct group_suites with_groups;
    struct version_suites by_version;
};

/* A handshake, as its peers see it. */
struct taught {
    const struct observation *o;
    const struct hello_shape *shape;
    const struct session_result *session;
    struct refusal refusal; /* of the session that the client offered */
    uint32_t begun;         /* sessions that the server has begun by now */
};

/* `l` already has what is added to the counts of sessions. */
void learn_of_server(const struct suite_kinds *kinds, struct peer *s, const struct taught *t,
                     struct lesson *l);
void learn_of_ue(struct peer *u, const struct taught *t, struct lesson *l);

/* If nobody saw which server of the address was asked, this one may have done whatever another may have
 * done. */
void learn_from_unnamed(struct peer *s, const struct peer *unnamed);

/* It was evicted and is back: it may have done anything before. */
void learn_of_eviction(struct peer *peer);

/* A handshake that began at another host, for which this client stands, was left out: so the rest of what
 * came from here is not all that a UE said. */
void learn_of_other_side(struct peer *ue);

/* A server with a fixed configuration always answers the same hello in the same way: it chooses from that
 * list (RFC 5246 7.4.1.3). */
bool server_answers_otherwise(const struct peer *s, const struct observation *o);

/* Notes a version that counts, if it is the lowest. */
void learn_lowest(struct peer *p, uint16_t version, struct lesson *l);

#endif
