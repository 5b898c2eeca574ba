/*
 * The session that a UE got last, and what a hello has to be so that it can be used: at the same server,
 * under the same name (RFC 6066 3), with its suite and version (RFC 5246 7.4.1.2) and the same extensions, of
 * which the extended master secret decides (RFC 7627 5.3).
 */
#ifndef UTWATCH_PEERS_HELD_H
#define UTWATCH_PEERS_HELD_H

#include "peers/shape.h"
#include "session/session.h"

struct held_session {
    uint64_t
        use; /* the hash of server and hello but for its suites; 0: none is held, or its hello is not known */
    nanos from, until; /* the client has it, and the server lets it be used */
    uint32_t
        kept_for; /* seconds for which the server is to be expected to keep it, as it said, or as is usual */
    uint16_t suite, version;
    bool asked;  /* the server asked for a certificate */
    nanos since; /* it has answered such hellos with this version, and asked or not, since then */
    nanos origin;
    uint64_t flow_id;     /* of its connection, */
    uint8_t closed;       /* a bit for each enum side that has ended it with an alert */
    uint32_t begun;       /* sessions that the server had begun by then */
    uint64_t certificate; /* that it showed, by its hash; 0: not known */
};

/* The server did not resume a session that was like the held one. */
struct refusal {
    bool counts;     /* it is to be expected that it had it still, and could have resumed it */
    uint32_t unless; /* enum unobserved: why it may have lost it all the same; 0: it is not known to */
};

/* A complete full handshake issued a session, the server's `begun`th. */
void held_learn(struct held_session *held, const struct hello_shape *shape, const struct observation *o,
                uint32_t begun);

/* These sides have ended the connection of this flow: a bit for each enum side. */
void held_close(struct held_session *held, uint64_t flow_id, unsigned sides);

/* Could it use the held one? Not known where the client was not seen to end its connection with an alert, as
 * close_notify is: OpenSSL offers such a session to nobody again; and of one of TLS 1.0 not where one of the
 * two was not (RFC 2246 7.2.1). */
bool held_is_usable(const struct held_session *held, const struct hello_shape *shape,
                    const struct observation *o);

/*
 * What it shows that the server made a full handshake of the hello, where it has begun so many sessions.
 *
 * Nothing, where that itself says why: another version or suite (RFC 5246 7.4.1.2, 7.4.1.3, E.1), another
 * certificate, or a request for one, which a resumption would skip. The configuration has changed, or another
 * server answers.
 *
 * A session that the server has to remember it may have forgotten: because others took its place; or because
 * its connection had not ended with close_notify of both. Up to TLS 1.0 it must not be resumed then (RFC 2246
 * 7.2.1); since RFC 4346 7.2.1 it may be, but OpenSSL forgets it under any version. Of a session in a ticket
 * the server remembers nothing (RFC 5077 3.1).
 */
struct refusal held_refusal(const struct held_session *held, const struct hello_shape *shape,
                            const struct observation *o, const struct session_result *r, uint32_t begun);

#endif
