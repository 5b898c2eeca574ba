/*
 * A process that parses what strangers sent gives up everything that it does not need: privileges, files,
 * sockets, other programs. What it may still do is little enough to be listed here.
 */
#ifndef UTWATCH_PROCESS_CONFINE_H
#define UTWATCH_PROCESS_CONFINE_H

#include <stdbool.h>
#include <stddef.h>

/* A file or a folder that stays within reach. */
struct confine_path {
    const char *path;
    bool write; /* a folder in which files are made, renamed and removed; else it is read, with what is in it
                 */
};

struct confine {
    const struct confine_path *paths;
    size_t count;
    /* Called between Landlock, which only threads inherit that are made later, and the list of system calls,
     * which makes none: that is for all threads. May be NULL. */
    void (*start_threads)(void *context);
    void *context;
    bool live; /* nothing can be opened at all; of the packet sockets that are open, frames and counters may
                  be read */
};

/* Another user than root, when it is root, and no capability. False, with errno. */
bool confine_drop_privileges(void);

/* For a process that writes files of others: of all capabilities only those to open them, and none to be got
 * back. False, with errno. */
bool confine_keep_file_access(void);

/*
 * For the calling thread and all others of the process, for ever: no new privileges, Landlock with these
 * paths, and a list of system calls, any other of which ends the process with SIGSYS. Threads are there
 * before, or made by start_threads(), or never. False, with *what naming what the system refused; what came
 * before it is in force.
 *
 * In a build with sanitizers, which have calls of their own, it does nothing.
 */
bool confine(const struct confine *limits, const char **what);

#endif
