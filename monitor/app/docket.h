/*
 * The statements of one worker on their way to the judge: one thread puts, another one takes, and the docket
 * makes neither wait for the other. The worker gets a place back when its statement has been judged; until
 * then the observation that the statement refers to stays where it is. Answers come back the same way.
 */
#ifndef UTWATCH_APP_DOCKET_H
#define UTWATCH_APP_DOCKET_H

#include "app/statement.h"
#include "tls/tls.h"

#include <stdatomic.h>

struct docket_place {
    struct statement told; /* of the copies that follow, and of an observation of the tls layer */
    struct tls_handed handed;
    struct http_connection http;
    struct http_exchange exchange;
};

/* The age of a connection's keys, see judge_answer. */
struct docket_answer {
    struct flow *flow;
    uint64_t flow_id;
    uint32_t key_since;
};

struct docket;

size_t docket_memory(void);
/* NULL when the memory cannot be reserved. */
struct docket *docket_new(void);
void docket_free(struct docket *d);

/* ---- the worker's */

/* A place to be filled; NULL: all are taken. docket_put() makes it known. */
struct docket_place *docket_place(struct docket *d);
void docket_put(struct docket *d);

/* Nothing that is due before `time` is still to come, unless the clock is set back. */
void docket_until(struct docket *d, nanos time);

/* The first place whose statement is judged and that was not given back; NULL: there is none. */
struct docket_place *docket_judged(struct docket *d);
void docket_give_back(struct docket *d);

bool docket_answered(struct docket *d, struct docket_answer *answer);

/* ---- the judge's */

/* In this order: what comes later is not due before that time. 0: the worker has not said anything yet. */
nanos docket_seen_until(const struct docket *d);
struct docket_place *docket_first(const struct docket *d);
void docket_done(struct docket *d);
bool docket_is_full(const struct docket *d);

/* For want of room it is lost, and counted. */
void docket_answer(struct docket *d, const struct docket_answer *answer);
uint64_t docket_lost_answers(const struct docket *d);

/* The packet time of the worker's last statement or frame is earlier than `due`, so that what it says next
 * may be due before it. False too where the two are so far apart that the clock was set in between. */
bool docket_is_before(nanos time, nanos due);

/* The docket whose first statement is the next to be judged, since no other one can have one that is earlier;
 * `count`: that is not known yet. */
unsigned dockets_next(struct docket *const *dockets, unsigned count);

/* Up to when all of them have told everything; 0: one has not said anything yet. */
nanos dockets_told_until(struct docket *const *dockets, unsigned count);

#endif
