#include "capture/interface_drops.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int open_counter(const char *interface, const char *counter)
{
    char path[128];
    (void)snprintf(path, sizeof path, "/sys/class/net/%s/statistics/%s", interface, counter);
    return open(path, O_RDONLY | O_CLOEXEC);
}

/* sysfs writes the number again for each read from its beginning. */
static bool read_sum(const struct interface_drops *d, uint64_t *sum)
{
    *sum = 0;
    for (size_t i = 0; i < INTERFACE_DROP_COUNTERS; i++) {
        char digits[32];
        const ssize_t n = d->file[i] < 0 ? -1 : pread(d->file[i], digits, sizeof digits - 1, 0);
        if (n <= 0)
            return false;
        digits[n] = '\0';
        *sum += strtoull(digits, NULL, 10);
    }
    return true;
}

void interface_drops_open(struct interface_drops *d, const char *interface)
{
    /* Of what arrived, the card had no room for it. rx_dropped is not among them: it also counts frames of
     * protocols that this machine does not speak, which is every mirrored frame. */
    static const char *const counters[INTERFACE_DROP_COUNTERS] = {"rx_missed_errors", "rx_fifo_errors"};
    for (size_t i = 0; i < INTERFACE_DROP_COUNTERS; i++)
        d->file[i] = open_counter(interface, counters[i]);
    if (!read_sum(d, &d->before))
        d->before = 0;
}

void interface_drops_close(struct interface_drops *d)
{
    for (size_t i = 0; i < INTERFACE_DROP_COUNTERS; i++)
        if (d->file[i] >= 0)
            (void)close(d->file[i]);
}

uint64_t interface_drops_new(struct interface_drops *d)
{
    uint64_t sum;
    if (!read_sum(d, &sum))
        return 0;
    const uint64_t grown = sum >= d->before ? sum - d->before : sum; /* drivers begin again after a reset */
    d->before = sum;
    return grown;
}
