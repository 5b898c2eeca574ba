#include "wire/der.h"

struct der der_next(struct cursor *c)
{
    struct cursor start = *c;
    struct der d = {.tag = cursor_u8(c)};
    size_t length = cursor_u8(c);
    if ((d.tag & 0x1f) == 0x1f || length == 0x80 || length > 0x84)
        cursor_fail(c, PARSE_BAD);
    else if (length & 0x80)
        length = cursor_uint(c, length & 0x7f);
    d.value = cursor_take(c, length);
    if (c->status == PARSE_OK)
        d.whole = cursor_take(&start, cursor_left(&start) - cursor_left(c));
    return d;
}

struct span der_expect(struct cursor *c, uint8_t tag)
{
    struct der d = der_next(c);
    if (c->status == PARSE_OK && d.tag != tag)
        cursor_fail(c, PARSE_BAD);
    return c->status == PARSE_OK ? d.value : span_of(NULL, 0);
}

bool der_optional(struct cursor *c, uint8_t tag, struct span *value)
{
    if (cursor_left(c) == 0 || c->p[0] != tag)
        return false;
    *value = der_expect(c, tag);
    return c->status == PARSE_OK;
}

size_t der_integer_bits(struct span integer)
{
    while (integer.n && integer.p[0] == 0)
        integer = span_skip(integer, 1);
    if (integer.n == 0)
        return 0;
    size_t bits = integer.n * 8;
    for (uint8_t top = integer.p[0]; !(top & 0x80); top = (uint8_t)(top << 1))
        bits--;
    return bits;
}
