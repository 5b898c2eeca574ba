/* Is there TLS in these bytes, and who is the client? Struct search is by the flow's sides; everything else
 * is by roles, once begin() has assigned them. */
#include "tls/connect.h"
#include "tls/find_start.h"

/* The client's side, judging by what one side's first bytes are. */
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
        if (bytes.p[RECORD_HEADER_BYTES] == MESSAGE_CERTIFICATE)
            break; /* both send one */
        return bytes.p[RECORD_HEADER_BYTES] == MESSAGE_CLIENT_KEY_EXCHANGE ? side : !side;
    case OPENING_ALERT:
    case OPENING_SSLV2_ERROR:
    case OPENING_PROTECTED:
    case OPENING_NONE:
    case OPENING_MAYBE:
        break;
    }
    return flow_client_by_port(flow);
}

static bool began_unseen(const struct flow *flow)
{
    return !((flow->marks[0] | flow->marks[1]) & SIDE_SYN) || flow_has_joined(flow);
}

/* The server closed before the client's hello came, so it did not read it. */
static void note_early_end(struct tls *tls, struct handshake *h, nanos now)
{
    const unsigned server = flow_side_of(h->flow, SERVER);
    const struct probe *probe = &h->search.probe[server];
    const bool missing = (h->flow->gaps | h->flow->dropped) & 1U << server;
    if (!(h->flow->marks[server] & SIDE_FIN) || missing || probe->over || probe->length)
        return;
    h->observation->side[SERVER].closed = h->ended_otherwise = true;
    handshake_event(tls, h, EVENT_SERVER_CLOSE, now);
}

/* `first`: of the segment in which TLS began; its ends are known only now. */
static void begin(struct tls *tls, struct handshake *h, const struct whence *first, unsigned client,
                  enum opening opening)
{
    struct flow *flow = h->flow;
    struct observation *o = h->observation;
    /* The hello was that of a failed handshake. */
    const bool lacks_hello = flow->again && !opening_is_client_hello(opening);
    /* In HTTP, it was looked for in places where a document may be. */
    const unsigned contested = flow->contested && flow->clear_kind == CLEAR_HTTP ? 3 : flow->contested;
    h->search.begun = true;
    h->granted = flow->granted >> !client & 1;
    flow_name_client(flow, client);
    o->whence = *first;
    o->whence.client = flow->end[flow_side_of(flow, CLIENT)];
    o->whence.server = flow->end[flow_side_of(flow, SERVER)];
    o->whence.flow_id = flow_id(flow);
    o->whence.time = flow->first_seen;
    for (unsigned i = 0; i < 2; i++) {
        enum side who = flow_role(flow, i);
        /* With two taps, the directions may come one after the other. */
        const bool silent = flow->alone & 1U << i && !flow->side[i].count;
        o->side[who].captured = flow->marks[i] & (SIDE_DATA | SIDE_SYN) && !silent;
        o->side[who].start_captured = flow->marks[i] & SIDE_SYN && !lacks_hello;
        if (flow->dropped & 1U << i)
            handshake_damage(h, who, UNOBSERVED_GAP);
        if (contested & 1U << i)
            handshake_damage(h, who, UNOBSERVED_OVERLAP);
    }
    if (lacks_hello)
        o->unobserved |= UNOBSERVED_MIDSTREAM;
    if (opening_is_client_hello(opening))
        note_early_end(tls, h, first->time);
    if (contested & 1U << client)
        o->unseen_before |= UNOBSERVED_OVERLAP;
    if ((flow->gaps | flow->dropped) & 1U << client)
        o->unseen_before |= flow->marks[client] & SIDE_TRUNCATED ? UNOBSERVED_TRUNCATED : UNOBSERVED_GAP;
    if ((opening_is_late(opening) || flow_has_joined(flow)) && began_unseen(flow)) {
        o->unobserved |= UNOBSERVED_MIDSTREAM;
        o->side[CLIENT].start_captured = o->side[SERVER].start_captured = false;
        tls->counters.midstream++;
    }
}

