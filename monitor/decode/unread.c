#include "decode/unread.h"

#include <stdlib.h>
#include <string.h>

size_t unread_memory(void)
{
    return UNREAD_PLACES * sizeof(nanos);
}

bool unread_open(struct unread *u)
{
    *u = (struct unread){.key = siphash_random_key(), .latest = malloc(unread_memory())};
    return u->latest;
}

void unread_close(struct unread *u)
{
    free(u->latest);
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

static nanos *place_of(const struct unread *u, uint64_t ends)
{
    return &u->latest[ends >> 32 & (UNREAD_PLACES - 1)];
}

/* The table is touched once there is something to note. */
void unread_note(struct unread *u, uint64_t ends, nanos time)
{
    if (!ends)
        return;
    for (size_t i = 0; i < UNREAD_PLACES && !u->any; i++)
        u->latest[i] = INT64_MIN;
    u->any = true;
    nanos *latest = place_of(u, ends);
    *latest = time > *latest ? time : *latest; /* what is given up may have come long before */
}

bool unread_has(const struct unread *u, uint64_t ends, nanos since, nanos until)
{
    const nanos latest = u->any ? *place_of(u, ends) : INT64_MIN;
    return latest != INT64_MIN && latest >= since && latest <= until;
}
