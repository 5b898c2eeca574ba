/*
 * Pieces of bytes from one process to another, through memory that both have: one puts, one takes. A ring
 * that is full is never waited for; what finds no room is counted. What a process that died had put in whole
 * is still there, and what a process that died had not released is taken again by the one that follows it.
 *
 * The taker believes nothing: whoever puts may have been taken over by what it read from the wire.
 */
#ifndef UTWATCH_PROCESS_RING_H
#define UTWATCH_PROCESS_RING_H

#include "base/span.h"

#include <stdint.h>

struct ring;

/* `bytes`: a power of two. To be made before the processes part. NULL, with errno. */
struct ring *ring_new(size_t bytes);
void ring_free(struct ring *ring);

/* False when there is no room. */
bool ring_put(struct ring *ring, uint32_t kind, struct span bytes);

/* A taker begins with what was not released, by itself or by one before it. */
void ring_begin(struct ring *ring);

/* The next piece, where it lies, until ring_release(), which returns all that were taken. False when there is
 * none. */
bool ring_take(struct ring *ring, uint32_t *kind, struct span *bytes);
void ring_release(struct ring *ring);

/* Bytes that were taken and not released. */
size_t ring_held(const struct ring *ring);

/* Before the taker waits for ring_descriptor(): false when there is something to take already. After the
 * wait, ring_awake(). */
bool ring_sleep(struct ring *ring);
void ring_awake(struct ring *ring);
int ring_descriptor(const struct ring *ring);

/* Wakes the taker, though there may be nothing. */
void ring_poke(const struct ring *ring);

uint64_t ring_dropped(const struct ring *ring);

#endif
