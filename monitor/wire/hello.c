#include "wire/hello.h"

const struct word version_words[] = {
    {0x0002, "SSLv2"},   {0x0300, "SSLv3"},   {0x0301, "TLSv1"}, {0x0302, "TLS 1.1"},
    {0x0303, "TLS 1.2"}, {0x0304, "TLS 1.3"}, {0, NULL},
};

/* SHA-256 of "HelloRetryRequest", RFC 8446 4.1.3. */
static const uint8_t hello_retry_random[32] = {
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
    0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
};

static void extensions_block(struct cursor *c, bool *has_extensions, struct span *extensions)
{
    if (cursor_left(c) == 0)
        return;
    const size_t length = cursor_u16(c);
    *has_extensions = c->status == PARSE_OK;
    const size_t here = cursor_left(c);
    *extensions = cursor_take(c, length < here ? length : here);
    if (length > here)
        cursor_fail(c, PARSE_SHORT);
    if (cursor_left(c))
        cursor_fail(c, PARSE_BAD); /* the block ends the message (RFC 5246 7.4.1.2) */
}

enum parse client_hello_parse(struct span body, struct client_hello *out)
{
    *out = (struct client_hello){0};
    struct cursor c = cursor_over(body);
    out->version = cursor_u16(&c);
    out->random = cursor_take(&c, 32);
    out->session_id = cursor_take(&c, cursor_u8(&c));
    out->suites = cursor_take(&c, cursor_u16(&c));
    out->usable = c.status == PARSE_OK;
    out->compression = cursor_take(&c, cursor_u8(&c));
    extensions_block(&c, &out->has_extensions, &out->extensions);
    if (c.status == PARSE_OK && out->suites.n % 2)
        return PARSE_BAD;
    return cursor_complete(&c);
}

enum parse sslv2_client_hello_parse(struct span message, struct client_hello *out)
{
    *out = (struct client_hello){0};
    struct cursor c = cursor_over(message);
    if (cursor_u8(&c) != 1)
        return PARSE_BAD;
    out->version = cursor_u16(&c);
    size_t suites = cursor_u16(&c);
    size_t session_id = cursor_u16(&c);
    size_t challenge = cursor_u16(&c);
    out->suites = cursor_take(&c, suites);
    out->session_id = cursor_take(&c, session_id);
    out->random = cursor_take(&c, challenge);
    return suites % 3 ? PARSE_BAD : cursor_complete(&c);
}

/* `draft`: it has neither session id nor compression method. */
static enum parse parse_server_hello(struct span body, bool draft, struct server_hello *out)
{
    *out = (struct server_hello){0};
    struct cursor c = cursor_over(body);
    out->version = cursor_u16(&c);
    out->random = cursor_take(&c, 32);
    if (!draft)
        out->session_id = cursor_take(&c, cursor_u8(&c));
    out->suite = cursor_u16(&c);
    if (!draft)
        out->compression = cursor_u8(&c);
    out->usable = c.status == PARSE_OK;
    extensions_block(&c, &out->has_extensions, &out->extensions);
    out->hello_retry = out->version == 0x0303 &&
                       span_equal(out->random, span_of(hello_retry_random, sizeof hello_retry_random));
    return cursor_complete(&c);
}

/*
 * Drafts of TLS 1.3 before 22 had a ServerHello of their own. It shows in its version: 0x7f00 and the draft's
 * number, or 0x0304, which no other ServerHello may have (RFC 8446 4.1.3). The first drafts still had the
 * layout of TLS 1.2.
 */
enum parse server_hello_parse(struct span body, struct server_hello *out)
{
    enum { FIRST_DRAFT = 0x7f00, LAST_DRAFT = 0x7f00 + 21 };
    struct cursor c = cursor_over(body);
    const uint16_t version = cursor_u16(&c);
    if (version != 0x0304 && (version < FIRST_DRAFT || version > LAST_DRAFT))
        return parse_server_hello(body, false, out);
    struct server_hello like_tls12;
    if (parse_server_hello(body, true, out) == PARSE_OK)
        return PARSE_OK;
    if (parse_server_hello(body, false, &like_tls12) != PARSE_OK)
        return PARSE_BAD;
    *out = like_tls12;
    return PARSE_OK;
}

bool extension_next(struct cursor *c, struct extension *out)
{
    if (cursor_left(c) == 0)
        return false;
    out->type = cursor_u16(c);
    out->body = cursor_take(c, cursor_u16(c));
    return c->status == PARSE_OK;
}

enum parse extension_list(struct span body, size_t width, struct span *list)
{
    struct cursor c = cursor_over(body);
    struct cursor whole = cursor_vector(&c, width);
    *list = cursor_rest(&whole);
    if (cursor_left(&c) || !list->n)
        cursor_fail(&c, PARSE_BAD);
    return cursor_complete(&c);
}

enum parse server_name_parse(struct span body, struct span *host)
{
    struct span names;
    *host = span_of(NULL, 0);
    if (extension_list(body, 2, &names) != PARSE_OK)
        return PARSE_BAD;
    struct cursor c = cursor_over(names);
    while (cursor_left(&c)) {
        uint8_t type = cursor_u8(&c);
        struct span name = cursor_take(&c, cursor_u16(&c));
        if (type == 0 && !host->n)
            *host = name;
    }
    return cursor_complete(&c);
}

struct span protocol_name_next(struct cursor *list)
{
    struct span name = cursor_take(list, cursor_u8(list));
    if (!name.n)
        cursor_fail(list, PARSE_BAD);
    return name;
}

size_t without_grease(uint16_t *to, const uint16_t *from, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        to[kept] = from[i];
        kept += !is_grease(from[i]);
    }
    return kept;
}

uint16_t version_of_code(uint16_t code)
{
    return code >> 8 == 0x7f || code >> 8 == 0x7e ? 0x0304 : code;
}
