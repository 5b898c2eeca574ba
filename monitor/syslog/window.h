/*
 * What was sent over a connection whose receiver acknowledges nothing. That the other side's kernel has the
 * bytes does not mean that its program has read them: they count as arrived when they have been acknowledged
 * for a while and the connection is still open; of UDP, when for a while no error came back. Until then they
 * are kept, to be sent once more over the next connection.
 */
#ifndef UTWATCH_SYSLOG_WINDOW_H
#define UTWATCH_SYSLOG_WINDOW_H

#include "base/nanos.h"

#include <stdbool.h>
#include <stddef.h>

enum { WINDOW_MARKS = 64 };

/* All messages up to `number` end before byte `end` of the stream. */
struct window_mark {
    uint64_t number, end;
    int64_t sent;
    int64_t acknowledged; /* 0: not yet */
};

struct window {
    int64_t grace; /* how long they count as not arrived after they were acknowledged */
    struct window_mark marks[WINDOW_MARKS]; /* oldest first */
    size_t count;
};

void window_sent(struct window *w, uint64_t number, uint64_t end, int64_t now);

/* `position`: bytes of the stream that were acknowledged. Returns the number of the last message that has
 * arrived since, or 0. */
uint64_t window_arrived(struct window *w, uint64_t position, int64_t now);

/* When window_arrived() may have news. Only with something in the window. */
int64_t window_due(const struct window *w, int64_t now);

#endif
