#include "tls/ja.h"

#include "wire/hello.h"

#include <nettle/md5.h>
#include <nettle/sha2.h>

static void put_numbers(struct text *out, const uint16_t *number, size_t count)
{
    bool first = true;
    for (size_t i = 0; i < count; i++) {
        if (is_grease(number[i]))
            continue;
        if (!first)
            text_char(out, '-');
        first = false;
        text_uint(out, number[i]);
    }
}

bool ja3_text(const struct client_hello_facts *hello, struct text *out)
{
    if (!hello->ja3_known || hello->suites_cut || hello->extensions_cut || hello->lists_cut)
        return false;
    text_uint(out, hello->version);
    text_char(out, ',');
    put_numbers(out, hello->suites, hello->suite_count);
    text_char(out, ',');
    put_numbers(out, hello->extensions, hello->extension_count);
    text_char(out, ',');
    put_numbers(out, hello->groups, hello->group_count);
    text_char(out, ',');
    for (size_t i = 0; i < hello->point_format_count; i++) {
        if (i)
            text_char(out, '-');
        text_uint(out, hello->point_formats[i]);
    }
    return true;
}

bool ja3s_text(const struct server_hello_facts *hello, struct text *out)
{
    if (!hello->ja3s_known || hello->extensions_cut)
        return false;
    text_uint(out, hello->legacy_version);
    text_char(out, ',');
    text_uint(out, hello->suite);
    text_char(out, ',');
    put_numbers(out, hello->extensions, hello->extension_count);
    return true;
}

static void md5_of(const struct text *text, uint8_t md5[16])
{
    struct md5_ctx ctx;
    md5_init(&ctx);
    md5_update(&ctx, text->n, (const uint8_t *)text->p);
    md5_digest(&ctx, MD5_DIGEST_SIZE, md5);
}

void ja3_hash(const struct client_hello_facts *hello, const struct text *text, uint8_t md5[16])
{
    if (hello->ja3_made)
        memcpy(md5, hello->ja3, sizeof hello->ja3);
    else
        md5_of(text, md5);
}

void ja3s_hash(const struct server_hello_facts *hello, const struct text *text, uint8_t md5[16])
{
    if (hello->ja3s_made)
        memcpy(md5, hello->ja3s, sizeof hello->ja3s);
    else
        md5_of(text, md5);
}

/* Shell sort with Knuth's steps: qsort() of this C library allocates for long lists. */
static void sort(uint16_t *code, size_t count)
{
    size_t step = 1;
    while (step < count / 3)
        step = 3 * step + 1;
    for (; step > 0; step /= 3) {
        for (size_t i = step; i < count; i++) {
            uint16_t moved = code[i];
            size_t at = i;
            for (; at >= step && code[at - step] > moved; at -= step)
                code[at] = code[at - step];
            code[at] = moved;
        }
    }
}

static void hash_codes(struct sha256_ctx *sha256, const uint16_t *code, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const uint8_t octets[2] = {(uint8_t)(code[i] >> 8), (uint8_t)code[i]};
        char buffer[8];
        struct text t = text_over(buffer, sizeof buffer);
        if (i)
            text_char(&t, ',');
        text_hex(&t, span_of(octets, sizeof octets), 0);
        sha256_update(sha256, t.n, (const uint8_t *)t.p);
    }
}

static void put_short_hash(struct text *out, struct sha256_ctx *sha256, bool empty)
{
    uint8_t digest[SHA256_DIGEST_SIZE];
    sha256_digest(sha256, sizeof digest, digest);
    if (empty)
        text_put(out, "000000000000");
    else
        text_hex(out, span_of(digest, 6), 0);
}

/* The highest version in the hello; JA4 does not know the codes of drafts. */
static const char *ja4_version(const struct client_hello_facts *hello)
{
    uint16_t highest = 0;
    for (size_t i = 0; i < hello->version_count; i++)
        if (!is_grease(hello->versions[i]) && hello->versions[i] > highest)
            highest = hello->versions[i];
    switch (highest ? highest : hello->version) {
    case 0x0304:
        return "13";
    case 0x0303:
        return "12";
    case 0x0302:
        return "11";
    case 0x0301:
        return "10";
    case 0x0300:
        return "s3";
    case 0x0002:
        return "s2";
    default:
        return "00";
    }
}

static bool alphanumeric(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* First and last character of the first ALPN name; of its hexadecimal form if one of them is neither a letter
 * nor a digit. */
static void put_alpn(struct text *out, struct span name)
{
    if (name.n == 0) {
        text_put(out, "00");
        return;
    }
    uint8_t first = name.p[0];
    uint8_t last = name.p[name.n - 1];
    if (alphanumeric(first) && alphanumeric(last))
        text_printf(out, "%c%c", first, last);
    else
        text_printf(out, "%x%x", first >> 4, last & 15);
}

static void put_suites_hash(struct text *out, uint16_t *suite, size_t count)
{
    struct sha256_ctx sha256;
    sha256_init(&sha256);
    sort(suite, count);
    hash_codes(&sha256, suite, count);
    put_short_hash(out, &sha256, count == 0);
}

/* SNI and ALPN are counted but not hashed; signature algorithms keep the client's order. */
static void put_extensions_hash(struct text *out, uint16_t *extension, size_t count,
                                const struct client_hello_facts *hello)
{
    size_t hashed = 0;
    for (size_t i = 0; i < count; i++)
        if (extension[i] != EXTENSION_SERVER_NAME && extension[i] != EXTENSION_ALPN)
            extension[hashed++] = extension[i];
    struct sha256_ctx sha256;
    sha256_init(&sha256);
    sort(extension, hashed);
    hash_codes(&sha256, extension, hashed);
    uint16_t algorithm[MAX_SIGNATURE_ALGORITHMS];
    size_t algorithms =
        without_grease(algorithm, hello->signature_algorithms, hello->signature_algorithm_count);
    if (algorithms) {
        sha256_update(&sha256, 1, (const uint8_t *)"_");
        hash_codes(&sha256, algorithm, algorithms);
    }
    put_short_hash(out, &sha256, hashed == 0);
}

bool ja4_text(const struct observation *o, struct text *out)
{
    const struct client_hello_facts *hello = &o->client_hello;
    if (hello->format != HELLO_TLS || hello->unknown & ~(unsigned)UNKNOWN_SESSION_ID || hello->suites_cut ||
        hello->extensions_cut || hello->lists_cut)
        return false;
    const unsigned most = 99; /* two digits */
    uint16_t suite[MAX_SUITES_LISTED];
    uint16_t extension[MAX_EXTENSIONS];
    unsigned suites = (unsigned)without_grease(suite, hello->suites, hello->suite_count);
    unsigned extensions = (unsigned)without_grease(extension, hello->extensions, hello->extension_count);
    bool sni = false;
    for (size_t i = 0; i < extensions; i++)
        sni |= extension[i] == EXTENSION_SERVER_NAME;
    text_printf(out, "t%s%c%02u%02u", ja4_version(hello), sni ? 'd' : 'i', suites < most ? suites : most,
                extensions < most ? extensions : most);
    put_alpn(out, hello->alpn_count ? observation_text(o, hello->alpn[0]) : span_of(NULL, 0));
    text_char(out, '_');
    put_suites_hash(out, suite, suites);
    text_char(out, '_');
    put_extensions_hash(out, extension, extensions, hello);
    return true;
}
