/* The memory behind session.h: identifiers within their scope, and the entries they lead to. Not for other
 * callers.
 */
#ifndef UTWATCH_SESSION_MEMORY_H
#define UTWATCH_SESSION_MEMORY_H

#include "session/session.h"
#include "share/shared.h"
#include "store/table.h"

struct writer; /* of the state file, a thread */

/* What a session is found by, before it is hashed within a scope. */
struct identifier {
    enum resumption method;
    size_t length; /* 0: no identifier */
    uint8_t bytes[36];
    bool brief;      /* of a hash: what was hashed has fewer than UNIQUE_ID bytes */
    bool is_hash;    /* of a ticket or identity: `bytes` under the own key, `common` under the common one */
    uint64_t common; /* 0: none */
};

/* What to remember about a session. */
struct memo {
    nanos origin, now;
    unsigned flags; /* enum entry_flag */
    uint16_t suite; /* with ENTRY_SUITE */
    bool anew;      /* a full handshake issued the identifier: whatever it meant before is over */
    bool renewed;   /* an abbreviated handshake of a known session issued it, a ticket */
    bool certain;   /* and its client asked for that, so that no other session has it, nor is it a copy */
};

/* What a handshake has just issued. */
struct recent_session {
    uint64_t flow_id;
    nanos issued;           /* of the session, when the server's hello of this handshake came */
    nanos origin;           /* of the session: earlier where an abbreviated handshake renewed its ticket */
    struct endpoint server; /* family 0: nothing is here */
    bool in_network;
    struct identifier id, ticket;
    struct memo before_id, before_ticket; /* what they meant until then; origin 0: nothing that is kept */
};

/* Of a full handshake, or a part of one: the server's, or the client's where the server's was not seen. */
struct met_random {
    uint32_t tag;    /* 0: none */
    uint32_t second; /* since 1970, the latest by any clock */
};

struct sessions {
    struct table table;
    uint32_t retention; /* seconds */
    struct session_config config;
    struct session_counters counters;
    bool missed; /* a handshake that may have begun a session was not seen whole, or sessions came from
                    elsewhere */
    struct recent_session *recent;  /* RECENT_SESSIONS, by flow */
    uint64_t *met;                  /* MET_HANDSHAKES bits: the randoms of full handshakes, by a hash */
    struct met_random *met_randoms; /* MET_RANDOMS, by the random */
    uint32_t began; /* the second since which all was looked at: what is remembered from before it comes from
                       an earlier run, and nobody looked in between. 1: nothing does; 0: not begun */
    struct missed_at {
        uint32_t lost;         /* the second of the last handshake of which bytes are missing */
        uint32_t unreceived;   /* and of the last of which one end may not have got the other's words */
    } missed_at[MISSED_PAIRS]; /* pairs that share a place share their doubts */
    struct writer *writer;
    struct shared *shared; /* NULL: nothing is shared */
    struct siphash_key common_key;
    unsigned common_version; /* 0: there is none yet */
};

struct identifier identifier_of_id(const uint8_t *id, size_t length);
struct identifier identifier_of_ticket(enum resumption method, const struct identifier_hash *ticket);

/* Is it unique by chance? Else it means one session only where caches are shared, and not for ever. */
bool identifier_is_unique(const struct identifier *id);

/* Under which it is remembered that a short id or ticket was issued to this client, in its network, so that
 * no other identifier equals it; length 0: there is none, or a long one. */
struct identifier identifier_of_owner(const struct identifier *id, const struct whence *at);

/* Where an identifier is remembered: its keys are computed once. Points to the server and the identifier. */
struct place {
    const struct endpoint *server; /* that issued the identifier, or at which it is used */
    const struct identifier *identifier;
    bool common;         /* the identifier means one session at several servers */
    uint64_t key;        /* in the table, of all these servers; 0: there is no identifier */
    uint64_t space_key;  /* in the table, from when nobody knew that its address space is the network's; 0: it
                            has no other place */
    uint64_t shared_key; /* for other sensors; 0: it cannot be shared */
};
struct place memory_locate(const struct sessions *s, const struct whence *at,
                           const struct identifier *identifier);

/* NULL when the identifier is not known. */
struct entry *memory_find(struct sessions *s, const struct place *place, nanos now);

/* Is the entry of this server, or of one that shares its cache by what the site says? */
bool memory_is_shared(struct sessions *s, const struct place *place, const struct entry *e);

/* Was an entry evicted that could have shown this identifier to be another session's? Servers that share a
 * cache may issue the identifier of another one's session that is forgotten by now. */
bool memory_distrusts(struct sessions *s, const struct place *place, const struct entry *e);

void memory_put(struct sessions *s, const struct place *place, const struct memo *m);

/* A fatal alert ended the session. */
void memory_end(struct sessions *s, const struct place *place, struct entry *e);

/* It did so in a connection of this client. Another one need not know of it: whoever reads an identifier off
 * the wire can offer it and send an alert, without the session's keys. */
void memory_note_ended(struct sessions *s, const struct whence *at, const struct identifier *id, nanos origin,
                       nanos now);
bool memory_has_ended(struct sessions *s, const struct whence *at, const struct identifier *id,
                      const struct entry *e, nanos now);

/* What another sensor knows replaces what is known here if it is better. */
void memory_adopt(struct sessions *s, const struct place *place, const struct origin *theirs, nanos now);

/* Another sensor saw two servers of the scope issue the identifier: this entry belongs to the server that
 * issued it. */
void memory_split(struct sessions *s, const struct place *place, nanos now);

/* Seconds since 1970, as in entry.last_used. */
uint32_t memory_second(nanos time);

/* An origin of a time before this century, and used within it, is none: the field was never set, or the clock
 * had not been. */
static inline bool origin_is_dated(nanos origin, nanos used)
{
    const nanos century = INT64_C(946684800) * NANOS_PER_SECOND; /* 2000-01-01 */
    return origin > 0 && (origin >= century || used < century);
}

static inline nanos entry_origin(const struct entry *e)
{
    return (nanos)e->origin_us * 1000;
}

#endif
