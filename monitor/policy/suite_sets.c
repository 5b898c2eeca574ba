/* Sets of suites: by name, by other sets, by what the registry says about them. Made once, at load. */
#include "policy/compiled.h"

#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const struct word flag_words[] = {
    {SUITE_EXPORT, "export"},
    {SUITE_ANONYMOUS, "anonymous"},
    {SUITE_NULL_ENCRYPTION, "null-encryption"},
    {SUITE_NO_MAC, "no-mac"},
    {SUITE_AEAD, "aead"},
    {SUITE_FORWARD_SECRET, "forward-secret"},
    {SUITE_TLS13, "tls13"},
    {SUITE_AES, "aes"},
    {SUITE_RFC3268, "rfc3268"},
    {0, NULL},
};

static int new_set(struct compiler *c, const struct node *n)
{
    if (c->profile->set_count == SETS_OF_PROFILE) {
        complain_at(c, n, "too many sets of suites (at most %d)", SETS_OF_PROFILE);
        return -1;
    }
    c->profile->sets[c->profile->set_count] = (struct suite_set){0};
    c->profile->set_by_property[c->profile->set_count] = false;
    return (int)c->profile->set_count++;
}

static int named_set(struct compiler *c, const struct node *n, const char *name)
{
    struct suggestion near = suggestion_for(name);
    for (size_t i = 0; i < c->profile->named_count; i++) {
        struct named_set *set = &c->profile->named[i];
        suggestion_try(&near, set->name);
        if (strcmp(set->name, name) != 0)
            continue;
        if (set->compiled)
            return set->index;
        if (set->mistaken) /* the mistake is reported where the set is defined */
            return -1;
        if (set->compiling) {
            complain_at(c, n, "set '%s' contains itself", name);
            return -1;
        }
        set->compiling = true;
        struct compiler there = {.profile = c->profile, .mistakes = c->mistakes, .file = set->file};
        int index = compile_suite_set(&there, set->node);
        set->compiling = false;
        set->mistaken = index < 0;
        if (index < 0)
            return -1;
        set->index = (uint16_t)index;
        set->compiled = true;
        return index;
    }
    char buffer[128];
    complain_at(c, n, "no set '$%s'%s", name, suggestion_text(&near, buffer, sizeof buffer));
    return -1;
}

/* Names in ciphers(1) of OpenSSL 1.0.2 for suites that later libraries no longer have. */
static const struct {
    const char *name;
    uint16_t code;
} names_of_old[] = {
    {"EXP-RC4-MD5", 0x0003},
    {"RC4-MD5", 0x0004},
    {"RC4-SHA", 0x0005},
    {"EXP-RC2-CBC-MD5", 0x0006},
    {"IDEA-CBC-SHA", 0x0007},
    {"EXP-DES-CBC-SHA", 0x0008},
    {"DES-CBC-SHA", 0x0009},
    {"DES-CBC3-SHA", 0x000a},
    {"EXP-DH-DSS-DES-CBC-SHA", 0x000b},
    {"DH-DSS-DES-CBC-SHA", 0x000c},
    {"DH-DSS-DES-CBC3-SHA", 0x000d},
    {"EXP-DH-RSA-DES-CBC-SHA", 0x000e},
    {"DH-RSA-DES-CBC-SHA", 0x000f},
    {"DH-RSA-DES-CBC3-SHA", 0x0010},
    {"EXP-EDH-DSS-DES-CBC-SHA", 0x0011},
    {"EDH-DSS-DES-CBC-SHA", 0x0012},
    {"EDH-DSS-DES-CBC3-SHA", 0x0013},
    {"EXP-EDH-RSA-DES-CBC-SHA", 0x0014},
    {"EDH-RSA-DES-CBC-SHA", 0x0015},
    {"EDH-RSA-DES-CBC3-SHA", 0x0016},
    {"EXP-ADH-RC4-MD5", 0x0017},
    {"ADH-RC4-MD5", 0x0018},
    {"EXP-ADH-DES-CBC-SHA", 0x0019},
    {"ADH-DES-CBC-SHA", 0x001a},
    {"ADH-DES-CBC3-SHA", 0x001b},
    {"PSK-RC4-SHA", 0x008a},
    {"PSK-3DES-EDE-CBC-SHA", 0x008b},
    {"ECDH-ECDSA-RC4-SHA", 0xc002},
    {"ECDHE-ECDSA-RC4-SHA", 0xc007},
    {"ECDHE-ECDSA-DES-CBC3-SHA", 0xc008},
    {"ECDH-RSA-RC4-SHA", 0xc00c},
    {"ECDHE-RSA-RC4-SHA", 0xc011},
    {"ECDHE-RSA-DES-CBC3-SHA", 0xc012},
    {"AECDH-RC4-SHA", 0xc016},
    {"AECDH-DES-CBC3-SHA", 0xc017},
};

