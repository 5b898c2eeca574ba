/*
 * A keyed hash of a few instructions, for tables in which every packet looks something up and whose hashes
 * nobody outside ever sees. Each step multiplies two words that the key hides and folds the product's halves:
 * nobody who does not know the key can choose bytes that share a bucket. Hashes that identify something, or
 * that leave the process, are SipHash.
 */
#ifndef UTWATCH_BASE_FOLD_HASH_H
#define UTWATCH_BASE_FOLD_HASH_H

#include "base/siphash.h"

__extension__ typedef unsigned __int128 fold_product;

static inline uint64_t fold_multiply(uint64_t a, uint64_t b)
{
    const fold_product product = (fold_product)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* Of 16 bytes and a word. */
static inline uint64_t fold_hash(const struct siphash_key *key, const uint8_t bytes[16], uint64_t word)
{
    uint64_t low;
    uint64_t high;
    memcpy(&low, bytes, sizeof low);
    memcpy(&high, bytes + sizeof low, sizeof high);
    const uint64_t first = fold_multiply(low ^ key->k0, high ^ key->k1);
    return fold_multiply(first ^ word ^ key->k1, key->k0 | 1);
}

/* Of any bytes. */
static inline uint64_t fold_hash_bytes(const struct siphash_key *key, struct span bytes)
{
    uint64_t hash = key->k0 ^ bytes.n;
    uint64_t word[2];
    for (; bytes.n >= sizeof word; bytes = span_skip(bytes, sizeof word)) {
        memcpy(word, bytes.p, sizeof word);
        hash = fold_multiply(word[0] ^ key->k1, word[1] ^ hash);
    }
    memset(word, 0, sizeof word);
    if (bytes.n)
        memcpy(word, bytes.p, bytes.n);
    hash = fold_multiply(word[0] ^ key->k1, word[1] ^ hash);
    return fold_multiply(hash ^ key->k1, key->k0 | 1);
}

#endif
