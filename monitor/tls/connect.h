/* An HTTP CONNECT before TLS: its authority is the server that the client means (RFC 9110 9.3.6). */
#ifndef UTWATCH_TLS_CONNECT_H
#define UTWATCH_TLS_CONNECT_H

#include "tls/handshake.h"

/* Are these bytes at the start of a stream an HTTP CONNECT, or may they become one? */
bool connect_begins(struct span bytes);

/* HTTP that does not lead to TLS. After a header of the PROXY protocol, nothing else has checked that. */
bool connect_is_other_request(struct span bytes);

/* Bytes of a side of the flow before TLS, at the start of a stream or after an unfinished request line. */
void connect_look_for(struct handshake *h, unsigned side, bool stream_start, struct span bytes);

#endif
