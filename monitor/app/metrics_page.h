/* The page of metrics that the writer serves: what the sensor has written, and what the writer knows itself.
 */
#ifndef UTWATCH_APP_METRICS_PAGE_H
#define UTWATCH_APP_METRICS_PAGE_H

#include "app/delivered.h"
#include "base/span.h"

#include <poll.h>

struct metrics_board;
struct metrics_page;
struct pulse;
struct receivers;

/* What the page shows; all of it outlives the page. */
struct metrics_sources {
    const struct metrics_board *sensor;
    const struct pulse *pulse;
    const struct delivered *delivered;
    struct receivers *const *receivers; /* that is NULL while there are none */
};

/* Listens at outputs.metrics. NULL after a message. */
struct metrics_page *metrics_page_new(const char *address);
void metrics_page_free(struct metrics_page *p);

/* In the process that serves it. */
void metrics_page_serve(struct metrics_page *p, const struct metrics_sources *sources);

size_t metrics_page_wait_for(const struct metrics_page *p, struct pollfd *fds, int64_t *until, int64_t now);
void metrics_page_work(struct metrics_page *p, int64_t now);

#endif
