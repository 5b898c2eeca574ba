#include "flow/stream_parts.h"

#include "flow/recent.h"

void stream_release(struct flow_table *table, struct flow *flow)
{
    stream_release_held(table, flow);
    recent_forget(table, flow);
}

/* A keep-alive (RFC 9293 3.8.4): a zero octet in the place of the last one sent, or of the SYN. */
static bool is_made_up(const struct segment *segment, int64_t away)
{
    return away == -1 && segment->payload_len == 1 && segment->payload.n && segment->payload.p[0] == 0;
}

bool stream_contradicts(struct flow_table *table, const struct flow *flow, const struct segment *segment)
{
    if (!segment->payload.n || is_made_up(segment, distance(flow->side[segment->side].next, segment->seq)))
        return false;
    const enum recent_answer answer =
        recent_compare(table, flow, segment->side, segment_data_at(segment), segment->payload);
    /* Readable data after the handshake are plenty, so not all can be compared. */
    if (answer == RECENT_SAME || (answer != RECENT_DIFFERS && flow->state == FLOW_READABLE))
        return false;
    /* There may be much cleartext, too, so not all of it can be compared. */
    if (answer != RECENT_DIFFERS && recent_is_in_clear(table, flow))
        return false;
    table->counters.conflicts++;
    return true;
}

/* A reset that answers a SYN acknowledges it (RFC 9293 3.10.7.3). */
static bool refuses_nothing(const struct flow *flow, const struct segment *segment)
{
    const uint8_t other = flow->marks[!segment->side];
    return other & SIDE_SYN && !(other & SIDE_DATA) && !(segment->flags & TCP_ACK);
}

/* Notes a reset or the place of a FIN. False: there can be no FIN at this place, and an endpoint would ignore
 * it. */
static bool note_end_flags(struct flow_table *table, struct flow *flow, const struct segment *segment,
                           uint32_t data_seq)
{
    const unsigned side = segment->side;
    struct flow_side *from = &flow->side[side];
    (void)dispute_begins(flow, segment);
    if (segment->flags & TCP_RST) {
        int64_t away = distance(from->next, segment->seq);
        const bool after_fin = away == 1 && flow->marks[side] & SIDE_FIN;
        const bool known = flow->marks[side] & SIDE_KNOWN;
        if (known ? away != 0 && !after_fin : refuses_nothing(flow, segment)) {
            table->counters.outside_window++; /* an endpoint ignores it (RFC 5961 3.2), so do we */
        } else {
            flow->marks[side] |= SIDE_RST;
            if (segment->belief == BELIEVED && !(flow->marks[side] & (SIDE_FIN | SIDE_FIN_PENDING)))
                from->fin_at = segment->seq;
        }
    }
    if (!(segment->flags & TCP_FIN) || flow->marks[side] & (SIDE_FIN | SIDE_FIN_PENDING))
        return true;
    const uint32_t fin_at = data_seq + (uint32_t)segment->payload_len;
    const int64_t away = distance(from->next, fin_at);
    if (away < 0 || away > SEQUENCE_WINDOW) {
        table->counters.outside_window++;
        return false;
    }
    from->fin_at = fin_at;
    flow->marks[side] |= SIDE_FIN_PENDING;
    return true;
}

static void contest(struct runs *runs)
{
    runs->conflict = true;
    if (runs->flow->state == FLOW_SEARCHING)
        flow_contest_side(runs->flow, runs->side);
}

static struct acknowledged ack_of(const struct segment *segment)
{
    return (struct acknowledged){.number = segment->ack, .any = segment->flags & TCP_ACK};
}

static void hold(struct runs *runs, uint32_t seq, struct span bytes, const struct segment *segment)
{
    const nanos now = segment->time;
    const struct acknowledged ack = ack_of(segment);
    struct store *store = store_of(runs->table, runs->flow, runs->side, now);
    runs->table->counters.out_of_order++;
    bool conflict = false;
    const bool kept = store_insert(store, seq, bytes, &ack, &conflict);
    if (conflict) {
        contest(runs);
        runs->table->counters.conflicts++;
    }
    if (!kept || now - store->since > OUT_OF_ORDER_SECONDS * NANOS_PER_SECOND)
        runs->give_up = true;
}

