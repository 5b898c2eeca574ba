#include "wire/handshake_messages.h"

#include "wire/der.h"

enum parse certificate_list_parse(struct span body, struct certificate_list *out)
{
    out->count = out->largest_authority = 0;
    struct cursor c = cursor_over(body);
    struct cursor list = cursor_vector(&c, 3);
    while (cursor_left(&list)) {
        struct span der = cursor_take(&list, cursor_u24(&list));
        if (list.status != PARSE_OK)
            break;
        if (out->count < MAX_CHAIN)
            out->der[out->count] = der;
        if (out->count && der.n > out->largest_authority)
            out->largest_authority = der.n;
        out->count++;
    }
    cursor_finish(&c, &list);
    if (cursor_left(&c))
        cursor_fail(&c, PARSE_BAD);
    return cursor_complete(&c);
}

enum parse raw_public_key_parse(struct span body, struct span *info)
{
    struct cursor c = cursor_over(body);
    struct cursor key = cursor_vector(&c, 3);
    *info = span_of(key.p, cursor_left(&key));
    (void)der_expect(&key, DER_SEQUENCE);
    cursor_finish(&c, &key);
    if (cursor_left(&c))
        cursor_fail(&c, PARSE_BAD);
    return cursor_complete(&c);
}

static struct span opaque16(struct cursor *c)
{
    return cursor_take(c, cursor_u16(c));
}

/* A number, none of which may be 0 here: its bits. */
static size_t number16(struct cursor *c)
{
    const size_t bits = der_integer_bits(opaque16(c));
    if (!bits)
        cursor_fail(c, PARSE_BAD);
    return bits;
}

/* The end of the message (RFC 2246 7.4.3): nothing if nobody is authenticated, else a signature, which TLS
 * 1.2 precedes with the algorithm (RFC 5246 4.7). */
static void signature(struct cursor *c, enum suite_auth auth, uint16_t version)
{
    enum { TLS12 = 0x0303 };
    if (auth == AUTH_RSA || auth == AUTH_DSS || auth == AUTH_ECDSA) {
        cursor_skip(c, version >= TLS12 ? 2 : 0);
        (void)opaque16(c);
    }
    if (cursor_left(c))
        cursor_fail(c, PARSE_BAD);
}

static void dh_params(struct cursor *c, struct server_key_exchange *out)
{
    out->dh_bits = number16(c);
    (void)number16(c);
    (void)number16(c);
}

static void ec_params(struct cursor *c, struct server_key_exchange *out)
{
    uint8_t curve_type = cursor_u8(c);
    if (curve_type == 3) {
        out->group = cursor_u16(c);
        struct cursor point = cursor_vector(c, 1);
        if (!cursor_left(&point))
            cursor_fail(c, PARSE_BAD);
    } else if (curve_type == 1 || curve_type == 2) { /* an explicit curve, which nobody reads */
        cursor_skip(c, cursor_left(c));
        out->unread = true;
    } else {
        cursor_fail(c, PARSE_BAD);
    }
}

enum parse server_key_exchange_parse(struct span body, const struct suite *suite, uint16_t version,
                                     struct server_key_exchange *out)
{
    *out = (struct server_key_exchange){0};
    struct cursor c = cursor_over(body);
    switch ((enum suite_kx)suite->kx) {
    case KX_DHE:
    case KX_DH_ANON:
        dh_params(&c, out);
        break;
    case KX_DHE_PSK:
        (void)opaque16(&c); /* psk_identity_hint, RFC 4279 3 */
        dh_params(&c, out);
        break;
    case KX_ECDHE:
    case KX_ECDH_ANON:
        ec_params(&c, out);
        break;
    case KX_ECDHE_PSK:
        (void)opaque16(&c); /* RFC 5489 2 */
        ec_params(&c, out);
        break;
    case KX_RSA_EXPORT:
        out->rsa_bits = number16(&c);
        (void)number16(&c);
        break;
    case KX_NULL:
    case KX_RSA:
    case KX_DH:
    case KX_ECDH:
    case KX_PSK:
    case KX_RSA_PSK:
    case KX_SRP:
    case KX_KRB5:
    case KX_FORTEZZA:
    case KX_GOST:
    case KX_ECCPWD:
    case KX_TLS13:
    case KX_SIGNALLING:
    case KX_MLKEM:
    case KX_MLKEM_PSK:
        return PARSE_OK;
    }
    if (!out->unread)
        signature(&c, (enum suite_auth)suite->auth, version);
    return cursor_complete(&c);
}

enum parse certificate_request_parse(struct span body, struct span *types)
{
    struct cursor c = cursor_over(body);
    *types = cursor_take(&c, cursor_u8(&c));
    /* Signature algorithms since TLS 1.2 (RFC 5246 7.4.4), and authorities, to the end. */
    (void)opaque16(&c);
    if (cursor_left(&c))
        (void)opaque16(&c);
    if (!types->n || cursor_left(&c))
        cursor_fail(&c, PARSE_BAD);
    return cursor_complete(&c);
}

enum parse certificate_url_parse(struct span body)
{
    struct cursor c = cursor_over(body);
    (void)cursor_u8(&c); /* a list of certificates, or a PkiPath */
    const struct span urls = opaque16(&c);
    if (!urls.n || cursor_left(&c))
        cursor_fail(&c, PARSE_BAD);
    return cursor_complete(&c);
}

enum parse session_ticket_parse(struct span body, struct session_ticket *out)
{
    struct cursor c = cursor_over(body);
    out->lifetime_hint = cursor_u32(&c);
    out->ticket = opaque16(&c);
    if (cursor_left(&c))
        cursor_fail(&c, PARSE_BAD);
    return cursor_complete(&c);
}

enum parse sslv2_server_hello_parse(struct span message, struct sslv2_server_hello *out)
{
    *out = (struct sslv2_server_hello){0};
    struct cursor c = cursor_over(message);
    if (cursor_u8(&c) != 4)
        return PARSE_BAD;
    cursor_skip(&c, 2); /* session id hit, certificate type */
    out->version = cursor_u16(&c);
    size_t certificate = cursor_u16(&c);
    size_t specs = cursor_u16(&c);
    size_t connection_id = cursor_u16(&c);
    out->certificate = cursor_take(&c, certificate);
    cursor_skip(&c, specs);
    cursor_skip(&c, connection_id);
    return specs % 3 ? PARSE_BAD : cursor_complete(&c);
}
