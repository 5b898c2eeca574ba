/*
 * The heads of HTTP/2 as HPACK compresses them (RFC 7541), as far as a head can be read on its own: fields of
 * the static table, and literals. The dynamic table is not kept, and what refers to it is not read.
 */
#ifndef UTWATCH_WIRE_HPACK_H
#define UTWATCH_WIRE_HPACK_H

#include "base/cursor.h"

enum { HPACK_NAME_BYTES = 64, HPACK_VALUE_BYTES = 4096 };

/* A head that is being read, field by field. */
struct hpack {
    struct cursor rest;
    uint8_t name[HPACK_NAME_BYTES];
    uint8_t value[HPACK_VALUE_BYTES];
};

/* Valid until the next call. */
struct hpack_field {
    struct span name, value;
    bool unread; /* the name is in the dynamic table */
    bool cut;    /* name or value was too long to be decoded to its end */
};

void hpack_begin(struct hpack *h, struct span block);

/* The next field. PARSE_SHORT: there is none; PARSE_BAD: it does not parse, nor can anything after it. */
enum parse hpack_next(struct hpack *h, struct hpack_field *out);

/* RFC 7541 5.2: decodes a string in Huffman code into `room` bytes, as many as fit; *cut: not all did.
 * PARSE_BAD: it is not in that code. */
enum parse huffman_decode(struct span code, uint8_t *out, size_t room, size_t *length, bool *cut);

#endif
