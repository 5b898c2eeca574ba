/*
 * What the refusals of one server prove (E20).
 *
 * A server may refuse for other reasons than its suites: it starts without its certificate, a member of a
 * pool is broken, or it does not serve this client. So it lacks a suite only if it refused it to the same
 * client at two moments, with a comparable hello from this client accepted in between; or once, with
 * comparable hellos accepted before and after it within a second, in which no server fails and is repaired. A
 * hello is comparable if it differs in nothing but its suites (shape.h), and offered this version or a higher
 * one, of which the server selected no higher one.
 *
 * If it refuses what it otherwise accepts, that moment proves nothing, nor does anything else that it refused
 * then. After a second such moment none of its refusals proves anything.
 */
#ifndef UTWATCH_PEERS_REFUSALS_H
#define UTWATCH_PEERS_REFUSALS_H

#include "peers/peer.h"

/* Was the hello refused for want of a common suite? */
bool refused_for_its_suites(const struct observation *o);

/* It refused these suites, which are those in the hello that it could have selected. False: for want of room
 * this, or what it refused to another client or in another kind of hello, is forgotten. */
bool refusals_learn(struct peer *server, const struct observation *o, const struct hello_shape *shape,
                    const struct suite_set *offer, bool needs_groups);

/* It selected the suite; if it refused it before, that was for another reason. */
void refusals_override(struct peer *server, size_t suite);

/* It accepted this hello. */
void refusals_accepted(struct peer *server, const struct observation *o, const struct hello_shape *shape);

/* What a handshake of this client said is in doubt, and so is what rests on it. */
void refusals_take_back(struct peer *server, const struct endpoint *client);

#endif
