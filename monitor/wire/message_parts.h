/*
 * Where the parts of a message lie, for whoever shows its bytes. What they say is the business of hello.h and
 * handshake_messages.h. A body whose end is missing has the parts before that.
 */
#ifndef UTWATCH_WIRE_MESSAGE_PARTS_H
#define UTWATCH_WIRE_MESSAGE_PARTS_H

#include "wire/handshake_messages.h"

enum part {
    PART_WHOLE,
    /* of hellos */
    PART_VERSION,
    PART_RANDOM,
    PART_SESSION_ID, /* with its length */
    PART_SUITES,
    PART_SUITE,
    PART_COMPRESSION,
    PART_EXTENSIONS, /* the whole block */
    PART_EXTENSION,  /* with its type and length; where it is missing, the whole block */
    /* of a Certificate message */
    PART_CERTIFICATE_VERSION,
    PART_SERIAL,
    PART_ISSUER,
    PART_VALIDITY,
    PART_SUBJECT,
    PART_KEY,
    PART_SIGNATURE,
    PART_CERTIFICATE_EXTENSIONS,
    PART_AUTHORITIES, /* the certificates after the first */
    PART_LENGTHS,     /* of the list and of the first certificate */
    /* of a ServerKeyExchange */
    PART_PRIME,
    PART_PRIME_AFTER_HINT,
    PART_GROUP,
    PART_GROUP_AFTER_HINT,
    /* of a NewSessionTicket */
    PART_LIFETIME,
};
enum { PARTS = PART_LIFETIME + 1 };

/* Empty when the message has no such part. `extension`: of PART_EXTENSION. */
struct span client_hello_part(struct span body, enum part part, uint16_t extension);
struct span sslv2_client_hello_part(struct span message, enum part part);
struct span server_hello_part(struct span body, enum part part, uint16_t extension);
struct span certificate_part(struct span body, enum part part);
struct span key_exchange_part(struct span body, enum part part);

#endif
