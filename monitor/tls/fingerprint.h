/* JA3 and JA3S (Salesforce, BSD licence): MD5 over the numbers of a hello, in the order and form that their
 * authors fixed. */
#ifndef UTWATCH_TLS_FINGERPRINT_H
#define UTWATCH_TLS_FINGERPRINT_H

#include "wire/hello.h"

void ja3_client(const struct client_hello *hello, uint8_t md5[16]);
void ja3_server(const struct server_hello *hello, uint8_t md5[16]);

#endif
