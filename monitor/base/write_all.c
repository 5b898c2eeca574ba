#include "base/write_all.h"

#include <errno.h>
#include <unistd.h>

bool write_all(int file, struct span bytes, size_t at)
{
    while (bytes.n) {
        const ssize_t n = pwrite(file, bytes.p, bytes.n, (off_t)at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        at += (size_t)n;
        bytes = span_skip(bytes, (size_t)n);
    }
    return true;
}
