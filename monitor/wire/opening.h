/* Do the first bytes of a stream look like TLS, and like which part of it? */
#ifndef UTWATCH_WIRE_OPENING_H
#define UTWATCH_WIRE_OPENING_H

#include "base/span.h"

enum opening {
    OPENING_NONE,
    OPENING_CLIENT_HELLO,
    OPENING_SERVER_HELLO,
    OPENING_SSLV2_CLIENT_HELLO,
    OPENING_SSLV2_SERVER_HELLO,
    OPENING_SSLV2_ERROR,
    OPENING_HANDSHAKE, /* another handshake message in clear: the capture came late */
    OPENING_ALERT,     /* a fatal or warning alert in clear */
    OPENING_PROTECTED, /* a ChangeCipherSpec, or something under new keys: likewise */
    OPENING_MAYBE,     /* too few bytes, and nothing against it so far */
};

/* Needs at most OPENING_BYTES to decide; fewer may give OPENING_MAYBE. */
#define OPENING_BYTES 11
enum opening opening_look(struct span bytes);

/* Of an SSLv2 record with a header of two bytes, header included; at least two bytes are here. */
size_t opening_sslv2_length(struct span bytes);

#endif