static struct probe *probe_of(struct handshake *h, enum side who)
{
    return &h->search.probe[flow_side_of(h->flow, who)];
}

/* Bytes of a side whose records have begun. */
static void feed_records(struct tls *tls, struct handshake *h, enum side who, struct span bytes, nanos now)
{
    struct probe *probe = probe_of(h, who);
    if (!probe->over && bytes.n) {
        probe->over = true;
        bool old_format =
            bytes.p[0] & 0x80 && (who == CLIENT || !(h->observation->seen & SEEN_CLIENT_HELLO) ||
                                  h->observation->client_hello.format == HELLO_SSLV2);
        h->side[who].sslv2 |= old_format;
    }
    records_feed(tls, h, who, bytes, now);
}

/* Not a beginning; but after a gap any record may be the first one seen, and without a gap a stack accepts
 * any version (RFC 5246 E.1). Anything else that is not text is not a known answer, but its receiver may read
 * it as one. */
static void feed_other(struct tls *tls, struct handshake *h, enum side who, struct span bytes, nanos now)
{
    const bool whole = observation_is_whole(h->observation, who);
    struct record_header header;
    const bool record = record_header_parse(span_head(bytes, RECORD_HEADER_BYTES), &header) == PARSE_OK;
    if (record && (whole || record_header_is_usual(&header))) {
        feed_records(tls, h, who, bytes, now);
        return;
    }
    h->search.other_words |= who == SERVER;
    if (whole && !are_words(bytes))
        handshake_damage(h, who, UNOBSERVED_MALFORMED);
}

/*
 * Bytes of a handshake in progress. One side has begun; the other's first bytes may still be from before TLS
 * (an answer to STARTTLS, captured late), or not TLS at all.
 */
void handshake_feed(struct tls *tls, struct handshake *h, enum side who, struct span bytes, nanos now)
{
    struct probe *p = probe_of(h, who);
    h->observation->side[who].captured = true;
    h->activity_before = h->last_activity;
    handshake_active(tls, h, now);
    if (p->over) {
        records_feed(tls, h, who, bytes, now);
        return;
    }
    struct proxy_header *proxy = &h->search.proxy[flow_side_of(h->flow, who)];
    if (proxy_awaits(proxy) || (!p->length && proxy_begins(bytes)))
        proxy_follow(proxy, &bytes);
    h->flow->proxied |= proxy_is_there(proxy);
    if (who == CLIENT) /* the request may be captured after its result */
        connect_look_for(h, flow_side_of(h->flow, who), true, bytes);
    enum opening opening = OPENING_NONE;
    if (p->length) {
        opening = probe_extend(p, &bytes, true);
        if (opening == OPENING_MAYBE)
            return;
        struct span probe = span_of(p->bytes, p->length);
        p->length = 0;
        if (opening_is_start(opening)) {
            feed_records(tls, h, who, probe, now);
            records_feed(tls, h, who, bytes, now);
            return;
        }
    }
    const enum borders borders = h->flow->contested ? BORDERS_ALL : BORDERS_USUAL;
    struct span start = start_find(bytes, true, true, borders, &opening);
    if (opening == OPENING_MAYBE) {
        probe_begin(p, start, &p->at, p->unprompted);
    } else if (opening_is_start(opening)) {
        feed_records(tls, h, who, start, now);
    } else {
        feed_other(tls, h, who, skip_empty_records(bytes), now);
    }
}

void handshake_gap(struct tls *tls, struct handshake *h, enum side who, size_t gap, nanos now)
{
    if (who == CLIENT && !probe_of(h, who)->over)
        h->observation->unseen_before |=
            h->flow->marks[h->flow->client] & SIDE_TRUNCATED ? UNOBSERVED_TRUNCATED : UNOBSERVED_GAP;
    probe_of(h, who)->length = 0;
    if (!probe_of(h, who)->over) /* else it is whole, and names the client */
        h->search.proxy[flow_side_of(h->flow, who)] = (struct proxy_header){0};
    records_gap(tls, h, who, gap, now);
}

