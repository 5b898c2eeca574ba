/* A connection's way through the tls layer: is this TLS, feed it, end it. */
#include "tls/tls.h"

#include "tls/handshake.h"

#include <assert.h>

void handshake_event(struct tls *tls, struct handshake *h, enum tls_event event, nanos now)
{
    struct transition t = machine_step(h->phase, event);
    h->phase = t.next;
    switch ((enum machine_action)t.action) {
    case ACTION_NONE:
        break;
    case ACTION_NOTE:
        tls->counters.unexpected++;
        break;
    case ACTION_LINGER:
        handshake_linger(tls, h, now);
        break;
    case ACTION_FINISH:
        h->complete = true;
        break;
    }
}

static bool is_server_message(uint8_t type)
{
    return type != MESSAGE_CLIENT_KEY_EXCHANGE;
}

/* Who is the client, from what one side's first bytes are. */
static unsigned client_side(const struct flow *flow, unsigned side, enum opening opening, struct span bytes)
{
    switch (opening) {
    case OPENING_CLIENT_HELLO:
    case OPENING_SSLV2_CLIENT_HELLO:
        return side;
    case OPENING_SERVER_HELLO:
    case OPENING_SSLV2_SERVER_HELLO:
        return !side;
    case OPENING_HANDSHAKE:
        return is_server_message(bytes.p[RECORD_HEADER_BYTES]) ? !side : side;
    case OPENING_ALERT:
    case OPENING_SSLV2_ERROR:
    case OPENING_PROTECTED:
    case OPENING_NONE:
    case OPENING_MAYBE:
        break;
    }
    /* Nothing but the ports tells: a service has the lower one. */
    return flow->end[0].port >= flow->end[1].port ? 0 : 1;
}

static void begin(struct tls *tls, struct handshake *h, const struct segment *segment, unsigned side,
                  enum opening opening, struct span bytes)
{
    struct flow *flow = h->flow;
    struct observation *o = &h->observation;
    h->begun = true;
    flow->state = FLOW_HANDSHAKE;
    flow->client = client_side(flow, side, opening, bytes) & 1U;
    o->client = flow->end[flow->client];
    o->server = flow->end[!flow->client];
    o->started = flow->first_seen;
    o->frame_number = segment->frame_number;
    o->source = segment->source;
    o->flow_id = flow_id(flow);
    memcpy(o->vlan, segment->vlan, sizeof o->vlan);
    o->vlan_count = segment->vlan_count;
    memcpy(o->encapsulation, segment->encapsulation, sizeof o->encapsulation);
    o->encapsulation_count = segment->encapsulation_count;
    for (unsigned i = 0; i < 2; i++) {
        enum side who = handshake_side(h, i);
        o->side[who].captured = flow->marks[i] & (SIDE_DATA | SIDE_SYN);
        o->side[who].start_captured = flow->marks[i] & SIDE_SYN;
    }
    if (opening == OPENING_HANDSHAKE || opening == OPENING_PROTECTED) {
        o->unobserved |= UNOBSERVED_MIDSTREAM;
        o->side[CLIENT].start_captured = o->side[SERVER].start_captured = false;
        tls->counters.midstream++;
    }
}

/* What a server may say before anything else, but only to a hello. */
static bool is_answer(enum opening opening)
{
    return opening == OPENING_ALERT || opening == OPENING_SSLV2_ERROR;
}

/*
 * Where in a run may TLS begin? At its start, and after a line (CONNECT's 2xx, 101 of an Upgrade, STARTTLS)
 * or an XML tag (XMPP), since a peer may have sent them in one segment. Returns the bytes from there on,
 * empty when nowhere.
 */
