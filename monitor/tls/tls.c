/* Bytes, acknowledgements and ends of a connection whose TLS has begun. */
#include "tls/handshake.h"
#include "wire/http.h"

#include <assert.h>

/* A side acknowledges only what it has: bytes that come after their acknowledgement were captured too late.
 * That matters once their receiver has ended the connection, and with early data, where only the server's
 * records distinguish the client's Finished. */
static void note_order(struct handshake *h, enum side who, size_t bytes)
{
    const enum side peer = other_end(who);
    const unsigned side = flow_side_of(h->flow, who);
    const struct observation *o = h->observation;
    const bool matters = o->side[peer].closed || o->side[peer].reset || o->client_hello.early_data;
    const uint32_t first = h->flow->side[side].next - (uint32_t)bytes;
    h->reordered |= matters && bytes && acknowledged_beyond(&h->acked[!side], first) > 0;
}

/* A side that sends more has not ended: the FIN or reset was forged. An alert stays; only other contents of
 * its own bytes contradict it. */
static void reopen(struct tls *tls, struct handshake *h, enum side who, nanos now)
{
    struct observation *o = h->observation;
    struct side_facts *side = o->side;
    if (!side[who].closed && !side[who].reset)
        return;
    side[who].closed = side[who].reset = false;
    if (h->receipt.who == who && !h->alert_receipt.awaited)
        h->receipt.awaited = false;
    stream_reopen(h->flow, flow_side_of(h->flow, who));
    if (who == SERVER)
        h->end_ack.any = h->first_end_ack.any = h->follows_end = h->ended_late = h->ended_otherwise =
            h->client_gave_up = false;
    if (observation_fatal_alert(o) || o->seen & SEEN_SSLV2_ERROR)
        return;
    if (h->phase == PHASE_REFUSED || h->phase == PHASE_ABORTED)
        h->phase = side[CLIENT].closed || side[CLIENT].reset   ? PHASE_ABORTED
                   : side[SERVER].closed || side[SERVER].reset ? PHASE_REFUSED
                                                               : PHASE_OPEN;
    handshake_resume(tls, h, now);
}

/* A FIN or RST of the server: what it acknowledges (RFC 9293 3.4) shows what it had by then. An endpoint that
 * has received a reset says nothing more (3.10.7.4): so an end after the client's reset, or a reset after its
 * FIN, is caused by that, or comes from a middlebox that ends both directions. */
static void note_server_end(struct handshake *h, const struct segment *segment)
{
    const struct observation *o = h->observation;
    const struct side_facts *server = &o->side[SERVER];
    if (server->closed || server->reset || observation_fatal_alert_of(o, SERVER)) /* it had ended before */
        return;
    const uint8_t client = h->flow->marks[flow_side_of(h->flow, CLIENT)];
    h->follows_end = client & SIDE_RST || (client & SIDE_FIN && segment->flags & TCP_RST);
    h->end_ack = (struct acknowledged){.number = segment->ack, .any = segment->flags & TCP_ACK};
    handshake_server_ends(h, h->end_ack);
    h->ended_late |= segment->time - h->last_activity > REFUSAL_SECONDS * NANOS_PER_SECOND;
    h->client_gave_up |= handshake_client_gave_up(h);
    h->ended_otherwise |= h->client_gave_up;
}

/* Bytes of the client that the server's end acknowledges came before it, though captured later. If it
 * acknowledges nothing, nobody knows. */
static void note_late_words(struct handshake *h, uint32_t first)
{
    const struct observation *o = h->observation;
    const struct side_facts *server = &o->side[SERVER];
    const bool ended = server->closed || server->reset || observation_fatal_alert_of(o, SERVER);
    const bool before = !h->end_ack.any || acknowledged_beyond(&h->end_ack, first) > 0;
    if (ended && before && handshake_client_gave_up(h))
        h->client_gave_up = h->ended_otherwise = true;
}

/* What the sender of the bytes had acknowledged. Bytes that waited for others have the acknowledgement of the
 * segment in which they came. */
