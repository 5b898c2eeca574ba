/*
 * The threads that bring a table's file up to date: one writes what has changed, again and again, and one has
 * the disk keep it. A disk that takes long to do so holds up only the second: what was written survives the
 * end of the process, whatever becomes of the machine.
 */
#ifndef UTWATCH_STORE_WRITER_H
#define UTWATCH_STORE_WRITER_H

#include "store/table.h"

struct writer;

/* `interval`: nanoseconds between two writes. NULL when no thread can be started. The table outlives the
 * writer. */
struct writer *writer_start(struct table *table, int64_t interval);

/* How often the disk refused, so far; what it refused is tried again. */
uint64_t writer_failures(const struct writer *w);

/* Writes the rest now. 0, or the errno of what the disk refused. NULL is no writer. */
int writer_stop(struct writer *w);

#endif
