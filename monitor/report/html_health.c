/* How much of the traffic could be looked at, counter by counter; zeros too, for they are an answer. */
#include "report/html_parts.h"

struct counter {
    const char *what;
    size_t at; /* in struct capture_health */
};

#define COUNTER(member, words)                                                                               \
    {                                                                                                        \
        words, offsetof(struct capture_health, member)                                                       \
    }

static const struct counter read_counters[] = {
    COUNTER(frames, "frames"),
    COUNTER(bytes, "bytes"),
    COUNTER(not_tcp_udp, "frames of other protocols than TCP and UDP"),
    COUNTER(fragments_kept, "IP fragments"),
    COUNTER(fragments_reassembled, "datagrams put together from fragments"),
    COUNTER(segments, "TCP segments"),
    COUNTER(out_of_order, "segments out of order"),
    COUNTER(retransmitted, "segments sent again"),
    COUNTER(connections, "TCP connections"),
    COUNTER(tls_connections, "connections with TLS"),
    COUNTER(not_tls_connections, "connections with something else than TLS"),
    COUNTER(ports_reused, "connections that took the ports of an earlier one"),
    COUNTER(out_of_scope, "handshakes of servers that the configuration does not call Ut"),
    COUNTER(http_connections, "connections whose HTTP could be read"),
    COUNTER(http_exchanges, "requests and answers read in them"),
    COUNTER(sessions_remembered, "sessions remembered at the end"),
    COUNTER(sessions_asked, "sessions that other sensors were asked about"),
    COUNTER(sessions_found, "sessions that other sensors knew"),
    COUNTER(sessions_told, "sessions told to other sensors"),
    COUNTER(servers_remembered, "servers remembered at the end"),
    COUNTER(ues_remembered, "UE addresses remembered at the end"),
};
static const struct counter frame_counters[] = {
    COUNTER(broken_inputs, "inputs that could not be read to the end"),
    COUNTER(dropped, "frames dropped by the kernel before they were read"),
    COUNTER(cut_frames, "frames cut by the snap length within their headers"),
    COUNTER(malformed, "frames that could not be decoded"),
    COUNTER(too_deep, "frames wrapped too deep to be followed"),
    COUNTER(unknown_link, "frames of an unknown link type"),
    COUNTER(fragments_lost, "fragmented datagrams that could not be put together"),
};
static const struct counter byte_counters[] = {
    COUNTER(truncated_segments, "segments whose payload was cut by the snap length"),
    COUNTER(gaps, "gaps in TCP streams"),
    COUNTER(gap_bytes, "bytes lost in gaps"),
    COUNTER(conflicts, "segments that repeat bytes with other content"),
    COUNTER(outside_window, "segments with sequence numbers that cannot belong to the connection"),
    COUNTER(desynchronised, "times that the next TLS record was not where it had to be"),
    COUNTER(messages_malformed, "handshake messages that could not be parsed"),
    COUNTER(messages_too_long, "handshake messages longer than what is kept"),
};
static const struct counter part_counters[] = {
    COUNTER(connections_midstream, "connections that started before the capture"),
    COUNTER(connections_one_direction, "connections with one direction only"),
    COUNTER(tls_midstream, "TLS connections past the hello when the capture began"),
    COUNTER(renegotiations, "records of later handshakes inside encrypted connections"),
};
static const struct counter given_up_counters[] = {
    COUNTER(connections_evicted, "connections given up because the table was full"),
    COUNTER(handshakes_evicted, "handshakes given up because too many were in progress"),
    COUNTER(http_lost, "directions of HTTP that could not be followed to their end"),
    COUNTER(sessions_evicted, "sessions forgotten because the memory was full"),
    COUNTER(sessions_damaged, "sessions forgotten because the state file was damaged"),
    COUNTER(sessions_unanswered, "questions to other sensors without an answer in time"),
    COUNTER(sessions_untold, "sessions that could not be told to other sensors"),
    COUNTER(clock_set, "times that the clock of a capture was set back, across which ages are lower bounds"),
    COUNTER(peers_evicted, "servers and UEs judged early because their table was full"),
    COUNTER(messages_without_room, "handshake messages that found no free buffer"),
};

struct group {
    const char *title;
    const struct counter *counters;
    size_t count;
    bool loss; /* anything but 0 limits what the report can say */
};

#define GROUP(title, counters, loss)                                                                         \
    {                                                                                                        \
        title, counters, sizeof(counters) / sizeof *(counters), loss                                         \
    }

static const struct group groups[] = {
    GROUP("Read", read_counters, false),
    GROUP("Frames lost or unreadable", frame_counters, true),
    GROUP("Bytes lost, in doubt or unreadable", byte_counters, true),
    GROUP("Seen in part only", part_counters, true),
    GROUP("Given up for want of room", given_up_counters, true),
};

static void put_counter(struct html *h, const struct group *group, const struct counter *counter,
                        uint64_t value)
{
    html_put(h, "<tr><th scope=\"row\">");
    html_put(h, counter->what);
    html_put(h, !value        ? "</th><td class=\"zero\">"
                : group->loss ? "</th><td class=\"doubt\">"
                              : "</th><td>");
    html_count(h, value);
    html_put(h, "</td></tr>\n");
}

void html_health(struct html *h, const struct capture_health *health)
{
    html_put(h, "<section id=\"capture\"><h2>Capture health</h2>\n<p>");
    html_put(h, capture_whole(health)
                    ? "Nothing is known to be missing from the capture."
                    : "The capture is incomplete: what is counted below under losses, parts and "
                      "given up may hide violations.");
    html_put(h, "</p>\n<table class=\"health\"><thead><tr><th scope=\"col\">What</th><th "
                "scope=\"col\">Count</th></tr>"
                "</thead>\n");
    for (size_t g = 0; g < sizeof groups / sizeof *groups; g++) {
        html_put(h, "<tbody><tr class=\"group\"><th scope=\"rowgroup\" colspan=\"2\">");
        html_put(h, groups[g].title);
        html_put(h, "</th></tr>\n");
        for (size_t i = 0; i < groups[g].count; i++) {
            uint64_t value = 0;
            memcpy(&value, (const char *)health + groups[g].counters[i].at, sizeof value);
            put_counter(h, &groups[g], &groups[g].counters[i], value);
        }
        html_put(h, "</tbody>\n");
    }
    html_put(h, "</table></section>\n");
}
