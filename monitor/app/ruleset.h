/* What traffic is judged by: the site's configuration, the profile and the advice. They are loaded together.
 */
#ifndef UTWATCH_APP_RULESET_H
#define UTWATCH_APP_RULESET_H

#include "app/options.h"
#include "app/site.h"

/* A file of configuration or rules, as it was read. */
struct ruleset_file {
    char *name;
    char sha256[65];
};

struct ruleset {
    struct site *site;
    struct profile *profile;
    struct profile *advice; /* all that give it, joined; or NULL */
    struct ruleset_file *files;
    size_t file_count;
};

/*
 * As the options say. False after all mistakes were printed. `files`: see policy/file_texts.h, or NULL; from
 * a closed collection nothing outside it is looked at.
 */
bool ruleset_load(struct ruleset *rules, const struct options *o, struct file_texts *files,
                  uint32_t generation);
void ruleset_free(struct ruleset *rules);

/*
 * Folders searched for a profile's name: UTWATCH_RULES, the installed ones, those of the source tree that
 * this program was built in. NULL-terminated. First called before the process is confined.
 */
const char *const *profile_directories(void);

/* Loads with the site's parameters, or prints every mistake and returns NULL. */
/* The one that decides the verdicts: of the command line, else of the site, else the usual one. */
struct profile *profile_or_mistakes(const struct options *o, const struct site *site,
                                    struct file_texts *files);

/* Those that give advice, joined; *good is false after mistakes. NULL also when none is wanted. */
struct profile *advice_or_mistakes(const struct options *o, const struct site *site, struct file_texts *files,
                                   bool *good);

/* The site's configuration of the options, or NULL after every mistake was printed. */
struct site *site_or_mistakes(const struct options *o, struct file_texts *files);

#endif
