/*
 * What leaves the judge: finished texts in parcels, and nothing else. Between processes they travel through a
 * ring (process/ring.h), within one process by a call; whoever takes them sees no packet and parses nothing.
 */
#ifndef UTWATCH_APP_PARCEL_H
#define UTWATCH_APP_PARCEL_H

#include "base/span.h"

struct delivered;

enum parcel_kind {
    PARCEL_EVENT = 1, /* one line of JSON with its newline */
    PARCEL_ALERT,     /* struct parcel_alert, then a message of RFC 5424 */
    PARCEL_REPORT,    /* struct parcel_page, then the next bytes of a --report */
    PARCEL_EVIDENCE,  /* the packets of one handshake; opaque to the writer */
    PARCEL_WATCHED,   /* struct watched_file: a file of a watched folder is done with */
    PARCEL_STATUS,    /* text for people, on standard error */
    PARCEL_FLUSH,     /* no bytes: what is buffered goes out, since nothing may come for a while */
    PARCEL_END,       /* no bytes: the reports are whole, and nothing follows */
};

/* In front of each parcel in a ring. */
struct parcel {
    uint32_t kind;   /* enum parcel_kind */
    uint32_t length; /* bytes that follow */
};

struct parcel_alert {
    uint32_t severity; /* enum severity: the least severe is given up first */
};

struct parcel_page {
    uint32_t report; /* which, among the destinations */
};

/* Where parcels go. The bytes are the caller's and live until the call returns. */
struct parcel_sink {
    void (*take)(void *context, enum parcel_kind kind, struct span bytes);
    void *context;
    const struct delivered *delivered; /* what became of earlier ones; NULL: unknown */
};

static inline void parcel_put(const struct parcel_sink *sink, enum parcel_kind kind, struct span bytes)
{
    sink->take(sink->context, kind, bytes);
}

#endif
