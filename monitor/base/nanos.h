/* Packet time: signed nanoseconds since 1970-01-01T00:00:00Z. Good for the years 1678 to 2262. */
#ifndef UTWATCH_BASE_NANOS_H
#define UTWATCH_BASE_NANOS_H

#include <stdint.h>

typedef int64_t nanos;

#define NANOS_PER_SECOND      INT64_C(1000000000)
#define NANOS_PER_MILLISECOND INT64_C(1000000)
#define NANOS_PER_MICROSECOND INT64_C(1000)

static inline nanos later_of(nanos a, nanos b)
{
    return a > b ? a : b;
}

#endif
