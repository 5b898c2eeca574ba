/* The results of a handshake that has ended: outcome, reaction, resumption, and what was not observed. */
#include "tls/handshake.h"

#include <assert.h>

static enum resumption resumption_of(const struct observation *o)
{
    if (!(o->seen & SEEN_SERVER_HELLO))
        return RESUMPTION_UNKNOWN;
    const struct server_hello_facts *s = &o->server_hello;
    const struct client_hello_facts *c = &o->client_hello;
    if (s->unknown & ~(unsigned)(UNKNOWN_LISTS | UNKNOWN_EXTENSIONS) || s->extensions_in_doubt)
        return RESUMPTION_UNKNOWN;
    if (observation_version(o) >=
        0x0304) /* RFC 8446 4.2.11: the ServerHello says whether the PSK was taken */
        return observation_psk_ageless(o) ? RESUMPTION_UNKNOWN : s->psk ? RESUMPTION_PSK : RESUMPTION_FULL;
    if (o->seen & (SEEN_CERTIFICATE | SEEN_RAW_PUBLIC_KEY | SEEN_SERVER_KEY_EXCHANGE |
                   SEEN_SERVER_HELLO_DONE | SEEN_CLIENT_KEY_EXCHANGE))
        return RESUMPTION_FULL;
    /* Abbreviated: the server's ChangeCipherSpec right after its hello, and nothing hidden between them (RFC
     * 5246 7.3, RFC 5077 3.1). */
    if (!(o->seen & SEEN_SERVER_CCS) || o->side[SERVER].damage || o->unobserved & UNOBSERVED_MIDSTREAM)
        return RESUMPTION_UNKNOWN;
    if (o->seen & SEEN_CLIENT_HELLO && c->ticket)
        return RESUMPTION_TICKET;
    /* Next to a ticket, the echoed id is a mark that the client made up (RFC 5077 3.4). */
    if (!(o->seen & SEEN_CLIENT_HELLO) || c->unknown & UNKNOWN_EXTENSIONS)
        return s->session_id_len ? RESUMPTION_EITHER : RESUMPTION_TICKET;
    bool same = s->session_id_len && s->session_id_len == c->session_id_len &&
                memcmp(s->session_id, c->session_id, s->session_id_len) == 0;
    return same ? RESUMPTION_ID : RESUMPTION_UNKNOWN;
}

static bool fatal_seen(const struct observation *o)
{
    return observation_fatal_alert(o) || o->seen & SEEN_SSLV2_ERROR;
}

/* Protected SSLv2 records came: a close after them may be the end of a successful session, or a refusal. */
static bool sslv2_is_hidden(const struct handshake *h)
{
    return h->native_sslv2 && (h->side[CLIENT].sslv2_long || h->side[SERVER].sslv2_long);
}

/* The server's end acknowledges the client's FIN: it ended because the client did, and refused nothing. A FIN
 * that was not captured looks like one more acknowledged byte. */
static bool answers_close(const struct handshake *h)
{
    const struct flow *flow = h->flow;
    const unsigned client = flow_side_of(flow, CLIENT);
    if (!h->end_ack.any || !(flow->marks[client] & SIDE_KNOWN))
        return false;
    const struct flow_side *from = &flow->side[client];
    uint32_t end = flow->marks[client] & SIDE_FIN ? from->fin_at : from->next;
    return (int32_t)(h->end_ack.number - end) > 0;
}

/* The client's last record or message is incomplete, though no captured byte is missing. */
static bool broke_off(const struct handshake *h)
{
    const struct assembly *a = &h->side[CLIENT];
    const bool whole = !a->record_left && !a->header_length && !a->message_header_length;
    return !whole && !a->lost && observation_is_whole(h->observation, CLIENT);
}

/* The client ended first, in the middle of its part: whatever the server says then, even an alert, answers
 * that. If bytes of the client are missing, they may be the rest of its part. */
static bool client_left(const struct handshake *h)
{
    const struct observation *o = h->observation;
    const bool answered = o->seen & (SEEN_SERVER_HELLO | SEEN_SSLV2_SERVER_HELLO);
    const bool within = answered && !(o->seen & SEEN_CLIENT_CCS) && !h->unheard.any;
    return h->client_gave_up || (answers_close(h) && (broke_off(h) || within));
}

