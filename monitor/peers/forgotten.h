/*
 * Who was evicted from a table and is forgotten. Who comes again has a history that begins anew: what it
 * never did, or always, or how often, is not known of it. A bit for each, so that some who are new count as
 * known before, and nobody the other way round.
 */
#ifndef UTWATCH_PEERS_FORGOTTEN_H
#define UTWATCH_PEERS_FORGOTTEN_H

#include <stdbool.h>
#include <stdint.h>

enum { FORGOTTEN_WORD = 64, FORGOTTEN_BITS = 1 << 20 };

struct forgotten {
    uint64_t word[FORGOTTEN_BITS / FORGOTTEN_WORD];
};

static inline void forgotten_note(struct forgotten *f, uint64_t hash)
{
    f->word[hash % FORGOTTEN_BITS / FORGOTTEN_WORD] |= UINT64_C(1) << hash % FORGOTTEN_WORD;
}

static inline bool forgotten_has(const struct forgotten *f, uint64_t hash)
{
    return f->word[hash % FORGOTTEN_BITS / FORGOTTEN_WORD] >> hash % FORGOTTEN_WORD & 1;
}

#endif
