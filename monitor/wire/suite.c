#include "wire/suite.h"

#include <assert.h>
#include <stdlib.h>
#include <strings.h>

const struct suite *suite_find(uint16_t code)
{
    size_t low = 0;
    size_t high = suite_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (suite_table[middle].code < code)
            low = middle + 1;
        else
            high = middle;
    }
    return low < suite_count && suite_table[low].code == code ? &suite_table[low] : NULL;
}

size_t suite_index(const struct suite *suite)
{
    return (size_t)(suite - suite_table);
}

const struct suite *suite_by_name(const char *name)
{
    if (strncasecmp(name, "0x", 2) == 0 && strlen(name) == 6) {
        char *end;
        unsigned long code = strtoul(name + 2, &end, 16);
        return *end ? NULL : suite_find((uint16_t)code);
    }
    for (size_t i = 0; i < suite_count; i++)
        if (strcasecmp(suite_table[i].name, name) == 0)
            return &suite_table[i];
    return NULL;
}

const char *suite_kx_name(enum suite_kx kx)
{
    static const char *const names[] = {
        "null",  "rsa",       "rsa_export", "dh",      "dhe",     "dh_anon",    "ecdh",
        "ecdhe", "ecdh_anon", "psk",        "dhe_psk", "rsa_psk", "ecdhe_psk",  "srp",
        "krb5",  "fortezza",  "gost",       "eccpwd",  "tls13",   "signalling",
    };
    assert(kx < sizeof names / sizeof *names);
    return names[kx];
}

const char *suite_auth_name(enum suite_auth auth)
{
    static const char *const names[] = {
        "none", "rsa", "dss", "ecdsa", "psk", "srp", "krb5", "fortezza", "gost", "tls13",
    };
    assert(auth < sizeof names / sizeof *names);
    return names[auth];
}

void suite_set_add(struct suite_set *set, size_t index)
{
    assert(index / 64 < SUITE_SET_WORDS);
    set->word[index / 64] |= UINT64_C(1) << index % 64;
}

bool suite_set_has(const struct suite_set *set, size_t index)
{
    assert(index / 64 < SUITE_SET_WORDS);
    return set->word[index / 64] >> index % 64 & 1;
}

bool suite_set_empty(const struct suite_set *set)
{
    for (size_t i = 0; i < SUITE_SET_WORDS; i++)
        if (set->word[i])
            return false;
    return true;
}

bool suite_set_subset(const struct suite_set *of, const struct suite_set *set)
{
    for (size_t i = 0; i < SUITE_SET_WORDS; i++)
        if (set->word[i] & ~of->word[i])
            return false;
    return true;
}

bool suite_set_meets(const struct suite_set *a, const struct suite_set *b)
{
    for (size_t i = 0; i < SUITE_SET_WORDS; i++)
        if (a->word[i] & b->word[i])
            return true;
    return false;
}
