/*
 * The texts of rules and configuration, by file name. A process that may open files collects what it reads;
 * one that may not open any finds the same texts in that collection.
 */
#ifndef UTWATCH_POLICY_FILE_TEXTS_H
#define UTWATCH_POLICY_FILE_TEXTS_H

#include "base/span.h"

/* The texts in sequence, each with its name: a copy of the bytes is the same collection. */
struct file_texts {
    bool closed; /* nothing is read: what was not collected does not exist */
    bool full;   /* `size` was too small */
    size_t used, size;
    uint8_t *bytes;
};

/* Can it be read? `files` NULL: here and below, files are read but not collected. */
bool file_is_there(const struct file_texts *files, const char *path);

/* Iterates over the collection: name and text of the next one after *at, which is 0 at first. False: there is
 * none. */
bool file_next(const struct file_texts *files, size_t *at, char *name, size_t size, struct span *text);

/* The text of a regular file, at most MAX_RULES_FILE_BYTES + 1 of it; free *own after the last use of the
 * text. Returns what is wrong, or NULL. */
const char *file_text(struct file_texts *files, const char *path, struct span *text, uint8_t **own);

#endif