static struct acknowledged had_before(const struct handshake *h, const struct segment *segment, enum side who,
                                      const struct run *run)
{
    const bool own = segment->side == flow_side_of(h->flow, who) && segment->flags & TCP_ACK;
    return run->ack.any ? run->ack : (struct acknowledged){.number = segment->ack, .any = own};
}

/* The client's bytes that were not captured, or not as the server took them. */
static void note_unheard(struct handshake *h, const struct run *run)
{
    const uint32_t first = h->flow->side[flow_side_of(h->flow, CLIENT)].next - (uint32_t)run->bytes.n;
    if (run->gap)
        handshake_unheard(h, first - (uint32_t)run->gap, first);
    if (run->dropped)
        handshake_unheard(h, first, first + MAX_RECORD_BYTES);
}

enum tls_progress tls_feed(struct tls *tls, struct flow *flow, const struct segment *segment, enum side who,
                           const struct run *run)
{
    struct handshake *h = handshake_of(tls, flow);
    assert(h && handshake_has_begun(h));
    if (!bodies_have_room(tls, flow, run->bytes.n) || !handshake_wake(tls, h, false))
        return TLS_NO_SLOT;
    h->segment = tls->kept_at = segment;
    h->said_after = had_before(h, segment, who, run);
    if (run->conflict)
        handshake_damage(h, who, UNOBSERVED_OVERLAP);
    if (flow->altered & 1U << flow_side_of(flow, who))
        handshake_damage(h, who, UNOBSERVED_CHECKSUM);
    if (run->dropped)
        handshake_damage(h, who, UNOBSERVED_GAP);
    if (who == CLIENT)
        note_unheard(h, run);
    if (run->gap) {
        handshake_damage(h, who, run->truncated ? UNOBSERVED_TRUNCATED : UNOBSERVED_GAP);
        handshake_gap(tls, h, who, run->gap, segment->time);
        handshake_answer_lost(h, who);
    }
    note_order(h, who, run->bytes.n);
    if (run->gap && who == CLIENT && !h->answer_awaited)
        handshake_follow_up(h, FOLLOW_UP_UNKNOWN);
    if (run->bytes.n && !run->gap)
        reopen(tls, h, who, segment->time);
    if (run->bytes.n)
        handshake_feed(tls, h, who, run->bytes, segment->time);
    if (run->bytes.n && who == CLIENT)
        note_late_words(h, h->flow->side[flow_side_of(flow, who)].next - (uint32_t)run->bytes.n);
    if (run->fin && h->answer_awaited) {
        handshake_answer_end(tls, h, who, false, segment->time);
    } else if (run->fin && h->follow_up_awaited) {
        handshake_follow_up(h, who == CLIENT ? FOLLOW_UP_CLOSE : FOLLOW_UP_UNKNOWN);
    } else if (run->fin) {
        if (who == SERVER && segment->flags & TCP_FIN)
            note_server_end(h, segment);
        h->observation->side[who].closed = true;
        handshake_event(tls, h, who == CLIENT ? EVENT_CLIENT_CLOSE : EVENT_SERVER_CLOSE, segment->time);
        const uint32_t end = h->flow->side[flow_side_of(h->flow, who)].fin_at + 1;
        if (who == CLIENT && !h->observation->side[SERVER].closed)
            handshake_half_close(tls, h, segment->time);
        else if (!handshake_await_receipt(tls, h, who, end, segment->time))
            handshake_linger(tls, h, segment->time);
    }
    h->segment = tls->kept_at = NULL;
    return h->complete ? TLS_COMPLETE : TLS_MORE;
}

bool tls_is_open(const struct tls *tls, const struct flow *flow)
{
    const struct handshake *h = handshake_of(tls, flow);
    return h && handshake_has_begun(h) && h->phase == PHASE_OPEN;
}

/* The handshake of the flow, awake, if it has begun; else NULL. False: there is no room to wake it. */
static bool wake_begun(struct tls *tls, const struct flow *flow, struct handshake **begun)
{
    struct handshake *h = handshake_of(tls, flow);
    *begun = h && handshake_has_begun(h) ? h : NULL;
    return !*begun || handshake_wake(tls, h, false);
}

