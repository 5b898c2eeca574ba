#include "report/http_object.h"

#include "base/siphash.h"

static struct {
    bool clear, keyed;
    struct siphash_key key;
} privacy;

void identities_in_clear(bool clear)
{
    privacy.clear = clear;
}

static void put_identity(struct json *j, const char *key, const struct http_text *t)
{
    if (!t->length)
        return;
    if (privacy.clear) {
        json_bytes(j, key, span_of(t->bytes, t->length));
        return;
    }
    if (!privacy.keyed) {
        privacy.key = siphash_random_key();
        privacy.keyed = true;
    }
    char buffer[32];
    struct text hash = text_over(buffer, sizeof buffer);
    text_printf(&hash, "hash:%016llx",
                (unsigned long long)siphash(&privacy.key, span_of(t->bytes, t->length)));
    json_string(j, key, buffer);
}

void http_object(struct json *j, const struct http_exchange *e)
{
    json_open(j, "http", '{');
    if (e->host.length)
        json_bytes(j, "hostname", span_of(e->host.bytes, e->host.length));
    if (e->request_seen)
        json_string(j, "http_method", word_of(http_method_words, e->method));
    if (e->response_seen)
        json_uint(j, "status", e->status);
    json_close(j, '}');
}

void http_facts(struct json *j, const struct http_exchange *e)
{
    json_open(j, "exchange", '{');
    json_string(j, "over", e->null_encryption ? "null-encryption" : "plain");
    if (e->auid.length)
        json_bytes(j, "auid", span_of(e->auid.bytes, e->auid.length));
    put_identity(j, "user", &e->user);
    put_identity(j, "identity", &e->identity);
    if (e->request_seen)
        json_bool(j, "credentials", e->credentials);
    if (e->response_seen)
        json_bool(j, "challenge", e->challenge);
    if (e->gba_realm)
        json_bool(j, "gba_realm", true);
    json_close(j, '}');
}
