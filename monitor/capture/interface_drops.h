/* Frames that a network interface itself has lost, as the kernel counts them. */
#ifndef UTWATCH_CAPTURE_INTERFACE_DROPS_H
#define UTWATCH_CAPTURE_INTERFACE_DROPS_H

#include <stdint.h>

enum { INTERFACE_DROP_COUNTERS = 2 };

/* Open, so that a process that may open nothing any more can still read them. */
struct interface_drops {
    int file[INTERFACE_DROP_COUNTERS]; /* -1: the kernel does not say */
    uint64_t before;                   /* what was known when it was looked at last */
};

/* From now on. */
void interface_drops_open(struct interface_drops *d, const char *interface);
void interface_drops_close(struct interface_drops *d);

/* Since it was looked at last. */
uint64_t interface_drops_new(struct interface_drops *d);

#endif
