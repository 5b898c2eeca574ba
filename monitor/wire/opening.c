#include "wire/opening.h"

#include "wire/handshake_messages.h"
#include "wire/record.h"

/* A Finished of TLS 1.0 under RC4 or NULL and MD5 (RFC 2246 7.4.9); those with a larger MAC or blocks are
 * longer. */
enum { SHORTEST_FINISHED = 4 + 12 + 16 };

enum { SSLV2_HEADER_BYTES = 2 };

/* A message may be cut into records of a byte each: then its first record shows nothing but the
 * type. */
static enum opening look_at_handshake(struct span fragment, uint16_t length)
{
    if (fragment.n == 0)
        return OPENING_MAYBE;
    struct cursor c = cursor_over(fragment);
    uint8_t type = cursor_u8(&c);
    size_t message = cursor_u24(&c);
    bool whole_header = c.status == PARSE_OK;
    bool more_in_record = fragment.n < length;
    switch (type) {
    case MESSAGE_CLIENT_HELLO:
    case MESSAGE_SERVER_HELLO: {
        /* A hello has at least version, random and an empty session id. */
        if (whole_header && (message < 38))
            return OPENING_NONE;
        uint8_t major = cursor_u8(&c);
        if (c.status != PARSE_OK && more_in_record)
            return OPENING_MAYBE;
        /* A client may offer any later version (RFC 5246 E.1); 0x7f: drafts of TLS 1.3. */
        const bool known = major == 3 || major == 0x7f || (type == MESSAGE_CLIENT_HELLO && major > 3);
        if (c.status == PARSE_OK && !known)
            return OPENING_NONE;
        return type == MESSAGE_CLIENT_HELLO ? OPENING_CLIENT_HELLO : OPENING_SERVER_HELLO;
    }
    case MESSAGE_NEW_SESSION_TICKET:
    case MESSAGE_CERTIFICATE:
    case MESSAGE_SERVER_KEY_EXCHANGE:
    case MESSAGE_CERTIFICATE_REQUEST:
    case MESSAGE_SERVER_HELLO_DONE:
    case MESSAGE_CLIENT_KEY_EXCHANGE:
    case MESSAGE_CERTIFICATE_STATUS:
        if (!whole_header)
            return more_in_record ? OPENING_MAYBE : OPENING_NONE;
        return message <= MAX_MESSAGE_BYTES || length >= LONGER_THAN_FINISHED ? OPENING_HANDSHAKE
                                                                              : OPENING_NONE;
    default:
        return length >= SHORTEST_FINISHED ? OPENING_PROTECTED : OPENING_NONE;
    }
}

size_t opening_sslv2_length(struct span bytes)
{
    struct cursor c = cursor_over(bytes);
    return (cursor_u16(&c) & 0x7fffu) + SSLV2_HEADER_BYTES;
}

/* Stacks take any later version, a session id of any length, and any challenge (RFC 2246 E.1 has 16 to 32
 * octets): it is the lengths that show it. */
static bool is_sslv2_hello(size_t length, uint16_t version, size_t suites, size_t session, size_t challenge)
{
    enum { LONGEST_SESSION_ID = 32 };
    return (version == 0x0002 || version >= 0x0300) && suites > 0 && suites % 3 == 0 &&
           session <= LONGEST_SESSION_ID && length == 9 + suites + session + challenge;
}

/* SSLv2 (RFC 2246 Appendix E): a 2-byte record header with its top bit set, message type, version. */
static enum opening look_at_sslv2(struct span bytes)
{
    struct cursor c = cursor_over(bytes);
    size_t length = cursor_u16(&c) & 0x7fffu;
    if (c.status != PARSE_OK)
        return OPENING_MAYBE;
    uint8_t type = cursor_u8(&c);
    if (c.status != PARSE_OK)
        return length >= 3 ? OPENING_MAYBE : OPENING_NONE;
    if (type == 1) {
        uint16_t version = cursor_u16(&c);
        size_t suites = cursor_u16(&c);
        size_t session = cursor_u16(&c);
        size_t challenge = cursor_u16(&c);
        if (c.status != PARSE_OK)
            return OPENING_MAYBE;
        return is_sslv2_hello(length, version, suites, session, challenge) ? OPENING_SSLV2_CLIENT_HELLO
                                                                           : OPENING_NONE;
    }
    if (type == 0)
        return length == 3 ? OPENING_SSLV2_ERROR : OPENING_NONE;
    if (type == 4) {
        uint8_t hit = cursor_u8(&c);
        uint8_t certificate_type = cursor_u8(&c);
        uint16_t version = cursor_u16(&c);
        if (c.status != PARSE_OK)
            return OPENING_MAYBE;
        return hit <= 1 && certificate_type <= 1 && version == 0x0002 ? OPENING_SSLV2_SERVER_HELLO
                                                                      : OPENING_NONE;
    }
    return OPENING_NONE;
}

/* An alert and its MAC or tag; a block cipher of TLS 1.1 adds an IV and up to 255 bytes of padding. */
enum { SHORTEST_PROTECTED = 2 + 16, LONGEST_PROTECTED_ALERT = 512 };

enum opening opening_look(struct span bytes)
{
    if (bytes.n == 0)
        return OPENING_MAYBE;
    struct cursor c = cursor_over(bytes);
    uint8_t first = cursor_u8(&c);
    if (first & 0x80)
        return look_at_sslv2(bytes);
    if (first < RECORD_CHANGE_CIPHER_SPEC || first > RECORD_APPLICATION_DATA)
        return OPENING_NONE;
    uint8_t major = cursor_u8(&c);
    if (c.status == PARSE_OK && major != 3)
        return OPENING_NONE;
    struct record_header header;
    enum parse parsed = record_header_parse(bytes, &header);
    if (parsed == PARSE_SHORT)
        return OPENING_MAYBE;
    if (parsed == PARSE_BAD || header.length == 0)
        return OPENING_NONE;
    if (header.type != RECORD_HANDSHAKE && !record_header_is_usual(&header))
        return OPENING_NONE;
    struct span fragment = span_head(span_skip(bytes, RECORD_HEADER_BYTES), header.length);
    switch (header.type) {
    case RECORD_HANDSHAKE:
        return look_at_handshake(fragment, header.length);
    case RECORD_CHANGE_CIPHER_SPEC:
        if (header.length != 1)
            return OPENING_NONE;
        if (fragment.n == 0)
            return OPENING_MAYBE;
        return fragment.p[0] == 1 ? OPENING_PROTECTED : OPENING_NONE;
    case RECORD_ALERT:
        if (header.length >= SHORTEST_PROTECTED && header.length <= LONGEST_PROTECTED_ALERT)
            return OPENING_PROTECTED;
        if (header.length != 2)
            return OPENING_NONE;
        if (fragment.n == 0)
            return OPENING_MAYBE;
        return fragment.p[0] == 1 || fragment.p[0] == 2 ? OPENING_ALERT : OPENING_NONE;
    case RECORD_APPLICATION_DATA:
        return OPENING_PROTECTED;
    default:
        return OPENING_NONE;
    }
}
