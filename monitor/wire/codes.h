/* IANA's names of code points of TLS, other than suites. */
#ifndef UTWATCH_WIRE_CODES_H
#define UTWATCH_WIRE_CODES_H

#include "base/words.h"

extern const struct word alert_words[], group_words[], signature_scheme_words[];

const char *alert_name(uint8_t description); /* "handshake_failure"; NULL when the registry has none */
const char *group_name(uint16_t group);      /* "x25519"; NULL when unknown */

#endif
