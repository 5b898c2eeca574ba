/* ESP without encryption (RFC 4303, RFC 2410). It looks like any other, and how long its check value is was
 * agreed elsewhere: RFC 5879 finds it by what it carries. */
#include "decode/checksum.h"
#include "decode/layers.h"
#include "decode/obstacles.h"

enum { HEADER = 8, TRAILER = 2, TCP_HEADER = 20 };

/* TCP, whose sum makes a chance match unlikely, before a trailer and so many bytes of check value. */
static bool carries_tcp(const struct packet *p, size_t check)
{
    const struct span bytes = p->bytes;
    if (bytes.n < HEADER + TCP_HEADER + TRAILER + check)
        return false;
    const struct span trailer = span_skip(bytes, bytes.n - check - TRAILER);
    const size_t room = bytes.n - HEADER - TCP_HEADER - TRAILER - check;
    const size_t padding = trailer.p[0];
    if (trailer.p[1] != TRANSPORT_TCP || padding > room)
        return false;
    const struct span tcp = span_head(span_skip(bytes, HEADER), TCP_HEADER + room - padding);
    return checksum_fits_tcp(p->out, tcp);
}

bool esp_is_open(const struct packet *p)
{
    static const uint8_t checks[] = {0, 8, 12, 16, 24, 32};
    if (p->bytes.n != p->wire_left)
        return false;
    for (size_t i = 0; i < sizeof checks; i++)
        if (carries_tcp(p, checks[i]))
            return true;
    return looks_like_ip(p->bytes, p->wire_left);
}
