#include "app/sides.h"

#include "app/judge_parts.h"

static struct other_side other_side(const struct met_nearer *nearer)
{
    return (struct other_side){nearer->at->client, nearer->at->server, nearer->linked};
}

bool sides_meet(struct judge *j, struct policy_case *c, nanos due)
{
    const struct observation *o = c->observation;
    struct met *met = peers_met(j->peers);
    met_note(met, o);
    const struct met_places others = met_others(met, o);
    if (others.count == 0) /* as nearly always */
        return false;
    const struct met_nearer nearer = met_nearer(met, o, &others);
    if (nearer.at)
        c->nearer = other_side(&nearer);
    struct met_farther farther[WAYS];
    const size_t count = met_farther(met, o, &others, farther);
    for (size_t i = 0; i < count; i++) {
        const struct other_side of = other_side(&farther[i].nearer);
        held_back_found_nearer(&j->held_back, farther[i].at->flow_id, met_key(o), &of, due);
        peers_found_nearer(j->peers, &farther[i]);
    }
    return nearer.at || count;
}

bool sides_are_open(struct judge *j, const struct policy_case *c)
{
    if (!c->nearer.linked)
        return false;
    const struct met_handshake *met =
        met_at(peers_met(j->peers), c->observation, &c->nearer.client, &c->nearer.server);
    return met && met->flow_id != c->observation->whence.flow_id &&
           held_back_has(&j->held_back, met->flow_id);
}

void sides_note(struct judge *j, const struct policy_case *c, unsigned profile, const struct verdict *judged,
                size_t count)
{
    const struct observation *o = c->observation;
    if (c->nearer.linked)
        return;
    struct met_handshake *met = met_at(peers_met(j->peers), o, &o->whence.client, &o->whence.server);
    for (size_t i = 0; met && i < count; i++)
        if (judged[i].value == VERDICT_FAIL)
            met->broken[profile][judged[i].index / 64] |= UINT64_C(1) << judged[i].index % 64;
}

const struct verdict *sides_once(struct judge *j, const struct policy_case *c, unsigned profile,
                                 struct verdict *own, const struct verdict *judged, size_t count)
{
    if (!c->nearer.linked || !judged)
        return judged;
    const struct met_handshake *met =
        met_at(peers_met(j->peers), c->observation, &c->nearer.client, &c->nearer.server);
    if (!met)
        return judged;
    if (own != judged)
        memcpy(own, judged, count * sizeof *own);
    for (size_t i = 0; i < count; i++) {
        struct verdict *v = &own[i];
        if (v->value == VERDICT_FAIL && met->broken[profile][v->index / 64] >> v->index % 64 & 1)
            *v = (struct verdict){.rule = v->rule,
                                  .index = v->index,
                                  .basis = v->basis,
                                  .severity = v->rule->severity,
                                  .value = VERDICT_NOT_OBSERVABLE,
                                  .reasons = UNOBSERVED_OTHER_SIDE};
    }
    return own;
}
