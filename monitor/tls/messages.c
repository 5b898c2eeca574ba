/* What a complete message, an alert or a ChangeCipherSpec means for the observation and the machine. */
#include "tls/handshake.h"
#include "tls/kept_messages.h"
#include "tls/known_chains.h"
#include "tls/known_hellos.h"
#include "wire/hello.h"

static void malformed(struct tls *tls, struct handshake *h, enum side side)
{
    tls->counters.malformed++;
    handshake_damage(h, side, UNOBSERVED_MALFORMED);
}

static void note_hello(struct handshake *h, enum side side, nanos now)
{
    h->observation->side[side].hello_time = now;
    h->observation->side[side].start_captured = true; /* a hello is the first thing its side says */
}

/* A message counts once the other side has acknowledged it. `first`: the client's hello, or part of the
 * server's flight. */
static void note_words(struct handshake *h, enum side who, bool first)
{
    const uint32_t end = h->side[who].read_to;
    if (first)
        acknowledged_note(&h->first_words[who], end);
    acknowledged_note(&h->later_words[who], end);
}

/* The client sends a certificate, says that it has none, or goes on without either. */
static void note_answer(struct handshake *h)
{
    if (!h->certificate_answer.any)
        h->certificate_answer = (struct acknowledged){.number = h->side[CLIENT].read_to, .any = true};
}

static bool is_answer(uint8_t type)
{
    return type == MESSAGE_CERTIFICATE || type == MESSAGE_CERTIFICATE_URL ||
           type == MESSAGE_CLIENT_KEY_EXCHANGE;
}

/* A ticket belongs to the server's last messages, which nothing in the handshake need answer (RFC 5077
 * 3.1). */
static bool is_of_first_words(enum side who, uint8_t type)
{
    return who == CLIENT ? type == MESSAGE_CLIENT_HELLO : type != MESSAGE_NEW_SESSION_TICKET;
}

static void note_client_hello(const struct tls *tls, struct handshake *h, nanos now)
{
    note_hello(h, CLIENT, now);
    h->hello_end = h->flow->side[flow_side_of(h->flow, CLIENT)].next;
    h->has_hello_end = true;
    h->unheard.any = false;
    if (tls->kept_at && tls->kept_at->flags & TCP_ACK)
        acknowledged_note(&h->observation->hello_ack, tls->kept_at->ack);
}

/* A hello that does not parse: it is only known that it came. */
static void hello_without_facts(struct handshake *h, enum side side, nanos now)
{
    h->observation->seen |= SEEN_CUT_HELLO;
    note_hello(h, side, now);
}

/* In TLS 1.3, with SHA-256 and a tag of 8 octets; no alert without padding is as long. */
enum { SHORTEST_FINISHED_13 = MESSAGE_HEADER_BYTES + 32 + 1 + 8 };

void handshake_finished(struct tls *tls, struct handshake *h, enum side who, nanos now)
{
    struct observation *o = h->observation;
    uint32_t own = who == CLIENT ? SEEN_CLIENT_FINISHED : SEEN_SERVER_FINISHED;
    o->seen |= own;
    if (who == CLIENT) {
        h->client_flight = (struct acknowledged){.number = h->side[CLIENT].read_to, .any = true};
        h->answer_awaited = handshake_awaits_answer(h);
    } else if (o->seen & SEEN_CLIENT_FINISHED) {
        h->answer_awaited = handshake_awaits_answer_to_late_flight(h);
    }
    if (o->seen & SEEN_CLIENT_FINISHED && o->seen & SEEN_SERVER_FINISHED)
        handshake_event(tls, h, EVENT_BOTH_FINISHED, now);
}

/* A protected TLS 1.3 record from the client when its Finished is to come. A longer one may also hold a
 * Finished, or an alert with padding (RFC 8446 5.4), after which nothing follows. A shorter record after it
 * that is not an alert is taken for data: an empty Certificate comes first (4.4.2), and only the tail of a
 * fragmented message is as short. */
