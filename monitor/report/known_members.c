#include "report/known_members.h"

#include "base/fold_hash.h"
#include "base/memory.h"
#include "base/ways.h"

#include <stdlib.h>

struct known_text {
    uint16_t codes;
    uint16_t length;
    uint16_t key[KNOWN_MEMBER_CODES];
    char text[KNOWN_MEMBER_BYTES];
};

struct known_members {
    struct siphash_key key;
    uint32_t turn;
    uint32_t tag[KNOWN_MEMBERS]; /* 0: nothing is known there; apart, so that of a set only what is meant is
                                    touched */
    struct known_text text[KNOWN_MEMBERS]; /* in sets of WAYS; a newer one takes the place of an older */
};

struct known_members *known_members_new(void)
{
    struct known_members *k = memory_map(1, sizeof *k);
    if (k)
        k->key = siphash_random_key();
    return k;
}

void known_members_free(struct known_members *k)
{
    memory_unmap(k);
}

void member_key_begin(struct member_key *key, uint16_t what)
{
    key->codes[0] = what;
    key->count = 1;
    key->full = false;
}

void member_key_add(struct member_key *key, const uint16_t *codes, size_t count)
{
    key->full |= KNOWN_MEMBER_CODES - key->count < 1 + count;
    if (key->full)
        return;
    key->codes[key->count] = (uint16_t)count;
    if (count)
        memcpy(key->codes + key->count + 1, codes, count * sizeof *codes);
    key->count += 1 + count;
}

void member_key_add_number(struct member_key *key, uint64_t number)
{
    uint16_t codes[sizeof number / sizeof(uint16_t)];
    memcpy(codes, &number, sizeof number);
    member_key_add(key, codes, sizeof codes / sizeof *codes);
    key->full |= !number;
}

static uint64_t hash_of(const struct known_members *k, const struct member_key *key)
{
    return fold_hash_bytes(&k->key, span_of(key->codes, key->count * sizeof *key->codes));
}

static uint32_t tag_of(uint64_t hash)
{
    return (uint32_t)(hash >> 32) | 1;
}

struct span known_members_find(const struct known_members *k, const struct member_key *key)
{
    if (key->full)
        return span_of(NULL, 0);
    const uint64_t hash = hash_of(k, key);
    const size_t first = ways_of(hash, KNOWN_MEMBERS);
    for (size_t at = first; at < first + WAYS; at++) {
        const struct known_text *t = &k->text[at];
        if (k->tag[at] == tag_of(hash) && t->codes == key->count &&
            memcmp(t->key, key->codes, key->count * sizeof *key->codes) == 0)
            return span_of(t->text, t->length);
    }
    return span_of(NULL, 0);
}

void known_members_keep(struct known_members *k, const struct member_key *key, struct span members)
{
    if (key->full || !members.n || members.n > KNOWN_MEMBER_BYTES)
        return;
    const uint64_t hash = hash_of(k, key);
    const size_t at = ways_of(hash, KNOWN_MEMBERS) + next_way(&k->turn);
    struct known_text *known = &k->text[at];
    k->tag[at] = tag_of(hash);
    known->codes = (uint16_t)key->count;
    known->length = (uint16_t)members.n;
    memcpy(known->key, key->codes, key->count * sizeof *key->codes);
    memcpy(known->text, members.p, members.n);
}
