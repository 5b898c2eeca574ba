#include "peers/spread.h"

bool spread_includes(const struct peer *p, const struct observation *o)
{
    bool elsewhere = p->spread;
    for (enum side who = CLIENT; who <= SERVER; who++)
        elsewhere |=
            p->in_network[who] && o->side[who].captured && p->networks.of[who] != o->whence.networks.of[who];
    return elsewhere;
}

void spread_learn(struct peer *p, const struct observation *o)
{
    p->spread = spread_includes(p, o);
    for (enum side who = CLIENT; who <= SERVER; who++) {
        if (p->in_network[who] || !o->side[who].captured)
            continue;
        p->networks.of[who] = o->whence.networks.of[who];
        p->in_network[who] = true;
    }
}
