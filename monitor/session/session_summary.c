/* Statistics about the memory. */
#include "session/memory.h"

#include <stdlib.h>

#define DAY (86400 * NANOS_PER_SECOND)

nanos sessions_last_use(const struct sessions *s)
{
    uint32_t last = 0;
    for (uint64_t i = 0; i < s->table.taken * TABLE_BUCKET; i++)
        if (s->table.entries[i].tag && s->table.entries[i].last_used > last)
            last = s->table.entries[i].last_used;
    return (nanos)last * NANOS_PER_SECOND;
}

void sessions_list(struct sessions *s, nanos now, void (*line)(const struct session_sum *sum, void *context),
                   void *context)
{
    enum { METHODS = RESUMPTION_PSK + 1 };
    struct session_sum *sums = calloc((size_t)TABLE_SERVERS * METHODS, sizeof *sums);
    if (!sums)
        return;
    const uint32_t second = memory_second(now);
    for (uint64_t i = 0; i < s->table.taken * TABLE_BUCKET; i++) {
        const struct entry *e = &s->table.entries[i];
        if (!e->tag || e->method >= METHODS || e->server >= TABLE_SERVERS ||
            (second > e->last_used && second - e->last_used > s->retention))
            continue;
        struct session_sum *sum = &sums[(size_t)e->server * METHODS + e->method];
        const nanos origin = entry_origin(e);
        sum->sessions++;
        sum->resumed += (e->flags & ENTRY_RESUMED) != 0;
        sum->dead += (e->flags & ENTRY_DEAD) != 0;
        sum->old += now - origin > DAY;
        if (!(e->flags & ENTRY_EXACT) || flags_are_unsettled(e->flags))
            continue;
        if (!sum->exact || origin < sum->first_origin)
            sum->first_origin = origin;
        if (!sum->exact || origin > sum->last_origin)
            sum->last_origin = origin;
        sum->exact++;
    }
    for (size_t i = 0; i < (size_t)TABLE_SERVERS * METHODS; i++) {
        if (!sums[i].sessions)
            continue;
        sums[i].server = s->table.servers[i / METHODS];
        sums[i].method = (enum resumption)(i % METHODS);
        line(&sums[i], context);
    }
    free(sums);
}
