#include "peers/asked.h"

#include "base/fold_hash.h"
#include "wire/same_host.h"

struct span asked_name(const struct observation *o)
{
    const struct span sni = observation_text(o, o->client_hello.sni);
    return sni.n ? sni : observation_text(o, o->authority);
}

static uint64_t hash_of_name(const struct siphash_key *key, struct span name)
{
    struct same_host form;
    if (name.n > sizeof form.bytes)
        return siphash_for_table(key, name);
    same_host(&form, name);
    return siphash_for_table(key, same_host_span(&form));
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
    return hash | 2; /* neither of the values above */
}