bool tls_doubt(struct tls *tls, struct flow *flow)
{
    struct handshake *h;
    if (!wake_begun(tls, flow, &h))
        return false;
    for (enum side who = CLIENT; h && who <= SERVER; who++)
        handshake_damage(h, who, UNOBSERVED_OVERLAP);
    return true;
}

void tls_contradict(struct tls *tls, const struct flow *flow, unsigned sides)
{
    struct handshake *h = handshake_of(tls, flow);
    if (!h || !handshake_has_begun(h))
        return;
    for (enum side who = CLIENT; who <= SERVER; who++)
        if (sides >> flow_side_of(flow, who) & 1)
            handshake_contradict(h, who);
}

bool tls_reset(struct tls *tls, struct flow *flow, const struct segment *segment)
{
    const nanos now = segment->time;
    struct handshake *h;
    if (!wake_begun(tls, flow, &h))
        return false;
    if (!h)
        return true;
    const unsigned side = segment->side;
    const enum side who = flow_role(flow, side);
    if (h->answer_awaited) {
        handshake_answer_end(tls, h, who, true, now);
        return true;
    }
    if (h->follow_up_awaited) {
        if (who == CLIENT && !h->observation->follow_up)
            h->observation->follow_up = FOLLOW_UP_CLOSE;
        return true;
    }
    if (who == SERVER) {
        const bool closed = h->observation->side[SERVER].closed;
        h->ended_otherwise |= flow->marks[side] & SIDE_FIN && !closed;
        note_server_end(h, segment);
    }
    if (segment->flags & TCP_ACK)
        acknowledged_note(&h->acked[side], segment->ack);
    if (h->alert_receipt.awaited)
        handshake_note_alert(h, h->alert_receipt.who, h->alert_receipt.end, now);
    h->alert_receipt.awaited &=
        who == h->alert_receipt.who; /* the resetting side has got it, or wants no more */
    h->receipt.awaited &= who == h->receipt.who;
    h->observation->side[who].reset = true;
    handshake_event(tls, h, who == CLIENT ? EVENT_CLIENT_CLOSE : EVENT_SERVER_CLOSE, now);
    handshake_reset(tls, h, now);
    return true;
}

/* A record should begin here; or where one begins was lost, and no byte is missing. */
static bool is_at_border(const struct handshake *h, enum side who)
{
    const struct assembly *a = &h->side[who];
    if (!a->lost)
        return !a->record_left && !a->header_length;
    const struct observation *o = h->observation; /* while it sleeps, that is not known */
    return o && o->side[who].start_captured && !(o->side[who].damage & ~(uint32_t)UNOBSERVED_MALFORMED);
}

bool tls_is_left(const struct tls *tls, const struct flow *flow, enum side who, const struct run *run)
{
    const struct handshake *h = handshake_of(tls, flow);
    if (!h || !handshake_has_begun(h) || h->complete || h->follow_up_awaited || run->gap || run->conflict ||
        run->dropped || flow->altered || !run->bytes.n)
        return false;
    if (h->phase == PHASE_OPEN) /* the segment may never arrive */
        return false;
    const enum parse http =
        who == CLIENT ? http_looks_like_request(run->bytes) : http_looks_like_response(run->bytes);
    return http == PARSE_OK && is_at_border(h, who);
}

/* In TLS 1.3 alerts and key updates look like data too (RFC 8446 5.2); their length distinguishes them. */
static bool holds_data(const struct record_header *header)
{
    enum { KEY_UPDATE = 5, TYPE_AND_TAG = 1 + 16 };
    return header->type == RECORD_APPLICATION_DATA && header->length > KEY_UPDATE + TYPE_AND_TAG;
}

/* A hello in clear, of a client that has ended TLS (RFC 5246 7.2.1) and begins again. A protected record
 * holds more than that, and nobody can tell what. */
