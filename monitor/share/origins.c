#include "share/origins.h"

#include "base/text.h"
#include "share/merge.h"

#include <inttypes.h>

#define KEY       "utwatch:session:"
#define MOST_US   ((uint64_t)INT64_MAX / 1000) /* so that nanoseconds do not overflow */
#define ALL_FLAGS (ORIGIN_EXACT | ORIGIN_DEAD | ORIGIN_SUITE)

static void put_number(char *out, size_t size, uint64_t number)
{
    struct text t = text_over(out, size);
    text_uint(&t, number);
}

static void put_key(struct origin_texts *texts, uint64_t key)
{
    struct text t = text_over(texts->key, sizeof texts->key);
    text_printf(&t, KEY "%016" PRIx64, key);
}

void origin_question(uint64_t key, uint32_t seconds, struct origin_texts *texts, struct redis_command *out)
{
    put_key(texts, key);
    put_number(texts->seconds, sizeof texts->seconds, seconds);
    *out = (struct redis_command){.word = {span_of_text("GETEX"), span_of_text(texts->key),
                                           span_of_text("EX"), span_of_text(texts->seconds)},
                                  .count = 4,
                                  .key = 1};
}

void origin_message(const struct origin *o, uint32_t seconds, struct origin_texts *texts,
                    struct redis_command *out)
{
    put_key(texts, o->key);
    put_number(texts->us, sizeof texts->us, o->us);
    put_number(texts->flags, sizeof texts->flags, o->flags & ALL_FLAGS);
    put_number(texts->suite, sizeof texts->suite, o->suite);
    struct text t = text_over(texts->server, sizeof texts->server);
    text_printf(&t, "%016" PRIx64, o->server);
    texts->kind[0] = o->kind;
    texts->kind[1] = '\0';
    put_number(texts->seconds, sizeof texts->seconds, seconds);
    *out = (struct redis_command){
        .word = {span_of_text("EVAL"), span_of(merge_script, sizeof merge_script - 1), span_of_text("1"),
                 span_of_text(texts->key), span_of_text(texts->us), span_of_text(texts->flags),
                 span_of_text(texts->suite), span_of_text(texts->server), span_of_text(texts->kind),
                 span_of_text(texts->seconds)},
        .count = 10,
        .key = 3};
}

/* Digits up to the next space, which is consumed, or the end. */
static bool next_number(struct span *rest, unsigned base, uint64_t most, uint64_t *out)
{
    size_t n = 0;
    *out = 0;
    for (; n < rest->n && rest->p[n] != ' '; n++) {
        const uint8_t c = rest->p[n];
        const unsigned digit = c >= '0' && c <= '9'   ? c - (unsigned)'0'
                               : c >= 'a' && c <= 'f' ? c - (unsigned)'a' + 10
                                                      : base;
        if (digit >= base || *out > (most - digit) / base)
            return false;
        *out = *out * base + digit;
    }
    *rest = span_skip(*rest, n + 1);
    return n > 0;
}

bool origin_read(struct span value, struct origin *out)
{
    uint64_t us;
    uint64_t flags;
    uint64_t suite;
    uint64_t server;
    if (!next_number(&value, 10, MOST_US, &us) || !next_number(&value, 10, UINT8_MAX, &flags) ||
        !next_number(&value, 10, UINT16_MAX, &suite) || !next_number(&value, 16, UINT64_MAX, &server) ||
        value.n != 1 || flags & ~(uint64_t)ALL_FLAGS)
        return false;
    const char kind = (char)value.p[0];
    if (kind != ORIGIN_FULL && kind != ORIGIN_PART && kind != ORIGIN_SEEN)
        return false;
    out->us = us;
    out->server = server;
    out->suite = (uint16_t)suite;
    out->flags = (uint8_t)flags;
    out->kind = kind;
    return true;
}

bool origin_read_key(struct span value, struct siphash_key *out)
{
    enum { HALF = 16 };
    struct span first = span_head(value, HALF);
    struct span second = span_skip(value, HALF);
    return value.n == (size_t)2 * HALF && next_number(&first, 16, UINT64_MAX, &out->k0) &&
           next_number(&second, 16, UINT64_MAX, &out->k1);
}
