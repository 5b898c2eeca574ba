/* Application data under a suite with NULL encryption: records are the data and a MAC (RFC 2246 6.2.3.1). */
#include "tls/handshake.h"

#include <assert.h>

/* 0 also for a session of NULL encryption with a NULL MAC, which nobody may use. */
uint16_t handshake_clear_mac(const struct handshake *h)
{
    const struct observation *o = h->observation;
    if (h->phase == PHASE_DONE)
        return observation_clear_mac(o);
    /* A failed renegotiation leaves the session as it was. */
    return o->side[CLIENT].encrypted || o->side[SERVER].encrypted ? 0 : h->side[CLIENT].mac_bytes;
}

bool tls_clear_begin(struct tls *tls, const struct flow *flow, struct clear_reader *reader,
                     struct clear_early early[2])
{
    const struct handshake *h = handshake_of(tls, flow);
    *reader = (struct clear_reader){0};
    if (!h)
        return false;
    reader->mac_bytes = handshake_clear_mac(h);
    if (!reader->mac_bytes)
        return false;
    for (enum side who = CLIENT; who <= SERVER; who++) {
        const struct assembly *a = &h->side[who];
        const struct clear_text *kept = &h->clear[who];
        struct clear_side *r = &reader->side[who];
        memcpy(r->header, a->header, sizeof r->header);
        r->header_length = a->header_length;
        r->left = a->record_left;
        r->type = a->record_type;
        r->version = a->record_version;
        r->fresh = a->record_left && !a->record_counted;
        r->lost = a->lost || a->sslv2 || kept->cut || (kept->earlier && a->mac_bytes != reader->mac_bytes);
        chain_copy(&tls->pieces, &kept->bytes, tls->clear[who]);
        early[who] = (struct clear_early){.records = span_of(tls->clear[who], kept->bytes.length),
                                          .whence = kept->whence,
                                          .later_at = kept->later_at,
                                          .acked = h->acked[flow_side_of(flow, who)]};
    }
    return true;
}

/* The header of the record that begins with the bytes that came before and these; length 0: it is not whole,
 * or no record begins. */
static struct record_header beginning(const struct assembly *a, struct span bytes)
{
    struct record_header header = {.type = a->record_type, .length = (uint16_t)a->record_left};
    if (a->record_left) {
        header.length = a->record_counted ? 0 : header.length;
        return header;
    }
    uint8_t octets[RECORD_HEADER_BYTES];
    uint8_t length = a->header_length;
    memcpy(octets, a->header, sizeof octets);
    if (!records_fill_header(octets, &length, RECORD_HEADER_BYTES, &bytes) ||
        record_header_parse(span_of(octets, RECORD_HEADER_BYTES), &header) != PARSE_OK)
        header.length = 0;
    return header;
}

/* The client goes on with data, or with the beginning of a later handshake. Either may follow an alert. */
static bool client_goes_on(const struct handshake *h, struct span bytes, enum follow_up *what)
{
    const struct record_header next = beginning(&h->side[CLIENT], bytes);
    const bool data = next.type == RECORD_APPLICATION_DATA;
    *what = data ? FOLLOW_UP_DATA : FOLLOW_UP_UNKNOWN;
    return next.length && next.type != RECORD_ALERT && (!data || next.length > h->awaited_mac);
}

/* What a server sends first is kept as long as there is room. */
static bool outgrows(const struct handshake *h, struct span bytes, enum follow_up *what)
{
    *what = FOLLOW_UP_UNKNOWN;
    return bytes.n + RECORD_HEADER_BYTES > (size_t)CLEAR_BYTES - h->clear[SERVER].bytes.length;
}