/* A close_notify ends the session in use, and does not answer the hello that it crosses or follows (RFC 5246
 * 7.2.1). */
static bool closed_session(const struct observation *o)
{
    enum { CLOSE_NOTIFY = 0 };
    for (size_t i = 0; i < o->alert_count && o->renegotiation && !(o->seen & SEEN_SERVER_HELLO); i++)
        if (o->alerts[i].from == SERVER && o->alerts[i].description == CLOSE_NOTIFY)
            return true;
    return false;
}

static bool server_followed(const struct handshake *h)
{
    return h->observation->side[CLIENT].reset || h->follows_end || answers_close(h) || h->client_gave_up;
}

/* Why the client may have ended the handshake before the server did, by a message that was not seen; 0: it
 * cannot have. Only what the server had received when it ended matters. */
static uint32_t unheard_of(const struct handshake *h)
{
    const struct observation *o = h->observation;
    const uint32_t lost = o->unobserved & (UNOBSERVED_GAP | UNOBSERVED_TRUNCATED | UNOBSERVED_EVICTED);
    uint32_t why = o->unobserved & (UNOBSERVED_OVERLAP | UNOBSERVED_CHECKSUM);
    if (h->unheard.any && (!h->end_ack.any || acknowledged_beyond(&h->end_ack, h->unheard.number) > 0))
        why |= lost ? lost : UNOBSERVED_GAP;
    return flow_has_several_paths(h->flow) ? why | UNOBSERVED_GAP : why;
}

/* The side's missing bytes may be its last message, or an earlier answer. */
static bool may_lack_words(const struct observation *o, enum side who)
{
    const uint32_t lost = UNOBSERVED_GAP | UNOBSERVED_TRUNCATED | UNOBSERVED_EVICTED | UNOBSERVED_DOUBTED;
    return !o->side[who].start_captured || o->side[who].damage & lost;
}

static bool has_hello(const struct observation *o)
{
    return o->seen & (SEEN_CLIENT_HELLO | SEEN_CUT_HELLO | SEEN_SERVER_HELLO | SEEN_SSLV2_SERVER_HELLO);
}

static enum outcome outcome_of(const struct handshake *h)
{
    const struct observation *o = h->observation;
    if (h->phase == PHASE_DONE)
        return handshake_is_unanswered(h) ? OUTCOME_UNFINISHED : OUTCOME_COMPLETE;
    if (!o->side[CLIENT].captured || !o->side[SERVER].captured)
        return OUTCOME_ONE_SIDED;
    if (sslv2_is_hidden(h))
        return OUTCOME_UNFINISHED;
    /* A close shows that a side gave up only if nothing before it can be missing. */
    if (!fatal_seen(o) && o->unobserved)
        return OUTCOME_UNFINISHED;
    if (h->phase == PHASE_REFUSED && closed_session(o) && !fatal_seen(o))
        return OUTCOME_UNFINISHED;
    const bool left = h->phase == PHASE_REFUSED && client_left(h);
    const bool begun =
        has_hello(o) || (left && !may_lack_words(o, CLIENT)); /* or it left in the middle of its hello */
    if (!begun || (!left && may_lack_words(o, SERVER))) /* another message may have ended it, or answered */
        return OUTCOME_UNFINISHED;
    if (left)
        return OUTCOME_ABORTED;
    if (h->phase == PHASE_REFUSED)
        return unheard_of(h) ? OUTCOME_UNFINISHED : OUTCOME_REFUSED;
    return h->phase == PHASE_ABORTED ? OUTCOME_ABORTED : OUTCOME_UNFINISHED;
}

/* The server had the whole ClientHello when it ended, as its acknowledgement shows (RFC 9293 3.4). True also
 * if there are no numbers. */
static bool had_hello(const struct handshake *h)
{
    return !h->end_ack.any || !h->has_hello_end || (int32_t)(h->end_ack.number - h->hello_end) >= 0;
}

/* After the hello the server sent something that is not TLS: it did not read the hello, so it did not refuse
 * it. What the client had acknowledged when it sent its hello came before (an answer to CONNECT, a greeting
 * before STARTTLS). */
