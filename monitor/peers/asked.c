#include "peers/asked.h"

#include "base/fold_hash.h"
#include "base/limits.h"

struct span asked_name(const struct observation *o)
{
    const struct span sni = observation_text(o, o->client_hello.sni);
    return sni.n ? sni : observation_text(o, o->authority);
}

/* The letters of ASCII alone are folded (RFC 4343 3). */
static uint64_t hash_of_name(const struct siphash_key *key, struct span name)
{
    uint8_t folded[MAX_HOST_NAME + 1];
    if (name.n && name.p[name.n - 1] == '.')
        name = span_head(name, name.n - 1);
    if (name.n > sizeof folded)
        return siphash_for_table(key, name);
    for (size_t i = 0; i < name.n; i++)
        folded[i] = (uint8_t)(name.p[i] >= 'A' && name.p[i] <= 'Z' ? name.p[i] | 0x20 : name.p[i]);
    return siphash_for_table(key, span_of(folded, name.n));
}

uint64_t asked_for(const struct siphash_key *key, const struct observation *o)
{
    const struct span sni = observation_text(o, o->client_hello.sni);
    const struct span authority = observation_text(o, o->authority);
    const bool unread = o->client_hello.unknown & (UNKNOWN_NAME | UNKNOWN_EXTENSIONS) || o->text_cut;
    if (!(o->seen & SEEN_CLIENT_HELLO) || (!sni.n && unread) || observation_is_doubtful(o, CLIENT))
        return ASKED_UNKNOWN;
    if (!sni.n && !authority.n)
        return ASKED_NOBODY;
    uint64_t hash = hash_of_name(key, sni);
    if (authority.n)
        hash = fold_multiply(hash ^ key->k0, hash_of_name(key, authority) ^ key->k1);
    return hash | 2; /* none of the values above */
}
