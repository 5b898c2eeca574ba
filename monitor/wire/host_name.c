#include "wire/host_name.h"

#include "wire/oid.h"
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

/* One '*' within the leftmost label stands for any part of it that is not empty; never for a dot. */
bool x509_dns_name_matches(struct span pattern, struct span host)
{
    pattern = without_dot(pattern);
    host = without_dot(host);
    size_t label = label_length(pattern);
    const uint8_t *star = label && pattern.p ? memchr(pattern.p, '*', label) : NULL;
    if (!star)
        return pattern.n && same_text(pattern, host);
    size_t before = (size_t)(star - pattern.p);
    size_t after = label - before - 1;
    size_t host_label = label_length(host);
    bool two_labels_follow =
        label < pattern.n && label_length(span_skip(pattern, label + 1)) < pattern.n - label - 1;
    if (!two_labels_follow || host_label < before + after + 1)
        return false;
    struct span host_first = span_head(host, host_label);
    return same_text(span_head(pattern, before), span_head(host_first, before)) &&
           same_text(span_head(span_skip(pattern, before + 1), after),
                     span_skip(host_first, host_label - after)) &&
           same_text(span_skip(pattern, label), span_skip(host, host_label));
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

struct span x509_common_name(struct span name, bool *several)
{
    size_t count = 0;
    struct x509_name_walk w = x509_name_begin(name);
    struct span found = span_of(NULL, 0);
    struct span oid;
    struct der value;
    while (x509_name_next(&w, &oid, &value))
        if (oid_is(oid, "\x55\x04\x03", 3)) {
            found = value.value;
            count++;
        }
    if (several)
        *several = count > 1;
    return found;
}

bool x509_is_address(struct span host)
{
    uint8_t octets[16];
    return literal_address(host, octets) != 0;
}

bool x509_names_host(const struct x509 *certificate, struct span host)
{
    uint8_t address[16];
    size_t octets = literal_address(host, address);
    bool has_dns = false;
    host = without_dot(host);
    for (size_t i = 0; i < certificate->alt_name_count; i++) {
        const struct x509_alt_name *name = &certificate->alt_names[i];
        has_dns |= name->kind == X509_NAME_DNS;
        if (octets && name->kind == X509_NAME_IP && span_equal(name->value, span_of(address, octets)))
            return true;
        if (!octets && name->kind == X509_NAME_DNS && x509_dns_name_matches(name->value, host))
            return true;
    }
    if (octets || has_dns)
        return false;
    return x509_dns_name_matches(x509_common_name(certificate->subject, NULL), host);
}
