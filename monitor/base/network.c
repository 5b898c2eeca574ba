#include "base/network.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

bool network_parse(const char *text, struct network *out)
{
    char address[64];
    const char *slash = strchr(text, '/');
    size_t n = slash ? (size_t)(slash - text) : strlen(text);
    if (n >= sizeof address)
        return false;
    memcpy(address, text, n);
    address[n] = '\0';
    *out = (struct network){.family = 4};
    if (inet_pton(AF_INET, address, out->address) != 1) {
        out->family = 6;
        if (inet_pton(AF_INET6, address, out->address) != 1)
            return false;
    }
    long most = out->family == 4 ? 32 : 128;
    char *end = NULL;
    long bits = slash ? strtol(slash + 1, &end, 10) : most;
    if (slash && (!isdigit((unsigned char)slash[1]) || *end))
        return false;
    out->bits = (uint8_t)bits;
    return bits >= 0 && bits <= most;
}

bool network_has_host_bits(const struct network *n, struct network *whole)
{
    *whole = *n;
    for (unsigned bit = n->bits; bit < (n->family == 4 ? 32u : 128u); bit++)
        whole->address[bit / 8] &= (uint8_t) ~(0x80u >> bit % 8);
    return memcmp(whole->address, n->address, sizeof n->address) != 0;
}

void network_text(const struct network *n, char text[NETWORK_TEXT])
{
    char address[INET6_ADDRSTRLEN] = "";
    (void)inet_ntop(n->family == 4 ? AF_INET : AF_INET6, n->address, address, sizeof address);
    (void)snprintf(text, NETWORK_TEXT, "%s/%u", address, (unsigned)n->bits);
}
