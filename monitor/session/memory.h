/* The memory behind session.h: names within their scope, and the entries they lead to. Not for other callers.
 */
#ifndef UTWATCH_SESSION_MEMORY_H
#define UTWATCH_SESSION_MEMORY_H

#include "session/session.h"
#include "session/table.h"

struct writer; /* of the state file, a thread */

struct sessions {
    struct table table;
    uint32_t retention; /* seconds */
    struct session_config config;
    struct session_counters counters;
    struct writer *writer;
};

/* What a session is found by, before a scope is given to it. */
struct session_name {
    enum resumption method;
    size_t length; /* 0: no name */
    uint8_t bytes[32];
};

struct session_name name_of_id(const uint8_t *id, size_t length);
struct session_name name_of_ticket(enum resumption method, uint64_t name);

/* NULL when the name is not known to the servers that share a cache with this one. */
struct entry *memory_find(struct sessions *s, const struct endpoint *server, const struct session_name *name,
                          nanos now);

/* What is to be remembered of a session. */
struct memo {
    const struct endpoint *server;
    nanos origin, now;
    unsigned flags; /* enum entry_flag */
    uint16_t suite; /* with ENTRY_SUITE */
    bool anew;      /* a full handshake gave the name: whatever it meant before is over */
};
void memory_put(struct sessions *s, const struct session_name *name, const struct memo *memo);

/* Seconds since 1970, as in entry.last_used. */
uint32_t memory_second(nanos time);

static inline nanos entry_origin(const struct entry *e)
{
    return (nanos)e->origin_us * 1000;
}

#endif
