/* Application data under a suite with NULL encryption: records are the data and a MAC (RFC 2246 6.2.3.1). */
#include "tls/handshake.h"

#include <assert.h>

bool tls_clear_begin(const struct tls *tls, const struct flow *flow, struct clear_reader *reader,
                     struct clear_early early[2])
{
    const struct handshake *h = handshake_of(tls, flow);
    if (!h || h->phase != PHASE_DONE)
        return false;
    const struct suite *suite = observation_clear_suite(&h->observation);
    if (!suite)
        return false;
    *reader = (struct clear_reader){.mac_bytes = (uint16_t)observation_mac_bytes(&h->observation, suite)};
    for (enum side who = CLIENT; who <= SERVER; who++) {
        const struct assembly *a = &h->side[who];
        const struct clear_text *kept = &h->clear[who];
        struct clear_side *r = &reader->side[who];
        memcpy(r->header, a->header, sizeof r->header);
        r->header_length = a->header_length;
        r->left = a->record_left;
        r->data = a->record_type == RECORD_APPLICATION_DATA;
        r->lost = a->lost || a->sslv2 || kept->cut;
        early[who] =
            (struct clear_early){.records = span_of(kept->bytes, kept->length), .whence = kept->whence};
    }
    return true;
}

static void read_header(struct clear_side *r, struct span *bytes)
{
    r->header[r->header_length++] = bytes->p[0];
    *bytes = span_skip(*bytes, 1);
    if (r->header_length < RECORD_HEADER_BYTES)
        return;
    r->header_length = 0;
    struct record_header header;
    if (record_header_parse(span_of(r->header, RECORD_HEADER_BYTES), &header) != PARSE_OK) {
        r->lost = true;
        return;
    }
    r->left = header.length;
    r->data = header.type == RECORD_APPLICATION_DATA;
}

struct span clear_next(struct clear_reader *reader, enum side who, struct span *bytes)
{
    struct clear_side *r = &reader->side[who];
    while (bytes->n && !r->lost) {
        if (r->left == 0) {
            read_header(r, bytes);
            continue;
        }
        struct span part = span_head(*bytes, r->left);
        size_t readable = r->data && r->left > reader->mac_bytes ? r->left - reader->mac_bytes : 0;
        r->left -= (uint32_t)part.n;
        *bytes = span_skip(*bytes, part.n);
        part = span_head(part, readable);
        if (part.n)
            return part;
    }
    *bytes = span_skip(*bytes, bytes->n);
    return span_of(NULL, 0);
}

void clear_gap(struct clear_reader *reader, enum side who, size_t gap)
{
    struct clear_side *r = &reader->side[who];
    if (gap <= r->left && !r->header_length)
        r->left -= (uint32_t)gap;
    else
        r->lost = true;
}