static void maybe_finished(struct tls *tls, struct handshake *h, size_t record_length, nanos now)
{
    const size_t whole = handshake_finished_bytes(h->observation->server_hello.suite);
    const bool data = h->undecided && !h->hidden_alert && !h->observation->client_hello.early_data;
    if ((record_length < whole || record_length < SHORTEST_FINISHED_13) && !data)
        return;
    if (whole && record_length != whole && !h->undecided) {
        h->undecided = true;
        return;
    }
    h->undecided = false;
    h->guessed = record_length != whole;
    handshake_finished(tls, h, CLIENT, now);
}

/* A hello that a HelloRetryRequest has asked for has the same random (RFC 8446 4.1.2). */
static bool on_second_hello(struct tls *tls, struct handshake *h, struct span body)
{
    struct client_hello hello;
    h->second_hello = true;
    if (!h->observation->hello_retry && client_hello_parse(body, &hello) == PARSE_OK &&
        memcmp(hello.random.p, h->memory.client_random, hello.random.n) != 0) {
        h->other_hello = true;
        return learn_other_client_hello(h->observation, &h->memory, tls->hellos, body);
    }
    return learn_second_client_hello(h->observation, &h->memory, body);
}

static void on_client_hello(struct tls *tls, struct handshake *h, struct span body, nanos now)
{
    struct observation *o = h->observation;
    if (o->seen & SEEN_CLIENT_HELLO) {
        if (!on_second_hello(tls, h, body))
            malformed(tls, h, CLIENT);
    } else if (learn_client_hello(o, &h->memory, h->side[CLIENT].record_version, body)) {
        note_client_hello(tls, h, now);
        tls_note_hello(tls, h);
        learn_name_after_certificate(o);
        if (o->client_hello.unknown)
            malformed(tls, h, CLIENT);
    } else {
        hello_without_facts(h, CLIENT, now);
        malformed(tls, h, CLIENT);
    }
    if (o->seen & SEEN_CLIENT_HELLO)
        known_hellos_number(tls->hellos, &o->client_hello);
    known_chains_expect(h->chains, &o->whence.server); /* its certificate may be next */
}

static void settle_pending_ccs(struct handshake *h)
{
    for (enum side who = CLIENT; who <= SERVER; who++)
        if (h->side[who].ccs_pending) {
            h->side[who].ccs_pending = false;
            handshake_change_cipher(h, who);
        }
}

/* The facts of a ServerHello, or of a HelloRetryRequest, are learned. */
static void after_server_hello(struct tls *tls, struct handshake *h, nanos now)
{
    struct observation *o = h->observation;
    if (!(o->seen & SEEN_SERVER_HELLO)) { /* a HelloRetryRequest */
        o->history[o->history_len - 1] = 'j';
        return;
    }
    note_hello(h, SERVER, now);
    acknowledged_note(&h->server_hello, h->side[SERVER].read_to);
    tls_note_answer(tls, h);
    if (observation_version(o) >= 0x0304) {
        o->side[SERVER].encrypted = true;
        h->side[0].ccs_pending = h->side[1].ccs_pending = false;
        if (h->client_protected && !handshake_may_send_early_data(o)) {
            maybe_finished(tls, h, h->client_protected, now);
            if (h->client_went_on)
                maybe_finished(tls, h, h->client_protected, now);
        }
    } else {
        settle_pending_ccs(h);
    }
}

static void on_server_hello(struct tls *tls, struct handshake *h, struct span body, nanos now)
{
    struct observation *o = h->observation;
    if (o->seen & SEEN_SERVER_HELLO) {
        /* A handshake has only one (RFC 5246 7.3): which did the client take? */
        handshake_damage(h, SERVER, UNOBSERVED_OVERLAP);
        return;
    }
    known_chains_expect(h->chains, &o->whence.server); /* its certificate is next */
    if (!learn_server_hello(o, &h->memory, body)) {
        hello_without_facts(h, SERVER, now);
        malformed(tls, h, SERVER);
        return;
    }
    if (o->server_hello.unknown)
        malformed(tls, h, SERVER);
    after_server_hello(tls, h, now);
}

