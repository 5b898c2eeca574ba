#include "wire/host_name.h"

#include "wire/oid.h"
#include "wire/same_host.h"
#include "wire/x509_name.h"

#include <arpa/inet.h>

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c - 'A' + 'a') : c;
}

static bool same_text(struct span a, struct span b)
{
    if (a.n != b.n)
        return false;
    for (size_t i = 0; i < a.n; i++)
        if (lower(a.p[i]) != lower(b.p[i]))
            return false;
    return true;
}

static struct span without_dot(struct span name)
{
    return name.n && name.p[name.n - 1] == '.' ? span_head(name, name.n - 1) : name;
}

static size_t label_length(struct span name)
{
    size_t n = 0;
    while (n < name.n && name.p[n] != '.')
        n++;
    return n;
}

/* One label: "*" matches any part of it that is not empty. */
static bool label_matches(struct span pattern, struct span label)
{
    const uint8_t *star = pattern.n ? memchr(pattern.p, '*', pattern.n) : NULL;
    if (!star)
        return same_text(pattern, label);
    const size_t before = (size_t)(star - pattern.p);
    const size_t after = pattern.n - before - 1;
    return label.n >= before + after + 1 && same_text(span_head(pattern, before), span_head(label, before)) &&
           same_text(span_skip(pattern, before + 1), span_skip(label, label.n - after));
}

static bool has_star(struct span s)
{
    return s.n && memchr(s.p, '*', s.n);
}

static enum name_match match_as_written(struct span pattern, struct span host)
{
    pattern = without_dot(pattern);
    host = without_dot(host);
    if (!pattern.n || !host.n || !has_star(pattern))
        return pattern.n && same_text(pattern, host) ? NAME_MATCHES : NAME_DIFFERS;
    const struct span behind_first = span_skip(pattern, label_length(pattern) + 1);
    const bool two_labels_follow = label_length(behind_first) < behind_first.n;
    const bool plain = two_labels_follow && !has_star(behind_first);
    while (pattern.n && host.n) {
        const size_t of_pattern = label_length(pattern);
        const size_t of_host = label_length(host);
        if (!label_matches(span_head(pattern, of_pattern), span_head(host, of_host)) ||
            (of_pattern == pattern.n) != (of_host == host.n))
            return NAME_DIFFERS;
        pattern = span_skip(pattern, of_pattern + 1);
        host = span_skip(host, of_host + 1);
    }
    return plain ? NAME_MATCHES : NAME_MAY_MATCH;
}

/* RFC 6125 6.4.2: names are compared as A-labels. What maps other characters to those of a label is a matter
 * of the client (RFC 5895). */
static enum name_match match_international(struct span pattern, struct span host)
{
    struct same_host wanted;
    struct same_host asked;
    same_host(&wanted, pattern);
    same_host(&asked, host);
    const enum name_match match = match_as_written(same_host_span(&wanted), same_host_span(&asked));
    const bool both = host_is_international(pattern) && host_is_international(host);
    return name_match_better(match, both ? NAME_MAY_MATCH : NAME_DIFFERS);
}

enum name_match x509_dns_name_match(struct span pattern, struct span host)
{
    const enum name_match match = match_as_written(pattern, host);
    return match != NAME_DIFFERS || (host_is_ascii(pattern) && host_is_ascii(host))
               ? match
               : match_international(pattern, host);
}

/* A literal address, with or without the brackets of a URI. Returns its octets: 4, 16, or 0 when it is a
 * name. */
static size_t literal_address(struct span host, uint8_t octets[16])
{
    char text[64];
    if (host.n > 2 && host.p[0] == '[' && host.p[host.n - 1] == ']')
        host = span_skip(span_head(host, host.n - 1), 1);
    if (host.n == 0 || host.n >= sizeof text)
        return 0;
    memcpy(text, host.p, host.n);
    text[host.n] = '\0';
    if (inet_pton(AF_INET, text, octets) == 1)
        return 4;
    return inet_pton(AF_INET6, text, octets) == 1 ? 16 : 0;
}

struct span x509_common_name(struct span name, bool *open)
{
    enum { UNIVERSAL_STRING = 0x1c, BMP_STRING = 0x1e };
    struct x509_name_walk w = x509_name_begin(name);
    struct span found = span_of(NULL, 0);
    struct span oid;
    struct der value;
    *open = false;
    while (x509_name_next(&w, &oid, &value))
        if (oid_is(oid, "\x55\x04\x03", 3)) {
            *open |= found.n || value.tag == UNIVERSAL_STRING || value.tag == BMP_STRING;
            found = value.value;
        }
    return found;
}

bool x509_is_address(struct span host)
{
    uint8_t octets[16];
    return literal_address(host, octets) != 0;
}

enum name_match x509_names_host(const struct x509 *certificate, struct span host)
{
    uint8_t address[16];
    size_t octets = literal_address(host, address);
    bool has_dns = false;
    bool has_address = false;
    enum name_match best = NAME_DIFFERS;
    host = without_dot(host);
    for (size_t i = 0; i < certificate->alt_name_count; i++) {
        const struct x509_alt_name *name = &certificate->alt_names[i];
        has_dns |= name->kind == X509_NAME_DNS;
        has_address |= name->kind == X509_NAME_IP;
        if (octets && name->kind == X509_NAME_IP && span_equal(name->value, span_of(address, octets)))
            return NAME_MATCHES;
        if (!octets && name->kind == X509_NAME_DNS)
            best = name_match_better(best, x509_dns_name_match(name->value, host));
    }
    if (octets) /* the client may have a name for it, and have held that against those here */
        return has_address && !has_dns ? NAME_DIFFERS : NAME_MAY_MATCH;
    if (has_dns)
        return best;
    bool open;
    return x509_dns_name_match(x509_common_name(certificate->subject, &open), host);
}
