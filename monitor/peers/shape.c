#include "peers/shape.h"

#include "base/limits.h"
#include "peers/asked.h"
#include "wire/hello.h"

#include <assert.h>
#include <string.h>

/* Groups are compared separately, and padding depends only on the length (RFC 7685). */
static bool is_of_shape(uint16_t extension)
{
    return !is_grease(extension) && extension != EXTENSION_PADDING &&
           extension != EXTENSION_SUPPORTED_GROUPS && extension != EXTENSION_POINT_FORMATS &&
           extension != EXTENSION_RENEGOTIATION_INFO;
}

/* What a stack always says: names, and extensions that resume a session or answer a HelloRetryRequest, come
 * and go. */
static bool is_of_stack(uint16_t extension)
{
    return is_of_shape(extension) && extension != EXTENSION_SERVER_NAME &&
           extension != EXTENSION_SESSION_TICKET && extension != EXTENSION_PRE_SHARED_KEY &&
           extension != EXTENSION_EARLY_DATA && extension != EXTENSION_COOKIE &&
           extension != EXTENSION_PSK_KEY_EXCHANGE_MODES;
}

/* What is hashed of a hello besides its groups; bytes, so that no padding is hashed. */
struct shape_source {
    uint8_t bytes[sizeof(uint16_t) * (MAX_EXTENSIONS + MAX_SIGNATURE_ALGORITHMS + MAX_VERSIONS + 6) +
                  sizeof(uint64_t)];
    size_t used;
};

static void add(struct shape_source *s, const void *bytes, size_t n)
{
    assert(n <= sizeof s->bytes - s->used);
    memcpy(s->bytes + s->used, bytes, n);
    s->used += n;
}

/* In order of their numbers, since clients shuffle them. */
static void add_extensions(struct shape_source *s, const struct client_hello_facts *c,
                           bool (*belongs)(uint16_t extension))
{
    uint16_t sorted[MAX_EXTENSIONS];
    uint16_t count = 0;
    for (size_t i = 0; i < c->extension_count; i++) {
        if (!belongs(c->extensions[i]))
            continue;
        size_t at = count++;
        for (; at > 0 && sorted[at - 1] > c->extensions[i]; at--)
            sorted[at] = sorted[at - 1];
        sorted[at] = c->extensions[i];
    }
    add(s, &count, sizeof count);
    if (count)
        add(s, sorted, count * sizeof *sorted);
}

/* A list without GREASE behind its length. */
static void add_list(struct shape_source *s, const uint16_t *list, size_t count)
{
    uint16_t codes[MAX_SIGNATURE_ALGORITHMS];
    static_assert(MAX_VERSIONS <= MAX_SIGNATURE_ALGORITHMS, "either list has room");
    const uint16_t n = (uint16_t)without_grease(codes, list, count);
    add(s, &n, sizeof n);
    add(s, codes, n * sizeof *codes);
}

/* Each list follows its length: no two hellos have the same bytes. */
static struct shape_source source_of(const struct client_hello_facts *c, bool (*belongs)(uint16_t extension))
{
    /* renegotiation_info and its SCSV say the same (RFC 5746 3.3). */
    const uint8_t scalars[] = {(uint8_t)c->format, c->renegotiation_info, c->compression_null};
    struct shape_source s;
    s.used = 0;
    add(&s, scalars, sizeof scalars);
    add_extensions(&s, c, belongs);
    add_list(&s, c->signature_algorithms, c->signature_algorithm_count);
    add_list(&s, c->versions, c->version_count);
    return s;
}

static uint64_t all_but_groups(const struct siphash_key *key, const struct client_hello_facts *c)
{
    struct shape_source s = source_of(c, is_of_shape);
    add(&s, &c->values, sizeof c->values);
    return siphash_for_table(key, span_of(s.bytes, s.used));
}

static uint64_t of_stack(const struct siphash_key *key, const struct client_hello_facts *c)
{
    const struct shape_source s = source_of(c, is_of_stack);
    return siphash_for_table(key, span_of(s.bytes, s.used)) | 1; /* 0: none */
}

/* With the point formats, which matter to the same suites (RFC 8422 5.1). */
static uint64_t groups_of(const struct siphash_key *key, const struct client_hello_facts *c)
{
    uint8_t bytes[sizeof(uint16_t) * MAX_GROUPS + sizeof c->point_formats + 1];
    uint16_t groups[MAX_GROUPS];
    const size_t n = without_grease(groups, c->groups, c->group_count) * sizeof *groups;
    bytes[0] = c->point_format_count;
    memcpy(bytes + 1, c->point_formats, sizeof c->point_formats);
    memcpy(bytes + 1 + sizeof c->point_formats, groups, n);
    return siphash_for_table(key, span_of(bytes, 1 + sizeof c->point_formats + n));
}

