/* Bytes of a descriptor, unpacked when the first ones say that they are compressed. */
#ifndef UTWATCH_CAPTURE_UNPACK_H
#define UTWATCH_CAPTURE_UNPACK_H

#include "capture/capture.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct unpack;

/* Takes over the descriptor, which unpack_close() closes. NULL when there is no memory (errno); then the
 * descriptor stays the caller's. */
struct unpack *unpack_open(int descriptor, const struct capture_patience *patience);
void unpack_close(struct unpack *unpack);

/* Waits for at least one byte. 0 at the end, or when somebody had no patience; -1 on failure. */
ssize_t unpack_read(struct unpack *unpack, uint8_t *out, size_t size);

/* Packed bytes read so far. */
uint64_t unpack_position(const struct unpack *unpack);

bool unpack_was_stopped(const struct unpack *unpack);

/* Why reading failed, or NULL when it did not. */
const char *unpack_error(const struct unpack *unpack);

#endif
