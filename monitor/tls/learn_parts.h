/* What the parsers of hellos and of other messages have in common. */
#ifndef UTWATCH_TLS_LEARN_PARTS_H
#define UTWATCH_TLS_LEARN_PARTS_H

#include "tls/learn.h"

/* The first `room` numbers of one byte each; true: there were more. */
bool keep_list8(struct span list, uint8_t *kept, uint8_t *count, size_t room);

/* The hash by which the memory of sessions knows a ticket or an identity. */
struct identifier_hash hash_identifier(const struct hello_memory *memory, struct span bytes);

/* Is the body that of a renegotiation_info? */
bool is_renegotiation_info(struct span body);

/* Does the extension never have a body? */
bool is_bare(uint16_t type);

/* The block of extensions of one hello, as it is read; initially zero except for where the numbers go. */
struct extension_block {
    uint16_t *numbers, *count; /* those with a valid body, in order */
    size_t room;
    bool *cut;        /* there were more than there is room for */
    unsigned unknown; /* enum hello_unknown */
    unsigned read;    /* likewise: the parts whose extension was present */
    uint64_t here;
    bool repeated;
    bool ticket_in_doubt, psk_in_doubt; /* they occur twice, or do not parse */
};

/* Adds the next one; `unknown`: what part of it does not parse. False: its number is not kept. */
bool extension_block_add(struct extension_block *b, uint16_t type, unsigned unknown);

/* What is unknown about the hello at the end of the block; `whole`: nothing after it is missing. */
uint8_t extension_block_unknown(const struct extension_block *b, bool whole);

/* True: the id is longer than allowed, and nothing is kept. */
bool keep_session_id(struct span id, uint8_t kept[32], uint8_t *length);

/* Notes whether the randoms of the two hellos are equal, once both are here. */
void compare_randoms(struct observation *o, const struct hello_memory *memory);

#endif
