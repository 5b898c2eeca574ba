/* What the handshakes of one peer did with sessions, counted. */
#ifndef UTWATCH_PEERS_RESUMPTIONS_H
#define UTWATCH_PEERS_RESUMPTIONS_H

#include "peers/peer.h"
#include "session/session.h"

/* Of one handshake, alike for its server and its UE; without refusals of fresh sessions. */
struct resumption_counts resumptions_of(const struct observation *o, const struct session_result *r);

/* Nothing in the hello or its answer forbade the server to resume the session, and it is to be expected that
 * it had it still. Was it refused, and is that counted?
 *
 * A server that starts again, or changes the key of its tickets, loses all sessions that it has issued: what
 * it refuses of those is one event, however many they are and however often they are tried. Another event
 * takes a session that began after the last refusal that counts.
 *
 * Up to TLS 1.0 a session is not to be resumed once a connection of it has ended without close_notify
 * (RFC 2246 7.2.1; no longer in RFC 4346 7.2.1), and whether it has is encrypted. */
bool resumptions_refusal(struct peer *peer, const struct observation *o, const struct session_result *r);

void resumptions_add(struct resumption_counts *counts, const struct resumption_counts *more);

/* Without what a handshake added. */
void resumptions_take_back(struct resumption_counts *counts, const struct resumption_counts *added);

#endif
