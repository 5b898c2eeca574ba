/*
 * What an input contains, before it is judged. The first frames of a capture do not show whose its tunnels
 * are, since somebody may have planted them; but a file can be read ahead.
 */
#ifndef UTWATCH_APP_FORESIGHT_H
#define UTWATCH_APP_FORESIGHT_H

#include "app/pipeline.h"

/* If the pipeline has met tunnels of which it cannot say yet whose they are, looks at the beginning of the
 * file, as far as one is: a minute, and many frames. */
void foresee(struct pipeline *p, const char *path, const char *filter);

#endif