/* What OpenSSL calls ECDHE-RSA-AES128-SHA has its IANA name here. */
static const char *suite_of_openssl(const char *name)
{
    for (size_t i = 0; i < sizeof names_of_old / sizeof *names_of_old; i++)
        if (strcasecmp(names_of_old[i].name, name) == 0)
            return suite_find(names_of_old[i].code)->name;
    for (size_t i = 0; i < suite_count; i++)
        if (strcasecmp(OPENSSL_cipher_name(suite_table[i].name), name) == 0)
            return suite_table[i].name;
    return NULL;
}

/* "3DES" is not a suite, but the cipher of several: says how a rule selects those. False: no suite has it. */
static bool property_meant(const char *text, char *buffer, size_t size)
{
    static const struct {
        const char *key;
        const struct word *words;
    } properties[] = {{"flag", flag_words}, {"key-exchange", suite_kx_words}};
    for (size_t i = 0; i < sizeof properties / sizeof *properties; i++)
        for (const struct word *w = properties[i].words; w->word; w++)
            if (strcasecmp(w->word, text) == 0)
                return snprintf(buffer, size, " (did you mean [{ %s: %s }]?)", properties[i].key, w->word) >
                       0;
    enum { FEW = 4, LEAST = 3 };
    const char *ciphers[FEW];
    size_t count = 0;
    for (size_t i = 0; strlen(text) >= LEAST && i < suite_count && count < FEW; i++) {
        bool again = !strcasestr(suite_table[i].cipher, text);
        for (size_t k = 0; k < count; k++)
            again |= strcmp(ciphers[k], suite_table[i].cipher) == 0;
        if (!again)
            ciphers[count++] = suite_table[i].cipher;
    }
    struct text t = text_over(buffer, size);
    text_put(&t, " (did you mean [{ cipher: [");
    for (size_t i = 0; i < count; i++)
        text_printf(&t, "%s%s", i ? ", " : "", ciphers[i]);
    text_put(&t, "] }]?)");
    return count && !t.cut;
}

static bool is_named(const struct profile *p, const char *set)
{
    for (size_t i = 0; i < p->named_count; i++)
        if (strcmp(p->named[i].name, set) == 0)
            return true;
    return false;
}

void complain_about_suite(struct compiler *c, const struct node *n)
{
    const char *text = n->kind == NODE_SCALAR ? n->text : "";
    struct suggestion near = suggestion_for(text);
    for (size_t i = 0; i < suite_count; i++)
        suggestion_try(&near, suite_table[i].name);
    const char *meant = *text ? suite_of_openssl(text) : NULL;
    if (meant)
        near.best = meant;
    char buffer[160];
    if (is_named(c->profile, text))
        (void)snprintf(buffer, sizeof buffer, " (did you mean $%.100s?)", text);
    else if (strpbrk(text, "*?"))
        (void)snprintf(buffer, sizeof buffer,
                       ", and suites have no patterns: say what they have in common, as in "
                       "[{ key-exchange: rsa, cipher: [RC4_128] }]");
    else if (meant || !property_meant(text, buffer, sizeof buffer))
        (void)suggestion_text(&near, buffer, sizeof buffer);
    complain_at(c, n, "no suite '%s'%s", text, buffer);
}

static bool add_suite(struct compiler *c, const struct node *n, struct suite_set *set)
{
    const struct suite *suite = suite_by_name(n->text);
    if (suite) {
        suite_set_add(set, suite_index(suite));
        return true;
    }
    complain_about_suite(c, n);
    return false;
}

static bool word_matches(struct compiler *c, const struct node *n, const char *have,
                         bool (*known)(const char *), bool *match)
{
    if (n->kind == NODE_SCALAR) {
        if (!known(n->text)) {
            complain_at(c, n, "no suite has the property '%s' (--list-suites shows them)", n->text);
            return false;
        }
        *match |= strcmp(n->text, have) == 0;
        return true;
    }
    if (n->kind == NODE_MAPPING) {
        complain_at(c, n, "expected a word or a list of words");
        return false;
    }
    bool ok = true;
    for (const struct node *e = n->first; e; e = e->next)
        ok &= e->kind == NODE_SCALAR && word_matches(c, e, have, known, match);
    return ok;
}

static bool known_kx(const char *word)
{
    int64_t kx;
    return word_number(suite_kx_words, word, &kx);
}

static bool known_cipher(const char *word)
{
    for (size_t i = 0; i < suite_count; i++)
        if (strcmp(suite_table[i].cipher, word) == 0)
            return true;
    return false;
}

static bool known_auth(const char *word)
{
    int64_t auth;
    return word_number(suite_auth_words, word, &auth);
}

static bool known_flag(const char *word)
{
    int64_t flag;
    return word_number(flag_words, word, &flag);
}

