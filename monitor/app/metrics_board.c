#include "app/metrics_board.h"

#include "base/limits.h"
#include "base/nanos.h"
#include "process/board.h"

#include <stdlib.h>

struct metrics_board {
    struct board *board;
    char *room;   /* METRICS_BYTES, of whoever writes or reads */
    int64_t next; /* when they are due, on the monotonic clock */
};

struct metrics_board *metrics_board_new(void)
{
    struct metrics_board *m = calloc(1, sizeof *m);
    if (!m)
        return NULL;
    m->room = malloc(METRICS_BYTES);
    m->board = board_new(METRICS_BYTES);
    if (m->room && m->board)
        return m;
    metrics_board_free(m);
    return NULL;
}

void metrics_board_free(struct metrics_board *m)
{
    if (!m)
        return;
    board_free(m->board);
    free(m->room);
    free(m);
}

bool metrics_board_is_due(const struct metrics_board *m, int64_t now)
{
    return m && now >= m->next;
}

struct text metrics_board_begin(struct metrics_board *m, int64_t now)
{
    m->next = now + METRICS_MS * NANOS_PER_MILLISECOND;
    return text_over(m->room, METRICS_BYTES);
}

void metrics_board_put(struct metrics_board *m, const struct text *t)
{
    (void)board_put(m->board, span_of(t->p, t->n));
}

bool metrics_board_only_read(struct metrics_board *m)
{
    return board_only_read(m->board);
}

void metrics_board_read(const struct metrics_board *m, struct text *t)
{
    uint32_t number;
    const size_t length = board_get(m->board, (uint8_t *)m->room, &number);
    if (number)
        text_bytes(t, m->room, length);
}