static bool said_something_else(const struct handshake *h)
{
    const unsigned server = flow_side_of(h->flow, SERVER);
    const struct acknowledged *ack = &h->observation->hello_ack;
    if (h->search.probe[server].over)
        return false;
    return h->search.other_words || (ack->any && (int32_t)(h->flow->side[server].next - ack->number) > 0);
}

/* Another protocol than HTTP was spoken, and nobody asked for TLS there, as RFC 3207 4 has a client do, or
 * the server did not grant it: it need not read the hello. */
static bool spoke_otherwise(const struct handshake *h)
{
    const struct flow *flow = h->flow;
    const bool greeted = flow->spoke == 1U << flow_side_of(flow, SERVER);
    return flow->spoke && flow->clear_kind != CLEAR_HTTP && !h->observation->renegotiation &&
           (greeted || !h->granted);
}

/* Nothing that the server sent after its hello is missing, so no alert followed. */
static bool ended_after_hello(const struct observation *o)
{
    const bool ended = o->side[SERVER].closed || o->side[CLIENT].reset || o->side[SERVER].reset ||
                       observation_fatal_alert(o);
    return ended && !o->side[SERVER].damage_since_hello;
}

static enum reaction answer_to_hello(const struct handshake *h)
{
    const struct observation *o = h->observation;
    const enum reaction alert = h->client_gave_up ? REACTION_UNKNOWN : o->reaction;
    /* After its alert it went on, and so did the client. */
    if (o->reaction == REACTION_FATAL_ALERT && h->phase == PHASE_DONE)
        return o->seen & SEEN_SERVER_HELLO ? REACTION_ACCEPTED : REACTION_UNKNOWN;
    if (o->reaction == REACTION_LATE_ALERT && h->phase == PHASE_DONE)
        return REACTION_ACCEPTED_LATE;
    if ((alert == REACTION_FATAL_ALERT || alert == REACTION_LATE_ALERT || o->seen & SEEN_SSLV2_ERROR) &&
        o->unheard)
        return REACTION_UNKNOWN; /* the alert may answer one from the client */
    if (alert == REACTION_FATAL_ALERT && !(o->side[SERVER].start_captured && had_hello(h)))
        return REACTION_UNKNOWN; /* the server's own hello may precede it, and the client's may follow it */
    if (alert == REACTION_FATAL_ALERT && o->side[CLIENT].damage & UNOBSERVED_TOO_LONG)
        return REACTION_UNKNOWN; /* it may refuse a hello of such a length, whatever that offers */
    if (alert == REACTION_FATAL_ALERT || alert == REACTION_LATE_ALERT || alert == REACTION_ACCEPTED_LATE)
        return alert;
    if (o->seen & SEEN_SSLV2_ERROR)
        return o->seen & SEEN_SSLV2_SERVER_HELLO ? REACTION_LATE_ALERT : REACTION_FATAL_ALERT;
    if (o->seen & SEEN_SSLV2_SERVER_HELLO)
        return REACTION_ACCEPTED;
    if (o->seen & SEEN_SERVER_HELLO) {
        /* A client answers the end of the server's flight (RFC 5246 7.3). */
        bool went_on = o->seen & (SEEN_SERVER_HELLO_DONE | SEEN_SERVER_CCS | SEEN_SERVER_DATA |
                                  SEEN_CLIENT_KEY_EXCHANGE | SEEN_CLIENT_CERTIFICATE | SEEN_CERTIFICATE_URL);
        return went_on || ended_after_hello(o) || observation_version(o) >= 0x0304 ? REACTION_ACCEPTED
                                                                                   : REACTION_UNKNOWN;
    }
    /* Silence counts only if nothing that the server said can be missing, nor a last message of the
     * client. */
    if (!observation_is_whole(o, SERVER) || o->unheard || o->unobserved & UNOBSERVED_REORDERED ||
        !had_hello(h) || h->ended_otherwise || h->ended_late || h->follows_end || answers_close(h) ||
        said_something_else(h) || closed_session(o) || h->not_agreed || spoke_otherwise(h))
        return REACTION_UNKNOWN;
    if (o->side[SERVER].closed)
        return REACTION_CLOSED;
    /* A reset is not answered by another (RFC 9293 3.10.7.1): if both ends sent one, it is not known which
     * did so on its own, or whether a middlebox ended both. */
    return o->side[SERVER].reset && !o->side[CLIENT].reset ? REACTION_RESET : REACTION_UNKNOWN;
}

