/*
 * What an input holds, before it is judged. Whose the tunnels of a capture are cannot be said by its first
 * frames, which somebody may have put there; but a file can be read ahead.
 */
#ifndef UTWATCH_APP_FORESIGHT_H
#define UTWATCH_APP_FORESIGHT_H

#include "app/pipeline.h"

/* If the pipeline has met tunnels of which it cannot say yet whose they are, looks at the beginning of the
 * file, as far as one is: a minute, and many frames. */
void foresee(struct pipeline *p, const char *path, const char *filter);

#endif
