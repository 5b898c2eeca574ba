/*
 * How a handshake ends. Every event has a cell in every phase and none is an error: an observer notes
 * unexpected events instead of refusing them, and either direction may be missing. How far the handshake got
 * before its end is recorded in the observation's facts, not in phases.
 */
#ifndef UTWATCH_TLS_MACHINE_H
#define UTWATCH_TLS_MACHINE_H

enum phase {
    PHASE_OPEN,
    PHASE_DONE, /* the ends: */
    PHASE_REFUSED,
    PHASE_ABORTED,
    PHASE_GIVEN_UP,
    PHASE_COUNT
};

enum tls_event {
    EVENT_BOTH_FINISHED, /* the second Finished, or data from both sides, which are possible only after it */
    EVENT_CLIENT_FATAL,
    EVENT_SERVER_FATAL,
    EVENT_CLIENT_CLOSE, /* FIN or RST */
    EVENT_SERVER_CLOSE,
    EVENT_GIVE_UP, /* timeout, eviction, end of capture */
    EVENT_COUNT
};

enum machine_action {
    ACTION_NONE,
    ACTION_LINGER, /* an end, unless later bytes contradict it */
    ACTION_FINISH, /* the observation is complete */
};

struct transition {
    unsigned char next;   /* enum phase */
    unsigned char action; /* enum machine_action */
};

struct transition machine_step(enum phase phase, enum tls_event event);

#endif
