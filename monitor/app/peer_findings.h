/*
 * Servers and UEs are judged again and again: at each peers-interval, when their table is full, and at the
 * end. A finding is told once, and again only when it has changed; when it stands no longer, it is taken
 * back.
 */
#ifndef UTWATCH_APP_PEER_FINDINGS_H
#define UTWATCH_APP_PEER_FINDINGS_H

#include "peers/peers.h"
#include "policy/policy.h"

/* What one verdict about a peer changes. */
struct peer_news {
    struct told_finding before; /* what was told and stands no longer as it is; state 0: nothing */
    struct told_finding *told;  /* what stands now; NULL: there is no room to remember that */
    bool tell;                  /* a breach that was not told yet, or not as it is now */
    bool last;                  /* the peer is not judged again, so that what is no breach is told too */
};

/* `told`: of the peer, the profile and this verdict, and brought up to date; NULL: more verdicts than can be
 * remembered, of which a breach is told at the last only. `time`: of what would be told. */
struct peer_news peer_news_of(struct told_finding *told, const struct verdict *v, nanos time, bool last);

/* Other rules judge from now on: what was told under those that both profiles have, by id and revision, is
 * remembered as of that rule, and the rest forgotten. Each may be NULL. */
void peers_told_go_on_with(struct peers *peers, unsigned profile, const struct profile *before,
                           const struct profile *after);

#endif
