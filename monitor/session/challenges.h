/*
 * Sessions in which a server asked for authentication (401) and got no answer: TS 33.141 6.1.3 requires it to
 * ask again when the session is used again. Only sessions under NULL encryption show that, and only some of
 * them are remembered: what is forgotten, or may have been answered unseen, is not reported.
 *
 * A session is identified by its sessions_lineage(), its connections by their flow_id.
 */
#ifndef UTWATCH_SESSION_CHALLENGES_H
#define UTWATCH_SESSION_CHALLENGES_H

#include "base/nanos.h"
#include "decode/segment.h"
#include "tls/observation.h"

struct challenges;

size_t challenges_memory(void);

/* NULL: the memory cannot be reserved. */
struct challenges *challenges_new(void);
void challenges_free(struct challenges *c);

/* False: no session is remembered. */
bool challenges_any(const struct challenges *c);

/* Records that made room for others. */
uint64_t challenges_forgotten(const struct challenges *c);

/* A full handshake began the session. If another one of the same lineage has just begun, the two cannot be
 * distinguished, and nothing is said about either. */
void challenges_begin(struct challenges *c, uint64_t session, enum identified user);

/* Did that handshake tell the server who the client is? Unknown if something in the session may have told it
 * since, or if a session with the same place has begun. */
enum identified challenges_identified(const struct challenges *c, uint64_t session);

/* The server asked on this connection, on which the UE may still answer. */
void challenges_ask(struct challenges *c, uint64_t session, const struct endpoint *server,
                    uint64_t connection);

/* From `since` on the UE can no longer answer on this connection, and has not done so. */
void challenges_leave(struct challenges *c, uint64_t session, uint64_t connection, nanos since);

/* A part of this connection was not captured: the server may have asked there, and the UE may have answered.
 */
void challenges_doubt(struct challenges *c, uint64_t session, uint64_t connection);

/* The UE has answered, or may have, since something shows who it is. */
void challenges_settle(struct challenges *c, uint64_t session);

/* Was the UE asked on another connection, and has it perhaps not answered? */
bool challenges_perhaps(const struct challenges *c, uint64_t session, uint64_t connection);

/* Did this server ask, and get no answer up to a use of the session that began at `time`? */
bool challenges_open(const struct challenges *c, uint64_t session, const struct endpoint *server, nanos time);

#endif