static struct span find_opening(struct span bytes, bool stream_start, bool midstream, enum opening *opening)
{
    enum opening found = opening_look(span_head(bytes, OPENING_BYTES));
    bool plain = found == OPENING_CLIENT_HELLO || found == OPENING_SERVER_HELLO || found == OPENING_MAYBE;
    bool early = found == OPENING_SSLV2_CLIENT_HELLO || found == OPENING_SSLV2_SERVER_HELLO;
    bool late = found == OPENING_HANDSHAKE || found == OPENING_PROTECTED;
    bool sslv2_prefix = found == OPENING_MAYBE && bytes.n && bytes.p[0] & 0x80;
    if (sslv2_prefix && !stream_start)
        plain = false;
    bool first = early || is_answer(found) || (late && midstream);
    if (plain || (first && stream_start)) {
        *opening = found;
        return bytes;
    }
    struct span rest = bytes;
    while (rest.n) {
        const uint8_t *handshake = memchr(rest.p, RECORD_HANDSHAKE, rest.n);
        if (!handshake)
            break;
        size_t at = (size_t)(handshake - rest.p);
        struct span before = span_head(rest, at);
        rest = span_skip(rest, at);
        bool border = before.n && (before.p[before.n - 1] == '\n' || before.p[before.n - 1] == '>');
        if (border) {
            *opening = opening_look(span_head(rest, OPENING_BYTES));
            if (*opening == OPENING_CLIENT_HELLO || *opening == OPENING_SERVER_HELLO ||
                *opening == OPENING_MAYBE)
                return rest;
        }
        rest = span_skip(rest, 1);
    }
    *opening = OPENING_NONE;
    return span_of(NULL, 0);
}

/* Bytes of a side whose records have begun. */
static void feed_records(struct tls *tls, struct handshake *h, unsigned side, struct span bytes, nanos now)
{
    struct assembly *a = &h->side[side];
    enum side who = handshake_side(h, side);
    if (!a->started && bytes.n) {
        a->started = true;
        bool old_format = bytes.p[0] & 0x80 && (who == CLIENT || !(h->observation.seen & SEEN_CLIENT_HELLO) ||
                                                h->observation.client_hello.format == HELLO_SSLV2);
        a->sslv2 |= old_format;
    }
    records_feed(tls, h, side, bytes, now);
}

static bool is_start(enum opening opening)
{
    return opening != OPENING_NONE && opening != OPENING_MAYBE;
}

/* More bytes for a start that was too short to tell; *bytes is then what the probe did not need. */
static enum opening extend_probe(struct assembly *a, struct span *bytes)
{
    while (bytes->n && a->probe_length < OPENING_BYTES) {
        a->probe[a->probe_length++] = bytes->p[0];
        *bytes = span_skip(*bytes, 1);
    }
    return opening_look(span_of(a->probe, a->probe_length));
}

static const char connect_method[] = "CONNECT ";
enum { CONNECT_BYTES = sizeof connect_method - 1 };

/* These bytes at the start of a stream are an HTTP CONNECT, or may become one. */
static bool begins_connect(struct span bytes)
{
    size_t n = bytes.n < CONNECT_BYTES ? bytes.n : CONNECT_BYTES;
    return n && memcmp(bytes.p, connect_method, n) == 0;
}

/* The authority of an HTTP CONNECT is the server that the client means (RFC 9110 9.3.6); without its port. */
static void learn_authority(struct handshake *h, struct span authority)
{
    for (size_t i = authority.n; i > 0 && authority.p[i - 1] != ']'; i--)
        if (authority.p[i - 1] == ':') {
            authority = span_head(authority, i - 1);
            break;
        }
    h->observation.authority = learn_text(&h->observation, authority);
}

/* More of the request line. False: it is none; otherwise it goes on, or its authority is learned. */
static bool follow_connect(struct handshake *h, struct span bytes)
{
    while (bytes.n && h->request_length < REQUEST_BYTES) {
        uint8_t c = bytes.p[0];
        bytes = span_skip(bytes, 1);
        if (h->request_length >= CONNECT_BYTES && (c <= ' ' || c >= 0x7f)) {
            h->request_side = NO_SIDE;
            learn_authority(h, span_skip(span_of(h->request, h->request_length), CONNECT_BYTES));
            return true;
        }
        h->request[h->request_length++] = c;
        if (!begins_connect(span_of(h->request, h->request_length)))
            return false;
    }
    return h->request_length < REQUEST_BYTES;
}

/* Bytes before TLS, at the start of a stream or after an unfinished request line. */
static void look_for_connect(struct handshake *h, unsigned side, bool stream_start, struct span bytes)
{
    if (stream_start && h->request_side == NO_SIDE && h->request_length == 0 && begins_connect(bytes))
        h->request_side = (uint8_t)side;
    if (h->request_side == side && !follow_connect(h, bytes))
        h->request_side = NO_SIDE;
}