/* Bytes that are not believed may still have been part of the stream. */
static void drop(struct runs *runs)
{
    runs->dropped = true;
    if (runs->flow->state == FLOW_SEARCHING)
        flow_note_dropped(runs->flow, runs->side);
}

/* Can bytes outside of the numbers in use have been part of the stream? No end takes what acknowledges
 * nothing that the other side may have sent (RFC 9293 3.10.7.4, RFC 5961 5.2); of a connection that is
 * searched and whose starts were not captured, either side may have gone on unseen. Nor is a receiver's
 * window above 2^30 (RFC 7323 2.3). */
static bool may_be_of_stream(const struct flow *flow, const struct segment *segment, int64_t away)
{
    const int64_t most = INT64_C(1) << 30;
    const bool handshake = flow->state == FLOW_HANDSHAKE;
    if (handshake && (away > most || away < -most))
        return false;
    const bool whole = handshake || flow->marks[0] & flow->marks[1] & SIDE_SYN;
    return !whole || stream_knows_other(flow, segment);
}

static void leave_out(struct runs *runs, const struct segment *segment, bool may_be_missing)
{
    runs->table->counters.outside_window++;
    start_note_stray(runs->table, runs->flow, segment);
    if (may_be_missing)
        drop(runs);
}

/* The urgent pointer may point to an octet that comes later (RFC 9293 3.8.5). */
static void note_urgent(struct runs *runs, uint32_t seq)
{
    if (!in_window(distance(runs->flow->side[runs->side].next, seq)))
        return;
    runs->table->counters.urgent++;
    contest(runs);
}

/* A keep-alive whose receiver has the octet already. */
static bool is_keep_alive(const struct flow *flow, const struct segment *segment, int64_t away)
{
    const unsigned side = segment->side;
    const struct flow_side *from = &flow->side[side];
    return is_made_up(segment, away) && (flow->taken >> side & 1 || from->next == from->first);
}

static void note_taken(struct flow *flow, const struct segment *segment)
{
    const unsigned side = segment->side;
    const bool plain = segment->flags & TCP_ACK && !(segment->flags & TCP_RST) && segment->belief == BELIEVED;
    if (plain && flow->marks[!side] & SIDE_KNOWN && segment->ack == flow->side[!side].next)
        flow->taken = (flow->taken | 1U << !side) & 3U;
}

/* Compares a copy with the bytes that were handed on. True: the copy is to be read as well. */
static bool contradicts(struct runs *runs, uint32_t seq, struct span bytes)
{
    struct flow_table *table = runs->table;
    struct flow *flow = runs->flow;
    const bool searched = flow->state == FLOW_SEARCHING;
    bool matters = false;
    switch (recent_compare(table, flow, runs->side, seq, bytes)) {
    case RECENT_SAME:
        return false;
    case RECENT_DIFFERS:
        contest(runs);
        table->counters.conflicts++;
        return searched;
    case RECENT_NOT_KNOWN:
        matters = searched || flow->state == FLOW_HANDSHAKE;
        break;
    case RECENT_OLD: /* long cleartext of a server is often retransmitted */
        matters = flow->state == FLOW_HANDSHAKE || (searched && flow->client != !runs->side);
        break;
    }
    if (matters) {
        contest(runs);
        table->counters.not_compared += bytes.n;
    }
    return false;
}

/* From `seq` on, the second copy is handed on in place of the first. */
static void begin_anew(struct runs *runs, uint32_t seq)
{
    struct flow_side *from = &runs->flow->side[runs->side];
    runs->anew = from->next - seq;
    from->next = seq;
    recent_forget_side(runs->table, runs->flow, runs->side);
}

