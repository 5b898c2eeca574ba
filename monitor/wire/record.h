/* TLS record headers (RFC 2246 6.2.1) and what the first bytes of a stream tell. */
#ifndef UTWATCH_WIRE_RECORD_H
#define UTWATCH_WIRE_RECORD_H

#include "base/cursor.h"
#include "base/limits.h"

#define RECORD_HEADER_BYTES 5

enum record_type {
    RECORD_CHANGE_CIPHER_SPEC = 20,
    RECORD_ALERT = 21,
    RECORD_HANDSHAKE = 22,
    RECORD_APPLICATION_DATA = 23,
    RECORD_HEARTBEAT = 24,
};

struct record_header {
    uint8_t type;
    uint16_t version;
    uint16_t length; /* of the fragment that follows, bytes */
};

/* PARSE_BAD: not a TLS record (content type, version 3.x, length up to MAX_RECORD_BYTES). */
enum parse record_header_parse(struct span bytes, struct record_header *out);

enum message_type { /* RFC 2246 7.4, RFC 5077, RFC 6066, RFC 8446 B.3; letters in history as in Zeek */
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

enum opening { /* what bytes at a possible start of TLS look like */
               OPENING_NONE,
               OPENING_CLIENT_HELLO,
               OPENING_SERVER_HELLO,
               OPENING_SSLV2_CLIENT_HELLO,
               OPENING_SSLV2_SERVER_HELLO,
               OPENING_SSLV2_ERROR,
               OPENING_HANDSHAKE, /* another handshake message in clear: the capture came late */
               OPENING_ALERT,     /* a fatal or warning alert in clear */
               OPENING_PROTECTED, /* application_data records */
               OPENING_MAYBE,     /* too few bytes, and nothing against it so far */
};

/* Needs at most OPENING_BYTES to decide; fewer may give OPENING_MAYBE. */
#define OPENING_BYTES 11
enum opening opening_look(struct span bytes);

#endif