bool tls_is_followed(struct tls *tls, const struct flow *flow, enum side who, const struct run *run)
{
    struct handshake *h = handshake_of(tls, flow);
    if (!h || !h->awaited_mac || h->complete || h->side[who].lost || run->gap || run->conflict ||
        run->dropped || flow->altered)
        return false;
    enum follow_up what;
    if (!(who == CLIENT ? client_goes_on(h, run->bytes, &what) : outgrows(h, run->bytes, &what)))
        return false;
    const bool awake = handshake_wake(tls, h, true);
    assert(awake);
    handshake_follow_up(h, what);
    return true;
}

static void read_header(struct clear_side *r, struct span *bytes)
{
    if (!records_fill_header(r->header, &r->header_length, RECORD_HEADER_BYTES, bytes))
        return;
    r->header_length = 0;
    struct record_header header;
    if (record_header_parse(span_of(r->header, RECORD_HEADER_BYTES), &header) != PARSE_OK) {
        r->lost = true;
        return;
    }
    r->left = header.length;
    r->type = header.type;
    r->version = header.version;
    r->fresh = true;
}

/* A HelloRequest of the server begins nothing: the client may ignore it (RFC 5246 7.4.1.1). */
static bool is_hello(const struct clear_side *r, enum side who, uint8_t message)
{
    return r->fresh && r->type == RECORD_HANDSHAKE &&
           message == (who == CLIENT ? MESSAGE_CLIENT_HELLO : MESSAGE_SERVER_HELLO);
}

struct span clear_next(struct clear_reader *reader, enum side who, struct span *bytes)
{
    struct clear_side *r = &reader->side[who];
    while (bytes->n && !r->lost) {
        if (r->left == 0) {
            read_header(r, bytes);
            continue;
        }
        if (is_hello(r, who, bytes->p[0]))
            return span_of(NULL, 0);
        r->fresh = false;
        struct span part = span_head(*bytes, r->left);
        const bool data = r->type == RECORD_APPLICATION_DATA;
        size_t readable = data && r->left > reader->mac_bytes ? r->left - reader->mac_bytes : 0;
        r->left -= (uint32_t)part.n;
        *bytes = span_skip(*bytes, part.n);
        part = span_head(part, readable);
        if (part.n)
            return part;
    }
    *bytes = span_skip(*bytes, bytes->n);
    return span_of(NULL, 0);
}

static void read_on(struct tls *tls, struct handshake *h, enum side who, const struct clear_reader *reader)
{
    const struct clear_side *r = &reader->side[who];
    struct assembly *a = &h->side[who];
    memcpy(a->header, r->header, sizeof a->header);
    a->header_length = r->header_length;
    a->record_type = r->type;
    a->record_version = r->version;
    a->record_left = r->left;
    a->record_counted = !r->fresh;
    if (r->left && !r->fresh && r->type == RECORD_APPLICATION_DATA)
        records_keep_rest(tls, h, who);
    else
        a->record_protected =
            r->left && !r->fresh; /* of the session before, such as the rest of its Finished */
    a->mac_bytes = reader->mac_bytes;
    a->lost = r->lost;
    h->observation->side[who].captured = h->observation->side[who].start_captured = true;
    if (r->lost)
        handshake_damage(h, who, UNOBSERVED_GAP);
}

bool tls_renegotiate(struct tls *tls, struct flow *flow, const struct segment *segment,
                     const struct clear_reader *reader)
{
    struct handshake *h = handshake_open(tls, flow, segment->time);
    if (!h)
        return false;
    h->search.begun = h->search.probe[0].over = h->search.probe[1].over = true;
    h->observation->renegotiation = true;
    h->observation->whence = flow_whence(flow, segment);
    h->observation->whence.flow_id = flow_id(flow);
    read_on(tls, h, CLIENT, reader);
    read_on(tls, h, SERVER, reader);
    return true;
}

void clear_gap(struct clear_reader *reader, enum side who, size_t gap)
{
    struct clear_side *r = &reader->side[who];
    if (gap <= r->left && !r->header_length)
        r->left -= (uint32_t)gap;
    else
        r->lost = true;
}
