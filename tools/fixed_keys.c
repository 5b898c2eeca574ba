/*
 * For measurements: getrandom() gives the octets that the number in UTWATCH_KEYS leads to, the same in each
 * run, so that the same entries meet in the tables, whose keys are drawn. By LD_PRELOAD; the program is the
 * one that is shipped.
 */
#include <stdint.h>
#include <stdlib.h>
#include <sys/random.h>

ssize_t getrandom(void *buffer, size_t length, unsigned flags)
{
    static uint64_t state;
    unsigned char *bytes = buffer;
    const char *number = getenv("UTWATCH_KEYS");
    (void)flags;
    if (!state)
        state = strtoull(number ? number : "", NULL, 10) * 0x9e3779b97f4a7c15 + 1;
    for (size_t i = 0; i < length; i++) { /* Knuth's MMIX */
        state = state * 6364136223846793005 + 1442695040888963407;
        bytes[i] = (unsigned char)(state >> 56);
    }
    return (ssize_t)length;
}
