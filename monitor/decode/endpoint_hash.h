/* Endpoints as keys of tables whose hashes nobody outside ever sees. */
#ifndef UTWATCH_DECODE_ENDPOINT_HASH_H
#define UTWATCH_DECODE_ENDPOINT_HASH_H

#include "base/fold_hash.h"
#include "decode/segment.h"

static inline uint64_t endpoint_hash(const struct siphash_key *key, const struct endpoint *end)
{
    uint32_t but_address;
    memcpy(&but_address, (const uint8_t *)end + sizeof end->address, sizeof but_address);
    return fold_hash(key, end->address, but_address);
}

#endif
