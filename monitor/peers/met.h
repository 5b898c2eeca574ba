/*
 * Recent handshakes, by the random values of both sides, which no two handshakes have in common (RFC 5246
 * 7.4.1.2). One may be captured at two places; or on two sides of a translator, a balancer, a proxy that was
 * asked with CONNECT, or the end of a tunnel, where it has other addresses.
 *
 * Somebody who replays another's hello gets no answer with the same server random. A capture that was
 * rewritten for other addresses has the same randoms at other times: what lies behind has the hello after the
 * UE's own, and before the server's answer has reached the UE; with two clocks, at least this holds.
 */
#ifndef UTWATCH_PEERS_MET_H
#define UTWATCH_PEERS_MET_H

#include "base/limits.h"
#include "base/ways.h"
#include "tls/observation.h"

/* The rules are those of the profile and those that give advice. */
enum { MET = 4096, MET_PROFILES = 2 };

struct met_handshake {
    uint64_t randoms;
    struct endpoint client, server;
    uint64_t flow_id;
    nanos asked, answered; /* when the hellos of both came */
    bool evidence;         /* both ends took part, and everything that matters was seen */
    uint64_t broken[MET_PROFILES][MAX_RULES / 64]; /* a bit for each rule that it breaks, as far as judged */
};

struct met {
    uint64_t randoms[MET]; /* by place, together, as they are looked for; 0: nothing is there */
    struct met_handshake place[MET];
    uint32_t turn;
    uint64_t forgotten; /* recent ones that gave way: a copy of one would count as another handshake */
};

/* Has the processor fetch where the handshake will be looked for. */
void met_expect(const struct met *m, const struct observation *o);

/* Remembers the handshake, if it is not known at these ends. */
void met_note(struct met *m, const struct observation *o);

struct met_places {
    size_t count, at[WAYS];
};

/* Those of the same handshake in other connections. */
struct met_places met_others(const struct met *m, const struct observation *o);

/* The same handshake on another side. */
struct met_nearer {
    const struct met_handshake *at; /* NULL: it is not known */
    bool linked; /* they have a host in common, directly or through others between them; else this may be
                    anybody who repeats what he has seen */
};

/* The side that is nearest to the UE; or, if the same hosts are seen inside a tunnel and outside, the one
 * that is evidence. */
struct met_nearer met_nearer(const struct met *m, const struct observation *o,
                             const struct met_places *others);

/* Those of the others that are farther from the UE than some other. Returns how many. */
struct met_farther {
    const struct met_handshake *at;
    struct met_nearer nearer;
};
size_t met_farther(const struct met *m, const struct observation *o, const struct met_places *others,
                   struct met_farther found[WAYS]);

/* Does it teach nothing about this side? `nearer`: linked, or NULL. It was met recently in another connection
 * of this host; or on a side that is nearer to the UE, so that the client is between the two, or the hosts
 * are the same. */
bool met_is_copy(const struct met *m, const struct observation *o, const struct met_places *others,
                 const struct met_handshake *nearer, enum side side);

/* Should `farther` have taught nothing about this side? */
bool met_is_no_lesson(const struct met_handshake *farther, const struct met_handshake *nearer,
                      enum side side);

/* NULL: it is no longer known at these ends. */
struct met_handshake *met_at(struct met *m, uint64_t randoms, const struct endpoint *client,
                             const struct endpoint *server);

/* Its bytes were contradicted, so no other handshake is a copy of it. */
void met_forget(struct met *m, uint64_t randoms, uint64_t flow_id);

/* Other rules are in use from now on. */
void met_forget_broken(struct met *m);

#endif
