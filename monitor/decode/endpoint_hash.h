/* Endpoints as keys of tables whose hashes nobody outside ever sees. */
#ifndef UTWATCH_DECODE_ENDPOINT_HASH_H
#define UTWATCH_DECODE_ENDPOINT_HASH_H

#include "base/fold_hash.h"
#include "decode/segment.h"

static inline uint64_t endpoint_hash(const struct siphash_key *key, const struct endpoint *end)
{
    return fold_hash(key, end->address, end->port | (uint64_t)end->udp << 16 | (uint64_t)end->space << 17);
}

#endif