/*
 * Bytes of a handshake in progress. The one side has begun; the other's first bytes may still be what came
 * before TLS (an answer to STARTTLS, captured late), or no TLS at all.
 */
static void feed(struct tls *tls, struct handshake *h, unsigned side, struct span bytes, nanos now)
{
    struct assembly *a = &h->side[side];
    h->observation.side[handshake_side(h, side)].captured = true;
    h->last_activity = now;
    if (a->started) {
        records_feed(tls, h, side, bytes, now);
        return;
    }
    if (handshake_side(h, side) == CLIENT) /* the request may be captured after what it led to */
        look_for_connect(h, side, true, bytes);
    enum opening opening = OPENING_NONE;
    if (a->probe_length) {
        opening = extend_probe(a, &bytes);
        if (opening == OPENING_MAYBE)
            return;
        struct span probe = span_of(a->probe, a->probe_length);
        a->probe_length = 0;
        if (is_start(opening)) {
            feed_records(tls, h, side, probe, now);
            records_feed(tls, h, side, bytes, now);
            return;
        }
    }
    struct span start = find_opening(bytes, true, true, &opening);
    if (opening == OPENING_MAYBE && start.n < OPENING_BYTES) {
        memcpy(a->probe, start.p, start.n);
        a->probe_length = (uint8_t)start.n;
    } else if (is_start(opening)) {
        feed_records(tls, h, side, start, now);
    } else {
        /* After a gap any record may be the first that is seen. */
        struct record_header header;
        bool record = record_header_parse(span_head(bytes, RECORD_HEADER_BYTES), &header) == PARSE_OK;
        if (record && header.length)
            feed_records(tls, h, side, bytes, now);
    }
}

static enum tls_progress progress(const struct handshake *h)
{
    return h->complete ? TLS_COMPLETE : TLS_MORE;
}

static bool is_hello(enum opening opening)
{
    return opening == OPENING_CLIENT_HELLO || opening == OPENING_SERVER_HELLO ||
           opening == OPENING_SSLV2_CLIENT_HELLO || opening == OPENING_SSLV2_SERVER_HELLO;
}

/* A slot before TLS has begun is kept for a probe or a CONNECT only. */
static void close_if_idle(struct tls *tls, struct handshake *h)
{
    bool waits = h->side[0].probe_length || h->side[1].probe_length || h->request_side != NO_SIDE ||
                 h->observation.authority.length;
    if (!waits)
        handshake_close(tls, h);
}

/* The start was found on this side; what the other side may have begun with came before and waits in its
 * probe. */
static void feed_from_start(struct tls *tls, struct handshake *h, unsigned side, struct span bytes, nanos now)
{
    struct assembly *other = &h->side[!side];
    struct span waiting = span_of(other->probe, other->probe_length);
    other->probe_length = 0;
    feed_records(tls, h, side, bytes, now);
    if (waiting.n)
        feed(tls, h, !side, waiting, now);
}

/* Goes on with the probe of this side. False: it came to nothing, and `bytes` is to be searched like any
 * others. */
static bool follow_probe(struct tls *tls, struct handshake *h, const struct segment *segment, unsigned side,
                         struct span *bytes)
{
    struct assembly *a = &h->side[side];
    enum opening opening = extend_probe(a, bytes);
    if (opening == OPENING_MAYBE || (is_answer(opening) && a->probe_length < OPENING_BYTES))
        return true;
    struct span probe = span_of(a->probe, a->probe_length);
    a->probe_length = 0;
    if (!is_hello(opening)) {
        close_if_idle(tls, h);
        return false;
    }
    begin(tls, h, segment, side, opening, probe);
    feed_from_start(tls, h, side, probe, segment->time);
    feed(tls, h, side, *bytes, segment->time);
    return true;
}

