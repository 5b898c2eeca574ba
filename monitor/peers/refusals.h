/*
 * What the refusals of one server prove (E20).
 *
 * A server may refuse for other reasons than its suites: it starts without its certificate, a member of a
 * pool is broken, it does not serve this client. So it lacks a suite only if it refused it to the same client
 * at two moments, with such a hello of this client accepted in between; or once, with such hellos accepted
 * before and after it within a second, in which no server fails and is mended. A hello is such a one if it
 * differs in nothing but its suites (shape.h), and offered this version or a higher one, of which the server
 * selected no higher one.
 *
 * Where it refuses what it accepts otherwise, that moment proves nothing, and nothing else that it refused
 * then. After a second such moment none of its refusals proves anything.
 */
#ifndef UTWATCH_PEERS_REFUSALS_H
#define UTWATCH_PEERS_REFUSALS_H

#include "peers/peer.h"

/* Was the hello refused for want of a common suite? */
bool refused_for_its_suites(const struct observation *o);

/* It refused these suites, which are what it could have selected of the hello. False: for want of room that,
 * or what it refused of another client or kind of hello, is forgotten. */
bool refusals_learn(struct peer *server, const struct observation *o, const struct hello_shape *shape,
                    const struct suite_set *offer, bool needs_groups);

/* It selected the suite; refused before, that was for another reason. */
void refusals_override(struct peer *server, size_t suite);

/* It accepted this hello. */
void refusals_accepted(struct peer *server, const struct observation *o, const struct hello_shape *shape);

/* What a handshake of this client said is in doubt, and so is what rests on it. */
void refusals_take_back(struct peer *server, const struct endpoint *client);

#endif
