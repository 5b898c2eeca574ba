/* Facts of a handshake by which a site finds its own traffic: protocols, groups and algorithms, names and
 * fingerprints. The text of a value lives until the same field is asked of the next case. */
#include "policy/getters.h"

#include "tls/ja.h"

enum { SECONDS_A_DAY = 86400 };

/* `most`: how much is kept; a list of that length may go on. */
static struct value list_of_hello(const struct observation *o, const uint16_t *list, size_t count,
                                  size_t most)
{
    struct fact v = part_of_client_hello(o, UNKNOWN_EXTENSIONS | UNKNOWN_LISTS, 1);
    if (v.known != KNOWN_VALUE)
        return fact_alone(v);
    return count ? (struct value){.fact = {.known = KNOWN_VALUE},
                                  .list = list,
                                  .count = count,
                                  .cut = count == most}
                 : fact_alone(absent());
}

struct value hello_groups(const struct observation *o)
{
    return list_of_hello(o, o->client_hello.groups, o->client_hello.group_count, MAX_GROUPS);
}

struct value hello_signature_algorithms(const struct observation *o)
{
    return list_of_hello(o, o->client_hello.signature_algorithms, o->client_hello.signature_algorithm_count,
                         MAX_SIGNATURE_ALGORITHMS);
}

struct value server_alpn(const struct observation *o)
{
    const struct fact v = part_of_server_hello(o, UNKNOWN_EXTENSIONS, 1);
    return v.known == KNOWN_VALUE ? string(observation_text(o, o->server_hello.alpn)) : fact_alone(v);
}

struct fact server_group(const struct observation *o)
{
    const uint16_t group = observation_group(o);
    const struct fact v = in_server_hello(o, group);
    return v.known != KNOWN_VALUE || group ? v : absent();
}

static struct value text_of_certificate(const struct observation *o, struct text_slice slice)
{
    const struct fact v = in_certificate(o, 1);
    return v.known == KNOWN_VALUE ? string(observation_text(o, slice)) : fact_alone(v);
}

struct value certificate_subject(const struct observation *o)
{
    return text_of_certificate(o, o->certificate.subject);
}

struct value certificate_issuer(const struct observation *o)
{
    return text_of_certificate(o, o->certificate.issuer);
}

struct value certificate_curve(const struct observation *o)
{
    return text_of_certificate(o, o->certificate.curve);
}

struct value certificate_fingerprint(const struct observation *o)
{
    static _Thread_local char hash[64];
    const struct fact v = in_certificate_message(o, 1);
    struct text t = text_over(hash, sizeof hash);
    if (v.known != KNOWN_VALUE)
        return fact_alone(v);
    text_hex(&t, span_of(o->certificate.sha1, sizeof o->certificate.sha1), ':');
    return string(span_of(t.p, t.n));
}

/* Rounded down: on its last day a certificate has 0 days left. */
struct fact certificate_days_left(const struct observation *o)
{
    const int64_t left = o->certificate.not_after - o->whence.time / NANOS_PER_SECOND;
    const struct fact v = in_certificate(o, left / SECONDS_A_DAY - (left % SECONDS_A_DAY < 0));
    return v.known == KNOWN_VALUE && !o->certificate.valid_times ? unknown(UNOBSERVED_MALFORMED) : v;
}

struct value certificate_serial(const struct observation *o)
{
    return text_of_certificate(o, o->certificate.serial);
}

struct fact certificate_not_after(const struct observation *o)
{
    const struct fact v = in_certificate(o, o->certificate.not_after);
    return v.known == KNOWN_VALUE && !o->certificate.valid_times ? unknown(UNOBSERVED_MALFORMED) : v;
}

static struct value texts(const struct observation *o, const struct text_slice *list, size_t count, bool cut)
{
    return count || cut ? (struct value){.fact = {.known = KNOWN_VALUE},
                                         .texts = list,
                                         .of = o,
                                         .count = count,
                                         .cut = cut}
                        : fact_alone(absent());
}

struct value certificate_alt_names(const struct observation *o)
{
    const struct certificate_facts *f = &o->certificate;
    const struct fact v = in_extension(o, X509_HAS_SUBJECT_ALT_NAME, 1);
    return v.known == KNOWN_VALUE ? texts(o, f->alt_names, f->alt_name_count, f->alt_names_cut || o->text_cut)
                                  : fact_alone(v);
}

struct value hello_alpn(const struct observation *o)
{
    const struct client_hello_facts *h = &o->client_hello;
    const struct fact v = part_of_client_hello(o, UNKNOWN_EXTENSIONS | UNKNOWN_LISTS, 1);
    return v.known == KNOWN_VALUE ? texts(o, h->alpn, h->alpn_count, h->alpn_count == MAX_ALPN || o->text_cut)
                                  : fact_alone(v);
}

struct fact hello_record_version(const struct observation *o)
{
    const struct fact v = in_client_hello(o, o->client_hello.record_version);
    return v.known == KNOWN_VALUE && o->client_hello.format != HELLO_TLS ? absent() : v;
}