struct runs stream_put(struct flow_table *table, struct flow *flow, const struct segment *segment)
{
    const unsigned side = segment->side;
    struct runs runs = {.table = table, .flow = flow, .side = side};
    struct flow_side *from = &flow->side[side];
    uint32_t seq = segment_data_at(segment);
    if (!start_learn(table, flow, segment, seq)) {
        table->counters.outside_window++;
        start_note_stray(table, flow, segment);
        return runs;
    }
    note_taken(flow, segment);
    if (!note_end_flags(table, flow, segment, seq))
        drop(&runs);
    if (segment->flags & TCP_URG)
        note_urgent(&runs, seq);
    struct span bytes = segment->payload;
    if (segment->payload_len == 0 || segment->flags & TCP_RST)
        return runs;

    size_t cut = segment->payload_len - bytes.n;
    if (cut) {
        table->counters.truncated++;
        flow->marks[side] |= SIDE_TRUNCATED;
    }
    int64_t away = distance(from->next, seq);
    const bool of_second = start_is_of_second_answer(flow, side, seq);
    if (!in_window(away) || of_second) {
        leave_out(&runs, segment, of_second || may_be_of_stream(flow, segment, away));
        return runs;
    }
    if (away < 0 && !is_keep_alive(flow, segment, away) && contradicts(&runs, seq, bytes)) {
        begin_anew(&runs, seq);
        away = 0;
    }
    if (away < 0) {
        if ((int64_t)segment->payload_len <= -away) {
            table->counters.retransmitted++;
            return runs;
        }
        size_t old = (size_t)-away;
        cut = old > bytes.n ? segment->payload_len - old : cut;
        bytes = span_skip(bytes, old);
    } else if (away > 0) {
        hold(&runs, seq, bytes, segment);
        return runs;
    }
    if (stream_waits(table, flow, side)) {
        /* Parts of it may be held already; those came first. */
        uint32_t held_from = ((const struct store *)pool_at(&table->stores, flow->held[side]))->piece[0].seq;
        if (distance(from->next + (uint32_t)bytes.n, held_from) < 0) {
            hold(&runs, from->next, bytes, segment);
            return runs;
        }
    }
    runs.direct = bytes;
    runs.truncated = cut;
    return runs;
}

struct flow *stream_overdue(struct flow_table *table, nanos now, struct runs *runs)
{
    if (!table->holding.oldest)
        return NULL;
    const uint32_t slot = table->holding.oldest;
    struct store *store = pool_at(&table->stores, slot);
    if (now - store->since <= OUT_OF_ORDER_SECONDS * NANOS_PER_SECOND)
        return NULL;
    struct flow *flow = pool_at(&table->flows, store->flow);
    *runs = (struct runs){.table = table, .flow = flow, .side = store->side, .give_up = true};
    queue_remove(&table->holding, &table->stores, offsetof(struct store, link), slot);
    store->since = now; /* for what follows the next hole, if there is one */
    queue_push(&table->holding, &table->stores, offsetof(struct store, link), slot);
    return flow;
}

struct runs stream_flush(struct flow_table *table, struct flow *flow, unsigned side)
{
    return (struct runs){.table = table, .flow = flow, .side = side, .give_up = true, .flushing = true};
}

void stream_doubt(struct flow_table *table, struct flow *flow, const struct segment *segment)
{
    const unsigned side = segment->side;
    const struct flow_side *from = &flow->side[side];
    struct span bytes = segment->payload;
    uint32_t seq = segment->seq;
    const int64_t away = distance(from->next, seq);
    if (!(flow->marks[side] & SIDE_KNOWN) || segment->flags & (TCP_SYN | TCP_RST) || !in_window(away))
        return;
    if (away < 0) {
        bytes = span_skip(bytes, (size_t)-away);
        seq = from->next;
    }
    if (!bytes.n)
        return;
    struct store *store = store_of(table, flow, side, segment->time);
    if (store->doubted_count == DOUBTED_PIECES || bytes.n > OUT_OF_ORDER_BYTES - store->used)
        return;
    store->doubted[store->doubted_count++] = (struct doubted){
        .piece = {.seq = seq, .length = (uint32_t)bytes.n, .at = store->used, .ack = ack_of(segment)},
        .on_receipt = segment->belief == ON_RECEIPT,
    };
    memcpy(store->bytes + store->used, bytes.p, bytes.n);
    store->used += (uint32_t)bytes.n;
}

