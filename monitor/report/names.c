#include "report/names.h"

#include <arpa/inet.h>

const char *reason_words(unsigned bit_index)
{
    static const struct word sentences[] = {
        {UNOBSERVED_CLIENT_DIRECTION, "the UE's direction was not captured"},
        {UNOBSERVED_SERVER_DIRECTION, "the server's direction was not captured"},
        {UNOBSERVED_GAP, "bytes of the handshake are missing from the capture"},
        {UNOBSERVED_MIDSTREAM, "the capture starts within the connection"},
        {UNOBSERVED_ENCRYPTED, "the message that would show it is encrypted"},
        {UNOBSERVED_TRUNCATED, "frames were cut by the snap length"},
        {UNOBSERVED_EVICTED, "a full table gave up the handshake, or what was known of its server or UE"},
        {UNOBSERVED_OVERLAP, "its receiver may have taken other bytes than those that were read"},
        {UNOBSERVED_MALFORMED, "a message could not be parsed"},
        {UNOBSERVED_UNFINISHED, "the capture or the handshake ended before it was decided"},
        {UNOBSERVED_TOO_LONG, "a message, a list or a series of requests was longer than the monitor keeps"},
        {UNOBSERVED_UNKNOWN_CODE, "the meaning of a code point is unknown to this monitor"},
        {UNOBSERVED_UNDECIDED, "what was seen does not decide the rule"},
        {UNOBSERVED_INCONSISTENT, "what the peer showed contradicts itself"},
        {UNOBSERVED_ORIGIN, "the full handshake of the session was not captured whole and beyond doubt"},
        {UNOBSERVED_EARLIER, "the session began before the capture"},
        {UNOBSERVED_TICKET, "TLS 1.3 issues tickets under its keys, so when a session began is not visible"},
        {UNOBSERVED_IN_PROGRESS,
         "it was not yet known whether the handshake that may have begun the session had ended"},
        {UNOBSERVED_UNACKNOWLEDGED, "the deciding bytes were not acknowledged by their receiver"},
        {UNOBSERVED_COMPRESSED, "the connection spoke HTTP/2, and its header fields could not be read"},
        {UNOBSERVED_CHECKSUM, "bytes of the handshake have a wrong checksum, and were captured once"},
        {UNOBSERVED_DISPUTED,
         "an end or ICMP rejected its data, or only another connection on its ports had a start"},
        {UNOBSERVED_NETWORKS, "the address was seen in more than one VLAN or overlay network"},
        {UNOBSERVED_PASSED_ON,
         "a proxy or balancer seems to have passed it on: what the UE sent is not known"},
        {UNOBSERVED_OTHER_SIDE, "the same handshake is judged on another side of a translator or proxy"},
        {UNOBSERVED_REORDERED, "the two directions were captured out of order"},
        {UNOBSERVED_WEB_PAGE, "a browser sent it, as any web page can make it do"},
        {UNOBSERVED_NOT_READ,
         "TLS 1.3 without encryption, or certificates of another form than X.509, are not read"},
        {UNOBSERVED_CLOCK, "the capture's clock may have been set since the session began"},
        {0, NULL},
    };
    return word_of(sentences, INT64_C(1) << bit_index);
}

const char text_behind_header[] = " (behind a PROXY header)";
const char csv_named_by_header[] = "PROXY header";

void text_ue(struct text *out, const struct endpoint *ue)
{
    text_address(out, ue);
    if (ue->space == SPACE_TOLD)
        text_put(out, text_behind_header);
}

void text_address(struct text *out, const struct endpoint *end)
{
    char buffer[INET6_ADDRSTRLEN];
    if (end->family != 4) {
        text_put(out, inet_ntop(AF_INET6, end->address, buffer, sizeof buffer));
        return;
    }
    char *at = buffer; /* inet_ntop() takes far longer */
    for (size_t i = 0; i < 4; i++) {
        const uint8_t octet = end->address[i];
        if (i)
            *at++ = '.';
        if (octet >= 100)
            *at++ = (char)('0' + octet / 100);
        if (octet >= 10)
            *at++ = (char)('0' + octet / 10 % 10);
        *at++ = (char)('0' + octet % 10);
    }
    text_bytes(out, buffer, (size_t)(at - buffer));
}

void text_end(struct text *out, const struct endpoint *end)
{
    if (end->family == 6)
        text_char(out, '[');
    text_address(out, end);
    if (end->family == 6)
        text_char(out, ']');
    text_char(out, ':');
    text_uint(out, end->port);
}

static void put_end_filter(struct text *out, const struct endpoint *end, const char *blank)
{
    text_printf(out, "%s.addr%s==%s", end->family == 6 ? "ipv6" : "ip", blank, blank);
    text_address(out, end);
    if (end->port)
        text_printf(out, "%s&&%s%s.port%s==%s%u", blank, blank, end->udp ? "udp" : "tcp", blank, blank,
                    end->port);
}

void text_filter(struct text *out, const struct endpoint *client, const struct endpoint *server,
                 const char *blank)
{
    if (client->family)
        put_end_filter(out, client, blank);
    if (client->family && server->family)
        text_printf(out, "%s&&%s", blank, blank);
    if (server->family)
        put_end_filter(out, server, blank);
}
