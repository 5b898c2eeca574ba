/*
 * What one server or one UE has shown over many handshakes.
 *
 * A server is an address and port and the name that the client asked for (asked.h), a UE is an address:
 * behind a NAT several UEs are one, so verdicts on UEs are inferences. Both tables have a cap; the peer not
 * seen for longest goes first, and is judged before it is forgotten. The names of one address have a cap too,
 * and the least used goes first. A peer that comes again has a shortened history (forgotten.h).
 *
 * If nobody saw which name was asked for, any server of the address may have answered: its possible behaviour
 * leaves open what the other handshakes would decide about all of them.
 *
 * Abilities of a server are inferred: it supports what it has selected. It lacks the suites of hellos that it
 * refused with handshake_failure or insufficient_security (RFC 5246 7.2.2), within the limits in refusals.h.
 */
#ifndef UTWATCH_PEERS_PEERS_H
#define UTWATCH_PEERS_PEERS_H

#include "peers/forgotten.h"
#include "peers/met.h"
#include "peers/peer.h"
#include "session/session.h"

struct peers_counters {
    uint64_t servers, ues; /* remembered now */
    uint64_t evicted;
    uint64_t came_again;           /* new ones that were perhaps evicted before: forgotten.h */
    uint64_t hosts_forgotten;      /* of serving.h */
    uint64_t handshakes_forgotten; /* of met.h */
    uint64_t lessons_forgotten;    /* of lesson.h, which late bytes might still have contradicted */
    uint64_t evidence_forgotten;   /* forgotten kinds of hellos that a server accepted or refused */
    uint64_t copies; /* handshakes that were captured twice: before and behind a NAT, or by two taps */
};

struct peers;

/* Judges a peer in its present state. */
typedef void peers_judge(void *context, const struct peer *peer);

/* Bytes for so many servers (SERVER), or so many UEs (CLIENT). */
size_t peers_memory(enum side side, uint32_t capacity);

struct peers *peers_new(uint32_t servers, uint32_t ues);
void peers_free(struct peers *p);

/* Sets the function that judges a peer that is due (peers_due()) before it changes. */
void peers_judged_by(struct peers *p, peers_judge *judge, void *context);
const struct peers_counters *peers_counters(const struct peers *p);

/* What the hello looks like, for the functions below. */
struct hello_shape peers_shape(struct peers *p, const struct observation *o);

/* Has the processor fetch where the peers of a connection will be looked for; then, by both hellos, the peers
 * and what else is known of them. With thousands of peers, each of these places was last touched long ago. */
void peers_expect_hosts(const struct peers *p, const struct endpoint *client, const struct endpoint *server);
void peers_expect(const struct peers *p, const struct observation *o);

/* The peer of the handshake on that side, or NULL if it is not known yet. */
const struct peer *peers_find(const struct peers *p, const struct observation *o,
                              const struct hello_shape *shape, enum side side);

/* Whether a server of any name is known there. */
bool peers_have_server(const struct peers *p, const struct endpoint *end);

/* Is the client a server itself (serving.h)? */
bool peers_client_serves(const struct peers *p, const struct whence *whence);

/* Is this a peer of its own? False for the server of an unseen name if the address has others: it was one of
 * them, and would be counted twice. */
bool peers_tell_apart(const struct peers *p, const struct peer *peer);

/* The peer to evict before peers_learn() can take the handshake: judge it, then forget it. NULL: none.
 */
const struct peer *peers_victim(const struct peers *p, const struct observation *o,
                                const struct hello_shape *shape, enum side side);
void peers_forget(struct peers *p, const struct peer *peer);

/* Learns from one handshake, which met_note() has taken. Both sides' peers have room. */
void peers_learn(struct peers *p, const struct observation *o, const struct hello_shape *shape,
                 const struct session_result *session);

/* Late bytes contradict this side of this flow's handshake: what the last one taught, if recent, is taken
 * back (lesson.h). */
void peers_doubt(struct peers *p, uint64_t flow_id, enum side contradicted);

/* These sides have ended the connection of this flow, a bit for each enum side; each call replaces the
 * last. */
void peers_closed(struct peers *p, const struct endpoint *client, uint64_t flow_id, unsigned sides);

/* A late reset shows that one of its ends did not take part: what both showed is only part of the
 * evidence. */
void peers_dispute(struct peers *p, uint64_t flow_id);

/* A handshake that taught was farther from the UE than another (met.h). What it taught about its client is
 * taken back if that is another host, which is a translator or a proxy; and all of it if the hosts are the
 * same in another tunnel. If the two have no host in common, what it taught about its client is only part of
 * the evidence. */
void peers_found_nearer(struct peers *p, const struct met_farther *farther);

/* What it remembers about handshakes. */
struct met *peers_met(struct peers *p);

/* All peers of a side, in the order of their first handshake: NULL starts, NULL ends. */
const struct peer *peers_next(const struct peers *p, enum side side, const struct peer *after);

/* Has the processor fetch the one after this. */
void peers_expect_next(const struct peers *p, const struct peer *peer);

/* An interval ends: each peer that changed in it is to be judged by what it has shown so far. That may happen
 * later, as there can be many; one that is about to change again is judged first. The verdicts on the others
 * would be the same as last time. */
void peers_interval_ends(struct peers *p);

/* The next peer that is to be judged; NULL: there is none. */
const struct peer *peers_due(const struct peers *p);

/* It is no longer due. */
void peers_was_judged(struct peers *p, const struct peer *peer);

/* All have to be judged when the interval ends, since other rules are in use. */
void peers_all_change(struct peers *p);

/* What was reported about the peer by this profile and still holds, by verdict. The application writes it; it
 * takes memory only while something holds. */
void peers_told(const struct peers *p, const struct peer *peer, unsigned profile,
                struct told_finding told[PEER_RULES]);
void peers_note_told(struct peers *p, const struct peer *peer, unsigned profile,
                     const struct told_finding told[PEER_RULES]);

/* Conclusions from the evidence so far. */
struct peer_evidence {
    struct suite_set lacking; /* what the server's refusals prove that it lacks */
    struct suite_set usable;  /* of those, the suites for which the server is known to have a key */
    struct suite_set alone;   /* of those, the suites that it refused in a hello that offered nothing else */
    struct suite_set may_select; /* what it selected, or was offered and is not known to lack */
    /* enum unobserved. UNOBSERVED_INCONSISTENT: it sometimes refuses what it otherwise accepts, so no refusal
     * proves anything; of a handshake, it answered this hello, or one of its shape, in different ways.
     * UNOBSERVED_EVICTED: it may have done so before. UNOBSERVED_NETWORKS, of a handshake only: there may be
     * several hosts. */
    uint32_t doubt;
    struct suite_set
        common; /* of a handshake: offered now, and selected by this server before in answer to a hello of the
                   same shape and under the same version, so they could be used now */
    uint16_t highest_version; /* of a handshake: selected before, in answer to a hello that differed in
                                 nothing but suites and groups; 0: none */
};
void peer_weigh(const struct peer *server, struct peer_evidence *out);
void peer_weigh_handshake(const struct peers *p, const struct peer *server, const struct observation *o,
                          const struct hello_shape *shape, struct peer_evidence *out);

#endif
