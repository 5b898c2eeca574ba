/* What the parsers of hellos and of other messages have in common. */
#ifndef UTWATCH_TLS_LEARN_PARTS_H
#define UTWATCH_TLS_LEARN_PARTS_H

#include "tls/learn.h"

/* The first `room` numbers of a byte each; true when there were more. */
bool keep_list8(struct span list, uint8_t *kept, uint8_t *count, size_t room);

/* What the memory of sessions knows a ticket or an identity by. */
struct identifier_hash hash_identifier(const struct hello_memory *memory, struct span bytes);

/* The body is that of a renegotiation_info. */
bool is_renegotiation_info(struct span body);

/* The extension never has a body. */
bool is_bare(uint16_t type);

/* What is unknown (enum hello_unknown) where an extension of this type may be missing. */
unsigned hello_part_of(uint16_t type);

/* A bit of its own for each extension that is read; 0 for others. */
uint64_t hello_extension_bit(uint16_t type);

/* True: the id is longer than there are ids, and nothing is kept. */
bool keep_session_id(struct span id, uint8_t kept[32], uint8_t *length);

/* Notes whether the randoms of the two hellos are equal, once both are here. */
void compare_randoms(struct observation *o, const struct hello_memory *memory);

#endif