struct value hello_compression(const struct observation *o)
{
    const struct client_hello_facts *h = &o->client_hello;
    const struct fact seen = part_of_client_hello(o, UNKNOWN_COMPRESSION, 1);
    if (seen.known != KNOWN_VALUE || h->format != HELLO_TLS)
        return fact_alone(seen.known == KNOWN_VALUE ? absent() : seen);
    return (struct value){.fact = seen,
                          .octets = h->compression,
                          .count = h->compression_count,
                          .cut = h->compression_count == MAX_COMPRESSION};
}

static struct value md5_text(const uint8_t md5[16], char *room, size_t size)
{
    struct text t = text_over(room, size);
    text_hex(&t, span_of(md5, 16), 0);
    return string(span_of(t.p, t.n));
}

/* A hello in SSLv2 format has no fingerprint; that of any other is unknown. */
static struct fact without_fingerprint(const struct client_hello_facts *h)
{
    if (h->format != HELLO_TLS)
        return absent();
    return unknown(h->unknown ? UNOBSERVED_MALFORMED : UNOBSERVED_TOO_LONG);
}

struct value hello_ja3(const struct observation *o)
{
    static _Thread_local char hash[40];
    const struct client_hello_facts *h = &o->client_hello;
    const struct fact v = in_client_hello(o, 1);
    char buffer[JA3_TEXT];
    struct text t = text_over(buffer, sizeof buffer);
    uint8_t md5[16];
    if (v.known != KNOWN_VALUE)
        return fact_alone(v);
    if (!h->ja3_known)
        return fact_alone(without_fingerprint(h));
    (void)ja3_text(h, &t);
    ja3_hash(h, &t, md5);
    return md5_text(md5, hash, sizeof hash);
}

struct value hello_ja4(const struct observation *o)
{
    static _Thread_local char text[JA4_TEXT];
    const struct fact v = in_client_hello(o, 1);
    struct text t = text_over(text, sizeof text);
    if (v.known != KNOWN_VALUE)
        return fact_alone(v);
    return ja4_text(o, &t) ? string(span_of(t.p, t.n)) : fact_alone(without_fingerprint(&o->client_hello));
}

struct value server_ja3s(const struct observation *o)
{
    static _Thread_local char hash[40];
    const struct server_hello_facts *h = &o->server_hello;
    const struct fact v = in_server_hello(o, 1);
    char buffer[JA3S_TEXT];
    struct text t = text_over(buffer, sizeof buffer);
    uint8_t md5[16];
    if (v.known != KNOWN_VALUE)
        return fact_alone(v);
    if (!h->ja3s_known)
        return fact_alone(unknown(UNOBSERVED_MALFORMED));
    (void)ja3s_text(h, &t);
    ja3s_hash(h, &t, md5);
    return md5_text(md5, hash, sizeof hash);
}

struct fact key_exchange_type(const struct observation *o)
{
    enum suite_kx type = KX_NULL;
    const bool known = observation_key_exchange(o, &type);
    const struct fact v = in_server_hello(o, type);
    return v.known != KNOWN_VALUE || known ? v : unknown(UNOBSERVED_UNKNOWN_CODE);
}

/* Encrypted messages still have letters, or cannot have any; whatever else is missing may be one. */
struct value handshake_history(const struct observation *o)
{
    const uint32_t missing = o->unobserved & ~(uint32_t)(UNOBSERVED_ENCRYPTED | UNOBSERVED_NOT_READ);
    if (missing)
        return fact_alone(unknown(missing));
    if (o->outcome == OUTCOME_UNFINISHED)
        return fact_alone(unknown(UNOBSERVED_UNFINISHED));
    return o->history_len == MAX_HISTORY ? fact_alone(unknown(UNOBSERVED_TOO_LONG))
                                         : string(span_of(o->history, o->history_len));
}

/* The alerts that were seen are there; others may be in what was not seen. */
static struct value alerts_of(const struct observation *o, enum side side, bool warnings,
                              uint8_t descriptions[MAX_ALERTS])
{
    enum { WARNING = 1 };
    size_t count = 0;
    for (size_t i = 0; i < o->alert_count; i++)
        if (o->alerts[i].from == side && (!warnings || o->alerts[i].level == WARNING))
            descriptions[count++] = o->alerts[i].description;
    const bool settled = observation_settled(o, side) && o->alert_count < MAX_ALERTS;
    if (!count)
        return fact_alone(settled ? absent() : unknown(observation_missing(o, side)));
    return (struct value){
        .fact = {.known = KNOWN_VALUE, .reasons = settled ? 0 : observation_missing(o, side)},
        .octets = descriptions,
        .count = count,
        .cut = !settled};
}

struct value alerts_seen(const struct observation *o, enum side side)
{
    static _Thread_local uint8_t descriptions[2][MAX_ALERTS];
    return alerts_of(o, side, false, descriptions[side]);
}

struct value warnings_seen(const struct observation *o, enum side side)
{
    static _Thread_local uint8_t descriptions[2][MAX_ALERTS];
    return alerts_of(o, side, true, descriptions[side]);
}
