/* The words of an enum or of a set of flags: one list, beside the enum that it names, for everybody who reads
 * or writes its words. */
#ifndef UTWATCH_BASE_WORDS_H
#define UTWATCH_BASE_WORDS_H

#include <stdbool.h>
#include <stdint.h>

struct word {
    int64_t number;
    const char *word; /* NULL ends a list */
};

/* NULL when the list has no word for the number. */
const char *word_of(const struct word *words, int64_t number);

/* False when the list does not have the word; *number is left alone then. */
bool word_number(const struct word *words, const char *word, int64_t *number);

#endif
