/* SipHash-2-4 (Aumasson, Bernstein 2012): a keyed hash for tables whose keys an attacker chooses. */
#ifndef UTWATCH_BASE_SIPHASH_H
#define UTWATCH_BASE_SIPHASH_H

#include "base/span.h"

struct siphash_key {
    uint64_t k0;
    uint64_t k1;
};

uint64_t siphash(const struct siphash_key *key, struct span data);

/* SipHash-1-3, which takes half as long: for tables in memory whose hashes nobody outside ever sees. */
uint64_t siphash_for_table(const struct siphash_key *key, struct span data);

/* A key from the kernel's random source; aborts when the kernel has none to give. */
struct siphash_key siphash_random_key(void);

#endif
