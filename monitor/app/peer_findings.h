/*
 * Servers and UEs are judged again and again: at each peers-interval, when their table is full, and at the
 * end. A finding is reported once, and again only when it has changed.
 */
#ifndef UTWATCH_APP_PEER_FINDINGS_H
#define UTWATCH_APP_PEER_FINDINGS_H

#include "peers/peers.h"
#include "policy/policy.h"

/*
 * Keeps of the verdicts those that are to be reported now, in their order, and returns how many. `reported`:
 * of the peer and the profile, PEER_RULES of them; it is brought up to date. `last`: the peer is not judged
 * again, so that what was no breach is reported too.
 */
size_t findings_to_report(uint16_t *reported, struct verdict *verdicts, size_t count, bool last);

#endif
