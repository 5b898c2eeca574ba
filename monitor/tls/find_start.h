/* Where in a run of bytes TLS may begin, and the probe that waits for more of a start. */
#ifndef UTWATCH_TLS_FIND_START_H
#define UTWATCH_TLS_FIND_START_H

#include "tls/handshake.h"

/* Found at the start of a direction only if something before it is missing. */
static inline bool opening_is_late(enum opening opening)
{
    return opening == OPENING_HANDSHAKE || opening == OPENING_PROTECTED;
}

static inline bool opening_is_client_hello(enum opening opening)
{
    return opening == OPENING_CLIENT_HELLO || opening == OPENING_SSLV2_CLIENT_HELLO;
}

static inline bool opening_is_hello(enum opening opening)
{
    return opening_is_client_hello(opening) || opening == OPENING_SERVER_HELLO ||
           opening == OPENING_SSLV2_SERVER_HELLO;
}

/* What a server may send before anything else, but only in answer to a hello. */
static inline bool opening_is_answer(enum opening opening)
{
    return opening == OPENING_ALERT || opening == OPENING_SSLV2_ERROR;
}

static inline bool opening_is_start(enum opening opening)
{
    return opening != OPENING_NONE && opening != OPENING_MAYBE;
}

/* Empty records are forbidden except for data (RFC 5246 6.2.1), and stacks skip them. */
struct span skip_empty_records(struct span bytes);

/* Octets of text, as in protocols in which TLS begins after a command. */
bool are_words(struct span bytes);

/* Words before TLS that grant what was asked for (granted.c). */
bool words_grant(struct span bytes);

/* Where TLS may begin within a run. */
enum borders {
    BORDERS_NONE,
    BORDERS_USUAL,
    BORDERS_ALL, /* it is not known which bytes of the side its peer has taken */
};

/*
 * Where in a run may TLS begin? At its start (which is that of a segment if the beginning of the stream was
 * not captured), and after a line (CONNECT's 2xx, 101 of an Upgrade, STARTTLS) or an XML tag (XMPP), since a
 * peer may have sent them in one segment (`borders`). Returns the bytes from there on; empty: nowhere.
 */
struct span start_find(struct span bytes, bool stream_start, bool lacks_start, enum borders borders,
                       enum opening *opening);

/* The same for a run in which the end of a message before TLS is known. `place`: see tls_search(). */
struct span start_in_run(struct span bytes, size_t place, bool stream_start, bool lacks_start, bool contested,
                         enum opening *opening);

/* The bytes, which may be in the probe itself, may be a start, but are too short to recognise. */
void probe_begin(struct probe *p, struct span start, const struct whence *at, bool unprompted);

/* Adds bytes; *bytes becomes what the probe did not need. */
enum opening probe_extend(struct probe *p, struct span *bytes, bool lacks_start);

#endif
