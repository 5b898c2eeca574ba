#include "peers/shape.h"

#include "wire/hello.h"

static uint64_t hash16(const struct siphash_key *key, const uint16_t *list, size_t count)
{
    return siphash(key, span_of(list, count * sizeof *list));
}

/* The groups are compared apart, and padding depends on nothing but the length (RFC 7685). */
static bool is_of_shape(uint16_t extension)
{
    enum { PADDING = 21 };
    return !is_grease(extension) && extension != PADDING && extension != EXTENSION_SUPPORTED_GROUPS &&
           extension != EXTENSION_POINT_FORMATS && extension != EXTENSION_RENEGOTIATION_INFO;
}

/* A sum, since clients shuffle their extensions. renegotiation_info and its SCSV say the same (RFC 5746 3.3).
 */
static uint64_t extensions_of(const struct siphash_key *key, const struct client_hello_facts *c)
{
    const uint8_t rest[] = {(uint8_t)c->format, c->renegotiation_info, c->compression_null};
    uint64_t sum = siphash(key, span_of(rest, sizeof rest));
    for (size_t i = 0; i < c->extension_count; i++)
        if (is_of_shape(c->extensions[i]))
            sum += hash16(key, &c->extensions[i], 1);
    return sum;
}

struct hello_shape shape_of_hello(const struct siphash_key *key, const struct observation *o)
{
    const struct client_hello_facts *c = &o->client_hello;
    return (struct hello_shape){
        .name = siphash(key, observation_text(o, c->sni)),
        .algorithms = hash16(key, c->signature_algorithms, c->signature_algorithm_count),
        .groups = hash16(key, c->groups, c->group_count),
        .extensions = extensions_of(key, c),
        .known = o->seen & SEEN_CLIENT_HELLO && !c->unknown && !c->extensions_cut && !c->lists_cut,
    };
}

bool shapes_match(const struct hello_shape *a, const struct hello_shape *b, bool with_groups)
{
    return a->known && b->known && a->name == b->name && a->algorithms == b->algorithms &&
           a->extensions == b->extensions && (!with_groups || a->groups == b->groups);
}

static bool lists_finite_fields(const struct client_hello_facts *hello)
{
    for (size_t i = 0; i < hello->group_count; i++)
        if (hello->groups[i] >> 8 == 1) /* RFC 7919: 256 to 511 */
            return true;
    return false;
}

bool offer_needs_groups(const struct suite_set *offer, const struct client_hello_facts *hello)
{
    const bool finite = lists_finite_fields(hello);
    for (size_t i = 0; i < suite_count; i++) {
        if (!suite_set_has(offer, i))
            continue;
        const unsigned kx = suite_table[i].kx;
        if (kx == KX_ECDHE_PSK || (kx >= KX_ECDH && kx <= KX_ECDH_ANON))
            return true;
        if (finite && (kx == KX_DHE || kx == KX_DH_ANON || kx == KX_DHE_PSK))
            return true;
    }
    return false;
}
