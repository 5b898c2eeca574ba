/* Amounts as people write them. */
#ifndef UTWATCH_BASE_AMOUNT_H
#define UTWATCH_BASE_AMOUNT_H

#include <stdbool.h>
#include <stdint.h>

/* 1000, 64KiB, 512MiB, 1GiB. False, with *bytes unchanged, if it is not an amount, or 2^33 units or more. */
bool amount_of_bytes(const char *text, uint64_t *bytes);

#endif