/* A server that refuses two hellos may refuse them just because there are two, or because the client says
 * what only a server says. */
static enum reaction reaction_of(const struct handshake *h)
{
    const enum reaction r = answer_to_hello(h);
    const bool odd = h->other_hello || h->side[CLIENT].says_others;
    return odd && r != REACTION_ACCEPTED && r != REACTION_ACCEPTED_LATE ? REACTION_UNKNOWN : r;
}

static void note_unseen_end(struct handshake *h)
{
    const unsigned client = flow_side_of(h->flow, CLIENT);
    handshake_unheard(h, h->flow->side[client].next, h->acked[!client].number);
}

/* Losses at the end of a direction leave no hole; only the other side's acknowledgements show them. */
static void note_unseen_bytes(struct handshake *h)
{
    for (enum side who = CLIENT; who <= SERVER; who++)
        if (h->observation->side[who].captured && handshake_has_unseen(h, flow_side_of(h->flow, who))) {
            handshake_damage(h, who, UNOBSERVED_GAP);
            if (who == CLIENT)
                note_unseen_end(h);
        }
}

/* Any byte may have taken another path, even one between messages that are adjacent here. */
static void note_other_paths(struct handshake *h)
{
    struct observation *o = h->observation;
    if (!flow_has_several_paths(h->flow))
        return;
    o->unobserved |= UNOBSERVED_GAP;
    for (enum side who = CLIENT; who <= SERVER; who++) {
        o->side[who].damage |= UNOBSERVED_GAP;
        o->side[who].damage_since_hello |= UNOBSERVED_GAP;
    }
}

/* Half an alert: its record in clear ended within it, and nothing came after. */
static void note_halves_of_alerts(struct handshake *h)
{
    for (enum side who = CLIENT; who <= SERVER; who++)
        if (h->side[who].alert_length && !h->side[who].record_left)
            handshake_damage(h, who, UNOBSERVED_MALFORMED);
}

/* The SYN/ACK comes after the hello if that was in the SYN (RFC 7413), or if the directions were captured out
 * of order. */
static void note_late_starts(struct handshake *h)
{
    struct observation *o = h->observation;
    for (enum side who = CLIENT; who <= SERVER && !(o->unobserved & UNOBSERVED_MIDSTREAM); who++)
        if (h->flow->marks[flow_side_of(h->flow, who)] & SIDE_SYN)
            o->side[who].start_captured = true;
}

/* A client sends a second hello only after a HelloRetryRequest (RFC 8446 4.1.2), or if it does not wait for
 * an answer: then it is not known which of the two the server took. */
static void note_second_hello(struct handshake *h)
{
    struct observation *o = h->observation;
    if (!h->other_hello && (!h->second_hello || o->hello_retry || !observation_is_whole(o, SERVER)))
        return;
    if (!h->other_hello)
        learn_doubt_hello(&o->client_hello);
    h->other_hello = true;
    o->unobserved |= UNOBSERVED_INCONSISTENT;
    o->side[CLIENT].damage |= UNOBSERVED_INCONSISTENT;
    o->side[CLIENT].damage_since_hello |= UNOBSERVED_INCONSISTENT;
}

static void note_what_ends_show(struct handshake *h)
{
    note_second_hello(h);
    if (answers_other_hello(h))
        observation_contradicted(h->observation, CLIENT);
    note_late_starts(h);
    note_halves_of_alerts(h);
    note_other_paths(h);
    handshake_note_unread_start(h);
}

/* What the client said before its hello is known only if its first byte was captured. */
static void note_unseen_before(struct handshake *h)
{
    struct observation *o = h->observation;
    const unsigned client = flow_side_of(h->flow, CLIENT);
    if (!h->search.probe[client].over)
        o->unseen_before |= observation_missing(o, CLIENT);
    else if (!(h->flow->marks[client] & SIDE_SYN))
        o->unseen_before |= UNOBSERVED_MIDSTREAM;
}

/* The client has said nothing in TLS but alerts. */
static bool only_alerts(const struct observation *o)
{
    const char alert = 'L';
    for (size_t i = 0; i < o->history_len; i++)
        if (o->history[i] >= 'A' && o->history[i] <= 'Z' && o->history[i] != alert)
            return false;
    return o->history_len < MAX_HISTORY;
}

