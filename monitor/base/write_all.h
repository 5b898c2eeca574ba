/* Bytes into a file, however many calls that takes. */
#ifndef UTWATCH_BASE_WRITE_ALL_H
#define UTWATCH_BASE_WRITE_ALL_H

#include "base/span.h"

/* All of them, from `at` on. False, with errno, when the file does not take them. */
bool write_all(int file, struct span bytes, size_t at);

#endif
