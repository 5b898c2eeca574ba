/* Names of wire values and addresses, as events and reports show them. */
#ifndef UTWATCH_REPORT_NAMES_H
#define UTWATCH_REPORT_NAMES_H

#include "base/text.h"
#include "tls/observation.h"

/* RFC 5246 7.2 and later: "handshake_failure"; NULL when the registry has none. */
const char *alert_name(uint8_t description);

/* "x25519" of RFC 8422 and IANA; NULL when unknown. */
const char *group_name(uint16_t group);

/* Why something was not observable, as a clause of a sentence; by the index of the bit in enum unobserved. */
const char *reason_words(unsigned bit_index);

void text_address(struct text *out, const struct endpoint *end); /* without the port */
void text_end(struct text *out, const struct endpoint *end);     /* 192.0.2.1:443, [2001:db8::1]:443 */

#endif
