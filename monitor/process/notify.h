/* Tells the service manager how it goes, by the protocol of sd_notify(3): a datagram to a socket that
 * NOTIFY_SOCKET names. Without one it does nothing. */
#ifndef UTWATCH_PROCESS_NOTIFY_H
#define UTWATCH_PROCESS_NOTIFY_H

#include <stdint.h>

/* Assignments, one a line: "READY=1\nSTATUS=...". */
void notify(const char *state);

/* How often WATCHDOG=1 is expected at least, in nanoseconds; 0: not at all. */
int64_t notify_watchdog(void);

#endif
