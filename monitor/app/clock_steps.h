/*
 * Is a pause of the whole capture a step of its clock? The time stamps do not give ages across a step.
 *
 * A pause alone proves nothing: a network may be quiet for days, or nobody captured. A connection that spans
 * it speaks for a step if its ends cannot have taken that long: - RFC 7323 5.4: the time stamps of a sender
 * tick once a second at least, and did not; - RFC 6298: what was sent, and is acknowledged behind the pause
 * by the next that the other side says, would have been sent again meanwhile; - a handshake goes on where it
 * was. That a server or UE waits so long is conceivable, so the pause has to be one of more than an hour. A
 * connection that was quiet before, as those of a pool are, proves nothing.
 *
 * Any host can make its own ticks, and speak when it likes. So the step is believed if both sides of a
 * connection show it, or two connections that have no host in common, and only as long as no connection whose
 * ticks kept pace shows that the time has passed. To feign that, a host would have to know by how much the
 * clock of the capture was set. Since the first handshakes behind a step are those that it harms, it is told
 * at once, and taken back if it is refuted while connections go on.
 *
 * Time stamps that go back to about where they were before a pause show by themselves that there was none:
 * those between had a clock of their own. Ages at these times are lower bounds.
 */
#ifndef UTWATCH_APP_CLOCK_STEPS_H
#define UTWATCH_APP_CLOCK_STEPS_H

#include "flow/flow.h"

enum { CLOCK_STAMPS = 64, CLOCK_WITNESSES = 16 };

/* What a segment behind a pause shows. */
enum clock_fact { CLOCK_NOTHING, CLOCK_TICKED_LESS, CLOCK_WENT_ON, CLOCK_KEPT_PACE };

enum clock_verdict { CLOCK_UNDECIDED, CLOCK_WAS_SET, CLOCK_WAS_NOT_SET };

struct clock_steps {
    /* Frames before and behind a pause of the capture that is looked into; `after` 0: none. */
    nanos before, after;
    bool told;                       /* that it was a step */
    nanos pause_before, pause_after; /* the same of the last pause, unless it is refuted; 0: none */
    nanos next_stamp;                /* when another stamp is kept: of fast traffic few are enough */
    /* Of this connection, whose one side's was kept last, that of the other side is kept too; or NULL. */
    const struct flow *other;
    unsigned other_side;
    unsigned stamps; /* kept so far */
    struct clock_stamp {
        const struct flow *flow;
        nanos first_seen, time; /* of the connection, and of the last segment */
        nanos rate_from;        /* and of an earlier one, which said rate_value */
        uint32_t value, rate_value;
        uint32_t rate_ticks, rate_ms; /* so many ticks in so many milliseconds; 0: not measured */
        unsigned side;
    } stamp[CLOCK_STAMPS]; /* one a side; those that were begun last */
    unsigned witnesses;
    struct clock_witness {
        const struct flow *flow;
        nanos first_seen;
        struct endpoint end[2];
        uint8_t ticked_less, went_on; /* a bit for each side that shows a step so */
    } witness[CLOCK_WITNESSES];       /* the first ones behind the pause */
};

/* Nothing was captured between these two times. */
void clock_steps_pause(struct clock_steps *c, nanos before, nanos after);

/* Do the time stamps go back, from `last` to `time`, to about where they were before the last pause? Then
 * those since `pause_after` were ahead by that pause, and nobody waited. Not if they went on for an hour:
 * what comes behind them then is rather another capture. */
bool clock_steps_were_ahead(const struct clock_steps *c, nanos last, nanos time);

/* A segment of a connection that its receiver takes, before anything else is made of it. */
enum clock_fact clock_steps_look(struct clock_steps *c, const struct flow *flow,
                                 const struct segment *segment);

/* Takes what it shows, unless that is nothing, into account. WAS_NOT_SET takes back that it was. */
enum clock_verdict clock_steps_take(struct clock_steps *c, const struct flow *flow,
                                    const struct segment *segment, enum clock_fact fact);

/* Does this connection speak for a step that is not decided yet? */
bool clock_steps_are_open(const struct clock_steps *c, const struct flow *flow);

#endif
