#include "tls/machine.h"

#include <assert.h>

/* clang-format off */
#define GO(p)     {PHASE_##p, ACTION_NONE}
#define LINGER(p) {PHASE_##p, ACTION_LINGER}
#define END(p)    {PHASE_##p, ACTION_FINISH}

/* A lingering end keeps its phase whatever follows, with two exceptions: a handshake that goes on to both
 * Finished is complete after all, and a server's fatal alert after the client's end is a refusal. */
static const struct transition table[PHASE_COUNT][EVENT_COUNT] = {
    /*                  BOTH_FINISHED CLIENT_FATAL     SERVER_FATAL     CLIENT_CLOSE     SERVER_CLOSE     GIVE_UP */
    [PHASE_OPEN]     = {END(DONE),    LINGER(ABORTED), LINGER(REFUSED), GO(ABORTED),     GO(REFUSED),     END(GIVEN_UP)},
    [PHASE_DONE]     = {GO(DONE),     GO(DONE),        GO(DONE),        GO(DONE),        GO(DONE),        END(DONE)},
    [PHASE_REFUSED]  = {END(DONE),    GO(REFUSED),     GO(REFUSED),     GO(REFUSED),     GO(REFUSED),     END(REFUSED)},
    [PHASE_ABORTED]  = {END(DONE),    GO(ABORTED),     GO(REFUSED),     GO(ABORTED),     GO(ABORTED),     END(ABORTED)},
    [PHASE_GIVEN_UP] = {GO(GIVEN_UP), GO(GIVEN_UP),    GO(GIVEN_UP),    GO(GIVEN_UP),    GO(GIVEN_UP),    END(GIVEN_UP)},
};
/* clang-format on */

struct transition machine_step(enum phase phase, enum tls_event event)
{
    assert(phase < PHASE_COUNT && event < EVENT_COUNT);
    return table[phase][event];
}
