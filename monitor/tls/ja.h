/* Common fingerprints of a client or a server: JA3, JA3S, and JA4 (of clients). */
#ifndef UTWATCH_TLS_JA_H
#define UTWATCH_TLS_JA_H

#include "base/text.h"
#include "tls/observation.h"

/* Room for the texts: JA3 has MAX_SUITES_LISTED, MAX_EXTENSIONS and MAX_GROUPS numbers of 5 digits. */
#define JA3_TEXT  4608
#define JA3S_TEXT 256
#define JA4_TEXT  40

/* The text whose MD5 is JA3; false: a list was longer than what is kept. */
bool ja3_text(const struct client_hello_facts *hello, struct text *out);
bool ja3s_text(const struct server_hello_facts *hello, struct text *out);

/* The hash of JA3 or JA3S, made from `text` unless it was made when the hello was read. */
void ja3_hash(const struct client_hello_facts *hello, const struct text *text, uint8_t md5[16]);
void ja3s_hash(const struct server_hello_facts *hello, const struct text *text, uint8_t md5[16]);

/* JA4 of FoxIO (BSD licence, the client part only); false likewise, or for an SSLv2-format hello. */
bool ja4_text(const struct observation *o, struct text *out);

#endif
