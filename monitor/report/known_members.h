/*
 * JSON members of a hello or certificate that were written before, found by the facts that they say, or by
 * the number of the hello or chain that says them. The facts themselves are compared, so that nobody can make
 * two of them that share a text.
 */
#ifndef UTWATCH_REPORT_KNOWN_MEMBERS_H
#define UTWATCH_REPORT_KNOWN_MEMBERS_H

#include "base/limits.h"
#include "base/span.h"

#include <stdbool.h>

struct known_members;

/* The facts, as codes; each list behind its length. */
struct member_key {
    uint16_t codes[KNOWN_MEMBER_CODES];
    size_t count;
    bool full; /* there are more: the members are written each time */
};

/* NULL: no memory. */
struct known_members *known_members_new(void);
void known_members_free(struct known_members *k);

/* `what` distinguishes the members of different places. */
void member_key_begin(struct member_key *key, uint16_t what);
void member_key_add(struct member_key *key, const uint16_t *codes, size_t count);
/* Of a hello or chain that is known by it, for all that it says; 0: it has none, and nothing is known. */
void member_key_add_number(struct member_key *key, uint64_t number);

/* Empty when they are not known; valid until the next one is kept. */
struct span known_members_find(const struct known_members *k, const struct member_key *key);
/* In place of older ones. */
void known_members_keep(struct known_members *k, const struct member_key *key, struct span members);

#endif
