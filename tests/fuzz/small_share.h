/* Whoever checks the URL of a Redis makes what holds its commands, though nothing is sent. Included before
 * the source of share/ that the target compiles for itself. */
#ifndef UTWATCH_FUZZ_SMALL_SHARE_H
#define UTWATCH_FUZZ_SMALL_SHARE_H

#include "base/limits.h"

#undef REDIS_COMMANDS
#define REDIS_COMMANDS 16

#endif
