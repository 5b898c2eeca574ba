/* How old the sessions were that were resumed (7.1): a histogram for each server and method, and the
 * oldest. */
#ifndef UTWATCH_REPORT_AGES_H
#define UTWATCH_REPORT_AGES_H

#include "base/limits.h"
#include "policy/policy.h"

#include <stdio.h>

enum {
    AGE_STEPS = 8,
    AGE_STEPS_WITHIN = 5,
    AGE_ROWS = MAX_AGE_ROWS + RESUMPTION_PSK + 1,
    OLDEST_REUSES = 10
};

/* Upper bounds of the steps, in nanoseconds; a session of exactly that age is within. The fifth is the line
 * of 24 hours, the last has no bound. */
extern const int64_t age_step[AGE_STEPS];
extern const char *const age_step_name[AGE_STEPS]; /* "up to 1 min", ... */

struct age_row {
    struct endpoint server; /* family 0: of the servers that found no row */
    enum resumption method;
    uint64_t exact[AGE_STEPS];
    uint64_t at_least[AGE_STEPS]; /* by the lower bound */
    uint64_t unknown;
};

struct reuse {
    struct endpoint client, server;
    enum resumption method;
    int64_t age; /* nanoseconds */
    bool exact;  /* else at least so old */
    nanos when;  /* of its ServerHello */
};

struct ages {
    struct age_row
        rows[AGE_ROWS]; /* one for each method is shared by the servers that found the table full */
    size_t count;
    struct reuse oldest[OLDEST_REUSES]; /* in falling order, one for each server, client and method */
    size_t oldest_count;
};

/* Counts a handshake that resumed a session; does nothing with others. */
void ages_add(struct ages *ages, const struct policy_case *c);

/* The rows, those with most reuses over 24 hours first, then the largest. `rows` has AGE_ROWS places. Returns
 * how many there are. */
size_t ages_ordered(const struct ages *ages, const struct age_row **rows);

uint64_t age_row_total(const struct age_row *row);

/* Reuses known to be over 24 hours. */
uint64_t age_row_over(const struct age_row *row);

/* A server, or "other servers" for those that found no row of their own. */
void text_age_server(struct text *out, const struct endpoint *server);

#endif