static bool is_clear_hello(const struct record_header *header, struct span bytes)
{
    if (header->type != RECORD_HANDSHAKE || opening_look(bytes) != OPENING_CLIENT_HELLO)
        return false;
    struct cursor c = cursor_over(span_skip(bytes, RECORD_HEADER_BYTES));
    (void)cursor_u8(&c);
    const size_t message = cursor_u24(&c);
    return c.status == PARSE_OK && cursor_u8(&c) == 3 && message + MESSAGE_HEADER_BYTES == header->length;
}

/* Where no record begins, or none is expected: what in these bytes is in clear, behind a few others at most.
 * By chance protected bytes look like neither a hello nor a whole request line. */
static struct span in_clear(struct span bytes)
{
    enum { AMONG_BYTES = 64 };
    struct record_header header;
    const struct span request = http_find_request(bytes);
    if (request.n)
        return request;
    for (struct span s = bytes; s.n && bytes.n - s.n < AMONG_BYTES; s = span_skip(s, 1))
        if (record_header_parse(span_head(s, RECORD_HEADER_BYTES), &header) == PARSE_OK &&
            is_clear_hello(&header, s))
            return s;
    return span_of(NULL, 0);
}

/* A later handshake has one ChangeCipherSpec from the server; data under the old keys may come between its
 * flights. A HelloRequest, which has a short record, is not a handshake, since the client may decline it (RFC
 * 5246 7.4.1.1); any other record may belong to a handshake whose ChangeCipherSpec was not captured. */
static void note_later_handshake(struct tls *tls, struct flow *flow, enum side who,
                                 const struct record_header *header)
{
    enum { HELLO_REQUEST = 16 + MESSAGE_HEADER_BYTES + 48 + 12 }; /* IV, MAC of SHA-384, padding */
    const bool request = who == SERVER && header->length <= HELLO_REQUEST;
    if (header->type == RECORD_CHANGE_CIPHER_SPEC) {
        tls->counters.renegotiations += who == SERVER;
        flow_note_renegotiation(flow);
    } else if (header->type == RECORD_HANDSHAKE) {
        if (!request || flow->requested)
            flow_note_renegotiation(flow);
        flow->requested |= request;
    }
}

/* Is the alert the side's last record? Its last segment may have only a part of it. */
static bool is_last(const struct flow_side *side)
{
    return side->alert_end - side->next < RECORD_HEADER_BYTES + MAX_RECORD_BYTES;
}

void tls_no_balancer(struct flow *flow)
{
    flow->proxied = false;
}

unsigned tls_closed(const struct flow *flow)
{
    unsigned closed = 0;
    for (unsigned side = 0; side < 2; side++)
        if (!(flow->marks[side] & SIDE_FIN_PENDING) && is_last(&flow->side[side]))
            closed |= 1U << flow_role(flow, side);
    return closed;
}

unsigned tls_records(struct tls *tls, struct flow *flow, enum side who, struct span *rest)
{
    const unsigned side = flow_side_of(flow, who);
    struct span at_header = *rest;
    unsigned seen = 0;
    *rest = span_of(NULL, 0);
    while (at_header.n) {
        struct record_header header;
        const bool sought = flow->marks[side] & SIDE_LOST;
        if (record_header_parse(span_head(at_header, RECORD_HEADER_BYTES), &header) != PARSE_OK ||
            (sought && !record_header_is_usual(&header))) {
            stream_lose_records(flow, side);
            *rest = in_clear(at_header);
            if (!rest->n && !sought)
                *rest = at_header;
            return seen;
        }
        if (is_clear_hello(&header, at_header)) {
            *rest = at_header;
            return seen;
        }
        stream_find_records(flow, side);
        note_later_handshake(tls, flow, who, &header);
        seen |= holds_data(&header) ? RECORDS_DATA : 0;
        const size_t record = RECORD_HEADER_BYTES + (size_t)header.length;
        if (header.type == RECORD_ALERT) {
            stream_note_alert(flow, side, (int64_t)record - (int64_t)at_header.n);
            seen |= RECORDS_ALERT;
        }
        if (record > at_header.n) {
            stream_await_record(flow, side, (uint32_t)(record - at_header.n));
            return seen;
        }
        at_header = span_skip(at_header, record);
    }
    stream_await_record(flow, side, 0);
    return seen;
}
