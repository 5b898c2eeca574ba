#include "decode/unread.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

size_t unread_memory(void)
{
    return UNREAD_PLACES * sizeof(struct unread_place);
}

bool unread_open(struct unread *u)
{
    *u = (struct unread){.key = siphash_random_key(), .place = memory_map(UNREAD_PLACES, sizeof *u->place)};
    return u->place;
}

void unread_close(struct unread *u)
{
    memory_unmap(u->place);
}

uint64_t unread_ends(const struct unread *u, const struct endpoint *from, const struct endpoint *to,
                     bool ports)
{
    struct endpoint ends[2] = {*from, *to};
    for (size_t i = 0; i < 2; i++) {
        ends[i].udp = false;
        ends[i].port = ports ? ends[i].port : 0;
    }
    return siphash_for_table(&u->key, span_of(ends, sizeof ends)) | 1;
}

static struct unread_place *place_of(const struct unread *u, uint64_t ends)
{
    return &u->place[ends >> 32 & (UNREAD_PLACES - 1)];
}

/* That of these ends, else a free one, else the one with the oldest time. */
static size_t way_of(const struct unread_place *p, uint32_t ends)
{
    size_t best = 0;
    for (size_t i = 0; i < UNREAD_WAYS; i++) {
        if (p->ends[i] == ends)
            return i;
        if (p->ends[best] && (!p->ends[i] || p->latest[i] < p->latest[best]))
            best = i;
    }
    return best;
}

static void give_up(struct unread_place *p, nanos time)
{
    p->given_up = p->any_given_up ? later_of(p->given_up, time) : time;
    p->any_given_up = true;
}

/* The table is touched once there is something to note. */
void unread_note(struct unread *u, uint64_t ends, nanos time)
{
    if (!ends)
        return;
    u->any = true;
    struct unread_place *p = place_of(u, ends);
    const size_t way = way_of(p, (uint32_t)ends);
    if (p->ends[way] == (uint32_t)ends) {
        p->latest[way] = later_of(p->latest[way], time); /* what is given up may have come long before */
        return;
    }
    if (p->ends[way] && time <= p->latest[way]) {
        give_up(p, time);
        return;
    }
    if (p->ends[way])
        give_up(p, p->latest[way]);
    p->ends[way] = (uint32_t)ends;
    p->latest[way] = time;
}

bool unread_has(const struct unread *u, uint64_t ends, nanos since, nanos until)
{
    if (!u->any)
        return false;
    const struct unread_place *p = place_of(u, ends);
    const size_t way = way_of(p, (uint32_t)ends);
    return (p->ends[way] == (uint32_t)ends && p->latest[way] >= since && p->latest[way] <= until) ||
           (p->any_given_up && p->given_up >= since && p->given_up <= until);
}
