/* A thread that writes a table to its file again and again, so that no more than one such interval is lost.
 */
#ifndef UTWATCH_SESSION_WRITER_H
#define UTWATCH_SESSION_WRITER_H

#include "session/table.h"

struct writer;

/* Waits `interval` nanoseconds between two rounds. The table stays the caller's and outlives the writer. NULL
 * when there is no thread to be had. */
struct writer *writer_start(struct table *table, int64_t interval);

/* Writes a last time. */
void writer_stop(struct writer *w);

#endif
