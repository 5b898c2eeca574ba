/* A stdio stream over a descriptor that unpacks gzip or zstd when the first bytes say so. */
#ifndef UTWATCH_CAPTURE_UNPACK_H
#define UTWATCH_CAPTURE_UNPACK_H

#include <stdint.h>
#include <stdio.h>

struct unpack;

/* Takes over the descriptor. NULL when there is no memory (errno). The stream's fclose() closes all. */
FILE *unpack_open(int descriptor, struct unpack **unpack);

/* Packed bytes read so far. Valid while the stream is open. */
uint64_t unpack_position(const struct unpack *unpack);

/* Why reading failed, or NULL when it did not. */
const char *unpack_error(const struct unpack *unpack);

#endif
