/* What a handshake offers to resume, and what is known of it. Of the session folder only. */
#ifndef UTWATCH_SESSION_OFFER_H
#define UTWATCH_SESSION_OFFER_H

#include "session/memory.h"

/* The identifiers under which it may be known, in the order of trying. */
struct offer {
    enum resumption method;
    size_t count;
    struct identifier identifier[MAX_PSK_IDENTITIES];
    bool more; /* the server took one that is not among them */
};
struct offer offer_of(const struct observation *o);

/* The last of the hellos that were seen; without one, when what they began had begun at the latest. */
nanos time_of_use(const struct observation *o);

/* Fills in what `out` says about the offer and its age. Returns the entry and its place, or NULL when nothing
 * is known.
 */
struct entry *offer_look_up(struct sessions *s, const struct observation *o, const struct offer *offer,
                            struct session_result *out, struct place *place);

/* Beside a ticket that is known the client offers an id that the server issued in another session, and
 * echoes: which of the two it took is not known. Resumed was at least the younger one, and offered was the
 * older one too. */
void offer_weigh_id(struct sessions *s, const struct observation *o, const struct entry *by_ticket,
                    struct session_result *out);

/* Beside a ticket that is not known the client offers an id that the server issued: it may be what the server
 * takes, and the client uses it anyway. What is reported of its age is no more than a lower bound. */
void offer_tell_id(struct sessions *s, const struct observation *o, struct session_result *out);

/* True if an origin at this time would be later than its use: the clock was set, or captures were given out
 * of order. */
bool offer_is_before(nanos origin, const struct observation *o);

/* ageless.c: whether a PSK without an age was seen without one before; and remembers it. */
enum ageless_psk judge_ageless_psk(struct sessions *s, const struct observation *o);

/* remember.c: an identifier may have been issued by this handshake, and was not learned. */
bool may_have_missed_origin(const struct observation *o);

/* remember.c: was the id issued to this client, or met first with it, when `e` says? True of a long one. */
bool is_of_its_owner(struct sessions *s, const struct observation *o, const struct identifier *id,
                     const struct entry *e);

/* copies.c: the two functions below will be asked about this handshake. */
void copies_expect(const struct sessions *s, const struct observation *o);

/* copies.c: is it certain that no copy of this handshake was met before? */
bool is_no_copy(struct sessions *s, const struct observation *o);

/* copies.c: when, by another clock, this full handshake or a part of it was met before; 0: that is not known.
 * Notes it. */
nanos copy_met(struct sessions *s, const struct observation *o);

/* missed.c: why (enum unobserved) earlier handshakes of the same UE and server may have brought since then
 * what is not known; 0: they have not. */
uint32_t why_missed(const struct sessions *s, const struct observation *o, nanos since);
void note_missed(struct sessions *s, const struct observation *o);

/* remember.c: the identifiers that a handshake issued or used. `known`: the entry of what it resumed, at
 * `place`.
 */
void learn_session(struct sessions *s, const struct observation *o, const struct place *place,
                   struct entry *known, struct session_result *out);

#endif
