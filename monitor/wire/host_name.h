/* Does a certificate name a host? RFC 2818 3.1, with the matching of RFC 6125 6.4. */
#ifndef UTWATCH_WIRE_HOST_NAME_H
#define UTWATCH_WIRE_HOST_NAME_H

#include "wire/x509.h"

/* One dNSName or CN against a host name: ignores case, and accepts one "*" in the leftmost label. */
bool x509_dns_name_matches(struct span pattern, struct span host);

/* The most specific CN of a Name, which is the last; empty: it has none. `several`: it has others, which some
 * clients take as well. May be NULL. */
struct span x509_common_name(struct span name, bool *several);

/* An IPv4 or IPv6 address, with or without the brackets of a URI, is no name. */
bool x509_is_address(struct span host);

/* The dNSName entries decide if there are any, otherwise the most specific CN. `host` may be a literal
 * address, with or without the brackets of a URI. */
bool x509_names_host(const struct x509 *certificate, struct span host);

#endif
