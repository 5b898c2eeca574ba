/*
 * The folder of --evidence: one pcapng file for each handshake that an alert is about. A file gets its name
 * when it is complete. When the folder contains more than EVIDENCE_FOLDER_BYTES or EVIDENCE_FOLDER_FILES, the
 * oldest files are removed; files of earlier runs count too.
 */
#ifndef UTWATCH_APP_EVIDENCE_FOLDER_H
#define UTWATCH_APP_EVIDENCE_FOLDER_H

#include "base/nanos.h"
#include "base/span.h"

#include <stdbool.h>

/* In front of the bytes of a file in its parcel; names sort by time. */
struct evidence_name {
    char text[64];
};

/* "20261125T182401.123456Z-0f3a5b77c2d1e4-handshake.pcapng" */
void evidence_name(struct evidence_name *name, nanos time, uint64_t flow_id, const char *about);

struct evidence_folder;

/* A name that evidence_name() makes: a file that may be removed from the folder. */
bool evidence_is_ours(const char *name);

/* Creates the folder if it is missing. NULL, with errno, when it cannot be used. */
struct evidence_folder *evidence_folder_open(const char *path);

/* An evidence_name, then the file. False, with errno, when it could not be written: it is then not there.
 * EINVAL: evidence_name() makes no such name. */
bool evidence_folder_put(struct evidence_folder *f, struct span parcel);

/* Another folder may have taken its place. False, with errno, if none has that name any more. */
bool evidence_folder_reopen(struct evidence_folder *f);

void evidence_folder_close(struct evidence_folder *f);

#endif