void handshake_cut_message(struct tls *tls, struct handshake *h, enum side who, uint8_t type,
                           struct span part, nanos now)
{
    struct observation *o = h->observation;
    note_words(h, who, is_of_first_words(who, type));
    if (who == CLIENT && type == MESSAGE_CLIENT_HELLO && !(o->seen & SEEN_CLIENT_HELLO)) {
        handshake_letter(h, CLIENT, 'C');
        note_hello(h, CLIENT, now);
        o->seen |= SEEN_CUT_HELLO;
        if (learn_cut_client_hello(o, &h->memory, h->side[CLIENT].record_version, part))
            learn_name_after_certificate(o);
    } else if (who == SERVER && type == MESSAGE_SERVER_HELLO && !(o->seen & SEEN_SERVER_HELLO)) {
        handshake_letter(h, SERVER, 'S');
        note_hello(h, SERVER, now);
        o->seen |= SEEN_CUT_HELLO;
        if (learn_cut_server_hello(o, &h->memory, part))
            after_server_hello(tls, h, now);
    }
}

static bool on_certificate(struct handshake *h, enum side who, struct span body)
{
    struct observation *o = h->observation;
    if (who == CLIENT)
        return learn_client_certificate(o, body);
    if (o->seen & SEEN_CERTIFICATE)
        return true;
    if (o->server_hello.raw_server_key) {
        struct span key;
        if (raw_public_key_parse(body, &key) != PARSE_OK)
            return false;
        o->seen |= SEEN_RAW_PUBLIC_KEY;
        return true;
    }
    const bool other_form = o->server_hello.pgp || o->server_hello.cached;
    const struct certificate_facts *c = &o->certificate;
    const bool learned = known_chains_learn(h->chains, o, body);
    /* A certificate that is here is judged whatever was agreed, and so is a list that has none. */
    if (other_form && (!learned || (o->seen & SEEN_CERTIFICATE && !c->parsed))) {
        o->certificate = (struct certificate_facts){.other_form = true};
        o->seen |= SEEN_CERTIFICATE;
        return true;
    }
    if (!learned)
        return false;
    /* The message is still whole, and so is what follows it. */
    if (o->seen & SEEN_CERTIFICATE && (!c->parsed || c->unparsed || c->ca_broken))
        o->unobserved |= UNOBSERVED_MALFORMED;
    return true;
}

static bool on_server_key_exchange(struct handshake *h, enum side who, struct span body)
{
    (void)who;
    return learn_server_key_exchange(h->observation, body);
}

/* A client answers what precedes the end of the flight (RFC 5246 7.4.4), and cannot know what follows. */
static bool on_certificate_request(struct handshake *h, enum side who, struct span body)
{
    (void)who;
    if (h->observation->seen & SEEN_SERVER_HELLO_DONE)
        return true;
    return learn_certificate_request(h->observation, body);
}

static bool on_certificate_url(struct handshake *h, enum side who, struct span body)
{
    (void)h;
    return who == CLIENT && certificate_url_parse(body) == PARSE_OK;
}

static bool on_session_ticket(struct handshake *h, enum side who, struct span body)
{
    (void)who;
    return learn_session_ticket(h->observation, &h->memory, body);
}

/* HelloRequest, ServerHelloDone (RFC 2246 7.4.1.1, 7.4.5) */
static bool on_empty_message(struct handshake *h, enum side who, struct span body)
{
    (void)h, (void)who;
    return body.n == 0;
}

static bool on_hello_retry_request(struct handshake *h, enum side who, struct span body)
{
    (void)who, (void)body;
    h->observation->hello_retry = true;
    return true;
}

/* A message by its type: its letter in the history (as in Zeek's ssl_history), what its presence alone says,
 * and its facts; `learn` returns false if the message does not parse, which then says nothing. Hellos change
 * more than facts and have their own functions. */
