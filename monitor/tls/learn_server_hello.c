/* ServerHellos. */
#include "tls/fingerprint.h"
#include "tls/learn_parts.h"

static bool learn_selected_protocol(struct observation *o, struct span body)
{
    struct span names;
    if (extension_list(body, 2, &names) != PARSE_OK)
        return false;
    struct cursor c = cursor_over(names);
    struct span name = protocol_name_next(&c);
    if (c.status != PARSE_OK || cursor_left(&c))
        return false;
    o->server_hello.alpn = learn_text(o, name);
    return true;
}

/* A body that is one number of two bytes. */
static bool read_number16(struct span body, uint16_t *number)
{
    struct cursor c = cursor_over(body);
    const uint16_t read = cursor_u16(&c);
    if (c.status != PARSE_OK || cursor_left(&c))
        return false;
    *number = read;
    return true;
}

/* The group and the server's share (RFC 8446 4.2.8). */
static bool learn_key_share(struct server_hello_facts *f, struct span body)
{
    struct cursor c = cursor_over(body);
    const uint16_t group = cursor_u16(&c);
    cursor_skip(&c, cursor_u16(&c));
    if (c.status != PARSE_OK || cursor_left(&c))
        return false;
    f->key_share_group = group;
    return true;
}

enum certificate_type { TYPE_OPENPGP = 1, TYPE_RAW_PUBLIC_KEY = 2 };

/* Is the one type that the server selected this one (RFC 7250 3; RFC 6091 3.2: for both sides)? */
static bool learn_certificate_type(struct span body, enum certificate_type type, bool *is)
{
    *is = body.n == 1 && body.p[0] == type;
    return body.n == 1;
}

/* RFC 7924 3: the kinds of messages of which the server sends the hash alone. */
static bool learn_cached(struct span body, bool *certificate)
{
    enum { CERTIFICATE = 1 };
    struct cursor c = cursor_over(body);
    struct cursor kinds = cursor_over(cursor_take(&c, cursor_u16(&c)));
    while (cursor_left(&kinds))
        *certificate |= cursor_u8(&kinds) == CERTIFICATE;
    return c.status == PARSE_OK && !cursor_left(&c);
}

/* RFC 8446 4.2.11: the server selects one of the identities that the client offered. */
static bool is_offered(const struct observation *o, uint16_t selected)
{
    const struct client_hello_facts *c = &o->client_hello;
    const bool known = o->seen & SEEN_CLIENT_HELLO && !(c->unknown & UNKNOWN_PSK) && c->psk_count < UINT8_MAX;
    return !known || selected < c->psk_count;
}

/* Returns what part of the extension does not parse (enum hello_unknown); 0: everything does. */
static unsigned learn_server_extension(struct observation *o, const struct extension *e)
{
    struct server_hello_facts *f = &o->server_hello;
    switch (e->type) {
    case EXTENSION_SUPPORTED_VERSIONS:
        /* RFC 8446 4.2.1: the server selects TLS 1.3 or later, or a draft of it. */
        return read_number16(e->body, &f->version) && f->version >= 0x0304 ? 0 : UNKNOWN_VERSIONS;
    case EXTENSION_KEY_SHARE:
    case EXTENSION_KEY_SHARE_OLD:
        return learn_key_share(f, e->body) ? 0 : UNKNOWN_LISTS;
    case EXTENSION_PRE_SHARED_KEY: {
        uint16_t selected = 0;
        if (!read_number16(e->body, &selected) || !is_offered(o, selected))
            return UNKNOWN_PSK;
        f->psk = true;
        f->psk_selected = selected < UINT8_MAX ? (uint8_t)selected : UINT8_MAX;
        break;
    }
    case EXTENSION_SESSION_TICKET:
        f->ticket_extension = e->body.n == 0; /* RFC 5077 3.2 */
        return f->ticket_extension ? 0 : UNKNOWN_EXTENSIONS;
    case EXTENSION_RENEGOTIATION_INFO:
        if (!is_renegotiation_info(e->body))
            return UNKNOWN_EXTENSIONS;
        f->renegotiation_info = true;
        break;
    case EXTENSION_TRUNCATED_HMAC:
        f->truncated_hmac = e->body.n == 0;
        return f->truncated_hmac ? 0 : UNKNOWN_EXTENSIONS;
    case EXTENSION_ALPN:
        return learn_selected_protocol(o, e->body) ? 0 : UNKNOWN_LISTS;
    case EXTENSION_SERVER_CERTIFICATE_TYPE:
        return learn_certificate_type(e->body, TYPE_RAW_PUBLIC_KEY, &f->raw_server_key) ? 0 : UNKNOWN_LISTS;
    case EXTENSION_CERT_TYPE:
        return learn_certificate_type(e->body, TYPE_OPENPGP, &f->pgp) ? 0 : UNKNOWN_LISTS;
    case EXTENSION_CACHED_INFO:
        return learn_cached(e->body, &f->cached) ? 0 : UNKNOWN_LISTS;
    case EXTENSION_CLIENT_CERTIFICATE_TYPE:
        return learn_certificate_type(e->body, TYPE_RAW_PUBLIC_KEY, &f->raw_client_key) ? 0 : UNKNOWN_LISTS;
    default:
        return is_bare(e->type) && e->body.n ? UNKNOWN_EXTENSIONS : 0;
    }
    return 0;
}

