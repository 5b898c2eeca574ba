/* Metrics on their way from the sensor, which writes them each second, to the writer, which serves them. */
#ifndef UTWATCH_APP_METRICS_BOARD_H
#define UTWATCH_APP_METRICS_BOARD_H

#include "base/text.h"

struct metrics_board;

/* To be made before the processes part. NULL, with errno. */
struct metrics_board *metrics_board_new(void);
void metrics_board_free(struct metrics_board *m);

/* In the sensor: are they to be written? Then they are begun with an empty text, and put when it is whole. */
bool metrics_board_is_due(const struct metrics_board *m, int64_t now);
struct text metrics_board_begin(struct metrics_board *m, int64_t now);
void metrics_board_put(struct metrics_board *m, const struct text *t);

/* In the writer, for good: it only reads. False, with errno. */
bool metrics_board_only_read(struct metrics_board *m);

/* Appends what was put last, if there is anything. */
void metrics_board_read(const struct metrics_board *m, struct text *t);

#endif
