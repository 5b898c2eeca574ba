/*
 * The last handshakes, by the client's hello, whose random no two have in common (RFC 5246 7.4.1.2). One may
 * be captured at two places, by two clocks; or on two sides of a translator, a balancer, a proxy that was
 * asked with CONNECT, or the end of a tunnel, where it has other addresses.
 *
 * A handshake is the same only as far as both sides say the same. Somebody who replays another's hello gets
 * no answer with the same server random; if he gets an alert as the other did, or no answer was captured, he
 * has said nothing of his own. A capture that was rewritten for other addresses has the same randoms at other
 * times: what lies behind has the hello after the UE's own, and before the server's answer has reached the
 * UE; with two clocks, at least this holds.
 */
#ifndef UTWATCH_PEERS_MET_H
#define UTWATCH_PEERS_MET_H

#include "base/limits.h"
#include "base/ways.h"
#include "tls/observation.h"

/* The rules are those of the profile and those that give advice. */
enum { MET = 16384, MET_PROFILES = 2 };

enum again {
    AGAIN_NOT,
    AGAIN_HELLO, /* the hello, and perhaps not its answer */
    AGAIN_WHOLE,
};

struct met_handshake {
    uint64_t key;    /* met_key() */
    uint64_t answer; /* by its randoms, or what it was instead of a hello; 0: not known */
    struct endpoint client, server;
    uint64_t flow_id;
    nanos asked, answered; /* when the hellos of both came; without the server's, its end, at most half a
                              second later */
    bool evidence;         /* both ends took part, and everything that matters was seen */
    enum again again;      /* it was also noted here long before */
    uint64_t broken[MET_PROFILES][MAX_RULES / 64]; /* a bit for each rule that it breaks, as far as judged */
};

struct met {
    uint64_t key[MET]; /* by place, together, as they are looked for; 0: nothing is there */
    struct met_handshake place[MET];
    uint64_t forgotten; /* ones of the last two seconds that gave way: a copy of one would count as another
                           handshake. Of the WAYS that have a place in common the oldest goes */
};

/* What copies of a handshake have in common: the client's hello; or if a random was not drawn for it,
 * both randoms, for a short time. 0: neither is known. */
uint64_t met_key(const struct observation *o);

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

/* Was it met before in another connection of this host, the server's only with the same answer? */
bool met_was_here(const struct met *m, const struct observation *o, const struct met_places *others,
                  enum side side);

/* Does it teach nothing about this side? `nearer`: linked, or NULL. It was met here; or on a side that is
 * nearer to the UE, so that the client is between the two, or the hosts are the same. */
bool met_is_copy(const struct met *m, const struct observation *o, const struct met_places *others,
                 const struct met_handshake *nearer, enum side side);

/* Should `farther` have taught nothing about this side? */
bool met_is_no_lesson(const struct met_handshake *farther, const struct met_handshake *nearer,
                      enum side side);

/* NULL: it is no longer known at these ends. */
struct met_handshake *met_at(struct met *m, const struct observation *o, const struct endpoint *client,
                             const struct endpoint *server);

/* Its bytes were contradicted, so no other handshake is a copy of it. */
void met_forget(struct met *m, uint64_t key, uint64_t flow_id);

/* Other rules are in use from now on. */
void met_forget_broken(struct met *m);

#endif
