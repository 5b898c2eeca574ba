/*
 * ClientHello and ServerHello of SSLv3 to TLS 1.3, and the SSLv2 forms (RFC 2246 7.4.1 and Appendix E, RFC
 * 8446 4.1). A parser gets the body of one complete message: a ClientHello cut before its extensions would be
 * a legal one. Spans point into the message.
 */
#ifndef UTWATCH_WIRE_HELLO_H
#define UTWATCH_WIRE_HELLO_H

#include "base/cursor.h"
#include "base/words.h"

struct client_hello {
    uint16_t version;
    struct span random; /* 32 bytes; SSLv2 format: the challenge, 16 to 32 */
    struct span session_id;
    struct span suites;      /* 2 bytes each; SSLv2 format: 3 */
    struct span compression; /* 1 byte each */
    bool has_extensions;
    struct span extensions; /* the block without its length */
    bool usable;            /* everything before the compression methods parsed, whatever came after */
};

/* On PARSE_BAD the facts up to `suites` still hold when `usable` is set. Of a hello whose end was not
 * captured all holds that is there, with `extensions` up to where it ends; the same goes for a ServerHello.
 */
enum parse client_hello_parse(struct span body, struct client_hello *out);

/* The message after the 2-byte record header, type byte included. */
enum parse sslv2_client_hello_parse(struct span message, struct client_hello *out);

struct server_hello {
    uint16_t version; /* as in the message; drafts of TLS 1.3 before 22 have 0x7fNN or 0x0304 there */
    struct span random;
    struct span session_id;
    uint16_t suite;
    uint8_t compression;
    bool has_extensions;
    struct span extensions;
    bool hello_retry; /* a HelloRetryRequest by its version and random (RFC 8446 4.1.3); may lack TLS 1.3 */
    bool usable;      /* everything before the extensions parsed, whatever came after */
};

enum parse server_hello_parse(struct span body, struct server_hello *out);

struct extension {
    uint16_t type;
    struct span body;
};

/* The next extension of a block; false at its end or when the rest does not parse (then c->status is not OK).
 */
bool extension_next(struct cursor *c, struct extension *out);

enum extension_type {
    EXTENSION_SERVER_NAME = 0,
    EXTENSION_MAX_FRAGMENT_LENGTH = 1,
    EXTENSION_TRUNCATED_HMAC = 4,
    EXTENSION_CERT_TYPE = 9, /* RFC 6091 */
    EXTENSION_SUPPORTED_GROUPS = 10,
    EXTENSION_POINT_FORMATS = 11,
    EXTENSION_SIGNATURE_ALGORITHMS = 13,
    EXTENSION_ALPN = 16,
    EXTENSION_CLIENT_CERTIFICATE_TYPE = 19, /* RFC 7250 */
    EXTENSION_SERVER_CERTIFICATE_TYPE = 20,
    EXTENSION_PADDING = 21, /* RFC 7685 */
    EXTENSION_ENCRYPT_THEN_MAC = 22,
    EXTENSION_EXTENDED_MASTER_SECRET = 23,
    EXTENSION_CACHED_INFO = 25, /* RFC 7924 */
    EXTENSION_SESSION_TICKET = 35,
    EXTENSION_PRE_SHARED_KEY = 41,
    EXTENSION_EARLY_DATA = 42,
    EXTENSION_SUPPORTED_VERSIONS = 43,
    EXTENSION_COOKIE = 44,
    EXTENSION_PSK_KEY_EXCHANGE_MODES = 45,
    EXTENSION_KEY_SHARE_OLD = 40, /* drafts of TLS 1.3 before 23 */
    EXTENSION_POST_HANDSHAKE_AUTH = 49,
    EXTENSION_KEY_SHARE = 51,
    EXTENSION_ENCRYPTED_HELLO = 0xfe0d, /* draft-ietf-tls-esni, random where it is GREASE */
    EXTENSION_RENEGOTIATION_INFO = 0xff01,
};

/* A body that is one list and nothing else; the list's byte length precedes it in `width` bytes. None of
 * these lists may be empty. */
enum parse extension_list(struct span body, size_t width, struct span *list);

/* The first host_name of a client's server_name (RFC 6066 3); empty when there is none. */
enum parse server_name_parse(struct span body, struct span *host);

/* The next name of a list of ALPN (RFC 7301 3.1). */
struct span protocol_name_next(struct cursor *list);

/* GREASE (RFC 8701): 0x0a0a, 0x1a1a, ... 0xfafa; means nothing anywhere. */
static inline bool is_grease(uint16_t code)
{
    return (code & 0x0f0f) == 0x0a0a && code >> 8 == (code & 0xff);
}

/* Copies the other codes of a list. Returns how many there are. */
size_t without_grease(uint16_t *to, const uint16_t *from, size_t count);

/* "SSLv2", "TLSv1", "TLS 1.2", ... by code point, as Suricata's EVE writes them. */
extern const struct word version_words[];

/* The version of TLS behind a code of supported_versions: drafts and experiments of TLS 1.3 (0x7fNN, 0x7eNN)
 * count as 0x0304, others as they are. */
uint16_t version_of_code(uint16_t code);

#endif
