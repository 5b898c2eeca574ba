#include "base/words.h"

#include <string.h>

const char *word_of(const struct word *words, int64_t number)
{
    for (; words->word; words++)
        if (words->number == number)
            return words->word;
    return NULL;
}

bool word_number(const struct word *words, const char *word, int64_t *number)
{
    for (; words->word; words++) {
        if (strcmp(words->word, word) != 0)
            continue;
        *number = words->number;
        return true;
    }
    return false;
}
