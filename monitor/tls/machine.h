/*
 * How far a handshake has come. One table, a row a phase: every event has a cell in every phase, none is an
 * error (an observer notes the unexpected, it does not refuse it), either direction may be missing, and from
 * every phase an end is reached. Version, resumption and encryption are facts of the observation, not phases.
 */
#ifndef UTWATCH_TLS_MACHINE_H
#define UTWATCH_TLS_MACHINE_H

enum phase {
    PHASE_IDLE,
    PHASE_CLIENT_HELLO,  /* a ClientHello, no answer yet */
    PHASE_SERVER_HELLO,  /* ServerHello seen, flight under way */
    PHASE_SERVER_DONE,   /* ServerHelloDone: the client's turn */
    PHASE_CLIENT_FLIGHT, /* the client's Certificate, ClientKeyExchange or CertificateVerify seen */
    PHASE_CLIENT_CCS,    /* the client changed its cipher first: full handshake */
    PHASE_SERVER_CCS,    /* the server did: abbreviated handshake */
    PHASE_BOTH_CCS,
    PHASE_OPAQUE, /* TLS 1.3 after ServerHello */
    PHASE_DONE,   /* the ends: */
    PHASE_REFUSED,
    PHASE_ABORTED,
    PHASE_GIVEN_UP, /* timeout, eviction, end of capture */
    PHASE_COUNT
};

enum tls_event {
    EVENT_CLIENT_HELLO,
    EVENT_HELLO_RETRY,
    EVENT_SERVER_HELLO,
    EVENT_SERVER_HELLO_13,
    EVENT_SERVER_MESSAGE, /* any other of the server's flight, in clear */
    EVENT_SERVER_HELLO_DONE,
    EVENT_CLIENT_MESSAGE, /* any other of the client's flight, in clear */
    EVENT_CLIENT_CCS,
    EVENT_SERVER_CCS,
    EVENT_CLIENT_FINISHED,
    EVENT_SERVER_FINISHED,
    EVENT_BOTH_FINISHED, /* the second of the two, or data of both sides that could not flow before */
    EVENT_WARNING,
    EVENT_CLIENT_FATAL,
    EVENT_SERVER_FATAL,
    EVENT_CLIENT_CLOSE, /* FIN or RST */
    EVENT_SERVER_CLOSE,
    EVENT_GAP,
    EVENT_GIVE_UP, /* timeout, eviction, end of capture */
    EVENT_COUNT
};

enum machine_action {
    ACTION_NONE,
    ACTION_NOTE,   /* not expected here; counted */
    ACTION_LINGER, /* an end, unless later bytes contradict it */
    ACTION_FINISH, /* the observation is complete */
};

struct transition {
    unsigned char next;   /* enum phase */
    unsigned char action; /* enum machine_action */
};

struct transition machine_step(enum phase phase, enum tls_event event);

const char *phase_name(enum phase phase);
const char *tls_event_name(enum tls_event event);

#endif
