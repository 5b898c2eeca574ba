/*
 * The address of a server or UE may be that of several hosts, each in a VLAN or overlay network of its own:
 * what one of them showed is then not known of the others. Directions are compared apart, since a mirror may
 * tag them in different ways.
 */
#ifndef UTWATCH_PEERS_SPREAD_H
#define UTWATCH_PEERS_SPREAD_H

#include "peers/peer.h"

/* Are this handshake and what is known of the peer of several networks? */
bool spread_includes(const struct peer *p, const struct observation *o);

void spread_learn(struct peer *p, const struct observation *o);

#endif
