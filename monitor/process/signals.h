/*
 * Signals as flags that a loop looks at. SIGINT and SIGTERM ask for an end in order, and a second one removes
 * files that are not whole and ends the process at once; SIGHUP and SIGUSR1 are requests.
 */
#ifndef UTWATCH_PROCESS_SIGNALS_H
#define UTWATCH_PROCESS_SIGNALS_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

/* From now on the process catches the four signals. */
void signals_catch(void);

/* A second SIGINT or SIGTERM is counted as well and does not end the process: for processes that several may
 * ask for the same. */
void signals_count(void);
unsigned signals_stops(void);

/* A file that an end at once removes, until it is whole. The text has to stay; beyond SIGNALS_FILES the file
 * is left behind. */
enum { SIGNALS_FILES = 16 };
void signals_unfinished(const char *path);
void signals_finished(const char *path);

/* Removes those files; for signal handlers too. */
void signals_remove_unfinished(void);

/* Something is to be looked at: signals_stop() or signals_take(). One load: for every frame. */
bool signals_any(void);

/* The signal that asked for the end, or 0. */
int signals_stop(void);

/* Was SIGHUP or SIGUSR1 sent since the last call? */
bool signals_take(int signal);

/* poll() for at most so many nanoseconds (negative: for ever) that also ends, with -1 and EINTR, when a
 * signal came before it: no signal is slept over. */
int signals_poll(struct pollfd *fds, nfds_t count, int64_t most);

#endif