/* A header has named the client, which has said nothing yet. */
static bool awaits_named(const struct handshake *h, unsigned side)
{
    const struct proxy_header *header = &h->search.proxy[side];
    return proxy_awaits(header) || (header->client.family && !h->flow->side[side].count);
}

/* Before TLS has begun, a slot is kept only for a probe, a CONNECT or a header of the PROXY protocol. */
static void close_if_idle(struct tls *tls, struct handshake *h)
{
    const struct search *s = &h->search;
    bool waits = s->probe[0].length || s->probe[1].length || awaits_named(h, 0) || awaits_named(h, 1) ||
                 s->asking != NO_SIDE || h->observation->authority.length;
    if (!waits)
        handshake_close(tls, h);
}

/* The start was found on the side of this role; what may be the other's start came before and waits in its
 * probe. */
static void feed_from_start(struct tls *tls, struct handshake *h, enum side who, struct span bytes, nanos now)
{
    const enum side peer = other_end(who);
    struct probe *other = probe_of(h, peer);
    struct span waiting = span_of(other->bytes, other->length);
    other->length = 0;
    feed_records(tls, h, who, bytes, now);
    h->unprompted = waiting.n && other->unprompted;
    if (waiting.n)
        handshake_feed(tls, h, peer, waiting, now);
    h->unprompted = false;
}

/* Bytes before a run are missing, or the beginning of the side. */
static bool lacks_start(const struct flow *flow, unsigned side)
{
    return flow->halted || (!flow->again && (!(flow->marks[side] & SIDE_SYN) || flow->gaps >> side & 1 ||
                                             flow_has_joined(flow)));
}

/* Goes on with the probe of this side. False: it came to nothing, and `bytes` is to be searched like any
 * others. */
static bool follow_probe(struct tls *tls, struct handshake *h, const struct segment *segment, unsigned side,
                         struct span *bytes)
{
    struct probe *p = &h->search.probe[side];
    enum opening opening = probe_extend(p, bytes, lacks_start(h->flow, side));
    if (opening == OPENING_MAYBE || (opening_is_answer(opening) && p->length < PROBE_BYTES))
        return true;
    struct span probe = span_of(p->bytes, p->length);
    p->length = 0;
    if (!opening_is_hello(opening)) {
        close_if_idle(tls, h);
        return false;
    }
    const struct whence first = flow_whence(h->flow, segment);
    begin(tls, h, &first, client_side(h->flow, side, opening, probe), opening);
    const enum side who = flow_role(h->flow, side);
    feed_from_start(tls, h, who, probe, segment->time);
    handshake_feed(tls, h, who, *bytes, segment->time);
    return true;
}

/* `gap`: bytes of this side are missing before what was found. */
static void begin_here(struct tls *tls, struct handshake *h, const struct whence *first, unsigned side,
                       enum opening opening, struct span start, bool gap, bool truncated)
{
    struct flow *flow = h->flow;
    begin(tls, h, first, client_side(flow, side, opening, start), opening);
    if (opening == OPENING_PROTECTED && start.p[0] == RECORD_HANDSHAKE)
        h->observation->side[flow_role(flow, side)].encrypted = true;
    if (gap && opening_is_late(opening))
        handshake_damage(h, flow_role(flow, side), truncated ? UNOBSERVED_TRUNCATED : UNOBSERVED_GAP);
}

/* The segment acknowledges nothing that the other side has said. */
static bool is_unprompted(const struct flow *flow, const struct segment *segment, unsigned side)
{
    return segment->flags & TCP_ACK && flow->marks[!side] & SIDE_SYN &&
           segment->ack == flow->side[!side].first;
}

/* Nothing was found within the bytes in which TLS has to begin. */
static bool is_far(const struct flow *flow, unsigned side)
{
    const bool both = flow->side[0].count > SEARCH_BYTES && flow->side[1].count > SEARCH_BYTES;
    return both || flow->side[side].count > 4 * SEARCH_BYTES;
}

