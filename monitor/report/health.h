/* How much of the traffic could be looked at. Plain counters of one run; the application fills them. */
#ifndef UTWATCH_REPORT_HEALTH_H
#define UTWATCH_REPORT_HEALTH_H

#include "base/nanos.h"

#include <stdbool.h>
#include <stdint.h>

struct capture_health {
    nanos first_time, last_time; /* of the frames; meaningless without any */
    uint64_t frames, bytes;
    uint64_t dropped;       /* live: frames that the kernel had no room for */
    uint64_t broken_inputs; /* inputs that could not be read to their end */
    uint64_t not_tcp_udp;   /* frames of other protocols: nothing is lost with them */
    uint64_t malformed, too_deep, unknown_link;
    uint64_t cut_frames; /* the snap length cut them before the end of the transport header */
    uint64_t fragments_kept, fragments_reassembled, fragments_lost;

    uint64_t segments;
    uint64_t truncated_segments; /* the snap length cut their payload */
    uint64_t out_of_order, retransmitted;
    uint64_t outside_window; /* sequence numbers not to be believed */
    uint64_t conflicts;      /* overlaps with different content */
    uint64_t gaps, gap_bytes;

    uint64_t connections;
    uint64_t tls_connections, not_tls_connections; /* as far as it was told; both 0: not counted */
    uint64_t connections_midstream;                /* the capture starts within them */
    uint64_t connections_one_direction;            /* only one side was captured */
    uint64_t connections_evicted;                  /* the table was full */
    uint64_t ports_reused;

    uint64_t tls_midstream;      /* TLS connections whose hello was not captured */
    uint64_t handshakes_evicted; /* all slots were in use */
    uint64_t messages_malformed, messages_too_long, messages_without_room;
    uint64_t desynchronised; /* places where a record header was expected and something else stood */
    uint64_t renegotiations; /* protected handshake records after the handshake */

    uint64_t out_of_scope; /* handshakes of servers that the configuration does not call Ut */
    uint64_t http_connections, http_exchanges; /* read in clear */
    uint64_t http_lost;                        /* directions of them that could not be followed */
    uint64_t sessions_remembered, sessions_evicted, sessions_damaged;
    uint64_t sessions_asked;      /* what other sensors were asked about */
    uint64_t sessions_found;      /* of them, those that one of them knew */
    uint64_t sessions_unanswered; /* in time: taken as not known */
    uint64_t sessions_told;       /* what other sensors can find */
    uint64_t sessions_untold;     /* and cannot */
    uint64_t clock_set;           /* times that the clock of a capture went back */
    uint64_t servers_remembered, ues_remembered, peers_evicted;
};

/* Nothing is known to be missing: no loss, no damage, no connection seen in part only. */
bool capture_whole(const struct capture_health *health);

#endif
