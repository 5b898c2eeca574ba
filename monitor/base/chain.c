#include "base/chain.h"

#include "base/expect.h"

#include <assert.h>

struct piece {
    uint32_t next; /* first, as pool_give_linked() requires */
    uint8_t bytes[PIECE_BYTES];
};

size_t chain_memory(uint32_t pieces)
{
    return pool_memory(sizeof(struct piece), pieces);
}

bool chain_open(struct pool *pieces, uint32_t count)
{
    return pool_open(pieces, sizeof(struct piece), count);
}

/* Bytes of the last piece that are in use. */
static size_t used_of_last(const struct chain *chain)
{
    return chain->first ? (chain->dropped + chain->length - 1) % PIECE_BYTES + 1 : PIECE_BYTES;
}

bool chain_append(struct pool *pieces, struct chain *chain, struct span bytes)
{
    if (!bytes.n)
        return true;
    size_t used = used_of_last(chain);
    const size_t room = PIECE_BYTES - used;
    const size_t needed = bytes.n > room ? (bytes.n - room + PIECE_BYTES - 1) / PIECE_BYTES : 0;
    if (needed > pieces->capacity - pieces->used) {
        pieces->refused++;
        return false;
    }
    chain->length += (uint32_t)bytes.n;
    struct piece *piece = chain->first ? pool_at(pieces, chain->last) : NULL;
    while (bytes.n) {
        if (used == PIECE_BYTES) {
            const uint32_t fresh = pool_take(pieces);
            if (piece)
                piece->next = fresh;
            else
                chain->first = fresh;
            piece = pool_at(pieces, fresh);
            piece->next = 0;
            chain->last = fresh;
            used = 0;
        }
        const struct span part = span_head(bytes, PIECE_BYTES - used);
        memcpy(piece->bytes + used, part.p, part.n);
        used += part.n;
        bytes = span_skip(bytes, part.n);
    }
    return true;
}

void chain_drop(struct pool *pieces, struct chain *chain, size_t n)
{
    if (n >= chain->length) {
        const uint32_t count = (chain->dropped + chain->length + PIECE_BYTES - 1) / PIECE_BYTES;
        if (chain->first)
            pool_give_linked(pieces, chain->first, chain->last, count);
        *chain = (struct chain){0};
        return;
    }
    chain->length -= (uint32_t)n;
    n += chain->dropped;
    for (; n >= PIECE_BYTES; n -= PIECE_BYTES) {
        const uint32_t gone = chain->first;
        chain->first = ((const struct piece *)pool_at(pieces, gone))->next;
        pool_give(pieces, gone);
    }
    chain->dropped = (uint32_t)n;
}

void chain_expect(const struct pool *pieces, const struct chain *chain)
{
    if (!chain->first)
        return;
    expect(pool_at(pieces, chain->first), sizeof(struct piece));
    expect(pool_at(pieces, chain->last), 1);
}

void chain_copy(const struct pool *pieces, const struct chain *chain, uint8_t *to)
{
    size_t from = chain->dropped;
    size_t left = chain->length;
    for (uint32_t i = chain->first; left;) {
        const struct piece *piece = pool_at(pieces, i);
        const size_t n = left < PIECE_BYTES - from ? left : PIECE_BYTES - from;
        memcpy(to, piece->bytes + from, n);
        to += n;
        left -= n;
        from = 0;
        i = piece->next;
    }
}

bool chain_differs(const struct pool *pieces, const struct chain *chain, size_t at, struct span bytes)
{
    assert(at + bytes.n <= chain->length);
    at += chain->dropped;
    uint32_t i = chain->first;
    for (; at >= PIECE_BYTES && bytes.n; at -= PIECE_BYTES)
        i = ((const struct piece *)pool_at(pieces, i))->next;
    while (bytes.n) {
        const struct piece *piece = pool_at(pieces, i);
        const struct span part = span_head(bytes, PIECE_BYTES - at);
        if (memcmp(piece->bytes + at, part.p, part.n) != 0)
            return true;
        bytes = span_skip(bytes, part.n);
        at = 0;
        i = piece->next;
    }
    return false;
}
