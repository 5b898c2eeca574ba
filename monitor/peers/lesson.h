/*
 * What one handshake taught about its server and its UE.
 *
 * A peer learns from a handshake at once, since what others are judged by depends on it. For two more seconds
 * late bytes may contradict the handshake, and show that somebody else impersonated a side: then what was new
 * in it is taken back, and what happened instead is left open.
 */
#ifndef UTWATCH_PEERS_LESSON_H
#define UTWATCH_PEERS_LESSON_H

#include "peers/peer.h"

struct lesson {
    uint64_t flow_id;
    uint64_t met;       /* met_key() of the handshake */
    nanos at;           /* when it ended */
    uint32_t forgotten; /* pieces of evidence about the server that made room for its own */
    struct peer_key {
        struct endpoint end;        /* of a UE the port is 0 */
        uint64_t host;              /* of a UE ASKED_NOBODY */
    } of[2];                        /* by enum side: the keys of its peers */
    bool taught[2];                 /* by enum side: a copy teaches nothing */
    struct resumption_counts added; /* to both, and: */
    bool refused_fresh[2];
    uint16_t lowest[2],
        lowest_before[2]; /* the lowest version that counts, if it is new; the lowest one until then */

    /* the server: what was not known about it before */
    struct suite_set offer; /* that it answered */
    bool offer_unseen;
    bool selected, selected_of_shape; /* the suite, at all and in answer to hellos of this shape */
    bool accepted;                    /* hellos of this shape */
    bool varied;                      /* the server answers one of them in two ways */
    bool capped;
    uint16_t suite; /* its index */
    uint16_t version;
    uint16_t version_before, accepted_before; /* the highest versions until then */
    uint32_t keys;
    struct hello_shape shape;

    /* the UE */
    struct suite_set offered; /* what it had not offered before */
    uint32_t full_offers, not_used;
    uint16_t offered_version, offered_before;   /* the highest ones with and without this handshake */
    uint16_t fallback_version, fallback_before; /* likewise */
    bool got_session;                           /* that it may use later */
};

/* What `contradicted` said is in doubt. `why`: enum unobserved. */
void lesson_take_back(const struct lesson *l, struct peer *peer, enum side contradicted, uint32_t why);

#endif
