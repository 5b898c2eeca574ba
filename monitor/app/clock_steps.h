/*
 * Is a pause of the whole capture a step of its clock? The time stamps do not give ages across a step.
 *
 * A pause alone proves nothing: a network may be quiet for days, or nobody captured. A connection that spans
 * it shows a step if its ends cannot have taken that long: - RFC 7323 5.4: the time stamps of a sender tick
 * once a second at least, and did not; - RFC 6298: what was sent, and is acknowledged behind the pause by the
 * next that the other side says, would have been sent again meanwhile; - a handshake goes on where it was.
 * That a server or UE waits so long is conceivable, so the pause has to be one of more than an hour. A
 * connection that was quiet before, as those of a pool are, proves nothing.
 */
#ifndef UTWATCH_APP_CLOCK_STEPS_H
#define UTWATCH_APP_CLOCK_STEPS_H

#include "flow/flow.h"

enum { CLOCK_STAMPS = 64 };

struct clock_steps {
    /* Frames before and behind a pause of the capture that is looked into; `after` 0: none. */
    nanos before, after;
    nanos next_stamp; /* when another stamp is kept: of fast traffic few are enough */
    unsigned stamps;  /* kept so far */
    struct clock_stamp {
        const struct flow *flow;
        nanos first_seen, time; /* of the connection, and of the segment */
        uint32_t value;
        unsigned side;
    } stamp[CLOCK_STAMPS]; /* the last ones */
};

/* Nothing was captured between these two times. */
void clock_steps_pause(struct clock_steps *c, nanos before, nanos after);

/* A segment of a connection that its receiver takes, before anything else is made of it. True: it shows that
 * the pause was a step. */
bool clock_steps_shown(struct clock_steps *c, const struct flow *flow, const struct segment *segment);

#endif
