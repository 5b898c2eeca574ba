/* Where a report comes from: what made it, and of which files. */
#ifndef UTWATCH_REPORT_PROVENANCE_H
#define UTWATCH_REPORT_PROVENANCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct input_provenance {
    bool known;      /* it is a file, and could be read again */
    uint64_t bytes;  /* of it */
    char sha256[65]; /* of all of them; empty: there were too many */
};

struct report_provenance {
    const char *version;                  /* of utwatch */
    const char *command;                  /* line, without secrets */
    const struct input_provenance *input; /* by whence.source */
    size_t input_count;
};

#endif
