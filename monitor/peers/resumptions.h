/* What the handshakes of one peer did with sessions, counted. */
#ifndef UTWATCH_PEERS_RESUMPTIONS_H
#define UTWATCH_PEERS_RESUMPTIONS_H

#include "peers/peer.h"
#include "session/session.h"

/* Of one handshake, the same for its server and its UE; without refusals of fresh sessions. */
struct resumption_counts resumptions_of(const struct observation *o, const struct session_result *r);

/* Learns what became of a session that was offered. True: it is a refusal that counts (held.h).
 *
 * A server that starts again, or changes the key of its tickets, loses all sessions that it has issued: its
 * refusals of those are one event, however many they are and however often they are tried. Only a session
 * that began after the last refusal that counts makes another event.
 *
 * If a session that is at least as old is resumed afterwards, the server had not started again in between: it
 * is one of several that share the address but not their sessions. */
bool resumptions_learn(struct peer *peer, const struct observation *o, const struct session_result *r,
                       const struct refusal *refusal);

void resumptions_add(struct resumption_counts *counts, const struct resumption_counts *more);

/* Subtracts what a handshake added. */
void resumptions_take_back(struct resumption_counts *counts, const struct resumption_counts *added);

#endif