static enum tls_progress search(struct tls *tls, struct flow *flow, const struct segment *segment,
                                unsigned side, const struct run *run)
{
    struct handshake *h = handshake_of(tls, flow);
    struct span bytes = run->bytes;
    if (h && h->side[side].probe_length) {
        if (run->gap)
            h->side[side].probe_length = 0;
        else if (follow_probe(tls, h, segment, side, &bytes))
            return progress(h);
    }
    bool stream_start = flow->side[side].count == 0;
    bool midstream = !(flow->marks[0] & SIDE_SYN) && !(flow->marks[1] & SIDE_SYN);
    enum opening opening = OPENING_NONE;
    struct span start = bytes.n ? find_opening(bytes, stream_start, midstream, &opening) : bytes;
    /* An error may be the answer to a hello that was captured after it; by itself it starts nothing. */
    if (is_answer(opening))
        opening = stream_start && start.n < OPENING_BYTES ? OPENING_MAYBE : OPENING_NONE;
    bool connect = stream_start && begins_connect(bytes);
    h = handshake_of(tls, flow);
    if ((opening != OPENING_NONE || connect) && !h)
        h = handshake_open(tls, flow, segment->time);
    if ((opening != OPENING_NONE || connect) && !h)
        return TLS_NO_SLOT;
    if (h && (connect || h->request_side == side)) {
        look_for_connect(h, side, stream_start, bytes);
        if (opening == OPENING_NONE)
            close_if_idle(tls, h);
    }
    flow->side[side].count += (uint32_t)(run->bytes.n + run->gap);
    if (opening == OPENING_NONE) {
        bool far = flow->side[0].count > SEARCH_BYTES && flow->side[1].count > SEARCH_BYTES;
        return far || flow->side[side].count > 4 * SEARCH_BYTES ? TLS_NEVER : TLS_MORE;
    }
    if (opening == OPENING_MAYBE) {
        assert(start.n < OPENING_BYTES);
        memcpy(h->side[side].probe, start.p, start.n);
        h->side[side].probe_length = (uint8_t)start.n;
        return TLS_MORE;
    }
    begin(tls, h, segment, side, opening, start);
    feed_from_start(tls, h, side, start, segment->time);
    return progress(h);
}

enum tls_progress tls_feed(struct tls *tls, struct flow *flow, const struct segment *segment, unsigned side,
                           const struct run *run)
{
    if (flow->state == FLOW_SEARCHING)
        return search(tls, flow, segment, side, run);
    struct handshake *h = handshake_of(tls, flow);
    assert(h && h->begun);
    enum side who = handshake_side(h, side);
    if (run->conflict)
        handshake_damage(h, who, UNOBSERVED_OVERLAP);
    if (run->gap) {
        handshake_damage(h, who, run->truncated ? UNOBSERVED_TRUNCATED : UNOBSERVED_GAP);
        h->side[side].probe_length = 0;
        records_gap(tls, h, side, run->gap);
        handshake_event(tls, h, EVENT_GAP, segment->time);
    }
    if (run->bytes.n)
        feed(tls, h, side, run->bytes, segment->time);
    if (run->fin) {
        h->observation.side[who].closed = true;
        if (who == SERVER && segment->flags & TCP_FIN && segment->flags & TCP_ACK) {
            h->fin_ack = segment->ack;
            h->has_fin_ack = true;
        }
        handshake_event(tls, h, who == CLIENT ? EVENT_CLIENT_CLOSE : EVENT_SERVER_CLOSE, segment->time);
    }
    return progress(h);
}

void tls_acknowledged(struct tls *tls, struct flow *flow, unsigned side, uint32_t ack)
{
    struct handshake *h = handshake_of(tls, flow);
    if (!h || (h->has_acked[side] && (int32_t)(ack - h->acked[side]) <= 0))
        return;
    h->acked[side] = ack;
    h->has_acked[side] = true;
}

/* The other side acknowledged bytes of this one that were never captured. */
static bool has_unseen(const struct handshake *h, unsigned side)
{
    if (!h->has_acked[!side] || !(h->flow->marks[side] & SIDE_KNOWN))
        return false;
    const int32_t unseen = (int32_t)(h->acked[!side] - h->flow->side[side].next);
    return unseen > 1 && unseen < SEQUENCE_WINDOW; /* 1: its FIN */
}

/* Losses at the end of a direction leave no hole; only the other side's acknowledgements tell of them. */
static void note_unseen_bytes(struct handshake *h)
{
    for (unsigned side = 0; side < 2; side++)
        if (has_unseen(h, side))
            handshake_damage(h, handshake_side(h, side), UNOBSERVED_GAP);
}

bool tls_lost_hello(const struct tls *tls, const struct flow *flow, unsigned *client)
{
    const struct handshake *h = handshake_of(tls, flow);
    for (unsigned side = 0; side < 2 && h && !h->begun; side++) {
        const struct assembly *a = &h->side[side];
        *client = !side;
        if (a->probe_length && is_answer(opening_look(span_of(a->probe, a->probe_length))) &&
            (!(flow->marks[!side] & SIDE_KNOWN) || has_unseen(h, !side)))
            return true;
    }
    return false;
}

