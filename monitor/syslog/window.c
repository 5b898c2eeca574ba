#include "syslog/window.h"

#include <string.h>

/* Messages closer together share a mark, so that the marks of WINDOW_SECONDS, the longest grace, always fit.
 */
#define APART (INT64_C(50) * 1000000)
#define CHECK (INT64_C(100) * 1000000) /* how often an acknowledgement is looked for */

void window_sent(struct window *w, uint64_t number, uint64_t end, int64_t now)
{
    struct window_mark *last = w->count ? &w->marks[w->count - 1] : NULL;
    if (last && !last->acknowledged && (now - last->sent < APART || w->count == WINDOW_MARKS)) {
        last->number = number;
        last->end = end;
        return;
    }
    if (w->count == WINDOW_MARKS) { /* the newest one only waits for its time: restart that */
        *last = (struct window_mark){.number = number, .end = end, .sent = now};
        return;
    }
    w->marks[w->count++] = (struct window_mark){.number = number, .end = end, .sent = now};
}

uint64_t window_arrived(struct window *w, uint64_t position, int64_t now)
{
    uint64_t number = 0;
    size_t gone = 0;
    for (size_t i = 0; i < w->count; i++) {
        struct window_mark *m = &w->marks[i];
        if (!m->acknowledged && m->end <= position)
            m->acknowledged = now;
        if (i == gone && m->acknowledged && now - m->acknowledged >= w->grace) {
            number = m->number;
            gone++;
        }
    }
    w->count -= gone;
    memmove(w->marks, w->marks + gone, w->count * sizeof *w->marks);
    return number;
}

int64_t window_due(const struct window *w, int64_t now)
{
    const struct window_mark *newest = &w->marks[w->count - 1];
    return newest->acknowledged ? w->marks[0].acknowledged + w->grace : now + CHECK;
}
