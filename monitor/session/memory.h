/* The memory behind session.h: identifiers within their scope, and their entries. Not for other callers. */
#ifndef UTWATCH_SESSION_MEMORY_H
#define UTWATCH_SESSION_MEMORY_H

#include "session/session.h"
#include "share/shared.h"
#include "store/table.h"

struct writer; /* of the state file, a thread */

/* What identifies a session, before it is hashed within a scope. */
struct identifier {
    enum resumption method;
    size_t length; /* 0: no identifier */
    uint8_t bytes[36];
    bool brief;   /* for a hash: it was made from fewer than UNIQUE_ID bytes */
    bool is_hash; /* for a ticket or identity: `bytes` is under the own key, `common` under the common one */
    uint64_t common; /* 0: none */
};

/* What to remember about a session. */
struct memo {
    nanos origin, now;
    unsigned flags; /* enum entry_flag */
    uint16_t suite; /* with ENTRY_SUITE */
    bool anew;      /* a full handshake issued the identifier: whatever it meant before is over */
    bool renewed;   /* a ticket that an abbreviated handshake of a known session issued */
    bool certain;   /* and its client asked for that; so no other session has it, and it is not a copy */
};

/* What a handshake has just issued. */
struct recent_session {
    uint64_t flow_id;
    nanos issued;           /* when the server's hello of this handshake came */
    nanos origin;           /* of the session: earlier if an abbreviated handshake renewed its ticket */
    struct endpoint server; /* family 0: nothing is here */
    bool in_network;
    struct identifier id, ticket;
    struct memo before_id, before_ticket; /* what they meant until then; origin 0: nothing known */
};

/* The random in a full handshake, or a part of one: the server's, or the client's if the server's was not
 * seen. */
struct met_random {
    uint32_t tag;    /* 0: none */
    uint32_t second; /* since 1970, the latest time by any clock */
    uint32_t both;   /* a tag of both sides' randoms; 0: one was not seen */
};

struct sessions {
    struct table table;
    uint32_t retention; /* seconds */
    struct session_config config;
    struct session_counters counters;
    bool missed; /* a handshake that may have begun a session was not wholly seen, or sessions came from
                    elsewhere */
    struct recent_session *recent;  /* RECENT_SESSIONS, by flow */
    uint64_t *met;                  /* MET_HANDSHAKES bits: the randoms of full handshakes, by a hash */
    struct met_random *met_randoms; /* MET_RANDOMS, by the random */
    uint32_t began; /* the second since which everything was seen: older memories come from an earlier run,
                       and nothing was captured in between. 1: there are none; 0: not begun */
    struct missed_at {
        uint32_t lost;       /* the second of the last handshake with missing bytes */
        uint32_t unreceived; /* and of the last one of which an end may not have received everything */
        uint32_t pair; /* by its hash, the last one of whose full handshakes one taught nothing of its age */
        uint32_t why;  /* enum unobserved */
    } missed_at[MISSED_PAIRS]; /* pairs that share a place share these */
    struct writer *writer;
    struct shared *shared; /* NULL: nothing is shared */
    struct siphash_key common_key;
    unsigned common_version; /* 0: there is none yet */
    struct {
        nanos from, until, by;
    } ahead; /* sessions_clock_was_ahead() */
};

struct identifier identifier_of_id(const uint8_t *id, size_t length);
struct identifier identifier_of_ticket(enum resumption method, const struct identifier_hash *ticket);

/* Is it unique by chance? Else it means one session only where caches are shared, and not forever. */
bool identifier_is_unique(const struct identifier *id);

/* The identifier under which it is remembered that a short id or ticket was issued to this client, in its
 * network; it equals no other identifier. Length 0: there is no id or ticket, or it is long. */
struct identifier identifier_of_owner(const struct identifier *id, const struct whence *at);

/* Where an identifier is remembered, so that its keys are computed once. Points to the server and the
 * identifier. */
struct place {
    const struct endpoint *server; /* the one that issued the identifier, or at which it is used */
    const struct identifier *identifier;
    bool common;         /* the identifier means one session at several servers */
    uint64_t key;        /* in the table, for all these servers; 0: there is no identifier */
    uint64_t space_key;  /* in the table, from before it was known that its address space is the network's; 0:
                            it has no other place */
    uint64_t shared_key; /* for other sensors; 0: it cannot be shared */
};
struct place memory_locate(const struct sessions *s, const struct whence *at,
                           const struct identifier *identifier);

/* NULL: the identifier is not known. */
struct entry *memory_find(struct sessions *s, const struct place *place, nanos now);

/* A handshake that is not believed issued the identifier at `issued`, more than a second from its origin:
 * from then on it may be another session's. The known one is not forgotten if it is of this server: forged
 * bytes are enough for such a handshake. For other sensors it is then as if it had been seen in part. */
void memory_unsettle(struct sessions *s, const struct place *place, nanos issued, nanos now);

/* Does the entry belong to this server, or to one that shares its cache according to the site? */
bool memory_is_shared(struct sessions *s, const struct place *place, const struct entry *e);

/* Was an entry evicted that could have shown that this identifier is another session's? A server that shares
 * a cache may issue the identifier of another server's session that is forgotten by now. */
bool memory_distrusts(struct sessions *s, const struct place *place, const struct entry *e);

void memory_put(struct sessions *s, const struct place *place, const struct memo *m);

/* A fatal alert ended the session. */
void memory_end(struct sessions *s, const struct place *place, struct entry *e);

/*
 * When each side had that alert, by enum side; 0: not known. Both are bound "upon transmission or receipt" of
 * it (RFC 2246 7.2.2), and not before. The client is the one of this connection. Another one need not know
 * about it: anyone who reads an identifier on the wire can offer it and send an alert, without the session's
 * keys.
 */
struct ended {
    nanos had[2];
};

/* Of several alerts the first counts; `again`: of two times of the same one, the later, since either clock
 * may be wrong. */
void memory_note_ended(struct sessions *s, const struct whence *at, const struct identifier *id, nanos origin,
                       nanos now, const struct ended *ended, bool again);
struct ended memory_when_ended(struct sessions *s, const struct whence *at, const struct identifier *id,
                               nanos origin, nanos now);

/* What another sensor knows replaces what is known here if it is better. */
void memory_adopt(struct sessions *s, const struct place *place, const struct origin *theirs, nanos now);

/* Another sensor saw two servers of the scope issue the identifier: this entry belongs to the server that
 * issued it. */
void memory_split(struct sessions *s, const struct place *place, nanos now);

/* Seconds since 1970, as in entry.last_used. */
uint32_t memory_second(nanos time);

/* An origin before this century with a use within it is not valid: the field, or the clock, was not set. */
static inline bool origin_is_dated(nanos origin, nanos used)
{
    const nanos century = INT64_C(946684800) * NANOS_PER_SECOND; /* 2000-01-01 */
    return origin > 0 && (origin >= century || used < century);
}

static inline bool flags_are_unsettled(unsigned flags)
{
    return (flags & ENTRY_UNSETTLED) == ENTRY_UNSETTLED;
}

static inline nanos entry_origin(const struct entry *e)
{
    return (nanos)e->origin_us * 1000;
}

#endif