void tls_reset(struct tls *tls, struct flow *flow, unsigned side, nanos now)
{
    struct handshake *h = handshake_of(tls, flow);
    if (!h || !h->begun)
        return;
    enum side who = handshake_side(h, side);
    h->observation.side[who].reset = true;
    if (who == SERVER && flow->marks[!side] & SIDE_FIN)
        h->reset_after_close = true;
    handshake_event(tls, h, who == CLIENT ? EVENT_CLIENT_CLOSE : EVENT_SERVER_CLOSE, now);
}

void tls_records(struct tls *tls, struct flow *flow, unsigned side, struct span at_header)
{
    struct flow_side *from = &flow->side[side];
    while (at_header.n) {
        struct record_header header;
        if (record_header_parse(span_head(at_header, RECORD_HEADER_BYTES), &header) != PARSE_OK) {
            flow->marks[side] |= SIDE_LOST;
            return;
        }
        flow->marks[side] &= (uint8_t)~SIDE_LOST;
        if (header.type == RECORD_HANDSHAKE) {
            tls->counters.renegotiations++;
            flow->renegotiated = 1;
        }
        tls->counters.later_alerts += header.type == RECORD_ALERT;
        size_t record = RECORD_HEADER_BYTES + (size_t)header.length;
        if (record > at_header.n) {
            from->count = (uint32_t)(record - at_header.n);
            return;
        }
        at_header = span_skip(at_header, record);
    }
    from->count = 0;
}

static enum resumption resumption_of(const struct observation *o)
{
    if (!(o->seen & SEEN_SERVER_HELLO))
        return RESUMPTION_UNKNOWN;
    const struct server_hello_facts *s = &o->server_hello;
    const struct client_hello_facts *c = &o->client_hello;
    if (observation_version(o) >= 0x0304) /* RFC 8446 4.2.11: taken or not is said in the ServerHello */
        return s->psk ? RESUMPTION_PSK : RESUMPTION_FULL;
    if (o->seen &
        (SEEN_CERTIFICATE | SEEN_SERVER_KEY_EXCHANGE | SEEN_SERVER_HELLO_DONE | SEEN_CLIENT_KEY_EXCHANGE))
        return RESUMPTION_FULL;
    /* Abbreviated: the server's ChangeCipherSpec right after its hello, nothing hidden between them (E5, E6).
     */
    if (!(o->seen & SEEN_SERVER_CCS) || o->side[SERVER].damage || o->unobserved & UNOBSERVED_MIDSTREAM)
        return RESUMPTION_UNKNOWN;
    if (!(o->seen &
          SEEN_CLIENT_HELLO)) /* one direction: resumed, by a method that only the client's hello tells */
        return s->session_id_len ? RESUMPTION_ID : RESUMPTION_TICKET;
    if (c->ticket)
        return RESUMPTION_TICKET;
    bool same = s->session_id_len && s->session_id_len == c->session_id_len &&
                memcmp(s->session_id, c->session_id, s->session_id_len) == 0;
    return same ? RESUMPTION_ID : RESUMPTION_UNKNOWN;
}

static bool fatal_seen(const struct observation *o)
{
    return observation_fatal_alert(o) || o->seen & SEEN_SSLV2_ERROR;
}

static enum outcome outcome_of(const struct handshake *h)
{
    const struct observation *o = &h->observation;
    if (h->phase == PHASE_DONE)
        return OUTCOME_COMPLETE;
    if (!o->side[CLIENT].captured || !o->side[SERVER].captured)
        return OUTCOME_ONE_SIDED;
    /* A close says that somebody gave up only where nothing before it can be missing. */
    if (!fatal_seen(o) && o->unobserved)
        return OUTCOME_UNFINISHED;
    if (h->phase == PHASE_REFUSED)
        return OUTCOME_REFUSED;
    return h->phase == PHASE_ABORTED ? OUTCOME_ABORTED : OUTCOME_UNFINISHED;
}

/* The server's FIN acknowledges the client's: it closed because the client did, and refused nothing. A FIN
 * that was not captured is acknowledged like one byte more. */
