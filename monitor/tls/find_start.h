/* Where in a run of bytes TLS may begin, and the probe that waits for more of a start. */
#ifndef UTWATCH_TLS_FIND_START_H
#define UTWATCH_TLS_FIND_START_H

#include "tls/handshake.h"

/* What stands at the start of a direction only where something before it is missing. */
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

/* What a server may say before anything else, but only to a hello. */
static inline bool opening_is_answer(enum opening opening)
{
    return opening == OPENING_ALERT || opening == OPENING_SSLV2_ERROR;
}

static inline bool opening_is_start(enum opening opening)
{
    return opening != OPENING_NONE && opening != OPENING_MAYBE;
}

/* Records without contents are forbidden but for those of data (RFC 5246 6.2.1), and stacks pass over them.
 */
struct span skip_empty_records(struct span bytes);

/* Octets of text, as those of protocols in which TLS begins after a word. */
bool are_words(struct span bytes);

/* Where it may begin within a run. */
enum borders {
    BORDERS_NONE,
    BORDERS_USUAL,
    BORDERS_ALL, /* which bytes of the side its peer has taken is not known */
};

/*
 * Where in a run may TLS begin? At its start (which is that of a segment, where the beginning of the stream
 * was not captured), and after a line (CONNECT's 2xx, 101 of an Upgrade, STARTTLS) or an XML tag (XMPP),
 * since a peer may have sent them in one segment (`borders`). Returns the bytes from there on, empty when
 * nowhere.
 */
struct span start_find(struct span bytes, bool stream_start, bool lacks_start, enum borders borders,
                       enum opening *opening);

/* The same for a run of which it is known where a message before TLS ends. `place`: see tls_search(). */
struct span start_in_run(struct span bytes, size_t place, bool stream_start, bool lacks_start, bool contested,
                         enum opening *opening);

/* The bytes, which may lie in the probe, are a start, but too short to tell. */
void probe_begin(struct probe *p, struct span start, const struct whence *at, bool unprompted);

/* More bytes; *bytes is then what the probe did not need. */
enum opening probe_extend(struct probe *p, struct span *bytes, bool lacks_start);

#endif
