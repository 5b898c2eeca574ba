/* What the events and reports call the inputs, and users. */
#ifndef UTWATCH_REPORT_INPUTS_H
#define UTWATCH_REPORT_INPUTS_H

#include "base/siphash.h"

struct input_names {
    const char *const *name; /* by whence.source: as the user wrote them */
    size_t count;
    bool live;          /* interfaces, not files */
    bool folder;        /* the first one is a folder, the others are the newest of its files */
    const char *config; /* the site's configuration as the user wrote it, or NULL */
    struct identities {
        bool clear; /* else identities are hashed: equal within a run, and of no use outside it */
        struct siphash_key key;
    } identities;
};

/* NULL for a source that has no name. */
static inline const char *input_name(const struct input_names *names, unsigned source)
{
    return names && source < names->count ? names->name[source] : NULL;
}

/* Of a path. */
static inline const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash && slash[1] ? slash + 1 : path;
}

static inline struct identities identities_shown(bool clear)
{
    return (struct identities){.clear = clear, .key = siphash_random_key()};
}

#endif
