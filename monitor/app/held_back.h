/*
 * Handshakes with a breach, and breaches in clear text, which are reported two seconds after their end: until
 * then a copy of their bytes may contradict them, which shows that somebody else may have sent what was
 * judged; or the same handshake from another side of a translator, where the UE is nearer (app/sides.h).
 *
 * They occupy no slot of the layers below: all that they are judged by is copied. When all places are taken,
 * the first of the client that has most of them is reported before its time, or the first of all if no client
 * has many, so that few clients take no time away from others; a connection that has many gives way earlier.
 * Handshakes have places of their own, which clear text cannot take. Sessions and peers have learned from
 * handshakes at once (sessions_doubt() and peers_doubt() take that back).
 */
#ifndef UTWATCH_APP_HELD_BACK_H
#define UTWATCH_APP_HELD_BACK_H

#include "policy/policy.h"

struct held_case;
struct held_handshake;
struct held_in_clear;
struct kept_messages;

struct held_back {
    size_t most;
    struct held_case *place; /* and what these refer to, one of the two: */
    struct held_handshake *of_tls;
    struct held_in_clear *in_clear;
    uint16_t *order;        /* a ring: the places that are taken, from the first on, then the others */
    uint64_t *flow_id;      /* likewise; what is looked for lies together */
    uint16_t *alike;        /* how many have a flow_id of these low bits: of most others none */
    uint16_t *client;       /* in the ring's order: the number of its client (flow/clients.h) */
    uint16_t *of_client;    /* by that number: how many it has */
    uint16_t greediest;     /* the number that has most; it may have fewer by now */
    struct siphash_key key; /* of these numbers */
    struct kept_messages *messages; /* by place; NULL: nobody wants them */
    size_t first, count;
    uint64_t early;        /* reported before their time, for lack of room */
    uint64_t contradicted; /* by a copy that came in time */
};

/* Of both kinds together. */
size_t held_back_memory(void);
/* `messages`: those of the handshakes are kept (tls/kept_messages.h). */
bool held_back_open_handshakes(struct held_back *h, bool messages);
bool held_back_open_in_clear(struct held_back *h);
void held_back_close(struct held_back *h);

/* Does a handshake that has ended so, and is judged at `due`, have time left in which a copy may come? One
 * that is not complete has waited for that where it was read. */
bool held_back_may_change(const struct observation *o, nanos due);

bool held_back_has(const struct held_back *h, uint64_t flow_id);

bool held_back_is_mostly_free(const struct held_back *h);

/* Is the first case to be dropped before one of this flow is put? So it is when no place is left, and then
 * the oldest of the client that has most becomes the first, if it has many. It is, too, when half are taken,
 * many of them by this flow: then the flow's oldest becomes the first, so that one connection takes no places
 * from all others. */
bool held_back_lacks_room(struct held_back *h, uint64_t flow_id);

/* Keeps a copy of a case that ended at `due`, with all that it points to; a handshake knows itself when it
 * ended. */
void held_back_put(struct held_back *h, const struct policy_case *c, nanos due);

/* The first case, whether it is due or not; there is one. If a real end would hardly have had time to disown
 * it, it counts as not confirmed. */
const struct policy_case *held_back_made_due(struct held_back *h, nanos now);

/* The first case, if it is due at `now`, or if the clock was set back since; NULL: none is. It is valid until
 * it is dropped. */
const struct policy_case *held_back_due(const struct held_back *h, nanos now);
/* Whichever of the two has the case that is due first; NULL: neither has one that is due. */
struct held_back *held_back_next(struct held_back *a, struct held_back *b, nanos now);
void held_back_drop(struct held_back *h);

/* Puts the first case behind all others, for one of which it waits. False: that cannot be, since there is no
 * room, or another of its flow comes behind it. */
bool held_back_defer(struct held_back *h);

/* What becomes known at `now` changes nothing in a case that was due before, whether it has been
 * reported yet or not. */

/* The flow's handshake by this key (met_key()) was seen there, too. */
void held_back_found_nearer(struct held_back *h, uint64_t flow_id, uint64_t met,
                            const struct other_side *nearer, nanos now);

/* Other bytes of this side have come. Returns how many handshakes that damages which nothing else had. */
size_t held_back_contradict(struct held_back *h, uint64_t flow_id, enum side side, nanos now);

/* The clock turns out to have been ahead, perhaps when handshakes that are held were captured:
 * sessions_redate(). */
void held_back_redate(struct held_back *h, const struct sessions *s);

/* An end of the flow resets what was sent in its name. */
void held_back_dispute(struct held_back *h, uint64_t flow_id, nanos now);

#endif
