/*
 * What one process publishes and others read, the newest alone, in memory that they have had since before
 * they parted. Whoever reads can be kept from writing; who publishes may be killed at any moment, and is
 * followed by another one.
 */
#ifndef UTWATCH_PROCESS_BOARD_H
#define UTWATCH_PROCESS_BOARD_H

#include "base/span.h"

struct board;

/* For publications of at most so many bytes. NULL, with errno. */
struct board *board_new(size_t bytes);
void board_free(struct board *b);

/* For good, in the process that calls it. False, with errno: the board cannot be used any more. */
bool board_only_read(struct board *b);

/* False when it is too long. */
bool board_put(struct board *b, struct span bytes);

/* When the newest was put, on the monotonic clock. */
int64_t board_put_at(const struct board *b);

/* Becomes readable with each text that is put; whoever waits for it empties it. */
int board_descriptor(const struct board *b);

/* Of the newest publication; 0: there is none. One load. */
uint32_t board_number(const struct board *b);

size_t board_size(const struct board *b);

/* Copies the newest one, for which there is room for board_size(). Returns its length. *number 0: there is
 * none, or it is rewritten all the time, as only a hostile process does. */
size_t board_get(const struct board *b, uint8_t *to, uint32_t *number);

#endif
