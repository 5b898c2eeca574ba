/* A network of addresses, as a site's configuration names it. */
#ifndef UTWATCH_BASE_NETWORK_H
#define UTWATCH_BASE_NETWORK_H

#include <stdint.h>

struct network {
    uint8_t address[16];
    uint8_t family; /* 4 or 6 */
    uint8_t bits;
};

#endif
