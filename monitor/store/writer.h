/*
 * The threads that keep a table's file up to date: one writes what has changed, the other flushes it to
 * stable storage. A slow disk delays only the second thread, and what the first has written survives the end
 * of the process.
 */
#ifndef UTWATCH_STORE_WRITER_H
#define UTWATCH_STORE_WRITER_H

#include "store/table.h"

struct writer;

/* `interval`: nanoseconds between two writes. NULL when no thread can be started. The table outlives the
 * writer. */
struct writer *writer_start(struct table *table, int64_t interval);

/* Writes that have failed so far; they are tried again. */
uint64_t writer_failures(const struct writer *w);

/* Writes the rest now. Returns 0 or the errno of the failure. NULL is allowed. */
int writer_stop(struct writer *w);

#endif