/* What comes next does not continue what came last. */
static void forget_before(struct handshake *h, unsigned side, bool gap)
{
    h->search.gap[side] |= gap;
    h->search.proxy[side] = (struct proxy_header){0};
}

/* The side said something else before TLS, or something not recognised. */
static void note_words(struct flow *flow, unsigned side, struct span bytes)
{
    const unsigned bit = 1U << side;
    flow->spoke = (flow->spoke | bit) & 3U;
    flow->granted = words_grant(bytes) ? bit & 3U : 0;
    if (skip_empty_records(bytes).n && !are_words(bytes))
        flow->odd = (flow->odd | bit) & 3U;
}

/* Other bytes in place of the last ones of a probe: it goes on with them if that may give a hello. False: it
 * cannot. */
static bool take_second_reading(struct handshake *h, const struct run *run)
{
    struct probe *p = &h->search.probe[run->side];
    const struct probe first = *p;
    struct span bytes = run->bytes;
    if (run->anew >= p->length) {
        p->length = 0;
        return true;
    }
    p->length = (uint8_t)(p->length - run->anew);
    const struct probe rest = *p;
    const enum opening opening = probe_extend(p, &bytes, lacks_start(h->flow, run->side));
    const bool goes_on =
        opening_is_hello(opening) || (opening == OPENING_MAYBE && p->bytes[0] == RECORD_HANDSHAKE);
    *p = goes_on ? rest : first;
    return goes_on;
}

/* True: the run belonged to the probe. False: *bytes is left to be searched. */
static bool go_on_with_probe(struct tls *tls, struct handshake *h, const struct segment *segment,
                             const struct run *run, struct span *bytes)
{
    if (run->anew && !run->gap && !take_second_reading(h, run))
        return true;
    if (!run->gap)
        return follow_probe(tls, h, segment, run->side, bytes);
    h->search.probe[run->side].length = 0;
    return false;
}

/* A fatal alert in clear, when a handshake that was judged had not ended. */
static bool is_fatal_alert(struct span bytes)
{
    return bytes.n >= ALERT_RECORD_BYTES && opening_look(span_head(bytes, OPENING_BYTES)) == OPENING_ALERT &&
           bytes.p[RECORD_HEADER_BYTES] == ALERT_FATAL;
}

static enum tls_progress search(struct tls *tls, struct flow *flow, const struct segment *segment,
                                struct run *run, size_t place)
{
    const unsigned side = run->side;
    struct handshake *h = handshake_of(tls, flow);
    struct span bytes = run->bytes;
    if (run->gap)
        flow_note_gap(flow, side);
    if (h && !handshake_wake(tls, h, false))
        return TLS_NO_SLOT;
    if (h && h->search.probe[side].length && go_on_with_probe(tls, h, segment, run, &bytes))
        return h->complete ? TLS_COMPLETE : TLS_MORE;
    bool stream_start = flow->side[side].count == 0;
    h = handshake_of(tls, flow);
    if (h && (run->gap || run->anew))
        forget_before(h, side, run->gap);
    if ((h && proxy_awaits(&h->search.proxy[side])) || (stream_start && proxy_begins(bytes))) {
        if (!h && !(h = handshake_open(tls, flow, segment->time)))
            return TLS_NO_SLOT;
        proxy_follow(&h->search.proxy[side], &bytes);
        flow->proxied |= proxy_is_there(&h->search.proxy[side]);
        run->bytes = bytes;
        place = connect_is_other_request(bytes) ? bytes.n : place;
    }
    const size_t taken = run->bytes.n - bytes.n; /* by a probe that came to nothing */
    if (place != TLS_ANYWHERE)
        place = place > taken ? place - taken : 0;
    enum opening opening;
    struct span start =
        start_in_run(bytes, place, stream_start, lacks_start(flow, side), flow->contested, &opening);
    /* An error may answer a hello that was captured after it; by itself it starts nothing. */
    if (opening_is_answer(opening))
        opening = stream_start && !flow->again && start.n < PROBE_BYTES ? OPENING_MAYBE : OPENING_NONE;
    bool connect = stream_start && connect_begins(bytes);
    h = handshake_of(tls, flow);
    if ((opening != OPENING_NONE || connect) && !h)
        h = handshake_open(tls, flow, segment->time);
    if ((opening != OPENING_NONE || connect) && !h)
        return TLS_NO_SLOT;
    if (h && (connect || h->search.asking == side))
        connect_look_for(h, side, stream_start, bytes);
    if (h && opening == OPENING_NONE)
        close_if_idle(tls, h);
    stream_searched(flow, run);
    tls->counters.late_alerts += flow->halted && is_fatal_alert(bytes);
    if (bytes.n && start.p != bytes.p)
        note_words(flow, side, start.n ? span_head(bytes, (size_t)(start.p - bytes.p)) : bytes);
    if (opening == OPENING_NONE)
        return is_far(flow, side) ? TLS_NEVER : TLS_MORE;
    const struct whence first = flow_whence(flow, segment);
    if (opening == OPENING_MAYBE) {
        probe_begin(&h->search.probe[side], start, &first, is_unprompted(flow, segment, side));
        return TLS_MORE;
    }
    begin_here(tls, h, &first, side, opening, start, flow->gaps >> side & 1, run->truncated);
    feed_from_start(tls, h, flow_role(flow, side), start, segment->time);
    return h->complete ? TLS_COMPLETE : TLS_MORE;
}

