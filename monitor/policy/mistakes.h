/* Collecting an operator's mistakes, and guessing what was meant. */
#ifndef UTWATCH_POLICY_MISTAKES_H
#define UTWATCH_POLICY_MISTAKES_H

#include "policy/policy.h"

/* Adds one; beyond a thousand they are only counted, in the last one. */
__attribute__((format(printf, 5, 6))) void mistake_add(struct mistakes *m, const char *file, uint32_t line,
                                                       uint32_t column, const char *format, ...);

/* The best of several candidates for a misspelt word. */
struct suggestion {
    const char *word;
    const char *best; /* NULL: none is close */
    size_t distance;
};

struct suggestion suggestion_for(const char *word);
void suggestion_try(struct suggestion *s, const char *candidate);

/* All rules of the profile. */
void suggestion_try_rules(struct suggestion *s, const struct profile *p);
/* " (did you mean 'x'?)" or "" in a buffer of the caller. */
const char *suggestion_text(const struct suggestion *s, char *buffer, size_t size);

/* " (did you mean 'a', 'b' or 'c'?)": up to three candidates that contain the word, ignoring hyphens and
 * case; "" if none does. */
struct containing {
    const char *word;
    const char *found[3];
    size_t count;
};
void containing_try(struct containing *c, const char *candidate);
const char *containing_text(struct containing *c, char *buffer, size_t size);

/* The same for all that were found. False: they do not fit, and the text is cut. */
bool several_text(const char *const *found, size_t count, char *buffer, size_t size);

/* "; it is one of info, low, medium, high" if there are few; else nothing. */
const char *words_listed(const struct word *words, char *buffer, size_t size);

#endif
