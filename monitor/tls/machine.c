#include "tls/machine.h"

#include <assert.h>

/* clang-format off */
#define STAY(p)   {PHASE_##p, ACTION_NONE}
#define GO(p)     {PHASE_##p, ACTION_NONE}
#define ODD(p)    {PHASE_##p, ACTION_NOTE}
#define LINGER(p) {PHASE_##p, ACTION_LINGER}
#define END(p)    {PHASE_##p, ACTION_FINISH}

static const struct transition table[PHASE_COUNT][EVENT_COUNT] = {
    /*                     CLIENT_HELLO        HELLO_RETRY         SERVER_HELLO        SERVER_HELLO_13     SERVER_MESSAGE      SERVER_HELLO_DONE   CLIENT_MESSAGE      CLIENT_CCS          SERVER_CCS          CLIENT_FINISHED     SERVER_FINISHED     BOTH_FINISHED   WARNING             CLIENT_FATAL     SERVER_FATAL     CLIENT_CLOSE     SERVER_CLOSE     GAP                 GIVE_UP */
    [PHASE_IDLE]          = {GO(CLIENT_HELLO),  ODD(IDLE),          GO(SERVER_HELLO),   GO(OPAQUE),         GO(SERVER_HELLO),   GO(SERVER_DONE),    GO(CLIENT_FLIGHT),  GO(CLIENT_CCS),     GO(SERVER_CCS),     STAY(IDLE),         STAY(IDLE),         END(DONE),      STAY(IDLE),         LINGER(ABORTED), LINGER(REFUSED), LINGER(ABORTED), LINGER(REFUSED), STAY(IDLE),         END(GIVEN_UP)},
    [PHASE_CLIENT_HELLO]  = {STAY(CLIENT_HELLO),STAY(CLIENT_HELLO), GO(SERVER_HELLO),   GO(OPAQUE),         ODD(SERVER_HELLO),  ODD(SERVER_DONE),   ODD(CLIENT_FLIGHT), GO(CLIENT_CCS),     GO(SERVER_CCS),     STAY(CLIENT_HELLO), STAY(CLIENT_HELLO), END(DONE),      STAY(CLIENT_HELLO), LINGER(ABORTED), LINGER(REFUSED), LINGER(ABORTED), LINGER(REFUSED), STAY(CLIENT_HELLO), END(GIVEN_UP)},
    [PHASE_SERVER_HELLO]  = {ODD(SERVER_HELLO), ODD(SERVER_HELLO),  ODD(SERVER_HELLO),  ODD(OPAQUE),        STAY(SERVER_HELLO), GO(SERVER_DONE),    GO(CLIENT_FLIGHT),  GO(CLIENT_CCS),     GO(SERVER_CCS),     STAY(SERVER_HELLO), STAY(SERVER_HELLO), END(DONE),      STAY(SERVER_HELLO), LINGER(ABORTED), LINGER(REFUSED), LINGER(ABORTED), LINGER(REFUSED), STAY(SERVER_HELLO), END(GIVEN_UP)},
    [PHASE_SERVER_DONE]   = {ODD(SERVER_DONE),  ODD(SERVER_DONE),   ODD(SERVER_DONE),   ODD(OPAQUE),        ODD(SERVER_DONE),   ODD(SERVER_DONE),   GO(CLIENT_FLIGHT),  GO(CLIENT_CCS),     GO(SERVER_CCS),     STAY(SERVER_DONE),  STAY(SERVER_DONE),  END(DONE),      STAY(SERVER_DONE),  LINGER(ABORTED), LINGER(REFUSED), LINGER(ABORTED), LINGER(REFUSED), STAY(SERVER_DONE),  END(GIVEN_UP)},
    [PHASE_CLIENT_FLIGHT] = {ODD(CLIENT_FLIGHT),ODD(CLIENT_FLIGHT), STAY(CLIENT_FLIGHT),ODD(OPAQUE),        STAY(CLIENT_FLIGHT),STAY(CLIENT_FLIGHT),STAY(CLIENT_FLIGHT),GO(CLIENT_CCS),     GO(SERVER_CCS),     STAY(CLIENT_FLIGHT),STAY(CLIENT_FLIGHT),END(DONE),      STAY(CLIENT_FLIGHT),LINGER(ABORTED), LINGER(REFUSED), LINGER(ABORTED), LINGER(REFUSED), STAY(CLIENT_FLIGHT),END(GIVEN_UP)},
    [PHASE_CLIENT_CCS]    = {ODD(CLIENT_CCS),   STAY(CLIENT_CCS),   STAY(CLIENT_CCS),   GO(OPAQUE),         STAY(CLIENT_CCS),   STAY(CLIENT_CCS),   ODD(CLIENT_CCS),    ODD(CLIENT_CCS),    GO(BOTH_CCS),       STAY(CLIENT_CCS),   STAY(CLIENT_CCS),   END(DONE),      STAY(CLIENT_CCS),   LINGER(ABORTED), LINGER(REFUSED), LINGER(ABORTED), LINGER(REFUSED), STAY(CLIENT_CCS),   END(GIVEN_UP)},
    [PHASE_SERVER_CCS]    = {STAY(SERVER_CCS),  ODD(SERVER_CCS),    ODD(SERVER_CCS),    ODD(OPAQUE),        ODD(SERVER_CCS),    ODD(SERVER_CCS),    STAY(SERVER_CCS),   GO(BOTH_CCS),       ODD(SERVER_CCS),    STAY(SERVER_CCS),   STAY(SERVER_CCS),   END(DONE),      STAY(SERVER_CCS),   LINGER(ABORTED), LINGER(REFUSED), LINGER(ABORTED), LINGER(REFUSED), STAY(SERVER_CCS),   END(GIVEN_UP)},
    [PHASE_BOTH_CCS]      = {ODD(BOTH_CCS),     ODD(BOTH_CCS),      ODD(BOTH_CCS),      ODD(OPAQUE),        ODD(BOTH_CCS),      ODD(BOTH_CCS),      ODD(BOTH_CCS),      ODD(BOTH_CCS),      ODD(BOTH_CCS),      STAY(BOTH_CCS),     STAY(BOTH_CCS),     END(DONE),      STAY(BOTH_CCS),     LINGER(ABORTED), LINGER(REFUSED), LINGER(ABORTED), LINGER(REFUSED), STAY(BOTH_CCS),     END(GIVEN_UP)},
    [PHASE_OPAQUE]        = {ODD(OPAQUE),       ODD(OPAQUE),        ODD(OPAQUE),        ODD(OPAQUE),        ODD(OPAQUE),        ODD(OPAQUE),        ODD(OPAQUE),        STAY(OPAQUE),       STAY(OPAQUE),       STAY(OPAQUE),       STAY(OPAQUE),       END(DONE),      STAY(OPAQUE),       LINGER(ABORTED), LINGER(REFUSED), LINGER(ABORTED), LINGER(REFUSED), STAY(OPAQUE),       END(GIVEN_UP)},
    [PHASE_DONE]          = {ODD(DONE),         ODD(DONE),          ODD(DONE),          ODD(DONE),          ODD(DONE),          ODD(DONE),          ODD(DONE),          STAY(DONE),         STAY(DONE),         STAY(DONE),         STAY(DONE),         STAY(DONE),     STAY(DONE),         STAY(DONE),      STAY(DONE),      STAY(DONE),      STAY(DONE),      STAY(DONE),         END(DONE)},
    /* An end that lingers keeps its name whatever follows, but for a handshake that goes on to both Finished all the same. */
    [PHASE_REFUSED]       = {ODD(REFUSED),      ODD(REFUSED),       STAY(REFUSED),      STAY(REFUSED),      STAY(REFUSED),      STAY(REFUSED),      STAY(REFUSED),      STAY(REFUSED),      STAY(REFUSED),      STAY(REFUSED),      STAY(REFUSED),      END(DONE),      STAY(REFUSED),      STAY(REFUSED),   STAY(REFUSED),   STAY(REFUSED),   STAY(REFUSED),   STAY(REFUSED),      END(REFUSED)},
    [PHASE_ABORTED]       = {ODD(ABORTED),      ODD(ABORTED),       STAY(ABORTED),      STAY(ABORTED),      STAY(ABORTED),      STAY(ABORTED),      STAY(ABORTED),      STAY(ABORTED),      STAY(ABORTED),      STAY(ABORTED),      STAY(ABORTED),      END(DONE),      STAY(ABORTED),      STAY(ABORTED),   GO(REFUSED),     STAY(ABORTED),   STAY(ABORTED),   STAY(ABORTED),      END(ABORTED)},
    [PHASE_GIVEN_UP]      = {ODD(GIVEN_UP),     ODD(GIVEN_UP),      ODD(GIVEN_UP),      ODD(GIVEN_UP),      ODD(GIVEN_UP),      ODD(GIVEN_UP),      ODD(GIVEN_UP),      ODD(GIVEN_UP),      ODD(GIVEN_UP),      STAY(GIVEN_UP),     STAY(GIVEN_UP),     STAY(GIVEN_UP), STAY(GIVEN_UP),     STAY(GIVEN_UP),  STAY(GIVEN_UP),  STAY(GIVEN_UP),  STAY(GIVEN_UP),  STAY(GIVEN_UP),     END(GIVEN_UP)},
};
/* clang-format on */

struct transition machine_step(enum phase phase, enum tls_event event)
{
    assert(phase < PHASE_COUNT && event < EVENT_COUNT);
    return table[phase][event];
}

const char *phase_name(enum phase phase)
{
    static const char *const names[PHASE_COUNT] = {
        "idle",       "client-hello", "server-hello", "server-done", "client-flight",
        "client-ccs", "server-ccs",   "both-ccs",     "opaque",      "done",
        "refused",    "aborted",      "given-up",
    };
    assert(phase < PHASE_COUNT);
    return names[phase];
}

const char *tls_event_name(enum tls_event event)
{
    static const char *const names[EVENT_COUNT] = {
        "client-hello",      "hello-retry",    "server-hello", "server-hello-1.3", "server-message",
        "server-hello-done", "client-message", "client-ccs",   "server-ccs",       "client-finished",
        "server-finished",   "both-finished",  "warning",      "client-fatal",     "server-fatal",
        "client-close",      "server-close",   "gap",          "give-up",
    };
    assert(event < EVENT_COUNT);
    return names[event];
}
