#include "report/health.h"

bool capture_whole(const struct capture_health *h)
{
    const uint64_t frames = h->dropped | h->broken_inputs | h->malformed | h->too_deep | h->unknown_link |
                            h->cut_frames | h->fragments_lost;
    const uint64_t bytes =
        h->truncated_segments | h->outside_window | h->conflicts | h->gaps | h->desynchronised;
    const uint64_t connections = h->connections_midstream | h->connections_one_direction |
                                 h->connections_evicted | h->tls_midstream | h->handshakes_evicted;
    const uint64_t messages =
        h->messages_malformed | h->messages_too_long | h->messages_without_room | h->renegotiations;
    return (frames | bytes | connections | messages) == 0;
}