/* The server sent handshake messages, but the client at most refused them, and none of its bytes are missing.
 * A server only answers (RFC 5246 7.3), so these octets are something else. */
static bool answers_nobody(const struct handshake *h, uint32_t reasons)
{
    const struct observation *o = h->observation;
    const unsigned client = flow_side_of(h->flow, CLIENT);
    return o->seen && !(o->seen & (SEEN_CLIENT_HELLO | SEEN_CUT_HELLO)) && !o->renegotiation &&
           (!h->search.probe[client].over || only_alerts(o)) && !h->search.probe[client].length &&
           h->flow->marks[client] & SIDE_SYN && !h->flow->again && observation_is_whole(o, CLIENT) &&
           !handshake_has_unseen(h, client) && !o->unseen_before && !h->reordered &&
           !(reasons & UNOBSERVED_EVICTED);
}

/* The client sent a hello within something else, and the server answered with something else: this is a
 * document with octets like those of a hello. */
static bool is_quoted(const struct handshake *h)
{
    const unsigned client = flow_side_of(h->flow, CLIENT);
    return h->flow->spoke >> client & 1 && h->search.other_words && !h->search.probe[!client].over &&
           !h->search.probe[!client].length && observation_is_whole(h->observation, SERVER);
}

/* The server gave the connection up, and not because the client did. */
static bool server_gave_up(const struct handshake *h)
{
    const struct side_facts *server = &h->observation->side[SERVER];
    return (server->closed || server->reset) && !h->follows_end && !answers_close(h);
}

/* One side sends the messages of both, and the other is seen to say nothing of TLS: a recording is being
 * transferred, and who sends it ends the connection (RFC 959 3.4.1). */
static bool is_transferred(const struct handshake *h)
{
    for (enum side who = CLIENT; who <= SERVER; who++) {
        const enum side peer = other_end(who);
        const struct probe *other = &h->search.probe[flow_side_of(h->flow, peer)];
        const bool silent = h->observation->side[peer].captured &&
                            observation_is_whole(h->observation, peer) && !other->over && !other->length;
        if (h->side[who].says_others && silent && !(who == CLIENT && server_gave_up(h)))
            return true;
    }
    return false;
}

static uint64_t hash_of_randoms(const struct hello_memory *memory)
{
    enum { BYTES = sizeof memory->client_random };
    uint8_t both[2 * BYTES];
    memcpy(both, memory->client_random, BYTES);
    memcpy(both + BYTES, memory->server_random, BYTES);
    return siphash_for_table(&memory->keys->own, span_of(both, sizeof both)) | 1;
}

/* The hash may be that which was made when the server's hello had come: another hello would have cleared it.
 */
static void note_randoms(struct handshake *h)
{
    struct observation *o = h->observation;
    const uint64_t known = o->randoms;
    o->random[CLIENT] = o->random[SERVER] = o->randoms = 0;
    if (o->client_hello.unknown || h->other_hello ||
        random_is_filler(random_drawn(h->memory.client_random + PART_OF_RANDOM)))
        o->hello = 0;
    if (o->client_hello.format != HELLO_TLS || o->client_hello.unknown || o->server_hello.unknown)
        return;
    if (o->seen & SEEN_CLIENT_HELLO)
        o->random[CLIENT] = random_drawn(h->memory.client_random + PART_OF_RANDOM);
    if (o->seen & SEEN_SERVER_HELLO)
        o->random[SERVER] = random_drawn(h->memory.server_random + PART_OF_RANDOM);
    if (o->seen & SEEN_CLIENT_HELLO && o->seen & SEEN_SERVER_HELLO)
        o->randoms = known ? known : hash_of_randoms(&h->memory);
}

const struct observation *tls_answered(struct tls *tls, const struct flow *flow)
{
    struct handshake *h = handshake_of(tls, flow);
    if (!h || h->answer_told || !h->observation || !(h->observation->seen & SEEN_SERVER_HELLO))
        return NULL;
    h->answer_told = true;
    note_randoms(h);
    return h->observation;
}

const struct flow *tls_end_begins(struct tls *tls, const struct flow *flow)
{
    const struct flow *outer = tls->ending;
    tls->ending = flow;
    return outer;
}

