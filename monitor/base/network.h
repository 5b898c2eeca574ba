/* A network of addresses, as a site's configuration names it. */
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
