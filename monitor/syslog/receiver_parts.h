/* Shared by the files that make up one receiver: its work, and its messages to the operator. */
#ifndef UTWATCH_SYSLOG_RECEIVER_PARTS_H
#define UTWATCH_SYSLOG_RECEIVER_PARTS_H

#include "syslog/connection.h"
#include "syslog/receiver.h"
#include "syslog/relp_window.h"
#include "syslog/window.h"

enum { OUT_BYTES = 65536 /* framed messages on their way to the stream */ };

/* What the operator knows of a number. */
struct told_count {
    uint64_t count;
    int64_t at;
};

struct receiver {
    struct receiver_config config;
    struct spool *spool;
    struct connection connection;
    struct receiver_counters counters;
    int64_t retry_at, retry_after;
    int64_t up_since;
    unsigned failures; /* since a connection was proven */
    bool proven;       /* the connection has lasted, or something arrived over it */
    bool ending, finished, ended;

    uint8_t out[OUT_BYTES];
    size_t out_at, out_n;
    uint64_t last_out;  /* number of the last message in out[] */
    uint64_t last_sent; /* of the last one that the socket took as a whole */
    uint64_t highest;   /* of all that were handed to a connection */

    struct window window; /* of all but RELP */
    struct relp_window relp;
    char refusal[200];
    bool refuses;     /* it has, of late */
    int64_t again_at; /* when what it refused is sent again */
    int64_t burst_at; /* of UDP */
    unsigned burst;

    bool down_told;     /* the operator knows that it is not connected */
    char told_why[200]; /* and why */
    int64_t told_at;
    struct told_count dropped_told, refused_told;
    bool trouble_told, refusing_told;
    int64_t refusing_told_at, trouble_told_at;
};

#endif
