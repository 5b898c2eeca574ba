/*
 * A network interface as a source of frames: libpcap's ring in memory (TPACKET_V3), whose frames are pushed
 * to a callback where they lie. Nothing here waits: the caller polls live_descriptor() and calls live_read().
 *
 * An interface may go down, come back, change its name, be removed, and be made again; live_look() finds that
 * out, and opens it again when it can.
 */
#ifndef UTWATCH_CAPTURE_LIVE_H
#define UTWATCH_CAPTURE_LIVE_H

#include "capture/frame.h"

/* Frames wait in the ring until a block is full, or for this long. Shorter costs processor time, and longer
 * delays the verdicts. */
enum { LIVE_BLOCK_MS = 20 };

struct live_settings {
    const char *interface;
    unsigned source;    /* of its frames */
    const char *filter; /* BPF words, or NULL; they outlive the interface */
    const char
        *scope;  /* of scope_filter(), or NULL: likewise. Used when there are no BPF words, and it fits */
    size_t ring; /* bytes of the ring */
    struct fanout *fanout; /* sockets that share the interface; NULL: there is one. See live_begin() */
    bool may_be_gone;      /* it was there before: that it is not now is no failure */
    unsigned index; /* the kernel's number that it had, by which it is found under another name; 0: unknown */
};

enum live_failure {
    LIVE_NO_FAILURE,
    LIVE_NOT_READABLE, /* no such interface, no right to capture, no memory */
    LIVE_FILTER_FAULT, /* the BPF words mean nothing for it */
};

struct live;

/* NULL on failure, with the reason in `error` (at least 512 bytes). An interface that exists and is down is
 * no failure: it is opened when it comes up. */
struct live *live_open(const struct live_settings *settings, enum live_failure *failure, char *error,
                       size_t error_size);
void live_close(struct live *live);

/* A socket that shares its interface takes no frames until all have joined, and this is called. */
void live_begin(struct live *live);

/* From now on the process has no right to open an interface: what is removed or down stays so for it. */
void live_keep_closed(struct live *live);

/* To be polled for POLLIN; -1 while the interface is not there. */
int live_descriptor(const struct live *live);

/* Pushes at most `most` frames of those that are there, and returns how many the callback took; it stops
 * early when that returns false. */
size_t live_read(struct live *live, size_t most, capture_callback *callback, void *context);

/* Frames in the ring that have not been pushed, by the kernel's count: also those of a block that is not
 * given out yet, and all that libpcap has left out since the start. */
uint64_t live_unread(struct live *live);

/* All that have been pushed; the number of the last one. */
uint64_t live_frames(const struct live *live);

/* The last live_read() ended because there were no more. */
bool live_found_empty(const struct live *live);

/* The poll said POLLERR: it went down, if only for a moment. */
void live_disturbed(struct live *live);

enum live_state {
    LIVE_UP,
    LIVE_DOWN, /* no link, or switched off */
    LIVE_GONE, /* there is no such interface */
};

enum live_edge {
    LIVE_NO_EDGE,
    LIVE_WENT_DOWN,
    LIVE_CAME_UP,
    LIVE_RENAMED,
    LIVE_REMOVED,
    LIVE_CREATED, /* again */
};

/* What has changed about the interface since the last call: one change a call, until there is none. */
enum live_edge live_look(struct live *live);
enum live_state live_state(const struct live *live);

/* The name by which it is known to the system now. */
const char *live_name(const struct live *live);

/* The kernel's number of it, which outlives its name; 0: there is no such interface. */
unsigned live_index(const struct live *live);

struct live_counters {
    uint64_t kernel_packets; /* that came to the socket and passed its filter, with those that were dropped */
    uint64_t kernel_drops;   /* of them, those for which the ring had no room */
    uint64_t interface_drops; /* lost by the interface itself, since the start */
    uint64_t unordered;       /* of all interfaces: see merge_unordered() */
    uint64_t left_in_rings;   /* of all: at the end, for want of time */
};

/* Reads the kernel's counters too. */
const struct live_counters *live_counters(struct live *live);

#endif