static const struct {
    char letter;
    uint32_t seen; /* enum seen */
    bool (*learn)(struct handshake *h, enum side who, struct span body);
    enum { OF_BOTH, OF_CLIENT, OF_SERVER } of; /* who sends it in clear (RFC 5246 7.3) */
} messages[] = {
    [MESSAGE_HELLO_REQUEST] = {'H', SEEN_HELLO_REQUEST, on_empty_message, OF_SERVER},
    [MESSAGE_CLIENT_HELLO] = {'C', 0, NULL, OF_CLIENT},
    [MESSAGE_SERVER_HELLO] = {'S', 0, NULL, OF_SERVER},
    [MESSAGE_NEW_SESSION_TICKET] = {'T', 0, on_session_ticket, OF_SERVER},
    [MESSAGE_END_OF_EARLY_DATA] = {'E', 0, NULL, OF_BOTH},
    [MESSAGE_HELLO_RETRY_REQUEST] = {'J', 0, on_hello_retry_request, OF_SERVER},
    [MESSAGE_ENCRYPTED_EXTENSIONS] = {'O', 0, NULL, OF_BOTH},
    [MESSAGE_CERTIFICATE] = {'X', 0, on_certificate, OF_BOTH},
    [MESSAGE_SERVER_KEY_EXCHANGE] = {'K', 0, on_server_key_exchange, OF_SERVER},
    [MESSAGE_CERTIFICATE_REQUEST] = {'R', 0, on_certificate_request, OF_SERVER},
    [MESSAGE_SERVER_HELLO_DONE] = {'N', SEEN_SERVER_HELLO_DONE, on_empty_message, OF_SERVER},
    [MESSAGE_CERTIFICATE_VERIFY] = {'Y', SEEN_CERTIFICATE_VERIFY, NULL, OF_CLIENT},
    [MESSAGE_CLIENT_KEY_EXCHANGE] = {'G', SEEN_CLIENT_KEY_EXCHANGE, NULL, OF_CLIENT},
    [MESSAGE_FINISHED] = {'F', 0, NULL, OF_BOTH},
    [MESSAGE_CERTIFICATE_URL] = {'W', SEEN_CERTIFICATE_URL, on_certificate_url, OF_CLIENT},
    [MESSAGE_CERTIFICATE_STATUS] = {'U', SEEN_CERTIFICATE_STATUS, NULL, OF_SERVER},
    [MESSAGE_SUPPLEMENTAL_DATA] = {'A', 0, NULL, OF_BOTH},
    [MESSAGE_KEY_UPDATE] = {'P', 0, NULL, OF_BOTH},
};

static void keep_handshake_message(struct tls *tls, struct handshake *h, enum side who, uint8_t type,
                                   struct span body)
{
    const uint8_t head[MESSAGE_HEADER_BYTES] = {type, (uint8_t)(body.n >> 16), (uint8_t)(body.n >> 8),
                                                (uint8_t)body.n};
    handshake_keep(tls, h, who, KEPT_HANDSHAKE, span_of(head, sizeof head), body);
}

/* A hello shows which side is the client. Then a message of the other side says nothing about it. */
static bool sides_are_known(const struct observation *o)
{
    return o->seen & (SEEN_CLIENT_HELLO | SEEN_CUT_HELLO | SEEN_SERVER_HELLO);
}

void handshake_message(struct tls *tls, struct handshake *h, enum side who, uint8_t type, struct span body,
                       nanos now)
{
    const bool known = type < sizeof messages / sizeof *messages && messages[type].letter;
    if (h->kept)
        keep_handshake_message(tls, h, who, type, body);
    note_words(h, who, is_of_first_words(who, type));
    handshake_letter(h, who, known ? messages[type].letter : 'Q');
    if (who == CLIENT && type != MESSAGE_CLIENT_HELLO)
        later_note_answer(h, h->side[CLIENT].read_to);
    if (who == CLIENT && is_answer(type))
        note_answer(h);
    const bool of_other = known && messages[type].of == (who == CLIENT ? OF_SERVER : OF_CLIENT);
    h->side[who].says_others |= of_other;
    if (type == MESSAGE_CLIENT_HELLO && who == CLIENT) {
        on_client_hello(tls, h, body, now);
    } else if (type == MESSAGE_SERVER_HELLO && who == SERVER) {
        on_server_hello(tls, h, body, now);
    } else if (known && !(of_other && sides_are_known(h->observation))) {
        if (!messages[type].learn || messages[type].learn(h, who, body))
            h->observation->seen |= messages[type].seen;
        else
            malformed(tls, h, who);
        if (type == MESSAGE_CLIENT_KEY_EXCHANGE)
            h->observation->exchange_time = now;
    }
}

