#include "wire/certificate_parts.h"

#include "wire/der.h"

enum { CONTEXT_0 = 0xa0, CONTEXT_3 = 0xa3 };

static bool find_in_body(struct span body, struct certificate_parts *out)
{
    struct cursor c = cursor_over(body);
    struct der first = der_next(&c);
    if (first.tag == CONTEXT_0) {
        out->version = first.whole;
        first = der_next(&c);
    }
    out->serial = first.whole;
    (void)der_next(&c); /* the signature algorithm, repeated outside */
    out->issuer = der_next(&c).whole;
    out->validity = der_next(&c).whole;
    out->subject = der_next(&c).whole;
    out->key = der_next(&c).whole;
    const bool parses = c.status == PARSE_OK;
    while (cursor_left(&c)) {
        const struct der rest = der_next(&c);
        if (c.status == PARSE_OK && rest.tag == CONTEXT_3)
            out->extensions = rest.whole;
    }
    return parses;
}

bool certificate_parts_find(struct span body, struct certificate_parts *out)
{
    *out = (struct certificate_parts){0};
    struct cursor c = cursor_over(body);
    (void)cursor_u24(&c); /* of the list, whose end may be missing */
    struct cursor first = cursor_vector(&c, 3);
    out->others = cursor_rest(&c);
    struct cursor certificate = cursor_over(der_expect(&first, DER_SEQUENCE));
    const struct span to_be_signed = der_expect(&certificate, DER_SEQUENCE);
    out->signature = der_next(&certificate).whole;
    return first.status == PARSE_OK && certificate.status == PARSE_OK && find_in_body(to_be_signed, out);
}
