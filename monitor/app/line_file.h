/*
 * A file to which whole lines are appended: the JSON events. Lines that the file does not take now, for
 * instance because the disk is full, wait in a buffer of fixed size; when that is full too, whole lines are
 * dropped and counted, and closing it says so.
 */
#ifndef UTWATCH_APP_LINE_FILE_H
#define UTWATCH_APP_LINE_FILE_H

#include "base/span.h"

#include <stdint.h>

struct line_file;

/* `path` "-": standard output. `patient`: a pipe that is full is waited for, as a replay does. NULL, with
 * errno, when it cannot be opened. */
struct line_file *line_file_open(const char *path, bool patient);

/* Opens the path again, after logrotate has renamed the old file. A line of which that has a part is taken
 * back, and is whole in the new file. False, with errno, when it cannot be opened: the old file remains in
 * use. */
bool line_file_reopen(struct line_file *f);

/* One or more whole lines, together at most LINES_WAITING bytes (base/limits.h); more are dropped. */
void line_file_put(struct line_file *f, struct span lines);

/* Writes what is waiting. False, with errno, when the file does not take all of it now. */
bool line_file_flush(struct line_file *f);

/* Somebody has removed the file, not merely renamed it: what is written to it is lost. */
bool line_file_is_removed(const struct line_file *f);

/* Bytes that wait. */
size_t line_file_waiting(const struct line_file *f);

/* Lines for which the buffer had no room. */
uint64_t line_file_dropped(const struct line_file *f);

/* False, with errno, when a line was dropped or the rest could not be written. NULL is no file. */
bool line_file_close(struct line_file *f);

/* Another process has the file too, and ends it. */
void line_file_abandon(struct line_file *f);

#endif
