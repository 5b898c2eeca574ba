/*
 * Servers and UEs are judged again and again: at each peers-interval, when their table is full, and at the
 * end. A finding is reported once, and again only when it has changed; when it no longer holds, it is taken
 * back.
 */
#ifndef UTWATCH_APP_PEER_FINDINGS_H
#define UTWATCH_APP_PEER_FINDINGS_H

#include "peers/peers.h"
#include "policy/policy.h"

/* What one verdict about a peer changes. */
struct peer_news {
    struct told_finding before; /* what was reported and no longer holds in that form; state 0: nothing */
    struct told_finding *told;  /* what holds now; NULL: there is no room to remember it */
    bool tell;                  /* a breach that was not told yet, or not as it is now */
    bool last; /* the peer is not judged again, so that even what is not a breach is reported */
};

/* `told`: what was reported of the peer by this profile and verdict, and is updated; NULL: there are more
 * verdicts than can be remembered, so that a breach is reported in the end only. `time`: of the report. */
struct peer_news peer_news_of(struct told_finding *told, const struct verdict *v, nanos time, bool last);

/* Other rules judge from now on: what was reported by rules that both profiles have, by id and revision, is
 * remembered, and the rest forgotten. Each may be NULL. */
void peers_told_go_on_with(struct peers *peers, unsigned profile, const struct profile *before,
                           const struct profile *after);

#endif