static bool close_answers_clients(const struct handshake *h)
{
    const struct flow *flow = h->flow;
    unsigned client = handshake_side(h, 0) == CLIENT ? 0 : 1;
    if (!h->has_fin_ack || !(flow->marks[client] & SIDE_KNOWN))
        return false;
    const struct flow_side *from = &flow->side[client];
    uint32_t end = flow->marks[client] & SIDE_FIN ? from->fin_at : from->next;
    return (int32_t)(h->fin_ack - end) > 0;
}

static enum reaction reaction_of(const struct handshake *h)
{
    const struct observation *o = &h->observation;
    if (o->reaction == REACTION_FATAL_ALERT || o->reaction == REACTION_LATE_ALERT ||
        o->reaction == REACTION_ACCEPTED_LATE)
        return o->reaction;
    if (o->seen & SEEN_SSLV2_ERROR)
        return REACTION_FATAL_ALERT;
    if (o->seen & SEEN_SSLV2_SERVER_HELLO)
        return REACTION_ACCEPTED;
    if (o->seen & SEEN_SERVER_HELLO) {
        bool went_on = o->seen & (SEEN_SERVER_HELLO_DONE | SEEN_SERVER_CCS | SEEN_SERVER_DATA);
        return went_on || observation_version(o) >= 0x0304 ? REACTION_ACCEPTED : REACTION_UNKNOWN;
    }
    /* Silence counts only where nothing can be hidden (E2, E3). */
    if (o->side[SERVER].damage || !o->side[SERVER].captured || !o->side[SERVER].start_captured)
        return REACTION_UNKNOWN;
    if (o->side[SERVER].reset && !h->reset_after_close)
        return REACTION_RESET;
    return o->side[SERVER].closed && !close_answers_clients(h) ? REACTION_CLOSED : REACTION_UNKNOWN;
}

const struct observation *tls_finish(struct tls *tls, struct flow *flow, nanos now, uint32_t reasons)
{
    struct handshake *h = handshake_of(tls, flow);
    assert(h);
    if (!h->begun)
        return NULL;
    struct observation *o = &h->observation;
    if (!h->complete) {
        note_unseen_bytes(h);
        for (int who = CLIENT; who <= SERVER; who++)
            if (o->side[who].captured && !o->side[who].start_captured)
                o->unobserved |= UNOBSERVED_MIDSTREAM;
        handshake_event(tls, h, EVENT_GIVE_UP, now);
    }
    o->event_time = now;
    o->outcome = outcome_of(h);
    bool ended = o->outcome == OUTCOME_REFUSED || o->outcome == OUTCOME_ABORTED;
    if (o->outcome != OUTCOME_COMPLETE) {
        o->unobserved |= ended ? reasons & ~(uint32_t)UNOBSERVED_UNFINISHED : reasons;
        o->side[CLIENT].damage |= reasons & UNOBSERVED_EVICTED;
        o->side[SERVER].damage |= reasons & UNOBSERVED_EVICTED;
    }
    if (!o->side[CLIENT].captured)
        o->unobserved |= UNOBSERVED_CLIENT_DIRECTION;
    if (!o->side[SERVER].captured)
        o->unobserved |= UNOBSERVED_SERVER_DIRECTION;
    if (observation_version(o) >= 0x0304)
        o->unobserved |= UNOBSERVED_ENCRYPTED;
    o->server_followed = o->side[CLIENT].reset || h->reset_after_close || close_answers_clients(h);
    o->reaction = reaction_of(h);
    o->resumption = resumption_of(o);
    tls->counters.handshakes++;
    tls->counters.one_sided += !o->side[CLIENT].captured || !o->side[SERVER].captured;
    tls->counters.evicted += (reasons & UNOBSERVED_EVICTED) != 0;
    return o;
}

void tls_release(struct tls *tls, struct flow *flow)
{
    struct handshake *h = handshake_of(tls, flow);
    assert(h);
    bool records = h->begun && h->phase == PHASE_DONE;
    flow->state = records ? FLOW_RECORDS : FLOW_IGNORED;
    for (unsigned side = 0; side < 2; side++) {
        const struct assembly *a = &h->side[side];
        flow->side[side].count = a->record_left;
        if (a->lost || a->header_length || a->sslv2)
            flow->marks[side] |= SIDE_LOST;
    }
    handshake_close(tls, h);
}
