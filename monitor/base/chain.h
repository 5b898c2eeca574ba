/*
 * Bytes in chains of small pieces from one pool, so that memory grows with what has come and not with what
 * may come.
 */
#ifndef UTWATCH_BASE_CHAIN_H
#define UTWATCH_BASE_CHAIN_H

#include "base/pool.h"

enum { PIECE_BYTES = 252 }; /* of a chain; with its link they fill a slot of a pool */

struct chain {
    uint32_t first, last; /* pieces; 0: none */
    uint32_t dropped;     /* bytes of the first one that are gone */
    uint32_t length;
};

/* Bytes of address space for so many pieces. */
size_t chain_memory(uint32_t pieces);
bool chain_open(struct pool *pieces, uint32_t count);

/* False, and nothing is added, when not enough pieces are free. */
bool chain_append(struct pool *pieces, struct chain *chain, struct span bytes);

/* Takes `n` bytes away at the start, at most all. */
void chain_drop(struct pool *pieces, struct chain *chain, size_t n);

/* Has the processor fetch the first piece, and where the last one is linked. */
void chain_expect(const struct pool *pieces, const struct chain *chain);

/* All bytes, into room for as many. */
void chain_copy(const struct pool *pieces, const struct chain *chain, uint8_t *to);

/* Do these bytes differ from those that begin `at` bytes after the start? They must lie within the chain. */
bool chain_differs(const struct pool *pieces, const struct chain *chain, size_t at, struct span bytes);

#endif
