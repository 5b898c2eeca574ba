/*
 * The session that a UE got last, and the conditions under which a hello can use it: the same server, the
 * same name (RFC 6066 3), its suite and version (RFC 5246 7.4.1.2) and the same extensions, among which the
 * extended master secret matters (RFC 7627 5.3).
 */
#ifndef UTWATCH_PEERS_HELD_H
#define UTWATCH_PEERS_HELD_H

#include "peers/shape.h"
#include "session/session.h"

enum extended_secret { EXTENDED_UNKNOWN, EXTENDED_NO, EXTENDED_YES };

struct held_session {
    uint64_t use; /* a hash of the server and the hello without its suites; 0: none is held, or its hello is
                     not known */
    nanos from, until; /* when the client has it and the server allows its use */
    uint32_t
        kept_for; /* seconds for which the server can be expected to keep it, as it said or as is usual */
    uint16_t suite, version;
    bool asked;       /* the server asked for a certificate */
    uint8_t extended; /* the session has an extended master secret: enum extended_secret */
    nanos since; /* since then it has answered such hellos with this version, and with or without a request
                    and that secret */
    nanos origin;
    uint64_t flow_id;     /* of its connection */
    uint8_t closed;       /* a bit for each enum side that has ended the connection with an alert */
    uint32_t begun;       /* sessions that the server had begun by then */
    uint64_t certificate; /* a hash of the one that the server showed; 0: not known */
};

/* The server did not resume a session that was like the held one. */
struct refusal {
    bool counts;     /* the server can be expected to have still had it, and could have resumed it */
    uint32_t unless; /* enum unobserved: why it may have lost it nevertheless; 0: no known reason */
};

/* A complete full handshake issued a session, the `begun`th of the server. */
void held_learn(struct held_session *held, const struct hello_shape *shape, const struct observation *o,
                uint32_t begun);

/* These sides have ended the connection of this flow: a bit for each enum side. */
void held_close(struct held_session *held, uint64_t flow_id, unsigned sides);

/* Could it use the held one? Not known unless the client was seen to end its connection with an alert such as
 * close_notify: OpenSSL never offers such a session again; in TLS 1.0, unless both ends were (RFC 2246
 * 7.2.1). */
bool held_is_usable(const struct held_session *held, const struct hello_shape *shape,
                    const struct observation *o);

/*
 * What it shows if the server answers the hello with a full handshake, having begun so many sessions.
 *
 * Nothing, if that handshake itself shows the reason: another version or suite (RFC 5246 7.4.1.2, 7.4.1.3,
 * E.1), another certificate, or a request for one, which a resumption would skip, or an extended master
 * secret that the session lacks, or has. Then the configuration has changed, or another server answers; and a
 * server that makes such secrets must not resume a session without one (RFC 7627 5.3). One that makes none,
 * whatever the hello asks for, is not bound by that.
 *
 * The server may have forgotten a session that it has to remember: because others took its place, or because
 * its connection had not ended with close_notify from both. Up to TLS 1.0 it must not be resumed then (RFC
 * 2246 7.2.1); since RFC 4346 7.2.1 it may be, but OpenSSL forgets it under any version. The server remembers
 * nothing of a session in a ticket (RFC 5077 3.1).
 */
struct refusal held_refusal(const struct held_session *held, const struct hello_shape *shape,
                            const struct observation *o, const struct session_result *r, uint32_t begun);

#endif