void tls_end_is_over(struct tls *tls, const struct flow *outer)
{
    tls->ending = outer;
}

static void note_late_captures(struct observation *o)
{
    for (enum side who = CLIENT; who <= SERVER; who++)
        if (o->side[who].captured && !o->side[who].start_captured)
            o->unobserved |= UNOBSERVED_MIDSTREAM;
}

static bool is_acknowledged(const struct handshake *h, enum side who, const struct acknowledged *words)
{
    return !words->any || acknowledged_covers(&h->acked[!flow_side_of(h->flow, who)], words->number);
}

/* Anybody can send a segment in sequence with a right checksum, and its receiver may never get it (the TTL
 * expires behind the tap) or may drop it (an old time stamp, RFC 7323 5.3). A receiver acknowledges what it
 * has, at the latest with what it sends next. A complete handshake is judged before its last messages are
 * acknowledged; they decide nothing that earlier ones did not. After a reset nobody acknowledges. */
static void note_unacknowledged(struct handshake *h)
{
    struct observation *o = h->observation;
    for (enum side who = CLIENT; who <= SERVER; who++) {
        const struct side_facts *peer = &o->side[other_end(who)];
        struct side_facts *side = &o->side[who];
        if (!peer->captured)
            continue;
        struct acknowledged first = h->first_words[who];
        /* The server's ChangeCipherSpec shows that a handshake is abbreviated (RFC 5246 7.3); the client
         * answers it. */
        if (who == SERVER && h->server_ccs.any && !(o->seen & SEEN_CLIENT_KEY_EXCHANGE))
            acknowledged_note(&first, h->server_ccs.number);
        side->unacknowledged = !is_acknowledged(h, who, &first);
        const bool ended = h->phase == PHASE_DONE || o->side[CLIENT].reset || o->side[SERVER].reset;
        side->later_unacknowledged =
            side->unacknowledged || (!ended && !is_acknowledged(h, who, &h->later_words[who]));
        o->unobserved |= side->later_unacknowledged ? UNOBSERVED_UNACKNOWLEDGED : 0;
    }
    if (h->flow->disputed)
        observation_disputed(o);
}

static struct endpoint told_by(const struct proxy_client *told, const struct endpoint *client)
{
    struct endpoint end = *client;
    end.port = 0; /* it is not known */
    if (told->family && told->port) {
        end = (struct endpoint){.family = told->family, .port = told->port};
        memcpy(end.address, told->address, sizeof end.address);
    }
    end.space = SPACE_TOLD;
    return end;
}

/* A server that expects no header takes it for the client's first bytes, answers with an error of its own or
 * ends the connection, and never reads the hello. A ServerHello shows that it has read it, and so do alerts
 * about the contents of a hello (RFC 8446 6.2). */
static bool has_read_hello(const struct observation *o)
{
    enum { HANDSHAKE_FAILURE = 40, INSUFFICIENT_SECURITY = 71, UNRECOGNIZED_NAME = 112 };
    bool read = o->seen & SEEN_SERVER_HELLO;
    for (unsigned i = 0; i < o->alert_count && !read; i++) {
        const struct tls_alert *a = &o->alerts[i];
        read = a->from == SERVER &&
               (a->description == HANDSHAKE_FAILURE || a->description == INSUFFICIENT_SECURITY ||
                a->description == UNRECOGNIZED_NAME);
    }
    return read;
}

static void note_connection(const struct handshake *h, struct observation *o, const struct flow *flow,
                            const struct networks *networks)
{
    o->whence.networks = *networks;
    o->whence.confirmed = flow_is_undisputed(flow);
    o->whence.in_network = !flow->outside;
    if (!flow->proxied)
        return;
    o->whence.told = told_by(&h->search.proxy[flow_side_of(flow, CLIENT)].client, &o->whence.client);
    if (!has_read_hello(o))
        o->side[CLIENT].damage |= UNOBSERVED_PASSED_ON;
}

static void note_who_ended(struct handshake *h)
{
    struct observation *o = h->observation;
    o->alert_unreceived = h->alert_receipt.awaited;
    memcpy(o->alert_had, h->alert_had, sizeof o->alert_had);
    o->client_left = client_left(h);
    o->server_followed = server_followed(h) || h->ended_late;
    o->unheard = unheard_of(h);
    o->had_answer =
        !h->certificate_answer.any || acknowledged_covers(&h->first_end_ack, h->certificate_answer.number);
}

