/*
 * The address of a server or UE may belong to several hosts, each in a VLAN or overlay network of its own:
 * then what one of them showed is not known of the others. Directions are compared separately, since a mirror
 * may tag them differently.
 */
#ifndef UTWATCH_PEERS_SPREAD_H
#define UTWATCH_PEERS_SPREAD_H

#include "peers/peer.h"

/* Do this handshake and what is known of the peer come from several networks? */
bool spread_includes(const struct peer *p, const struct observation *o);

void spread_learn(struct peer *p, const struct observation *o);

#endif
