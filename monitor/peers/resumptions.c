#include "peers/resumptions.h"

#include <string.h>

struct resumption_counts resumptions_of(const struct observation *o, const struct session_result *r)
{
    bool old_full = o->resumption == RESUMPTION_FULL && o->outcome == OUTCOME_COMPLETE &&
                    observation_version(o) && observation_version(o) < 0x0304;
    bool whole = !o->side[CLIENT].damage && !o->side[SERVER].damage;
    /* A resumption that the server granted is not a refusal, even if its end was not seen. */
    bool cut_short = o->resumption > RESUMPTION_FULL && o->outcome != OUTCOME_COMPLETE;
    return (struct resumption_counts){
        .full = old_full && whole,
        .unresumable = old_full && whole && !r->issued,
        .asked = old_full && whole && o->client_hello.ticket_extension,
        .issued = r->issued,
        .resumed = o->resumption > RESUMPTION_FULL && o->outcome == OUTCOME_COMPLETE &&
                   (r->offered || o->resumption != RESUMPTION_PSK),
        /* A pass depends on it, so what the extensions of the hello say has to be certain. */
        .attempts = r->offered && !(o->client_hello.unknown & UNKNOWN_EXTENSIONS),
        .maybe_resumed = (o->resumption == RESUMPTION_UNKNOWN && o->outcome != OUTCOME_REFUSED &&
                          r->ageless != AGELESS_EXTERNAL) ||
                         cut_short,
        .hidden = o->resumption == RESUMPTION_FULL && o->outcome == OUTCOME_COMPLETE && !old_full};
}

static void note_resumed(struct peer *peer, const struct observation *o, const struct session_result *r)
{
    if (peer->side != SERVER || !r->accepted || r->basis != AGE_EXACT || o->outcome != OUTCOME_COMPLETE ||
        !peer->refused_origin || r->origin > peer->refused_origin ||
        o->side[SERVER].hello_time <= peer->last_refused)
        return;
    peer->refused_origin = 0; /* each refusal counts once */
    if (peer->refused_alone < REFUSES_AT_TIMES)
        peer->refused_alone++;
}

bool resumptions_learn(struct peer *peer, const struct observation *o, const struct session_result *r,
                       const struct refusal *refusal)
{
    note_resumed(peer, o, r);
    peer->may_have_lost |= refusal->unless;
    if (!refusal->counts || refusal->unless)
        return false;
    if (peer->sessions.fresh_refused && r->origin <= peer->last_refused)
        return false;
    peer->sessions.fresh_refused++;
    peer->refused_origin = r->origin;
    peer->last_refused = o->side[SERVER].hello_time;
    return true;
}

enum { COUNTS = sizeof(struct resumption_counts) / sizeof(uint32_t) };

void resumptions_add(struct resumption_counts *counts, const struct resumption_counts *more)
{
    uint32_t n[COUNTS];
    uint32_t plus[COUNTS];
    memcpy(n, counts, sizeof n);
    memcpy(plus, more, sizeof plus);
    for (size_t i = 0; i < COUNTS; i++)
        n[i] += plus[i];
    memcpy(counts, n, sizeof n);
}

void resumptions_take_back(struct resumption_counts *counts, const struct resumption_counts *added)
{
    uint32_t n[COUNTS];
    uint32_t less[COUNTS];
    memcpy(n, counts, sizeof n);
    memcpy(less, added, sizeof less);
    for (size_t i = 0; i < COUNTS; i++) /* the peer may have been forgotten and learned again in between */
        n[i] -= n[i] < less[i] ? n[i] : less[i];
    memcpy(counts, n, sizeof n);
}
