#include "tls/connect.h"

#include "wire/http.h"

static const char connect_method[] = "CONNECT ";
enum { CONNECT_BYTES = sizeof connect_method - 1 };

bool connect_begins(struct span bytes)
{
    size_t n = bytes.n < CONNECT_BYTES ? bytes.n : CONNECT_BYTES;
    return n && memcmp(bytes.p, connect_method, n) == 0;
}

bool connect_is_other_request(struct span bytes)
{
    return http_looks_like_request(bytes) == PARSE_OK && !connect_begins(bytes);
}

/* Without its port. */
static void learn_authority(struct handshake *h, struct span authority)
{
    for (size_t i = authority.n; i > 0 && authority.p[i - 1] != ']'; i--)
        if (authority.p[i - 1] == ':') {
            authority = span_head(authority, i - 1);
            break;
        }
    h->observation->authority = learn_text(h->observation, authority);
}

/* More of the request line. False: it is not one; else it continues, or its authority is learned. */
static bool follow(struct handshake *h, struct span bytes)
{
    struct search *s = &h->search;
    while (bytes.n && s->asked < sizeof s->request) {
        uint8_t c = bytes.p[0];
        bytes = span_skip(bytes, 1);
        if (s->asked >= CONNECT_BYTES && (c <= ' ' || c >= 0x7f)) {
            s->asking = NO_SIDE;
            learn_authority(h, span_skip(span_of(s->request, s->asked), CONNECT_BYTES));
            return true;
        }
        s->request[s->asked++] = c;
        if (!connect_begins(span_of(s->request, s->asked)))
            return false;
    }
    return s->asked < sizeof s->request;
}

void connect_look_for(struct handshake *h, unsigned side, bool stream_start, struct span bytes)
{
    struct search *s = &h->search;
    if (stream_start && s->asking == NO_SIDE && s->asked == 0 && connect_begins(bytes))
        s->asking = (uint8_t)side;
    if (s->asking == side && !follow(h, bytes))
        s->asking = NO_SIDE;
}
