/* A network of addresses, as a configuration or a rule names it. */
#ifndef UTWATCH_BASE_NETWORK_H
#define UTWATCH_BASE_NETWORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct network {
    uint8_t address[16];
    uint8_t family; /* 4 or 6 */
    uint8_t bits;
};

static inline bool network_has(const struct network *n, uint8_t family, const uint8_t address[16])
{
    if (n->family != family)
        return false;
    const unsigned whole = n->bits / 8U;
    const unsigned rest = n->bits % 8U;
    if (memcmp(n->address, address, whole) != 0)
        return false;
    return !rest || (n->address[whole] ^ address[whole]) >> (8 - rest) == 0;
}

/* 192.0.2.0/24, 2001:db8::/32, or one address. */
bool network_parse(const char *text, struct network *out);

/* Writes the network in which `n` lies. False when that is `n` itself: bits beyond its length are a typing
 * mistake more often than not, and would take in more than was meant. */
bool network_has_host_bits(const struct network *n, struct network *whole);

/* Room for its text: an address, the slash, its bits. */
#define NETWORK_TEXT 52
void network_text(const struct network *n, char text[NETWORK_TEXT]);

/* Is the address in one of them? */
static inline bool networks_have(const struct network *networks, size_t count, uint8_t family,
                                 const uint8_t address[16])
{
    for (size_t i = 0; i < count; i++)
        if (network_has(&networks[i], family, address))
            return true;
    return false;
}

#endif
