/* Does a certificate name a host? RFC 2818 3.1, with the matching of RFC 6125 6.4. */
#ifndef UTWATCH_WIRE_HOST_NAME_H
#define UTWATCH_WIRE_HOST_NAME_H

#include "wire/x509.h"

/* In RFC 2818 3.1 "*" matches any label or part of one, in RFC 6125 6.4.3 only in the leftmost one, with two
 * labels after it: if they disagree, a client may accept the name. */
enum name_match { NAME_DIFFERS, NAME_MAY_MATCH, NAME_MATCHES };

static inline enum name_match name_match_better(enum name_match a, enum name_match b)
{
    return a > b ? a : b;
}

/* One dNSName or CN against a host name; case is ignored. */
enum name_match x509_dns_name_match(struct span pattern, struct span host);

/* The most specific CN of a Name, which is the last; empty: it has none. `open`: it has others, which some
 * clients take as well, or is written in two or four bytes a character. */
struct span x509_common_name(struct span name, bool *open);

/* An IPv4 or IPv6 address, with or without the brackets of a URI, is no name. */
bool x509_is_address(struct span host);

/* The dNSName entries decide if there are any, otherwise the most specific CN. `host` may be a literal
 * address, with or without the brackets of a URI: where a client connects to one, the host of its URI may be
 * a name all the same, so that it differs only from a certificate for other addresses and no names. */
enum name_match x509_names_host(const struct x509 *certificate, struct span host);

#endif
