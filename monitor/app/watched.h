/*
 * What has been read of a watched folder, so that nothing is read twice: in memory that all processes have,
 * and in a file for the next run. A file is recognised by its inode and the hash of its beginning, not by its
 * name, which rotation changes.
 */
#ifndef UTWATCH_APP_WATCHED_H
#define UTWATCH_APP_WATCHED_H

#include "base/span.h"

#include <stdio.h>

enum {
    WATCHED_FILES = 4096,   /* remembered at a time; the oldest is forgotten first */
    WATCHED_UNNOTED = 1024, /* whose events wait to be written, before they are noted as read */
};

struct watched_file {
    uint64_t device, inode;
    uint64_t begin;  /* hash of its first bytes */
    uint64_t frames; /* that were taken */
    uint64_t size;   /* when it was read to its end; 0: it was not */
};

struct watched;

/* Empty; for as long as the program runs. NULL, with errno. */
struct watched *watched_new(void);

/* What is known of a file. False, with errno, when it cannot be looked at. */
bool watched_look(const char *path, struct watched_file *file, uint64_t *size);

/* The entry of such a file; NULL: there is none. */
struct watched_file *watched_find(struct watched *w, const struct watched_file *file);

/* The entry of such a file, made when it is missing. Its numbers are the caller's to change. */
struct watched_file *watched_entry(struct watched *w, const struct watched_file *file);

/* From the file of earlier runs; lines that are not entries are skipped. */
void watched_load(struct watched *w, FILE *in);

/* Takes over what the file of earlier runs says, and begins it anew with all that is remembered. The
 * caller closes it; watched_write() appends. NULL, with errno; ELOOP: somebody put a link in its place. */
FILE *watched_begin(struct watched *w, const char *path);

/* One line of it. */
void watched_write(const struct watched_file *file, FILE *out);
void watched_write_all(const struct watched *w, FILE *out);

#endif
