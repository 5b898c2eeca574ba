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

/* A file of configuration or rules. */
struct rules_provenance {
    const char *name, *sha256;
};

/* A breach that the site's configuration excepts. */
struct exception_provenance {
    const char *rule, *reason, *until; /* id or glob; the last day */
    char server[64];                   /* network and port; empty: any */
};

struct report_provenance {
    const char *version;                  /* of utwatch */
    const char *command;                  /* line, without secrets */
    const char *filter;                   /* the capture filter, or NULL */
    const struct rules_provenance *rules; /* the configuration is one of them */
    size_t rules_count;
    const struct exception_provenance *exception;
    size_t exception_count;
    const struct input_provenance *input; /* by whence.source */
    size_t input_count;
    const char *baseline; /* file, or NULL */
    struct input_provenance baseline_file;
};

#endif