struct runs stream_acknowledged(struct flow_table *table, struct flow *flow, const struct segment *segment)
{
    const unsigned other = !segment->side;
    if (flow->held[other] && segment->flags & TCP_ACK && !(segment->flags & TCP_RST)) {
        struct store *store = pool_at(&table->stores, flow->held[other]);
        const int64_t away = distance(flow->side[other].next, segment->ack);
        if (in_window(away) && distance(store->acknowledged, segment->ack) > 0)
            store->acknowledged = segment->ack;
    }
    return (struct runs){.table = table, .flow = flow, .side = other};
}

bool stream_waits(const struct flow_table *table, const struct flow *flow, unsigned side)
{
    return flow->held[side] && ((const struct store *)pool_at(&table->stores, flow->held[side]))->count;
}

/* How many bytes from `next` on must have been sent, though no believed segment has them: the other side
 * acknowledged them or, if the hole is given up, the sender went on after them. */
static int32_t proven_hole(const struct runs *runs, const struct store *store)
{
    const struct flow_side *from = &runs->flow->side[runs->side];
    int32_t proven = distance(from->next, store->acknowledged);
    const bool fin = runs->flow->marks[runs->side] & SIDE_FIN_PENDING;
    if (runs->give_up && fin && distance(from->next, from->fin_at) > proven)
        proven = distance(from->next, from->fin_at);
    if (!store->count)
        return proven;
    const int32_t hole = distance(from->next, store->piece[0].seq);
    return runs->give_up || hole < proven ? hole : proven;
}

/* Are these bytes, from `next` on, the stream's beyond doubt? The other side has acknowledged them all, and
 * nothing else was sent in their place. */
static bool is_received(const struct runs *runs, const struct store *store, const struct doubted *d,
                        struct span bytes)
{
    const uint32_t next = runs->flow->side[runs->side].next;
    bool received = d->on_receipt && distance(next, store->acknowledged) >= (int32_t)bytes.n;
    for (uint32_t i = 0; i < store->doubted_count && received; i++) {
        const struct piece *p = &store->doubted[i].piece;
        const int32_t before = distance(p->seq, next);
        if (before < 0 || before >= (int32_t)p->length)
            continue;
        const struct span copy = span_of(store->bytes + p->at + before, p->length - (size_t)before);
        const size_t both = copy.n < bytes.n ? copy.n : bytes.n;
        received = memcmp(copy.p, bytes.p, both) == 0;
    }
    return received;
}

/* The doubted bytes that fill a hole: a capture may have been edited or cut after the checksums were made. */
static bool next_doubted(struct runs *runs, struct store *store, struct run *out)
{
    struct flow_side *from = &runs->flow->side[runs->side];
    const int32_t hole = store->doubted_count ? proven_hole(runs, store) : 0;
    uint32_t kept = 0;
    const struct doubted *filling = NULL;
    for (uint32_t i = 0; i < store->doubted_count; i++) {
        const struct piece piece = store->doubted[i].piece;
        const int32_t before = distance(piece.seq, from->next);
        if (before >= (int32_t)piece.length)
            continue; /* believed bytes have come instead */
        store->doubted[kept++] = store->doubted[i];
        if (out->bytes.n || hole <= 0 || before < 0)
            continue;
        out->bytes =
            span_head(span_of(store->bytes + piece.at + before, piece.length - (size_t)before), (size_t)hole);
        filling = &store->doubted[kept - 1];
    }
    store->doubted_count = kept;
    if (!filling)
        return false;
    if (is_received(runs, store, filling, out->bytes)) {
        out->ack = filling->piece.ack;
    } else {
        runs->flow->altered = (runs->flow->altered | 1U << runs->side) & 3U;
        runs->table->counters.doubted_bytes += out->bytes.n;
    }
    from->next += (uint32_t)out->bytes.n;
    return true;
}

static void note_gap(struct runs *runs, struct run *out, size_t bytes)
{
    out->gap = bytes;
    out->truncated = runs->flow->marks[runs->side] & SIDE_TRUNCATED;
    runs->table->counters.gaps++;
    runs->table->counters.gap_bytes += bytes;
}

