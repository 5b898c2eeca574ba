#include "report/parties.h"

struct party *parties_find(struct parties *p, const struct endpoint *end)
{
    enum { PLACES = 2 * MAX_PARTIES };
    size_t at = siphash_for_table(&p->key, span_of(end, sizeof *end)) % PLACES;
    for (; p->at[at]; at = (at + 1) % PLACES) {
        struct party *known = &p->party[p->at[at] - 1];
        if (endpoint_equal(&known->end, end))
            return known;
    }
    if (p->count == MAX_PARTIES) {
        p->others++;
        return NULL;
    }
    struct party *party = &p->party[p->count++];
    party->end = *end;
    p->at[at] = (uint16_t)p->count;
    return party;
}