static void learn_server_extensions(struct observation *o, struct span extensions, bool cut)
{
    struct server_hello_facts *f = &o->server_hello;
    struct extension_block block = {.numbers = f->extensions,
                                    .count = &f->extension_count,
                                    .room = MAX_SERVER_EXTENSIONS,
                                    .cut = &f->extensions_cut};
    struct cursor c = cursor_over(extensions);
    struct extension e;
    while (extension_next(&c, &e))
        (void)extension_block_add(&block, e.type, learn_server_extension(o, &e));
    const bool whole = !cut && c.status == PARSE_OK;
    f->unknown |= extension_block_unknown(&block, whole);
    f->extensions_in_doubt = !whole || block.repeated;
    if (f->legacy_version < 0x0303) /* supported_versions is not allowed with it */
        f->unknown &= (uint8_t)~UNKNOWN_VERSIONS;
}

/* A server that selects no TLS 1.3 may draw any random, also the one of a HelloRetryRequest, which has to
 * select it (RFC 8446 4.1.4). What did not arrive or does not parse may have done so. */
static bool is_hello_retry(const struct server_hello *hello, bool cut)
{
    if (!hello->hello_retry || cut)
        return hello->hello_retry;
    struct cursor c = cursor_over(hello->extensions);
    struct extension e;
    while (extension_next(&c, &e))
        if (e.type == EXTENSION_SUPPORTED_VERSIONS)
            return true;
    return c.status != PARSE_OK;
}

static void keep_server_hello(struct observation *o, struct hello_memory *memory,
                              const struct server_hello *hello, bool cut)
{
    if (is_hello_retry(hello, cut)) {
        o->hello_retry = true;
        return;
    }
    struct server_hello_facts *f = &o->server_hello;
    f->legacy_version = f->version = hello->version;
    f->suite = hello->suite;
    f->compression = hello->compression;
    if (keep_session_id(hello->session_id, f->session_id, &f->session_id_len))
        f->unknown |= UNKNOWN_SESSION_ID;
    memcpy(memory->server_random, hello->random.p, sizeof memory->server_random);
    o->randoms = 0;
    compare_randoms(o, memory);
    learn_server_extensions(o, hello->extensions, cut);
    f->ja3s_known = !(f->unknown & UNKNOWN_EXTENSIONS);
    f->ja3s_made = f->ja3s_known && f->extensions_cut;
    if (f->ja3s_made)
        ja3_server(hello, f->ja3s);
    o->seen |= SEEN_SERVER_HELLO;
}

bool learn_server_hello(struct observation *o, struct hello_memory *memory, struct span body)
{
    struct server_hello hello;
    if (server_hello_parse(body, &hello) != PARSE_OK)
        return false;
    keep_server_hello(o, memory, &hello, false);
    return true;
}

bool learn_cut_server_hello(struct observation *o, struct hello_memory *memory, struct span part)
{
    struct server_hello hello;
    (void)server_hello_parse(part, &hello);
    if (hello.usable)
        keep_server_hello(o, memory, &hello, true);
    return hello.usable;
}