void tls_not_agreed(struct tls *tls, const struct flow *flow)
{
    struct handshake *h = handshake_of(tls, flow);
    if (h)
        h->not_agreed = true;
}

const struct observation *tls_finish(struct tls *tls, struct flow *flow, const struct networks *networks,
                                     nanos now, uint32_t reasons)
{
    struct handshake *h = handshake_of(tls, flow);
    assert(h);
    const bool awake = handshake_wake(tls, h, true);
    assert(awake);
    if (!handshake_has_begun(h) && !handshake_begin_with_answer(tls, h, now))
        return NULL;
    struct observation *o = h->observation;
    note_what_ends_show(h);
    if (!h->complete && !h->follow_up_awaited) {
        note_unseen_bytes(h);
        note_late_captures(o);
        handshake_event(tls, h, EVENT_GIVE_UP, now);
    }
    if (answers_nobody(h, reasons) || is_quoted(h) || is_transferred(h)) {
        tls->counters.unasked++;
        return NULL;
    }
    o->event_time = h->follow_up_awaited ? h->done_at : now;
    note_connection(h, o, flow, networks);
    if (h->reordered && h->phase != PHASE_DONE && !fatal_seen(o))
        o->unobserved |= UNOBSERVED_REORDERED; /* it is not known who ended it */
    if (h->undecided && h->phase != PHASE_DONE)
        o->unobserved |= observation_hidden(o);
    o->outcome = outcome_of(h);
    o->unobserved |= handshake_answer_is_missing(h) ? UNOBSERVED_GAP : 0;
    /* A client that has closed its half may still get an answer. */
    const bool ended = o->outcome == OUTCOME_REFUSED || handshake_is_unanswered(h) ||
                       (o->outcome == OUTCOME_ABORTED && (fatal_seen(o) || flow_has_ended(h->flow)));
    if (o->outcome != OUTCOME_COMPLETE) {
        o->unobserved |= ended ? reasons & ~(uint32_t)UNOBSERVED_UNFINISHED : reasons;
        for (enum side who = CLIENT; who <= SERVER; who++) {
            o->side[who].damage |= reasons & UNOBSERVED_EVICTED;
            o->side[who].damage_since_hello |= reasons & UNOBSERVED_EVICTED;
        }
    }
    if (!o->side[CLIENT].captured)
        o->unobserved |= UNOBSERVED_CLIENT_DIRECTION;
    if (!o->side[SERVER].captured)
        o->unobserved |= UNOBSERVED_SERVER_DIRECTION;
    if (observation_version(o) >= 0x0304 || sslv2_is_hidden(h))
        o->unobserved |= observation_hidden(o);
    note_who_ended(h);
    note_unseen_before(h);
    note_randoms(h);
    o->reaction = reaction_of(h);
    o->resumption = resumption_of(o);
    if ((h->clear[CLIENT].later || h->clear[SERVER].later) && !handshake_clear_mac(h))
        o->seen |= SEEN_RENEGOTIATION;
    /* A complete handshake stays complete whatever else is missing, and the reasons are noted. */
    note_late_captures(o);
    note_unacknowledged(h);
    tls->counters.handshakes++;
    tls->counters.one_sided += !o->side[CLIENT].captured || !o->side[SERVER].captured;
    tls->counters.evicted += (reasons & UNOBSERVED_EVICTED) != 0;
    return o;
}

bool tls_release(struct tls *tls, struct flow *flow)
{
    struct handshake *h = handshake_of(tls, flow);
    assert(h);
    const bool begun = handshake_has_begun(h);
    for (enum side who = CLIENT; who <= SERVER && begun; who++) {
        const struct assembly *a = &h->side[who];
        const unsigned side = flow_side_of(flow, who);
        stream_await_record(flow, side, a->record_left);
        if (a->lost || a->header_length || a->sslv2)
            stream_lose_records(flow, side);
    }
    if (!begun)
        handshake_drop_start(h);
    const bool records = begun && h->phase == PHASE_DONE;
    handshake_close(tls, h);
    return records;
}
