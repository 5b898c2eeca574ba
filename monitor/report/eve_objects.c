/* The objects of an event whose names are those of EVE. */
#include "report/event_objects.h"

#include "tls/ja.h"
#include "wire/hello.h"

void json_slice(struct json *j, const char *key, const struct observation *o, struct text_slice slice)
{
    if (slice.length)
        json_bytes(j, key, observation_text(o, slice));
}

static bool identities_clear(const struct input_names *names)
{
    return names && names->identities.clear;
}

void json_identity(struct json *j, const char *key, struct span identity, const struct input_names *names)
{
    static const struct identities unnamed;
    const struct identities *shown = names ? &names->identities : &unnamed;
    if (!identity.n)
        return;
    if (shown->clear) {
        json_bytes(j, key, identity);
        return;
    }
    char buffer[32];
    struct text hash = text_over(buffer, sizeof buffer);
    text_printf(&hash, "hash:%016llx", (unsigned long long)siphash(&shown->key, identity));
    json_string(j, key, buffer);
}

/* `known`: the text is what the hash was made of, not a part of it. */
static void put_fingerprint(struct json *j, const char *key, const uint8_t md5[16], const char *string,
                            bool known)
{
    char hash[40];
    struct text t = text_over(hash, sizeof hash);
    text_hex(&t, span_of(md5, 16), 0);
    json_open(j, key, '{');
    json_string(j, "hash", hash);
    if (known)
        json_string(j, "string", string);
    json_close(j, '}');
}

static void put_ja3(struct json *j, const struct client_hello_facts *c, enum detail detail)
{
    char buffer[JA3_TEXT];
    struct text t = text_over(buffer, sizeof buffer);
    const bool whole = ja3_text(c, &t) && !t.cut;
    uint8_t md5[16];
    ja3_hash(c, &t, md5);
    put_fingerprint(j, "ja3", md5, buffer, whole && detail == DETAIL_FULL);
}

static void put_fingerprints(struct json *j, const struct observation *o, enum detail detail)
{
    if (o->client_hello.ja3_known && detail < DETAIL_ALERT)
        put_ja3(j, &o->client_hello, detail);
    char buffer[JA4_TEXT];
    struct text t = text_over(buffer, sizeof buffer);
    if (ja4_text(o, &t))
        json_string(j, "ja4", buffer);
}

/* EVE leaves out GREASE, and a list that is empty. */
static void put_codes(struct json *j, const char *key, const uint16_t *code, size_t count)
{
    bool any = false;
    for (size_t i = 0; i < count; i++) {
        if (is_grease(code[i]))
            continue;
        if (!any)
            json_open(j, key, '[');
        any = true;
        json_uint(j, NULL, code[i]);
    }
    if (any)
        json_close(j, ']');
}

static void put_version(struct json *j, uint16_t code)
{
    const char *version = word_of(version_words, code);
    if (version)
        json_string(j, "version", version);
}

/* Suricata makes it of hellos in the form of TLS only. */
static void put_client_handshake(struct json *j, const struct client_hello_facts *c)
{
    if (c->format != HELLO_TLS)
        return;
    json_open(j, "client_handshake", '{');
    if (!(c->unknown & UNKNOWN_VERSIONS))
        put_version(j, c->max_version);
    put_codes(j, "ciphers", c->suites, c->suite_count);
    put_codes(j, "exts", c->extensions, c->extension_count);
    put_codes(j, "sig_algs", c->signature_algorithms, c->signature_algorithm_count);
    json_close(j, '}');
}

static void put_client(struct json *j, const struct observation *o, enum detail detail,
                       const struct rule_facts *rule)
{
    const struct client_hello_facts *c = &o->client_hello;
    json_slice(j, "sni", o, c->sni);
    if (detail == DETAIL_BRIEF || (rule && rule->reads == READS_CERTIFICATE)) /* the hello is no matter */
        return;
    struct member_key key;
    member_key_begin(&key, MEMBERS_OF_FINGERPRINTS);
    member_key_add_number(&key, c->number);
    key.full |= detail != DETAIL_FULL;
    if (!json_known(j, &key)) {
        const size_t start = j->out->n;
        put_fingerprints(j, o, detail);
        if (detail == DETAIL_FULL)
            put_client_handshake(j, c);
        json_keep(j, &key, start);
    }
    if (c->alpn_count && detail == DETAIL_FULL) {
        json_open(j, "client_alpns", '[');
        for (size_t i = 0; i < c->alpn_count; i++)
            json_bytes(j, NULL, observation_text(o, c->alpn[i]));
        json_close(j, ']');
    }
}

static void put_ja3s(struct json *j, const struct server_hello_facts *s)
{
    char buffer[JA3S_TEXT];
    struct text t = text_over(buffer, sizeof buffer);
    const bool whole = ja3s_text(s, &t) && !t.cut;
    uint8_t md5[16];
    ja3s_hash(s, &t, md5);
    put_fingerprint(j, "ja3s", md5, buffer, whole);
}

static void put_server_handshake(struct json *j, const struct observation *o)
{
    const struct server_hello_facts *s = &o->server_hello;
    json_open(j, "server_handshake", '{');
    put_version(j, observation_version(o));
    json_uint(j, "cipher", s->suite);
    put_codes(j, "exts", s->extensions, s->extension_count);
    json_close(j, '}');
}