void handshake_sslv2_message(struct tls *tls, struct handshake *h, enum side who, struct span message,
                             nanos now)
{
    struct observation *o = h->observation;
    uint8_t type = message.n ? message.p[0] : 0xff;
    if (h->kept)
        handshake_keep(tls, h, who, KEPT_SSLV2, span_of(NULL, 0), message);
    note_words(h, who, type == (who == CLIENT ? 1 : 4));
    if (who == CLIENT && type == 1 && !(o->seen & SEEN_CLIENT_HELLO)) {
        handshake_letter(h, who, 'C');
        if (learn_sslv2_client_hello(o, message))
            note_client_hello(tls, h, now);
        else
            malformed(tls, h, who);
    } else if (who == SERVER && type == 4) {
        handshake_letter(h, who, 'S');
        if (learn_sslv2_server_hello(o, message))
            note_hello(h, SERVER, now);
        else
            malformed(tls, h, who);
        h->native_sslv2 = true;
        o->side[SERVER].encrypted = true; /* what it sends from now on, see sslv2_is_protected() */
    } else if (who == CLIENT && type == 2) {
        handshake_letter(h, who, 'G');
        h->native_sslv2 = true;
        o->seen |= SEEN_CLIENT_KEY_EXCHANGE;
        o->side[CLIENT].encrypted = true;
    } else if (who == SERVER && type == 0) {
        handshake_letter(h, who, 'L');
        o->seen |= SEEN_SSLV2_ERROR;
        handshake_event(tls, h, EVENT_SERVER_FATAL, now);
    } else if (type == 0) {
        handshake_letter(h, who, 'L');
        handshake_event(tls, h, EVENT_CLIENT_FATAL, now);
    }
}

/*
 * SERVER-VERIFY, CLIENT-FINISHED and SERVER-FINISHED cannot be told from data, but can from an ERROR: they
 * have 17 bytes and a MAC of 16, an ERROR has 3 and the MAC, padded to at most 24. Two from the server end
 * its part, and a second one from the client is data that it sends after seeing that.
 */
void handshake_sslv2_protected(struct tls *tls, struct handshake *h, enum side who, size_t length, nanos now)
{
    enum { SHORTEST_FINISHED = 33, ENOUGH = 2 };
    struct assembly *a = &h->side[who];
    h->observation->side[who].encrypted = true;
    if (length < SHORTEST_FINISHED || a->sslv2_long == ENOUGH)
        return;
    a->sslv2_long++;
    if (a->sslv2_long == (who == CLIENT ? 1 : 2)) {
        handshake_letter(h, who, 'F');
        h->observation->seen |= who == CLIENT ? SEEN_CLIENT_FINISHED : SEEN_SERVER_FINISHED;
    }
    if (h->side[CLIENT].sslv2_long == ENOUGH && h->side[SERVER].sslv2_long == ENOUGH)
        handshake_event(tls, h, EVENT_BOTH_FINISHED, now);
}

static bool is_fatal(const struct handshake *h, uint8_t level, uint8_t description)
{
    if (observation_version(h->observation) >= 0x0304) /* RFC 8446 6: the level byte means nothing any more */
        return !alert_is_farewell(description);
    return level == 2;
}

/* The reaction test of clause 7.2 looks at where the server's fatal alert is; one that follows the client's
 * own answers that. */
