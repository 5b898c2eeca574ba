#include "wire/suite.h"

#include <assert.h>
#include <stdlib.h>
#include <strings.h>

const struct suite *suite_find(uint16_t code)
{
    const uint16_t place = suite_places[suite_rows[code >> 8]][code & 0xff];
    return place ? &suite_table[place - 1] : NULL;
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

const struct word suite_kx_words[] = {
    {KX_NULL, "null"},
    {KX_RSA, "rsa"},
    {KX_RSA_EXPORT, "rsa_export"},
    {KX_DH, "dh"},
    {KX_DHE, "dhe"},
    {KX_DH_ANON, "dh_anon"},
    {KX_ECDH, "ecdh"},
    {KX_ECDHE, "ecdhe"},
    {KX_ECDH_ANON, "ecdh_anon"},
    {KX_PSK, "psk"},
    {KX_DHE_PSK, "dhe_psk"},
    {KX_RSA_PSK, "rsa_psk"},
    {KX_ECDHE_PSK, "ecdhe_psk"},
    {KX_SRP, "srp"},
    {KX_KRB5, "krb5"},
    {KX_FORTEZZA, "fortezza"},
    {KX_GOST, "gost"},
    {KX_ECCPWD, "eccpwd"},
    {KX_TLS13, "tls13"},
    {KX_SIGNALLING, "signalling"},
    {KX_MLKEM, "mlkem"},
    {KX_MLKEM_PSK, "mlkem_psk"},
    {0, NULL},
};

const struct word suite_auth_words[] = {
    {AUTH_NONE, "none"}, {AUTH_RSA, "rsa"},     {AUTH_DSS, "dss"},   {AUTH_ECDSA, "ecdsa"},
    {AUTH_PSK, "psk"},   {AUTH_SRP, "srp"},     {AUTH_KRB5, "krb5"}, {AUTH_FORTEZZA, "fortezza"},
    {AUTH_GOST, "gost"}, {AUTH_TLS13, "tls13"}, {0, NULL},
};

const char *suite_kx_name(enum suite_kx kx)
{
    return word_of(suite_kx_words, kx);
}

const char *suite_auth_name(enum suite_auth auth)
{
    return word_of(suite_auth_words, auth);
}

void suite_set_add(struct suite_set *set, size_t index)
{
    assert(index / 64 < SUITE_SET_WORDS);
    set->word[index / 64] |= UINT64_C(1) << index % 64;
}

void suite_set_remove(struct suite_set *set, size_t index)
{
    assert(index / 64 < SUITE_SET_WORDS);
    set->word[index / 64] &= ~(UINT64_C(1) << index % 64);
}

bool suite_set_has(const struct suite_set *set, size_t index)
{
    assert(index / 64 < SUITE_SET_WORDS);
    return set->word[index / 64] >> index % 64 & 1;
}

void suite_set_join(struct suite_set *set, const struct suite_set *other)
{
    for (size_t i = 0; i < SUITE_SET_WORDS; i++)
        set->word[i] |= other->word[i];
}

void suite_set_common(struct suite_set *set, const struct suite_set *other)
{
    for (size_t i = 0; i < SUITE_SET_WORDS; i++)
        set->word[i] &= other->word[i];
}

void suite_set_without(struct suite_set *set, const struct suite_set *other)
{
    for (size_t i = 0; i < SUITE_SET_WORDS; i++)
        set->word[i] &= ~other->word[i];
}

size_t suite_set_count(const struct suite_set *set)
{
    size_t count = 0;
    for (size_t i = 0; i < SUITE_SET_WORDS; i++)
        if (set->word[i]) /* few are in use */
            count += (size_t)__builtin_popcountll(set->word[i]);
    return count;
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
