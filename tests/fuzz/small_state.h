/* Of the state file and what is opened with it, the least that has all parts: a run then takes as long as its
 * sessions, not as its 16,384 servers. Included before the sources of store/ and session/ that the target
 * compiles for itself. */
#ifndef UTWATCH_FUZZ_SMALL_STATE_H
#define UTWATCH_FUZZ_SMALL_STATE_H

#include "base/limits.h"

#undef TABLE_SERVERS
#define TABLE_SERVERS 64
#undef RECENT_SESSIONS
#define RECENT_SESSIONS 64
#undef MET_HANDSHAKES
#define MET_HANDSHAKES 64
#undef MET_RANDOMS
#define MET_RANDOMS 64
#undef MISSED_PAIRS
#define MISSED_PAIRS 64

#endif