static void put_server(struct json *j, const struct observation *o, enum detail detail)
{
    const struct server_hello_facts *s = &o->server_hello;
    const uint16_t scalars[] = {s->legacy_version, observation_version(o), s->suite, s->ja3s_known};
    struct member_key key;
    member_key_begin(&key, MEMBERS_OF_SERVER_HELLO);
    member_key_add(&key, scalars, sizeof scalars / sizeof *scalars);
    member_key_add(&key, s->extensions, s->extension_count);
    key.full |= s->ja3s_made || detail != DETAIL_FULL;
    if (!json_known(j, &key)) {
        const size_t start = j->out->n;
        if (s->ja3s_known)
            put_ja3s(j, s);
        if (detail == DETAIL_FULL)
            put_server_handshake(j, o);
        json_keep(j, &key, start);
    }
    if (s->alpn.length) {
        json_open(j, "server_alpns", '[');
        json_bytes(j, NULL, observation_text(o, s->alpn));
        json_close(j, ']');
    }
}

/* EVE prints validity without a zone. Not by text_time(): 9999-12-31 (RFC 5280 4.1.2.5) is beyond what
 * nanoseconds reach. */
static void put_date(struct json *j, const char *key, int64_t seconds)
{
    static const int64_t year_0 = INT64_C(-62167219200);
    static const int64_t year_10000 = INT64_C(253402300800);
    if (seconds < year_0 || seconds >= year_10000)
        return;
    char buffer[32];
    struct text t = text_over(buffer, sizeof buffer);
    text_calendar(&t, seconds);
    json_string(j, key, buffer);
}

static void put_validity(struct json *j, int64_t not_before, int64_t not_after)
{
    put_date(j, "notbefore", not_before);
    put_date(j, "notafter", not_after);
}

static void put_alt_names(struct json *j, const struct observation *o, const struct text_slice *names,
                          size_t count)
{
    if (!count)
        return;
    json_open(j, "subjectaltname", '[');
    for (size_t i = 0; i < count; i++)
        json_bytes(j, NULL, observation_text(o, names[i]));
    json_close(j, ']');
}

static void put_sha1(struct json *j, const uint8_t sha1[20])
{
    enum { SHA1_BYTES = 20 };
    char buffer[64];
    struct text t = text_over(buffer, sizeof buffer);
    text_hex(&t, span_of(sha1, SHA1_BYTES), ':');
    json_string(j, "fingerprint", buffer);
}

static void put_certificate(struct json *j, const struct observation *o, enum detail detail,
                            const struct rule_facts *rule)
{
    const struct certificate_facts *c = &o->certificate;
    if (rule && !(rule->reads & READS_CERTIFICATE)) /* it is not a certificate */
        return;
    if (detail != DETAIL_BRIEF)
        json_slice(j, "subject", o, c->subject);
    if (detail < DETAIL_ALERT) {
        json_slice(j, "issuerdn", o, c->issuer);
        json_slice(j, "serial", o, c->serial);
    }
    put_sha1(j, c->sha1);
    if (c->valid_times && detail < DETAIL_ALERT)
        put_validity(j, c->not_before, c->not_after);
    if (detail == DETAIL_FULL)
        put_alt_names(j, o, c->alt_names, c->alt_name_count);
}

static void put_known_certificate(struct json *j, const struct observation *o)
{
    struct member_key key;
    member_key_begin(&key, MEMBERS_OF_CERTIFICATE);
    member_key_add_number(&key, o->certificate.number);
    if (json_known(j, &key))
        return;
    const size_t start = j->out->n;
    put_certificate(j, o, DETAIL_FULL, NULL);
    json_keep(j, &key, start);
}

/* What tells one user from others is for those who may know who it is. One who signs his own certificate is
 * its issuer, too. */
static void put_own_names(struct json *j, const struct observation *o, const struct input_names *names)
{
    const struct client_certificate_facts *f = &o->client_certificate;
    const struct span subject = observation_text(o, f->subject);
    const struct span issuer = observation_text(o, f->issuer);
    json_identity(j, "subject", subject, names);
    if (span_equal(subject, issuer))
        json_identity(j, "issuerdn", issuer, names);
    else if (issuer.n)
        json_bytes(j, "issuerdn", issuer);
    if (!identities_clear(names))
        return;
    json_slice(j, "serial", o, f->serial);
    put_alt_names(j, o, f->alt_names, f->alt_name_count);
}

/* The client's. */
static void put_own_certificate(struct json *j, const struct observation *o, const struct input_names *names)
{
    const struct client_certificate_facts *f = &o->client_certificate;
    json_open(j, "client", '{');
    if (f->named)
        put_own_names(j, o, names);
    if (identities_clear(names))
        put_sha1(j, f->sha1);
    if (f->valid_times)
        put_validity(j, f->not_before, f->not_after);
    json_close(j, '}');
}

/* By a CONNECT, or an Upgrade that was granted. */
static bool began_in_http(const struct policy_case *c)
{
    return c->observation->authority.length || (c->before && (c->before->connect || c->before->upgraded));
}

void tls_object(struct json *j, const struct policy_case *c, const struct input_names *names,
                enum detail detail, const struct rule_facts *rule)
{
    const struct observation *o = c->observation;
    json_open(j, "tls", '{');
    put_version(j, observation_version(o));
    if (detail < DETAIL_ALERT && began_in_http(c))
        json_string(j, "from_proto", "http");
    if (o->resumption > RESUMPTION_FULL)
        json_bool(j, "session_resumed", true);
    const bool certificate = o->seen & SEEN_CERTIFICATE && !o->certificate.other_form;
    if (certificate && detail == DETAIL_FULL && !rule)
        put_known_certificate(j, o);
    else if (certificate)
        put_certificate(j, o, detail, rule);
    if (o->seen & SEEN_CLIENT_HELLO)
        put_client(j, o, detail, rule);
    if (o->seen & SEEN_SERVER_HELLO && detail < DETAIL_ALERT)
        put_server(j, o, detail);
    if (o->client_certificate.parsed && detail == DETAIL_FULL)
        put_own_certificate(j, o, names);
    json_close(j, '}');
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