/* The first held piece if it is next, or if the hole before it is given up. */
static bool next_held(struct runs *runs, struct run *out)
{
    struct flow *flow = runs->flow;
    if (!flow->held[runs->side])
        return false;
    struct store *store = pool_at(&runs->table->stores, flow->held[runs->side]);
    struct flow_side *from = &flow->side[runs->side];
    if (runs->popped) { /* what the last call handed on is in the store, so it is removed only now */
        store->count -= runs->popped;
        memmove(&store->piece[0], &store->piece[runs->popped], store->count * sizeof *store->piece);
        runs->popped = 0;
    }
    if (next_doubted(runs, store, out))
        return true;
    if (store->count == 0) {
        if (store->doubted_count == 0)
            stream_release_side(runs->table, flow, runs->side);
        return false;
    }
    const struct piece *piece = &store->piece[0];
    int32_t hole = distance(from->next, piece->seq);
    if (hole > 0 && !runs->give_up)
        return false;
    if (hole > 0)
        note_gap(runs, out, (size_t)hole);
    out->bytes = span_of(store->bytes + piece->at, piece->length);
    out->ack = piece->ack;
    from->next = piece->seq + piece->length;
    runs->popped = 1;
    /* One hole at a time: what follows may be filled yet. A flush gives up all of them. */
    if (hole > 0 && !runs->flushing)
        runs->give_up = false;
    return true;
}

static bool next_end(struct runs *runs, struct run *out)
{
    struct flow_side *from = &runs->flow->side[runs->side];
    if (!(runs->flow->marks[runs->side] & SIDE_FIN_PENDING))
        return false;
    int32_t hole = distance(from->next, from->fin_at);
    if (hole > 0 && !runs->give_up)
        return false;
    if (hole > 0) {
        note_gap(runs, out, (size_t)hole);
        from->next = from->fin_at;
    }
    runs->flow->marks[runs->side] = (uint8_t)((runs->flow->marks[runs->side] & ~SIDE_FIN_PENDING) | SIDE_FIN);
    out->fin = true;
    return true;
}

bool runs_next(struct runs *runs, struct run *out)
{
    struct flow_side *from = &runs->flow->side[runs->side];
    if (runs->last.n && runs->flow->state <= FLOW_READABLE)
        recent_remember(runs->table, runs->flow, runs->side, runs->last);
    runs->last = span_of(NULL, 0);
    *out = (struct run){
        .side = runs->side, .conflict = runs->conflict, .anew = runs->anew, .dropped = runs->dropped};
    runs->conflict = runs->dropped = false;
    runs->anew = 0;

    bool something = true;
    if (runs->direct.n) {
        out->bytes = runs->direct;
        from->next += (uint32_t)runs->direct.n;
        runs->direct = span_of(NULL, 0);
    } else if (runs->truncated) {
        out->gap = runs->truncated;
        out->truncated = true;
        from->next += (uint32_t)runs->truncated;
        runs->table->counters.gaps++;
        runs->table->counters.gap_bytes += runs->truncated;
        runs->truncated = 0;
    } else {
        something = next_held(runs, out) || next_end(runs, out);
    }
    runs->last = out->bytes;
    if (out->bytes.n)
        runs->flow->taken = runs->flow->taken & (1U << !runs->side) & 3U;
    if (out->bytes.n)
        runs->flow->marks[runs->side] |= SIDE_DATA;
    return something || out->conflict || out->dropped;
}

enum stream_place stream_place(const struct flow *flow, const struct segment *segment)
{
    const int32_t away = distance(flow->side[segment->side].next, segment->seq);
    return !away ? STREAM_FOLLOWS : in_window(away) ? STREAM_NEAR : STREAM_FAR;
}

bool stream_knows_other(const struct flow *flow, const struct segment *segment)
{
    const unsigned side = segment->side;
    return !(flow->marks[!side] & SIDE_KNOWN) ||
           (segment->flags & TCP_ACK && in_window(distance(flow->side[!side].next, segment->ack)));
}

