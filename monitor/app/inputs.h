/* What a replay reads, as the command line names it. */
#ifndef UTWATCH_APP_INPUTS_H
#define UTWATCH_APP_INPUTS_H

#include "app/options.h"

/* A file, a FIFO, "-", or a folder, whose captures take its place; the replay brings them into the order of
 * time. Files of a folder that are no captures are left out, with a message. */
void inputs_add(struct options *o, const char *path);

/* Does this operand name a file or a FIFO, so that it is no word of a filter? */
bool inputs_names_file(const char *operand);
/* False, with errno, if it does not. */
bool inputs_names_folder(const char *operand);

/* A folder whose files are read as they come; its name, and room for those of the newest files. */
void inputs_watch(struct options *o, const char *folder);

/* A regular file that is called like a capture, or begins like one. */
bool inputs_is_capture(const char *path, const char *name);

void inputs_free(struct options *o);

#endif
