/* The memory behind session.h: names within their scope, and the entries they lead to. Not for other callers.
 */
#ifndef UTWATCH_SESSION_MEMORY_H
#define UTWATCH_SESSION_MEMORY_H

#include "session/session.h"
#include "share/shared.h"
#include "store/table.h"

struct writer; /* of the state file, a thread */

/* What a session is found by, before a scope is given to it. */
struct session_name {
    enum resumption method;
    size_t length; /* 0: no name */
    uint8_t bytes[32];
    bool is_hash;    /* of a ticket or identity: `bytes` under the own key, `common` under the common one */
    uint64_t common; /* 0: none */
};

/* What a full handshake has just given out. */
struct recent_session {
    uint64_t flow_id;
    nanos origin;
    struct endpoint server; /* family 0: nothing is here */
    struct session_name id, ticket;
};

struct sessions {
    struct table table;
    uint32_t retention; /* seconds */
    struct session_config config;
    struct session_counters counters;
    struct recent_session *recent; /* RECENT_SESSIONS, by flow */
    struct writer *writer;
    struct shared *shared; /* NULL: nobody else's */
    struct siphash_key common_key;
    unsigned common_version; /* 0: there is none yet */
};

struct session_name name_of_id(const uint8_t *id, size_t length);
struct session_name name_of_ticket(enum resumption method, const struct ticket_name *ticket);

/* NULL when the name is not known to the servers that share a cache with this one. */
struct entry *memory_find(struct sessions *s, const struct endpoint *server, const struct session_name *name,
                          nanos now);

/* Has something been forgotten that could have told this entry for another session's? Where servers share
 * names, one can give out what another one's session, forgotten by now, is called. */
bool memory_doubts(struct sessions *s, const struct entry *e, const struct endpoint *server);

/* What is to be remembered of a session. */
struct memo {
    const struct endpoint *server;
    nanos origin, now;
    unsigned flags; /* enum entry_flag */
    uint16_t suite; /* with ENTRY_SUITE */
    bool anew;      /* a full handshake gave the name: whatever it meant before is over */
};
void memory_put(struct sessions *s, const struct session_name *name, const struct memo *memo);

/* A fatal alert ended the session. */
void memory_end(struct sessions *s, const struct endpoint *server, const struct session_name *name,
                struct entry *e);

/* What other sensors know it by; 0 when it cannot be shared. */
uint64_t memory_common_name(const struct sessions *s, const struct endpoint *server,
                            const struct session_name *name);

/* What another sensor knows becomes what is known here, where it is the better of the two. */
void memory_adopt(struct sessions *s, const struct session_name *name, const struct endpoint *server,
                  const struct origin *theirs, nanos now);

/* Two servers of the scope gave out the name, in sight of other sensors: what is known here is of the one
 * that gave it. */
void memory_part(struct sessions *s, const struct session_name *name, const struct endpoint *server,
                 nanos now);

/* Seconds since 1970, as in entry.last_used. */
uint32_t memory_second(nanos time);

static inline nanos entry_origin(const struct entry *e)
{
    return (nanos)e->origin_us * 1000;
}

#endif