bool stream_next_header(struct flow_table *table, struct flow *flow, const struct segment *segment,
                        struct span *at_header)
{
    const unsigned side = segment->side;
    struct flow_side *from = &flow->side[side];
    uint32_t end = segment->seq + (uint32_t)segment->payload_len;
    int32_t ahead = distance(from->next, end);
    if (ahead <= 0 || segment->payload_len == 0)
        return false; /* seen before, or too late */
    int32_t hole = distance(from->next, segment->seq);
    struct span bytes = segment->payload;
    if (hole < 0) {
        bytes = span_skip(bytes, (size_t)-hole);
        hole = 0;
    }
    from->next = end;
    if (hole > 0)
        flow_note_renegotiation(flow);
    if (flow->marks[side] & SIDE_LOST) {
        *at_header = bytes;
        return bytes.n > 0;
    }
    uint32_t fresh = (uint32_t)ahead; /* the hole and the bytes */
    if (from->count >= fresh) {
        from->count -= fresh;
        return false;
    }
    uint32_t into = from->count; /* where the header is, counted from the old `next` */
    from->count = 0;
    if (into < (uint32_t)hole || into - (uint32_t)hole >= bytes.n) {
        flow->marks[side] |= SIDE_LOST;
        table->counters.gaps += hole > 0;
        return false;
    }
    *at_header = span_skip(bytes, into - (uint32_t)hole);
    return true;
}

void stream_await_record(struct flow *flow, unsigned side, uint32_t left)
{
    flow->side[side].count = left;
}

void stream_find_records(struct flow *flow, unsigned side)
{
    flow->marks[side] &= (uint8_t)~SIDE_LOST;
}

void stream_lose_records(struct flow *flow, unsigned side)
{
    flow->marks[side] |= SIDE_LOST;
}

void stream_note_alert(struct flow *flow, unsigned side, int64_t beyond)
{
    if (!(flow->marks[side] & SIDE_FIN_PENDING)) /* else the number is that of the FIN */
        flow->side[side].alert_end = flow->side[side].next + (uint32_t)beyond;
}

void stream_doubt_alert(struct flow *flow, unsigned side)
{
    stream_note_alert(flow, side, -1);
}

void stream_begin_records(struct flow *flow)
{
    unsigned reset = 0;
    for (unsigned side = 0; side < 2; side++)
        reset |= (unsigned)(flow->side[side].fin_at == flow->side[side].next) << side;
    flow->reset = reset & 3U;
    stream_doubt_alert(flow, 0);
    stream_doubt_alert(flow, 1);
}

void stream_search(struct flow *flow)
{
    flow->gaps = flow->dropped = 0;
    flow->side[0].count = flow->side[1].count = 0;
}

void stream_search_from(struct flow *flow, const struct segment *segment)
{
    stream_search(flow);
    stream_find_records(flow, 0);
    stream_find_records(flow, 1);
    flow->side[segment->side].next = segment->seq;
}

void stream_searched(struct flow *flow, const struct run *run)
{
    flow->side[run->side].count += (uint32_t)(run->bytes.n + run->gap);
}

void stream_reopen(struct flow *flow, unsigned side)
{
    const uint8_t ends = SIDE_FIN | SIDE_RST;
    flow->marks[side] &= (uint8_t)~ends;
}

void stream_note_end(struct flow_table *table, struct flow *flow, const struct segment *segment)
{
    const unsigned side = segment->side;
    if (!(segment->flags & (TCP_RST | TCP_FIN)))
        return;
    const uint32_t at = segment->seq + (uint32_t)segment->payload_len;
    const int32_t away = distance(flow->side[side].next, at);
    const bool followed = flow->state != FLOW_IGNORED && flow->marks[side] & SIDE_KNOWN;
    if (followed && away != 0 && !(away == 1 && flow->marks[side] & SIDE_FIN)) {
        table->counters.outside_window++;
        return;
    }
    if (segment->flags & TCP_RST) {
        flow->marks[side] |= SIDE_RST;
        if (flow->state == FLOW_RECORDS)
            flow->reset = (flow->reset | 1U << side) & 3U;
        else
            flow->side[side].fin_at = at;
    }
    if (segment->flags & TCP_FIN)
        flow->marks[side] |= SIDE_FIN;
}
