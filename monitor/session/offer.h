/* What a handshake offers to resume, and what is known about it. Only for the session folder. */
#ifndef UTWATCH_SESSION_OFFER_H
#define UTWATCH_SESSION_OFFER_H

#include "session/memory.h"

/* The identifiers under which a session may be known, in the order in which they are tried. */
struct offer {
    enum resumption method;
    size_t count;
    struct identifier identifier[MAX_PSK_IDENTITIES];
    bool more; /* the server took one that is not among them */
};
struct offer offer_of(const struct observation *o);

/* The time of the last hello that was seen; without one, the latest time at which the handshake can have
 * begun. */
nanos time_of_use(const struct observation *o);

/* Fills in what `out` says about the offer and its age. Returns the entry and its place; NULL: nothing is
 * known. */
struct entry *offer_look_up(struct sessions *s, const struct observation *o, const struct offer *offer,
                            struct session_result *out, struct place *place);

/* With a known ticket the client offers an id that the server issued in another session, and now echoes: it
 * is not known which of the two it took. The resumed session is at least as old as the younger one, and the
 * older one was offered too. */
void offer_weigh_id(struct sessions *s, const struct observation *o, const struct entry *by_ticket,
                    struct session_result *out);

/* With an unknown ticket the client offers an id that the server issued: the server may take that, and the
 * client uses it in any case. Its age is reported only as a lower bound. */
void offer_tell_id(struct sessions *s, const struct observation *o, struct session_result *out);

/* Would an origin at this time be later than its use? Then the clock was set, or captures were given out of
 * order. */
bool offer_is_before(nanos origin, const struct observation *o);

/* ageless.c: was a PSK without an age seen without one before? Remembers it. */
enum ageless_psk judge_ageless_psk(struct sessions *s, const struct observation *o);

/* remember.c: may this handshake have issued an identifier that was not learned? */
bool may_have_missed_origin(const struct observation *o);

/* remember.c: was the id issued to this client, or first seen with it, at the time of `e`? True for a long
 * one. */
bool is_of_its_owner(struct sessions *s, const struct observation *o, const struct identifier *id,
                     const struct entry *e);

/* remember.c, missed.c: has the processor fetch where the session id of the server's hello is looked for, and
 * what why_missed() will be asked about. */
void learn_expect(const struct sessions *s, const struct observation *o);
void expect_missed(const struct sessions *s, const struct whence *at);

/* copies.c: the two functions below will be asked about this handshake. */
void copies_expect(const struct sessions *s, const struct observation *o);

/* copies.c: is it certain that no copy of this handshake was seen before? */
bool is_no_copy(struct sessions *s, const struct observation *o);

/* copies.c: was this handshake, or a part of it, seen before? Notes it. */
struct copy {
    nanos met; /* when, by another clock; 0: not known */
    bool
        seen; /* it is no other one, whatever the clock: its random was drawn, or is used twice at one time */
};
struct copy copy_met(struct sessions *s, const struct observation *o);

/* missed.c: why (enum unobserved) handshakes of the same UE and server since then may have done something
 * unknown; 0: they have not. */
uint32_t why_missed(const struct sessions *s, const struct observation *o, nanos since);
void note_missed(struct sessions *s, const struct observation *o);

/* missed.c: why (enum unobserved) the last full handshake of this UE and server that taught nothing of the
 * age of its session did not; 0: all did, or another pair has taken the place. */
uint32_t why_not_learned(const struct sessions *s, const struct observation *o);
void note_not_learned(struct sessions *s, const struct observation *o);

/* missed.c: did one of these handshakes issue something that could not be read? */
bool was_unread_since(struct sessions *s, const struct observation *o, nanos since);

/* remember.c: the identifiers that a handshake issued or used. `known`: the entry of what it resumed, at
 * `place`.
 */
void learn_session(struct sessions *s, const struct observation *o, const struct place *place,
                   struct entry *known, struct session_result *out);

#endif
