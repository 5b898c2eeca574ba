#include "tls/known_hellos.h"

#include "base/fold_hash.h"
#include "base/limits.h"
#include "base/memory.h"
#include "base/numbers.h"
#include "base/uninitialized.h"
#include "base/ways.h"
#include "wire/hello.h"

#include <stdlib.h>

/* What hellos with the same number have in common: scalars, then each list after its length. */
struct hello_codes {
    uint16_t count;
    bool greased; /* something was left out */
    uint16_t code[KNOWN_HELLO_CODES];
};

struct known_hello {
    uint64_t number; /* 0: nothing is known here */
    struct hello_codes codes;
};

struct known_hellos {
    struct siphash_key key;
    uint32_t turn;
    uint32_t hash[KNOWN_HELLOS];            /* of those below, so that only the right one is touched */
    struct known_hello hello[KNOWN_HELLOS]; /* in sets of WAYS; a newer one replaces an older one */
};

size_t known_hellos_memory(void)
{
    return sizeof(struct known_hellos);
}

struct known_hellos *known_hellos_new(struct siphash_key key)
{
    struct known_hellos *hellos = memory_map(1, sizeof *hellos);
    if (hellos)
        hellos->key = key;
    return hellos;
}

void known_hellos_free(struct known_hellos *hellos)
{
    memory_unmap(hellos);
}

static bool has_room(const struct hello_codes *to, size_t count)
{
    return KNOWN_HELLO_CODES - (size_t)to->count > count;
}

/* False: there is no room. */
static bool add(struct hello_codes *to, const uint16_t *list, size_t count)
{
    if (!has_room(to, count))
        return false;
    uint16_t *at = to->code + to->count;
    at[0] = (uint16_t)without_grease(at + 1, list, count);
    to->count = (uint16_t)(to->count + 1 + at[0]);
    to->greased |= at[0] < count;
    return true;
}

static bool add_octets(struct hello_codes *to, const uint8_t *list, size_t count)
{
    if (!has_room(to, count))
        return false;
    to->code[to->count++] = (uint16_t)count;
    for (size_t i = 0; i < count; i++)
        to->code[to->count++] = list[i];
    return true;
}

static bool write_codes(struct hello_codes *to, const struct client_hello_facts *f)
{
    const uint16_t scalars[] = {
        f->version,
        f->max_version,
        (uint16_t)f->unknown_suites,
        f->has_extensions,
        (uint16_t)f->values,
        (uint16_t)(f->values >> 16),
        (uint16_t)(f->values >> 32),
        (uint16_t)(f->values >> 48),
    };
    memcpy(to->code, scalars, sizeof scalars);
    to->count = sizeof scalars / sizeof *scalars;
    to->greased = false;
    return add(to, f->suites, f->suite_count) && add(to, f->extensions, f->extension_count) &&
           add(to, f->versions, f->version_count) && add(to, f->groups, f->group_count) &&
           add(to, f->signature_algorithms, f->signature_algorithm_count) &&
           add_octets(to, f->point_formats, f->point_format_count) &&
           add_octets(to, f->compression, f->compression_count);
}

static bool is_whole(const struct client_hello_facts *f)
{
    return f->format == HELLO_TLS && !f->unknown && !f->suites_cut && !f->extensions_cut && !f->lists_cut &&
           f->ja3_known && !f->ja3_made;
}

void known_hellos_number(struct known_hellos *hellos, struct client_hello_facts *f)
{
    UNINITIALIZED struct hello_codes codes;
    f->number = 0;
    if (!is_whole(f) || !write_codes(&codes, f))
        return;
    f->greased = codes.greased;
    const struct span bytes = span_of(codes.code, codes.count * sizeof *codes.code);
    const uint64_t hash = fold_hash_bytes(&hellos->key, bytes);
    const size_t first = ways_of(hash, KNOWN_HELLOS);
    for (size_t i = first; i < first + WAYS && !f->number; i++) {
        const struct hello_codes *known = &hellos->hello[i].codes;
        if (hellos->hash[i] == hash >> 32 &&
            span_equal(span_of(known->code, known->count * sizeof *known->code), bytes))
            f->number = hellos->hello[i].number;
    }
    if (f->number)
        return;
    const size_t place = first + next_way(&hellos->turn);
    struct known_hello *new = &hellos->hello[place];
    hellos->hash[place] = (uint32_t)(hash >> 32);
    new->number = f->number = number_of_its_own(place, KNOWN_HELLOS);
    new->codes.count = codes.count;
    memcpy(new->codes.code, codes.code, bytes.n);
}