static void note_server_alert(struct handshake *h)
{
    struct observation *o = h->observation;
    handshake_server_ends(h, h->said_after);
    h->end_ack = h->acked[flow_side_of(h->flow, SERVER)];
    if (h->segment && h->segment->flags & TCP_ACK)
        acknowledged_note(&h->end_ack, h->segment->ack);
    h->client_gave_up |= handshake_client_gave_up(h);
    h->ended_otherwise |= h->unprompted || h->client_gave_up;
    if (h->ended_otherwise)
        return;
    if (o->reaction != REACTION_UNKNOWN && o->reaction != REACTION_ACCEPTED)
        return;
    if (o->seen & SEEN_SERVER_HELLO &&
        (o->seen & (SEEN_SERVER_HELLO_DONE | SEEN_SERVER_CCS) || observation_version(o) >= 0x0304))
        o->reaction = REACTION_ACCEPTED_LATE;
    else if ((o->seen & SEEN_CLIENT_HELLO || o->side[SERVER].start_captured) && !o->side[SERVER].damage)
        /* else its hello, or the end of its flight, may be missing */
        o->reaction = o->seen & SEEN_SERVER_HELLO ? REACTION_LATE_ALERT : REACTION_FATAL_ALERT;
}

void handshake_alert(struct tls *tls, struct handshake *h, enum side who, nanos now)
{
    enum { NO_CERTIFICATE = 41, NO_RENEGOTIATION = 100 };
    struct observation *o = h->observation;
    if (h->answer_awaited) { /* in clear, when it is no longer accepted (RFC 8446 5) */
        h->complete = true;
        return;
    }
    uint8_t level = h->side[who].alert[0];
    uint8_t description = h->side[who].alert[1];
    if (h->kept)
        handshake_keep(tls, h, who, KEPT_ALERT, span_of(h->side[who].alert, 2), span_of(NULL, 0));
    handshake_letter(h, who, 'L');
    note_words(h, who, false);
    if (level != 1 && level != 2) {
        malformed(tls, h, who);
        return;
    }
    if (o->alert_count < MAX_ALERTS)
        o->alerts[o->alert_count++] =
            (struct tls_alert){.from = (uint8_t)who,
                               .level = level,
                               .description = description,
                               .before_hello = !(o->seen & (SEEN_CLIENT_HELLO | SEEN_SERVER_HELLO))};
    if (who == CLIENT && level == 1 && description == NO_CERTIFICATE) {
        o->seen |= SEEN_NO_CERTIFICATE_ALERT;
        note_answer(h);
    }
    /* RFC 5246 7.2.2: a warning, but still an answer to the hello; the session goes on unchanged. */
    if (who == SERVER && o->renegotiation && description == NO_RENEGOTIATION)
        handshake_event(tls, h, EVENT_SERVER_FATAL, now);
    if (who == SERVER && alert_is_farewell(description)) {
        h->ended_late |= now - h->activity_before > REFUSAL_SECONDS * NANOS_PER_SECOND;
        handshake_server_ends(h, h->said_after);
    }
    if (!is_fatal(h, level, description))
        return;
    if (who == SERVER)
        note_server_alert(h);
    const bool ended = h->list == LIST_LINGERING;
    handshake_event(tls, h, who == CLIENT ? EVENT_CLIENT_FATAL : EVENT_SERVER_FATAL, now);
    const uint32_t end = h->flow->side[flow_side_of(h->flow, who)].next;
    handshake_note_alert(h, who, end, now);
    if (!ended && handshake_await_receipt(tls, h, who, end, now))
        h->alert_receipt = h->receipt;
}

/* Nothing of the side is missing, and its hello has not come yet. */
static bool is_before_hello(const struct handshake *h, enum side who)
{
    const struct side_facts *side = &h->observation->side[who];
    return h->flow->marks[flow_side_of(h->flow, who)] & SIDE_SYN && !side->damage && !side->hello_time;
}

