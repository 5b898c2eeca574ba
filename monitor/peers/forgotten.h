/*
 * Peers that were evicted from a table and forgotten. The history of one that comes again starts over: it is
 * not known what it never or always did, or how often. There is a bit for each, so some new peers count as
 * known before, but within a day never the other way round: bits of the day before last are dropped when
 * others come, since otherwise a flood of strangers would make everybody count as known for good. With
 * 100,000 evictions a day this affects one new peer in six, with a million six in seven: it leaves verdicts
 * open, decides none, and is counted (peers_counters.came_again).
 */
#ifndef UTWATCH_PEERS_FORGOTTEN_H
#define UTWATCH_PEERS_FORGOTTEN_H

#include "base/expect.h"
#include "base/limits.h"
#include "base/nanos.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { FORGOTTEN_WORD = 64, FORGOTTEN_BITS = 1 << 20 };

struct forgotten {
    nanos since;   /* of the bits of today */
    uint8_t today; /* which of the two these are */
    uint64_t word[2][FORGOTTEN_BITS / FORGOTTEN_WORD];
};

static inline void forgotten_note(struct forgotten *f, uint64_t hash, nanos now)
{
    const nanos day = NANOS_PER_SECOND * 3600 * FORGOTTEN_HOURS;
    if (!f->since)
        f->since = now;
    if (now - f->since >= day) {
        f->today ^= 1U;
        memset(f->word[f->today], 0, sizeof f->word[f->today]);
        f->since = now;
    }
    f->word[f->today][hash % FORGOTTEN_BITS / FORGOTTEN_WORD] |= UINT64_C(1) << hash % FORGOTTEN_WORD;
}

static inline void forgotten_expect(const struct forgotten *f, uint64_t hash)
{
    const uint64_t at = hash % FORGOTTEN_BITS / FORGOTTEN_WORD;
    expect(&f->word[0][at], 1);
    expect(&f->word[1][at], 1);
}

static inline bool forgotten_has(const struct forgotten *f, uint64_t hash)
{
    const uint64_t at = hash % FORGOTTEN_BITS / FORGOTTEN_WORD;
    return (f->word[0][at] | f->word[1][at]) >> hash % FORGOTTEN_WORD & 1;
}

#endif
