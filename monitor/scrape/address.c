#include "scrape/address.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

/* Decimal digits without anything around them; 0 when it is no port. */
static in_port_t port_of(const char *text)
{
    const size_t n = strlen(text);
    if (n == 0 || n > 5 || strspn(text, "0123456789") != n)
        return 0;
    const long port = strtol(text, NULL, 10);
    return port <= 65535 ? htons((in_port_t)port) : 0;
}

const char *scrape_address_parse(const char *text, struct scrape_address *out)
{
    const char *const form =
        "metrics are served at an address and a port, such as 127.0.0.1:9333 or [::1]:9333";
    char host[INET6_ADDRSTRLEN + 2];
    *out = (struct scrape_address){0};
    const char *colon = strrchr(text, ':');
    const size_t n = colon ? (size_t)(colon - text) : 0;
    if (n == 0 || n >= sizeof host)
        return form;
    memcpy(host, text, n);
    host[n] = '\0';
    const in_port_t port = port_of(colon + 1);
    if (!port)
        return "a port is a number from 1 to 65535";
    if (host[0] == '[' && host[n - 1] == ']') {
        host[n - 1] = '\0';
        out->at.ip6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = port};
        out->length = sizeof out->at.ip6;
        return inet_pton(AF_INET6, host + 1, &out->at.ip6.sin6_addr) == 1 ? NULL : form;
    }
    out->at.ip4 = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = port};
    out->length = sizeof out->at.ip4;
    return inet_pton(AF_INET, host, &out->at.ip4.sin_addr) == 1 ? NULL : form;
}
