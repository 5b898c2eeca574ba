/*
 * Types of handshake messages, and the messages in clear besides the hellos: Certificate, ServerKeyExchange,
 * CertificateRequest, NewSessionTicket. Each parser gets the body of one complete message; spans point into
 * it.
 */
#ifndef UTWATCH_WIRE_HANDSHAKE_MESSAGES_H
#define UTWATCH_WIRE_HANDSHAKE_MESSAGES_H

#include "base/cursor.h"
#include "base/limits.h"
#include "wire/suite.h"

/* RFC 2246 7.4, RFC 5077, RFC 6066, RFC 8446 B.3 */
enum message_type {
    MESSAGE_HELLO_REQUEST = 0,
    MESSAGE_CLIENT_HELLO = 1,
    MESSAGE_SERVER_HELLO = 2,
    MESSAGE_NEW_SESSION_TICKET = 4,
    MESSAGE_END_OF_EARLY_DATA = 5,
    MESSAGE_HELLO_RETRY_REQUEST = 6, /* drafts of TLS 1.3 */
    MESSAGE_ENCRYPTED_EXTENSIONS = 8,
    MESSAGE_CERTIFICATE = 11,
    MESSAGE_SERVER_KEY_EXCHANGE = 12,
    MESSAGE_CERTIFICATE_REQUEST = 13,
    MESSAGE_SERVER_HELLO_DONE = 14,
    MESSAGE_CERTIFICATE_VERIFY = 15,
    MESSAGE_CLIENT_KEY_EXCHANGE = 16,
    MESSAGE_FINISHED = 20,
    MESSAGE_CERTIFICATE_URL = 21,
    MESSAGE_CERTIFICATE_STATUS = 22,
    MESSAGE_SUPPLEMENTAL_DATA = 23,
    MESSAGE_KEY_UPDATE = 24,
};

#define MESSAGE_HEADER_BYTES 4

/* Of a record: with padding, MAC and IV no protected Finished is so long (RFC 5246 6.2.3.2, 7.4.9). */
#define LONGER_THAN_FINISHED 512

struct certificate_list {
    struct span der[MAX_CHAIN]; /* the leaf first */
    size_t count;               /* of all in the message, also those beyond MAX_CHAIN */
    size_t largest_authority;   /* bytes of the largest behind the leaf, likewise */
};

/* RFC 2246 7.4.2. An empty list is legal from a client. */
enum parse certificate_list_parse(struct span body, struct certificate_list *out);

/* RFC 7250 3: a SubjectPublicKeyInfo in place of the list. */
enum parse raw_public_key_parse(struct span body, struct span *info);

struct server_key_exchange {
    size_t dh_bits;  /* of the prime; 0: none */
    size_t rsa_bits; /* of an ephemeral RSA key (EXPORT); 0: none */
    uint16_t group;  /* named curve (RFC 8422 5.4); 0: none */
    bool unread;     /* an explicit curve, and what comes after it */
};

/* The content depends on the selected suite and version. PARSE_OK with all zero for exchanges that have no
 * parser. */
enum parse server_key_exchange_parse(struct span body, const struct suite *suite, uint16_t version,
                                     struct server_key_exchange *out);

/* RFC 2246 7.4.4: the certificate types asked for, 1 byte each. */
enum parse certificate_request_parse(struct span body, struct span *types);

/* CertificateURL (RFC 3546 3.3, RFC 6066 5): where to fetch the client's certificates, one URL at least. */
enum parse certificate_url_parse(struct span body);

struct session_ticket {
    uint32_t lifetime_hint; /* seconds; 0: unspecified */
    struct span ticket;
};

/* RFC 5077 3.3 */
enum parse session_ticket_parse(struct span body, struct session_ticket *out);

struct sslv2_server_hello {
    uint16_t version;
    struct span certificate; /* one DER certificate, or empty */
};

/* The message after the 2-byte record header, type byte included. */
enum parse sslv2_server_hello_parse(struct span message, struct sslv2_server_hello *out);

#endif
