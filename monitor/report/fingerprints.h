/* Names that others give to a connection or a client: Community ID, the strings of JA3 and JA3S, JA4
 * (client). */
#ifndef UTWATCH_REPORT_FINGERPRINTS_H
#define UTWATCH_REPORT_FINGERPRINTS_H

#include "base/text.h"
#include "tls/observation.h"

/* Community ID version 1, seed 0. */
void community_id(const struct endpoint *a, const struct endpoint *b, uint8_t protocol, struct text *out);

/* The text whose MD5 is JA3; false when a list was longer than what is kept. */
bool ja3_text(const struct client_hello_facts *hello, struct text *out);
bool ja3s_text(const struct server_hello_facts *hello, struct text *out);

/* JA3 or JA3S of what is known of it, from `text` unless it was made when the hello was read. */
void ja3_hash(const struct client_hello_facts *hello, const struct text *text, uint8_t md5[16]);
void ja3s_hash(const struct server_hello_facts *hello, const struct text *text, uint8_t md5[16]);

/* JA4 of FoxIO (BSD licence, the client part only); false likewise, or for an SSLv2-format hello. */
bool ja4_text(const struct observation *o, struct text *out);

/* The facts that a hello's JA4 is made of, as codes: equal ones have the same JA4. 0: they take more than
 * `room` codes. */
size_t ja4_source(const struct observation *o, uint16_t *codes, size_t room);

#endif
