/* A line on a terminal that shows the progress of a long replay. */
#ifndef UTWATCH_APP_PROGRESS_H
#define UTWATCH_APP_PROGRESS_H

#include "base/span.h"

struct progress {
    bool on;
    bool shown;
    int64_t start, next; /* on the monotonic clock */
    uint64_t size;       /* bytes of all inputs; 0: not known, there is a pipe */
    uint64_t done;       /* of the inputs that are at their end */
    uint64_t frames;
};

/* For these inputs, if standard error is a terminal. */
void progress_begin(struct progress *p, const char *const *inputs, size_t count);

/* Once a frame. True: it is time for progress_show(). */
bool progress_frame(struct progress *p);

/* `now`: bytes of the inputs that are being read. */
void progress_show(struct progress *p, uint64_t now, uint64_t violations);
void progress_clear(struct progress *p);

#endif
