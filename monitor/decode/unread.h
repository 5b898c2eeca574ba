/*
 * What hosts may have received but was not read here: a datagram of which pieces are missing or contradict
 * each other, or a packet that was cut, or is wrapped too deeply, before its TCP header ends. Its sender may
 * have said something else in it than what is read in its place.
 *
 * Kept are times under a hash of both ends; where the ports are in what is missing, of both addresses. A
 * later time replaces an earlier one. When a place has no room for more ends, the oldest time gives way, and
 * all ends of the place count as having had something unread then: so a flood hides nothing, and casts no
 * doubt on what came later.
 */
#ifndef UTWATCH_DECODE_UNREAD_H
#define UTWATCH_DECODE_UNREAD_H

#include "base/nanos.h"
#include "base/siphash.h"
#include "decode/segment.h"

enum { UNREAD_PLACES = 65536, UNREAD_WAYS = 4 };

struct unread_place {
    nanos latest[UNREAD_WAYS];
    nanos given_up;             /* the latest of those that gave way */
    uint32_t ends[UNREAD_WAYS]; /* of their hash; 0: nothing is there */
    bool any_given_up;
};

struct unread {
    struct siphash_key key;
    struct unread_place *place; /* by hash */
    bool any;
};

/* Bytes that it takes. */
size_t unread_memory(void);

bool unread_open(struct unread *u);
void unread_close(struct unread *u);

/* Who sends to whom; never 0. `ports`: they are known. */
uint64_t unread_ends(const struct unread *u, const struct endpoint *from, const struct endpoint *to,
                     bool ports);

/* Something between these ends was not read; 0 is ignored. */
void unread_note(struct unread *u, uint64_t ends, nanos time);

/* Was there, from `since` to `until`? */
bool unread_has(const struct unread *u, uint64_t ends, nanos since, nanos until);

#endif
