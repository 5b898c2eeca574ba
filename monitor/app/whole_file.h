/*
 * A file that is only there when it is whole: it is written beside its name and renamed at the end, so that
 * an earlier one stays until then. A device, a pipe or standard output is written as the bytes come.
 */
#ifndef UTWATCH_APP_WHOLE_FILE_H
#define UTWATCH_APP_WHOLE_FILE_H

#include "base/span.h"

struct whole_file;

/* `path` NULL: standard output. NULL, with errno, when it cannot be written. */
struct whole_file *whole_file_open(const char *path);

/* whole_file_finish() reports errors. */
void whole_file_put(struct whole_file *f, struct span bytes);

/* For files that are read while they are written. */
void whole_file_flush(struct whole_file *f);

/* The file gets its name. False, with errno, when it could not be written or renamed. */
bool whole_file_finish(struct whole_file *f);

/* Without whole_file_finish() before, what was written is thrown away. */
void whole_file_free(struct whole_file *f);

/* Another process has the file too, and ends it. */
void whole_file_abandon(struct whole_file *f);

#endif
