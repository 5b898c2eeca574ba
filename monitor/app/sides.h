/*
 * One handshake on both sides of a translator, balancer, proxy or tunnel. Each connection has its event,
 * which names the other; but a breach in one handshake is one breach, and the UE's: so it is reported on the
 * side that is nearer to the UE (peers/met.h), and is not observable on the other. A breach that only the
 * other side shows is reported there: a session may be old by what was seen at the server, and of unknown age
 * at the proxy. A side that ends first waits for the other, which the server's hello has shown by then
 * (tls_has_other_side()), and the side on which a breach is not reported waits until it has been reported on
 * the other.
 *
 * If the two sides have no host in common, the nearer one may belong to somebody who repeats what he sees.
 * Then both are reported; findings about the UE of the other side, which may be a translator, are partial.
 */
#ifndef UTWATCH_APP_SIDES_H
#define UTWATCH_APP_SIDES_H

#include "app/judge.h"

/* A handshake comes to be judged: finds its other sides, of which one may be held back. True: there is one.
 */
bool sides_meet(struct judge *j, struct policy_case *c, nanos due);

/* Does the side on which its breaches are reported still wait, so that they may be contradicted there? */
bool sides_are_open(struct judge *j, const struct policy_case *c);

/* Remembers which rules it breaks, for its other sides. `profile`: OF_PROFILE or OF_ADVICE. */
void sides_note(struct judge *j, const struct policy_case *c, unsigned profile, const struct verdict *judged,
                size_t count);

/* The verdicts without those that are reported on another side. `own` is room for verdicts to be changed. */
const struct verdict *sides_once(struct judge *j, const struct policy_case *c, unsigned profile,
                                 struct verdict *own, const struct verdict *judged, size_t count);

#endif
