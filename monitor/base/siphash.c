#include "base/siphash.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

static uint64_t rotate(uint64_t x, unsigned bits)
{
    return x << bits | x >> (64 - bits);
}

struct state {
    uint64_t v0, v1, v2, v3;
};

static void round_once(struct state *s)
{
    s->v0 += s->v1;
    s->v1 = rotate(s->v1, 13) ^ s->v0;
    s->v0 = rotate(s->v0, 32);
    s->v2 += s->v3;
    s->v3 = rotate(s->v3, 16) ^ s->v2;
    s->v0 += s->v3;
    s->v3 = rotate(s->v3, 21) ^ s->v0;
    s->v2 += s->v1;
    s->v1 = rotate(s->v1, 17) ^ s->v2;
    s->v2 = rotate(s->v2, 32);
}

static void rounds(struct state *s, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        round_once(s);
}

static void take_word(struct state *s, uint64_t word, unsigned for_word)
{
    s->v3 ^= word;
    rounds(s, for_word);
    s->v0 ^= word;
}

static uint64_t word_at(const uint8_t *bytes)
{
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
    return le64toh(word);
}

static uint64_t last_word(struct span bytes)
{
    uint64_t word = 0;
    for (size_t i = 0; i < bytes.n; i++)
        word |= (uint64_t)bytes.p[i] << (8 * i);
    return word;
}

static inline uint64_t hash(const struct siphash_key *key, struct span data, unsigned for_word,
                            unsigned for_end)
{
    struct state s = {
        .v0 = key->k0 ^ UINT64_C(0x736f6d6570736575),
        .v1 = key->k1 ^ UINT64_C(0x646f72616e646f6d),
        .v2 = key->k0 ^ UINT64_C(0x6c7967656e657261),
        .v3 = key->k1 ^ UINT64_C(0x7465646279746573),
    };
    const uint64_t length = (uint64_t)data.n << 56;
    for (; data.n >= 8; data = span_of(data.p + 8, data.n - 8))
        take_word(&s, word_at(data.p), for_word);
    take_word(&s, length | last_word(data), for_word);
    s.v2 ^= 0xff;
    rounds(&s, for_end);
    return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

uint64_t siphash(const struct siphash_key *key, struct span data)
{
    return hash(key, data, 2, 4);
}

uint64_t siphash_for_table(const struct siphash_key *key, struct span data)
{
    return hash(key, data, 1, 3);
}

struct siphash_key siphash_random_key(void)
{
    struct siphash_key key;
    if (getrandom(&key, sizeof key, 0) != (ssize_t)sizeof key)
        abort();
    return key;
}