void handshake_change_cipher(struct handshake *h, enum side who)
{
    struct observation *o = h->observation;
    uint16_t version = observation_version(o);
    if (version >= 0x0304 || (version == 0 && o->hello_retry)) { /* RFC 8446 D.4: for middleboxes only */
        handshake_letter(h, who, 'I');
        return;
    }
    if (version == 0 && is_before_hello(h, who)) { /* here GnuTLS treats it as in TLS 1.3 */
        handshake_letter(h, who, 'I');
        return;
    }
    bool own_key_exchange = who == CLIENT && o->seen & (SEEN_CLIENT_KEY_EXCHANGE | SEEN_SERVER_CCS);
    if (version == 0 && observation_may_offer_tls13(o) && !own_key_exchange && !h->side[who].ccs_pending &&
        h->side[who].record_type == RECORD_CHANGE_CIPHER_SPEC) {
        h->side[who].ccs_pending = true;
        return;
    }
    handshake_letter(h, who, 'I');
    if (who == SERVER)
        acknowledged_note(&h->server_ccs, h->side[SERVER].read_to);
    o->side[who].encrypted = true;
    o->seen |= who == CLIENT ? SEEN_CLIENT_CCS : SEEN_SERVER_CCS;
}

void handshake_protected_message(struct tls *tls, struct handshake *h, enum side who, nanos now)
{
    struct observation *o = h->observation;
    uint32_t own = who == CLIENT ? SEEN_CLIENT_FINISHED : SEEN_SERVER_FINISHED;
    if (o->seen & own) {
        o->seen |= SEEN_RENEGOTIATION;
        handshake_follow_up(h, FOLLOW_UP_UNKNOWN);
        return;
    }
    handshake_letter(h, who, 'F');
    if (who == CLIENT)
        later_note_answer(h, h->side[CLIENT].read_to);
    handshake_finished(tls, h, who, now);
}

void handshake_data(struct tls *tls, struct handshake *h, enum side who, size_t record_length, nanos now)
{
    struct observation *o = h->observation;
    uint32_t own = who == CLIENT ? SEEN_CLIENT_DATA : SEEN_SERVER_DATA;
    if (h->complete)
        return;
    if (h->answer_awaited) {
        handshake_answer(h, who, record_length);
        return;
    }
    if (h->follow_up_awaited) {
        if (who == CLIENT && record_length > h->awaited_mac)
            handshake_follow_up(h, FOLLOW_UP_DATA);
        return;
    }
    if (!(o->seen & own))
        handshake_letter(h, who, 'D');
    o->seen |= own;
    /* Other octets may by chance look like one record header, but hardly like two. */
    const uint16_t version = h->side[who].record_version;
    if (o->protected_version == 0 && !(o->seen & (SEEN_CLIENT_HELLO | SEEN_SERVER_HELLO)) &&
        version == h->data_version)
        o->protected_version = version;
    h->data_version = version;
    if (observation_version(o) >= 0x0304) {
        if (who == SERVER) {
            h->alert_ahead = handshake_is_alert(h, record_length);
            if (h->alert_ahead)
                h->answer_had = h->said_after;
            else if (h->said_after.any)
                acknowledged_note(&h->went_on, h->said_after.number);
            /* No message of the server's flight is as short; one that was not captured may precede it. */
            if (!h->alert_ahead || o->seen & SEEN_SERVER_FINISHED)
                handshake_finished(tls, h, SERVER, now);
            return;
        }
        o->side[CLIENT].encrypted = true;
        h->hidden_alert = handshake_is_alert(h, record_length) && !o->client_hello.early_data;
        if (!handshake_may_be_early_data(h) && (o->seen & SEEN_SERVER_DATA || !o->client_hello.early_data))
            maybe_finished(tls, h, record_length, now);
        return;
    }
    if (who == CLIENT && record_length >= SHORTEST_FINISHED_13) {
        h->client_went_on = h->client_protected;
        if (!h->client_protected)
            h->client_protected = (uint16_t)record_length;
    }
    /* Data from both sides: a lost Finished must have come before. */
    if (handshake_data_of_both(h, who, record_length)) {
        o->side[CLIENT].encrypted = o->side[SERVER].encrypted = true;
        handshake_event(tls, h, EVENT_BOTH_FINISHED, now);
    }
}