enum tls_progress tls_search(struct tls *tls, struct flow *flow, const struct segment *segment,
                             struct run *run, size_t place)
{
    tls->kept_at = segment;
    const enum tls_progress progress = search(tls, flow, segment, run, place);
    tls->kept_at = NULL;
    return progress;
}

void tls_await_start(struct tls *tls, struct flow *flow, nanos now)
{
    const uint8_t end = SIDE_FIN | SIDE_FIN_PENDING;
    const bool ended = (flow->marks[0] & end && flow->marks[1] & end) || flow_has_ended(flow);
    struct handshake *h = handshake_of(tls, flow);
    if (!h)
        h = handshake_open(tls, flow, now);
    if (h && ended)
        handshake_linger(tls, h, now);
}

bool tls_has_begun(const struct tls *tls, const struct flow *flow)
{
    const struct handshake *h = handshake_of(tls, flow);
    return h && handshake_has_begun(h);
}

bool tls_side_has_begun(const struct tls *tls, const struct flow *flow, enum side who)
{
    const struct handshake *h = handshake_of(tls, flow);
    return h && handshake_has_begun(h) && h->search.probe[flow_side_of(flow, who)].over;
}

bool handshake_begin_with_answer(struct tls *tls, struct handshake *h, nanos now)
{
    for (unsigned side = 0; side < 2; side++) {
        struct probe *p = &h->search.probe[side];
        const struct span answer = span_of(p->bytes, p->length);
        const enum opening opening = opening_look(answer);
        if (!answer.n || !opening_is_answer(opening) ||
            !(handshake_lacks_bytes(h, !side) || handshake_lacks_bytes(h, side)))
            continue;
        const struct whence first = p->at;
        p->length = 0;
        /* An alert is certainly the server's only at the start of its direction. */
        const bool starts = h->flow->marks[side] & SIDE_SYN && !h->search.gap[side];
        const unsigned client = starts ? !side : client_side(h->flow, side, opening, answer);
        begin(tls, h, &first, client, opening);
        for (unsigned i = 0; i < 2; i++)
            if (h->search.gap[i])
                handshake_damage(h, flow_role(h->flow, i), UNOBSERVED_GAP);
        feed_from_start(tls, h, flow_role(h->flow, side), answer, now);
        for (unsigned i = 0; i < 2; i++) {
            struct side_facts *facts = &h->observation->side[flow_role(h->flow, i)];
            facts->closed = h->flow->marks[i] & SIDE_FIN;
            facts->reset = h->flow->marks[i] & SIDE_RST;
        }
        return true;
    }
    return false;
}
