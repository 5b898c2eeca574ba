/*
 * The other handshake messages in clear: Certificate, ServerKeyExchange, CertificateRequest,
 * NewSessionTicket. Each gets the body of one complete message; spans point into it.
 */
#ifndef UTWATCH_WIRE_HANDSHAKE_MESSAGES_H
#define UTWATCH_WIRE_HANDSHAKE_MESSAGES_H

#include "base/cursor.h"
#include "base/limits.h"
#include "wire/suite.h"

struct certificate_list {
    struct span der[MAX_CHAIN]; /* the leaf first */
    size_t count;               /* of all in the message, also those beyond MAX_CHAIN */
};

/* RFC 2246 7.4.2. An empty list is legal from a client. */
enum parse certificate_list_parse(struct span body, struct certificate_list *out);

struct server_key_exchange {
    size_t dh_bits;  /* of the prime; 0: none */
    size_t rsa_bits; /* of an ephemeral RSA key (EXPORT); 0: none */
    uint16_t group;  /* named curve (RFC 8422 5.4); 0: none */
    bool explicit_curve;
};

/* What stands there depends on the key exchange of the selected suite. PARSE_OK with all zero where nothing
 * is known of it. */
enum parse server_key_exchange_parse(struct span body, enum suite_kx kx, struct server_key_exchange *out);

/* RFC 2246 7.4.4: the certificate types asked for, 1 byte each. */
enum parse certificate_request_parse(struct span body, struct span *types);

struct session_ticket {
    uint32_t lifetime_hint; /* seconds; 0: unspecified */
    struct span ticket;
};

/* RFC 5077 3.3 */
enum parse session_ticket_parse(struct span body, struct session_ticket *out);

struct sslv2_server_hello {
    uint16_t version;
    bool session_id_hit;
    struct span certificate; /* one DER certificate, or empty */
    struct span specs;       /* 3 bytes each */
    struct span connection_id;
};

/* The message after the 2-byte record header, type byte included. */
enum parse sslv2_server_hello_parse(struct span message, struct sslv2_server_hello *out);

#endif
