/* Facts by which a site finds its own traffic again: groups and algorithms, names and fingerprints of
 * certificates, addresses, the time of day. The text of a value lives until the same field is asked of the
 * next case. */
#include "policy/getters.h"

#include <arpa/inet.h>
#include <string.h>

enum { SECONDS_A_DAY = 86400, SECONDS_AN_HOUR = 3600 };

/* `most`: what is kept; a list as long as that may go on. */
static struct value list_of_hello(const struct observation *o, const uint16_t *list, size_t count,
                                  size_t most)
{
    struct value v = part_of_client_hello(o, UNKNOWN_EXTENSIONS, 1);
    if (v.known != KNOWN_VALUE)
        return v;
    return count ? (struct value){.known = KNOWN_VALUE, .list = list, .count = count, .cut = count == most}
                 : absent();
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
    const struct value v = part_of_server_hello(o, UNKNOWN_EXTENSIONS, 1);
    return v.known == KNOWN_VALUE ? string(observation_text(o, o->server_hello.alpn)) : v;
}

struct value server_group(const struct observation *o)
{
    const uint16_t group = o->key_exchange.group ? o->key_exchange.group : o->server_hello.key_share_group;
    const struct value v = in_server_hello(o, group);
    return v.known != KNOWN_VALUE || group ? v : absent();
}

static struct value text_of_certificate(const struct observation *o, struct text_slice slice)
{
    const struct value v = in_certificate(o, 1);
    return v.known == KNOWN_VALUE ? string(observation_text(o, slice)) : v;
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
    const struct value v = in_certificate_message(o, 1);
    struct text t = text_over(hash, sizeof hash);
    if (v.known != KNOWN_VALUE)
        return v;
    text_hex(&t, span_of(o->certificate.sha1, sizeof o->certificate.sha1), ':');
    return string(span_of(t.p, t.n));
}

/* Rounded down: on its last day a certificate has 0 days left. */
struct value certificate_days_left(const struct observation *o)
{
    const int64_t left = o->certificate.not_after - o->whence.time / NANOS_PER_SECOND;
    const struct value v = in_certificate(o, left / SECONDS_A_DAY - (left % SECONDS_A_DAY < 0));
    return v.known == KNOWN_VALUE && !o->certificate.valid_times ? unknown(UNOBSERVED_MALFORMED) : v;
}

static struct value address(const struct endpoint *end, char *room, size_t size)
{
    if (!end->family)
        return absent();
    if (!inet_ntop(end->family == 4 ? AF_INET : AF_INET6, end->address, room, (socklen_t)size))
        return absent();
    return string(span_of(room, strlen(room)));
}

struct value client_address(const struct policy_case *c)
{
    static _Thread_local char text[INET6_ADDRSTRLEN];
    return address(&c->about.client, text, sizeof text);
}

struct value server_address(const struct policy_case *c)
{
    static _Thread_local char text[INET6_ADDRSTRLEN];
    return address(&c->about.server, text, sizeof text);
}

struct value hour_of_day(const struct policy_case *c)
{
    const int64_t second = c->about.time / NANOS_PER_SECOND % SECONDS_A_DAY;
    return number((second < 0 ? second + SECONDS_A_DAY : second) / SECONDS_AN_HOUR);
}