/* A suite may have several flags: the member matches if one of the words is among them. */
static bool flags_match(struct compiler *c, const struct node *n, uint16_t flags, bool *match)
{
    bool ok = true;
    bool known = false;
    *match = false;
    for (const struct word *w = flag_words; w->word; w++)
        if (flags & w->number) {
            known = true;
            ok &= word_matches(c, n, w->word, known_flag, match);
            if (!ok)
                return false;
        }
    if (!known)
        ok = word_matches(c, n, "", known_flag, match);
    return ok;
}

static bool bits_match(struct compiler *c, const struct node *n, int64_t bits, bool *match)
{
    static const char *const words[] = {"below", "above", "at-least", "at-most"};
    *match = true;
    if (n->kind != NODE_MAPPING) {
        complain_at(c, n, "expected 'bits: { below: N }' (or above, at-least, at-most)");
        return false;
    }
    for (const struct node *m = n->first; m; m = m->next) {
        int64_t limit = 0;
        const char *text = m->kind == NODE_SCALAR ? m->text : "";
        if (*text == '$') {
            const struct parameter *p = find_parameter(c, text + 1, m);
            if (!p)
                return false;
            text = p->text;
        }
        if (!parse_number(text, &limit)) {
            complain_at(c, m, "expected a number");
            return false;
        }
        if (strcmp(m->key, words[0]) == 0)
            *match &= bits < limit;
        else if (strcmp(m->key, words[1]) == 0)
            *match &= bits > limit;
        else if (strcmp(m->key, words[2]) == 0)
            *match &= bits >= limit;
        else if (strcmp(m->key, words[3]) == 0)
            *match &= bits <= limit;
        else {
            complain_at_key(c, m, "no comparison '%s' (below, above, at-least, at-most)", m->key);
            return false;
        }
    }
    return true;
}

/* One suite against a mapping of properties; false after a mistake. */
static bool properties_match(struct compiler *c, const struct node *n, const struct suite *suite, bool *match)
{
    *match = true;
    for (const struct node *m = n->first; m; m = m->next) {
        bool one = false;
        bool ok;
        if (strcmp(m->key, "flag") == 0) {
            ok = flags_match(c, m, suite->flags, &one);
        } else if (strcmp(m->key, "without-flag") == 0) {
            ok = flags_match(c, m, suite->flags, &one);
            one = !one;
        } else if (strcmp(m->key, "key-exchange") == 0) {
            ok = word_matches(c, m, suite_kx_name((enum suite_kx)suite->kx), known_kx, &one);
        } else if (strcmp(m->key, "authentication") == 0) {
            ok = word_matches(c, m, suite_auth_name((enum suite_auth)suite->auth), known_auth, &one);
        } else if (strcmp(m->key, "cipher") == 0) {
            ok = word_matches(c, m, suite->cipher, known_cipher, &one);
        } else if (strcmp(m->key, "bits") == 0) {
            ok = bits_match(c, m, c->profile->key_bits[suite_index(suite)], &one);
        } else {
            complain_at_key(
                c, m,
                "no property '%s' of suites (flag, without-flag, key-exchange, authentication, cipher, bits)",
                m->key);
            ok = false;
        }
        if (!ok)
            return false;
        *match &= one;
    }
    return true;
}

static bool add_by_properties(struct compiler *c, const struct node *n, struct suite_set *set)
{
    for (size_t i = 0; i < suite_count; i++) {
        bool match;
        if (suite_table[i].flags & SUITE_SIGNALLING)
            continue;
        if (!properties_match(c, n, &suite_table[i], &match))
            return false;
        if (match)
            suite_set_add(set, i);
    }
    return true;
}

static bool add_element(struct compiler *c, const struct node *n, int index)
{
    if (n->kind == NODE_SEQUENCE) {
        complain_at(c, n, "expected a suite, a $set or a mapping of properties");
        return false;
    }
    if (n->kind == NODE_MAPPING) {
        c->profile->set_by_property[index] = true;
        return add_by_properties(c, n, &c->profile->sets[index]);
    }
    if (n->text[0] != '$')
        return add_suite(c, n, &c->profile->sets[index]);
    int other = named_set(c, n, n->text + 1);
    if (other >= 0) {
        suite_set_join(&c->profile->sets[index], &c->profile->sets[other]);
        c->profile->set_by_property[index] |= c->profile->set_by_property[other];
    }
    return other >= 0;
}

int compile_suite_set(struct compiler *c, const struct node *n)
{
    if (n->kind == NODE_SCALAR && n->text[0] == '$')
        return named_set(c, n, n->text + 1);
    int index = new_set(c, n);
    if (index < 0)
        return -1;
    bool ok = true;
    if (n->kind == NODE_SEQUENCE) {
        for (const struct node *e = n->first; e; e = e->next)
            ok &= add_element(c, e, index);
    } else {
        ok = add_element(c, n, index);
    }
    if (ok && suite_set_empty(&c->profile->sets[index])) {
        complain_at(c, n, "an empty set of suites: the condition could never be true");
        ok = false;
    }
    return ok ? index : -1;
}
