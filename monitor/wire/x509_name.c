#include "wire/x509_name.h"

#include "wire/oid.h"

struct x509_name_walk x509_name_begin(struct span name)
{
    struct cursor c = cursor_over(name);
    return (struct x509_name_walk){.rdns = cursor_over(der_expect(&c, DER_SEQUENCE)),
                                   .rdn = cursor_over(span_of(NULL, 0))};
}

bool x509_name_next(struct x509_name_walk *w, struct span *oid, struct der *value)
{
    while (cursor_left(&w->rdn) == 0) {
        if (cursor_left(&w->rdns) == 0)
            return false;
        w->rdn = cursor_over(der_expect(&w->rdns, DER_SET));
        if (w->rdns.status != PARSE_OK)
            return false;
    }
    struct cursor pair = cursor_over(der_expect(&w->rdn, DER_SEQUENCE));
    *oid = der_expect(&pair, DER_OID);
    *value = der_next(&pair);
    w->broken = w->rdn.status != PARSE_OK || pair.status != PARSE_OK;
    return !w->broken;
}

bool x509_name_complete(const struct x509_name_walk *w)
{
    return !w->broken && w->rdns.status == PARSE_OK;
}

/* A character of up to 4 bytes of UTF-8. */
static void put_character(struct text *out, uint32_t c)
{
    uint8_t utf8[4];
    size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (size_t i = n - 1; i > 0; i--) {
        utf8[i] = (uint8_t)(0x80 | (c & 0x3f));
        c >>= 6;
    }
    static const uint8_t lead[] = {0, 0x00, 0xc0, 0xe0, 0xf0};
    utf8[0] = (uint8_t)(lead[n] | c);
    text_safe(out, span_of(utf8, n));
}

static void put_value(struct text *out, struct der value)
{
    size_t width = value.tag == DER_BMP_STRING ? 2 : value.tag == DER_UNIVERSAL_STRING ? 4 : 1;
    if (width == 1 && value.tag != DER_T61_STRING) {
        text_safe(out, value.value);
        return;
    }
    struct cursor c = cursor_over(value.value); /* T61String is in practice Latin-1 */
    while (cursor_left(&c) >= width) {
        uint32_t character = cursor_uint(&c, width);
        put_character(out, character <= 0x10ffff ? character : 0xfffd);
    }
}

void x509_name_text(struct span name, struct text *out)
{
    struct x509_name_walk w = x509_name_begin(name);
    struct span oid;
    struct der value;
    bool first = true;
    while (x509_name_next(&w, &oid, &value)) {
        if (!first)
            text_put(out, ", ");
        first = false;
        oid_put(oid, oid_attribute(oid), out);
        text_char(out, '=');
        put_value(out, value);
    }
}
