/* Frames that a network interface itself has lost, as the kernel counts them. */
#ifndef UTWATCH_CAPTURE_INTERFACE_DROPS_H
#define UTWATCH_CAPTURE_INTERFACE_DROPS_H

#include <stdbool.h>
#include <stdint.h>

/* Since the interface was made. False when the kernel does not tell. */
bool interface_drops(const char *interface, uint64_t *drops);

#endif
