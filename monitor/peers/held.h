/*
 * The session that a UE got last, and what a hello has to be so that it can be used: at the same server,
 * under the same name (RFC 6066 3), with its suite and version (RFC 5246 7.4.1.2) and the same extensions, of
 * which the extended master secret decides (RFC 7627 5.3).
 */
#ifndef UTWATCH_PEERS_HELD_H
#define UTWATCH_PEERS_HELD_H

#include "peers/shape.h"

struct held_session {
    uint64_t
        use; /* the hash of server and hello but for its suites; 0: none is held, or its hello is not known */
    nanos from, until; /* the client has it, and the server lets it be used */
    uint32_t
        kept_for; /* seconds for which the server is to be expected to keep it, as it said, or as is usual */
    uint16_t suite, version;
    bool asked;  /* the server asked for a certificate */
    nanos since; /* it has answered such hellos with this version, and asked or not, since then */
};

/* A complete full handshake issued a session. */
void held_learn(struct held_session *held, const struct hello_shape *shape, const struct observation *o);

/* Could the hello use a session of this suite that was got like the held one? No longer when the server's
 * promise for the held one has run out (RFC 5077 3.3). */
bool held_is_for(const struct held_session *held, const struct hello_shape *shape,
                 const struct observation *o, uint16_t suite);

/* Could it use the held one? Not known of one of TLS 1.0, since nobody sees whether its connection has ended
 * with close_notify (RFC 2246 7.2.1). */
bool held_is_usable(const struct held_session *held, const struct hello_shape *shape,
                    const struct observation *o);

/* Does the server's full handshake itself say why it did not resume a session of this suite and origin, got
 * like the held one? It has another version or suite now (RFC 5246 7.4.1.2, 7.4.1.3, E.1), or asks for a
 * certificate, which a resumption would skip: its configuration has changed, or another server answers. */
bool held_is_superseded(const struct held_session *held, const struct observation *o, uint16_t suite,
                        nanos origin);

#endif
