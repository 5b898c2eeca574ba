/* DER (X.690): tag, definite length, value, through the cursor. Depth is fixed by the code that walks, never
 * by input. */
#ifndef UTWATCH_WIRE_DER_H
#define UTWATCH_WIRE_DER_H

#include "base/cursor.h"

enum der_tag {
    DER_BOOLEAN = 0x01,
    DER_INTEGER = 0x02,
    DER_BIT_STRING = 0x03,
    DER_OCTET_STRING = 0x04,
    DER_NULL = 0x05,
    DER_OID = 0x06,
    DER_UTF8_STRING = 0x0c,
    DER_NUMERIC_STRING = 0x12,
    DER_PRINTABLE_STRING = 0x13,
    DER_T61_STRING = 0x14,
    DER_IA5_STRING = 0x16,
    DER_UTC_TIME = 0x17,
    DER_GENERALIZED_TIME = 0x18,
    DER_UNIVERSAL_STRING = 0x1c,
    DER_BMP_STRING = 0x1e,
    DER_SEQUENCE = 0x30,
    DER_SET = 0x31,
};

struct der {
    uint8_t tag;
    struct span value; /* content octets */
    struct span whole; /* with tag and length */
};

/* The next element; tag numbers above 30 and indefinite lengths are BAD. Not minimal lengths are accepted:
 * nothing here depends on them, and a certificate that breaks that rule still has to be judged. */
struct der der_next(struct cursor *c);

/* The next element, which has to have this tag. */
struct span der_expect(struct cursor *c, uint8_t tag);

/* The next element if it has this tag; false leaves the cursor where it is. */
bool der_optional(struct cursor *c, uint8_t tag, struct span *value);

/* Bits of a non-negative INTEGER's content octets. */
size_t der_integer_bits(struct span integer);

#endif