/* The shape of a hello without its server name. */
static struct hello_shape shape_of_stack(struct known_shapes *known, const struct client_hello_facts *c)
{
    struct known_shape *place = &known->shape[c->number % KNOWN_HELLOS];
    if (c->number && place->hello == c->number)
        return place->shape;
    const struct hello_shape shape = {
        .rest = all_but_groups(&known->key, c),
        .groups = groups_of(&known->key, c),
        .stack = of_stack(&known->key, c),
        .known = true,
    };
    if (c->number)
        *place = (struct known_shape){.hello = c->number, .shape = shape};
    return shape;
}

/* Adds the name to the hash of the rest. */
static uint64_t with_name(const struct siphash_key *key, uint64_t rest, struct span name)
{
    uint8_t bytes[sizeof rest + MAX_HOST_NAME];
    const uint64_t long_name = name.n > MAX_HOST_NAME ? siphash_for_table(key, name) : 0;
    if (name.n > MAX_HOST_NAME)
        name = span_of(&long_name, sizeof long_name);
    memcpy(bytes, &rest, sizeof rest);
    if (name.n)
        memcpy(bytes + sizeof rest, name.p, name.n);
    return siphash_for_table(key, span_of(bytes, sizeof rest + name.n));
}

struct hello_shape shape_of_hello(struct known_shapes *shapes, const struct observation *o)
{
    const struct client_hello_facts *c = &o->client_hello;
    const bool known = o->seen & SEEN_CLIENT_HELLO && !c->unknown && !c->extensions_cut && !c->lists_cut;
    const uint64_t asked = asked_for(&shapes->key, o);
    if (!known)
        return (struct hello_shape){.asked = asked};
    struct hello_shape shape = shape_of_stack(shapes, c);
    shape.asked = asked;
    shape.rest = with_name(&shapes->key, shape.rest, observation_text(o, c->sni));
    return shape;
}

bool shapes_match(const struct hello_shape *a, const struct hello_shape *b, bool with_groups)
{
    return a->known && b->known && a->rest == b->rest && (!with_groups || a->groups == b->groups);
}

static bool lists_finite_fields(const struct client_hello_facts *hello)
{
    for (size_t i = 0; i < hello->group_count; i++)
        if (hello->groups[i] >> 8 == 1) /* RFC 7919: 256 to 511 */
            return true;
    return false;
}

struct group_suites suites_with_groups(void)
{
    struct group_suites with = {0};
    for (size_t i = 0; i < suite_count; i++) {
        const unsigned kx = suite_table[i].kx;
        if (kx == KX_ECDHE_PSK || (kx >= KX_ECDH && kx <= KX_ECDH_ANON))
            suite_set_add(&with.curves, i);
        if (kx == KX_DHE || kx == KX_DH_ANON || kx == KX_DHE_PSK)
            suite_set_add(&with.finite_fields, i);
    }
    return with;
}

/* RFC 8446 B.4 and RFC 9150; AEAD, and MACs other than MD5 and SHA-1 (RFC 5246 1.2, RFC 5288 4, RFC 5289
 * 4). */
struct version_suites suites_by_version(void)
{
    enum { SHA256_SHA256 = 0xC0B4, SHA384_SHA384 = 0xC0B5 };
    struct version_suites by = {0};
    for (size_t i = 0; i < suite_count; i++) {
        const struct suite *s = &suite_table[i];
        const bool older = !strcmp(s->hash, "NULL") || !strcmp(s->hash, "MD5") || !strcmp(s->hash, "SHA");
        if (s->code >> 8 == 0x13 || s->code == SHA256_SHA256 || s->code == SHA384_SHA384)
            suite_set_add(&by.tls13, i);
        else if (!older)
            suite_set_add(&by.tls12, i);
    }
    return by;
}

struct suite_set suites_up_to(const struct version_suites *by, const struct suite_set *offer,
                              uint16_t version)
{
    struct suite_set usable = *offer;
    for (size_t i = 0; i < sizeof usable.word / sizeof *usable.word; i++) {
        usable.word[i] &= version < 0x0304 ? ~by->tls13.word[i] : UINT64_MAX;
        usable.word[i] &= version < 0x0303 ? ~by->tls12.word[i] : UINT64_MAX;
    }
    return usable;
}

bool offer_needs_groups(const struct group_suites *with, const struct suite_set *offer,
                        const struct client_hello_facts *hello)
{
    return suite_set_meets(offer, &with->curves) ||
           (suite_set_meets(offer, &with->finite_fields) && lists_finite_fields(hello));
}
