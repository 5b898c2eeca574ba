/* What a complete message, an alert or a change of cipher means for the observation and the machine. */
#include "tls/handshake.h"
#include "wire/hello.h"

void handshake_damage(struct handshake *h, enum side side, uint32_t reason)
{
    if (h->complete)
        return;
    h->observation.unobserved |= reason;
    if (!h->observation.side[side].encrypted) /* else it could not have been read anyway */
        h->observation.side[side].damage |= reason;
}

void handshake_letter(struct handshake *h, enum side side, char letter)
{
    struct observation *o = &h->observation;
    if (h->complete || o->history_len == MAX_HISTORY)
        return; /* what follows a complete handshake in the same segment is no part of it */
    o->history[o->history_len++] = (char)(side == CLIENT ? letter : letter - 'A' + 'a');
    o->history[o->history_len] = '\0';
}

static char letter_of(uint8_t type)
{
    switch (type) { /* as in Zeek's ssl_history */
    case MESSAGE_HELLO_REQUEST:
        return 'H';
    case MESSAGE_CLIENT_HELLO:
        return 'C';
    case MESSAGE_SERVER_HELLO:
        return 'S';
    case MESSAGE_NEW_SESSION_TICKET:
        return 'T';
    case MESSAGE_END_OF_EARLY_DATA:
        return 'E';
    case MESSAGE_HELLO_RETRY_REQUEST:
        return 'J';
    case MESSAGE_ENCRYPTED_EXTENSIONS:
        return 'O';
    case MESSAGE_CERTIFICATE:
        return 'X';
    case MESSAGE_SERVER_KEY_EXCHANGE:
        return 'K';
    case MESSAGE_CERTIFICATE_REQUEST:
        return 'R';
    case MESSAGE_SERVER_HELLO_DONE:
        return 'N';
    case MESSAGE_CERTIFICATE_VERIFY:
        return 'Y';
    case MESSAGE_CLIENT_KEY_EXCHANGE:
        return 'G';
    case MESSAGE_FINISHED:
        return 'F';
    case MESSAGE_CERTIFICATE_URL:
        return 'W';
    case MESSAGE_CERTIFICATE_STATUS:
        return 'U';
    case MESSAGE_SUPPLEMENTAL_DATA:
        return 'A';
    case MESSAGE_KEY_UPDATE:
        return 'P';
    default:
        return 'Q';
    }
}

static void malformed(struct tls *tls, struct handshake *h, enum side side)
{
    tls->counters.malformed++;
    handshake_damage(h, side, UNOBSERVED_MALFORMED);
}

static void note_hello(struct handshake *h, enum side side, nanos now)
{
    h->observation.side[side].hello_time = now;
    h->observation.side[side].start_captured = true; /* a hello is the first thing its side says */
}

static void finished(struct tls *tls, struct handshake *h, enum side who, nanos now)
{
    struct observation *o = &h->observation;
    uint32_t own = who == CLIENT ? SEEN_CLIENT_FINISHED : SEEN_SERVER_FINISHED;
    o->seen |= own;
    bool both = (o->seen & SEEN_CLIENT_FINISHED) && (o->seen & SEEN_SERVER_FINISHED);
    handshake_event(tls, h,
                    both            ? EVENT_BOTH_FINISHED
                    : who == CLIENT ? EVENT_CLIENT_FINISHED
                                    : EVENT_SERVER_FINISHED,
                    now);
}

static void on_client_hello(struct tls *tls, struct handshake *h, unsigned flow_side, struct span body,
                            nanos now)
{
    struct observation *o = &h->observation;
    if (o->seen & SEEN_CLIENT_HELLO) {
        if (!learn_second_client_hello(o, &h->memory, body))
            malformed(tls, h, CLIENT);
    } else if (learn_client_hello(o, &h->memory, h->side[flow_side].record_version, body)) {
        note_hello(h, CLIENT, now);
        learn_name_after_certificate(o);
        if (o->client_hello.malformed)
            malformed(tls, h, CLIENT);
    } else {
        malformed(tls, h, CLIENT);
    }
    handshake_event(tls, h, EVENT_CLIENT_HELLO, now);
}

static void settle_pending_ccs(struct tls *tls, struct handshake *h, nanos now)
{
    for (unsigned side = 0; side < 2; side++)
        if (h->side[side].ccs_pending) {
            h->side[side].ccs_pending = false;
            handshake_change_cipher(tls, h, side, now);
        }
}

static void on_server_hello(struct tls *tls, struct handshake *h, struct span body, nanos now)
{
    struct observation *o = &h->observation;
    if (o->seen & SEEN_SERVER_HELLO) {
        handshake_event(tls, h, EVENT_SERVER_HELLO, now);
        return;
    }
    if (!learn_server_hello(o, &h->memory, body)) {
        malformed(tls, h, SERVER);
        return;
    }
    if (!(o->seen & SEEN_SERVER_HELLO)) { /* a HelloRetryRequest */
        o->history[o->history_len - 1] = 'j';
        handshake_event(tls, h, EVENT_HELLO_RETRY, now);
        return;
    }
    note_hello(h, SERVER, now);
    if (observation_version(o) >= 0x0304) {
        o->side[SERVER].encrypted = true;
        h->side[0].ccs_pending = h->side[1].ccs_pending = false;
        handshake_event(tls, h, EVENT_SERVER_HELLO_13, now);
        if (h->client_protected && !o->client_hello.early_data)
            finished(tls, h, CLIENT, now);
    } else {
        handshake_event(tls, h, EVENT_SERVER_HELLO, now);
        settle_pending_ccs(tls, h, now);
    }
}

/* Facts of a message; false when it does not parse. */
static bool learn_message(struct handshake *h, enum side who, uint8_t type, struct span body)
{
    struct observation *o = &h->observation;
    switch (type) {
    case MESSAGE_CERTIFICATE:
        if (who == CLIENT)
            return learn_client_certificate(o, body);
        return o->seen & SEEN_CERTIFICATE || learn_server_certificate(o, body);
    case MESSAGE_SERVER_KEY_EXCHANGE:
        return learn_server_key_exchange(o, body);
    case MESSAGE_CERTIFICATE_REQUEST:
        return learn_certificate_request(o, body);
    case MESSAGE_NEW_SESSION_TICKET:
        return learn_session_ticket(o, &h->memory, body);
    case MESSAGE_SERVER_HELLO_DONE:
        o->seen |= SEEN_SERVER_HELLO_DONE;
        return body.n == 0;
    case MESSAGE_CLIENT_KEY_EXCHANGE:
        o->seen |= SEEN_CLIENT_KEY_EXCHANGE;
        return true;
    case MESSAGE_CERTIFICATE_VERIFY:
        o->seen |= SEEN_CERTIFICATE_VERIFY;
        return true;
    case MESSAGE_CERTIFICATE_STATUS:
        o->seen |= SEEN_CERTIFICATE_STATUS;
        return true;
    case MESSAGE_HELLO_REQUEST:
        o->seen |= SEEN_HELLO_REQUEST;
        return true;
    case MESSAGE_HELLO_RETRY_REQUEST:
        o->hello_retry = true;
        return true;
    default:
        return true;
    }
}

void handshake_message(struct tls *tls, struct handshake *h, unsigned flow_side, uint8_t type,
                       struct span body, nanos now)
{
    enum side who = handshake_side(h, flow_side);
    handshake_letter(h, who, letter_of(type));
    if (type == MESSAGE_CLIENT_HELLO && who == CLIENT) {
        on_client_hello(tls, h, flow_side, body, now);
        return;
    }
    if (type == MESSAGE_SERVER_HELLO && who == SERVER) {
        on_server_hello(tls, h, body, now);
        return;
    }
    if (!learn_message(h, who, type, body))
        malformed(tls, h, who);
    enum tls_event event = who == CLIENT                         ? EVENT_CLIENT_MESSAGE
                           : type == MESSAGE_SERVER_HELLO_DONE   ? EVENT_SERVER_HELLO_DONE
                           : type == MESSAGE_HELLO_RETRY_REQUEST ? EVENT_HELLO_RETRY
                                                                 : EVENT_SERVER_MESSAGE;
    handshake_event(tls, h, event, now);
}

void handshake_sslv2_message(struct tls *tls, struct handshake *h, unsigned flow_side, struct span message,
                             nanos now)
{
    struct observation *o = &h->observation;
    enum side who = handshake_side(h, flow_side);
    uint8_t type = message.n ? message.p[0] : 0xff;
    if (who == CLIENT && type == 1 && !(o->seen & SEEN_CLIENT_HELLO)) {
        handshake_letter(h, who, 'C');
        if (learn_sslv2_client_hello(o, message))
            note_hello(h, CLIENT, now);
        else
            malformed(tls, h, who);
        handshake_event(tls, h, EVENT_CLIENT_HELLO, now);
    } else if (who == SERVER && type == 4) {
        handshake_letter(h, who, 'S');
        if (learn_sslv2_server_hello(o, message))
            note_hello(h, SERVER, now);
        else
            malformed(tls, h, who);
        /* What follows in SSLv2 has a record layer of its own and is protected at once. */
        o->side[CLIENT].encrypted = o->side[SERVER].encrypted = true;
        h->side[0].lost = h->side[1].lost = true;
        handshake_event(tls, h, EVENT_SERVER_HELLO_13, now);
    } else if (who == SERVER && type == 0) {
        handshake_letter(h, who, 'L');
        o->seen |= SEEN_SSLV2_ERROR;
        handshake_event(tls, h, EVENT_SERVER_FATAL, now);
    }
}

static bool is_fatal(const struct handshake *h, uint8_t level, uint8_t description)
{
    enum { CLOSE_NOTIFY = 0, USER_CANCELED = 90 };
    if (observation_version(&h->observation) >=
        0x0304) /* RFC 8446 6: the level byte means nothing any more */
        return description != CLOSE_NOTIFY && description != USER_CANCELED;
    return level == 2;
}

/* The reaction test of clause 7.2 looks at where a fatal alert of the server stands. */
static void note_server_alert(struct observation *o)
{
    if (o->reaction != REACTION_UNKNOWN && o->reaction != REACTION_ACCEPTED)
        return;
    if (o->seen & SEEN_SERVER_HELLO &&
        (o->seen & (SEEN_SERVER_HELLO_DONE | SEEN_SERVER_CCS) || observation_version(o) >= 0x0304))
        o->reaction = REACTION_ACCEPTED_LATE;
    else if (!o->side[SERVER].damage) /* else its hello, or the end of its flight, may be what is missing */
        o->reaction = o->seen & SEEN_SERVER_HELLO ? REACTION_LATE_ALERT : REACTION_FATAL_ALERT;
}

void handshake_alert(struct tls *tls, struct handshake *h, unsigned flow_side, nanos now)
{
    enum { NO_CERTIFICATE = 41 };
    struct observation *o = &h->observation;
    enum side who = handshake_side(h, flow_side);
    uint8_t level = h->side[flow_side].alert[0];
    uint8_t description = h->side[flow_side].alert[1];
    handshake_letter(h, who, 'L');
    if (level != 1 && level != 2) {
        malformed(tls, h, who);
        return;
    }
    if (o->alert_count < MAX_ALERTS)
        o->alerts[o->alert_count++] =
            (struct tls_alert){.from = (uint8_t)who, .level = level, .description = description};
    if (who == CLIENT && level == 1 && description == NO_CERTIFICATE)
        o->seen |= SEEN_NO_CERTIFICATE_ALERT;
    if (!is_fatal(h, level, description)) {
        handshake_event(tls, h, EVENT_WARNING, now);
        return;
    }
    if (who == SERVER)
        note_server_alert(o);
    handshake_event(tls, h, who == CLIENT ? EVENT_CLIENT_FATAL : EVENT_SERVER_FATAL, now);
}

void handshake_change_cipher(struct tls *tls, struct handshake *h, unsigned flow_side, nanos now)
{
    struct observation *o = &h->observation;
    enum side who = handshake_side(h, flow_side);
    uint16_t version = observation_version(o);
    if (version >= 0x0304 || (version == 0 && o->hello_retry)) { /* RFC 8446 D.4: for middleboxes only */
        handshake_letter(h, who, 'I');
        return;
    }
    bool own_key_exchange = who == CLIENT && o->seen & (SEEN_CLIENT_KEY_EXCHANGE | SEEN_SERVER_CCS);
    bool may_be_13 = !(o->seen & SEEN_CLIENT_HELLO) || o->client_hello.max_version >= 0x0304;
    if (version == 0 && may_be_13 && !own_key_exchange && !h->side[flow_side].ccs_pending &&
        h->side[flow_side].record_type == RECORD_CHANGE_CIPHER_SPEC) {
        h->side[flow_side].ccs_pending = true;
        return;
    }
    handshake_letter(h, who, 'I');
    o->side[who].encrypted = true;
    o->seen |= who == CLIENT ? SEEN_CLIENT_CCS : SEEN_SERVER_CCS;
    handshake_event(tls, h, who == CLIENT ? EVENT_CLIENT_CCS : EVENT_SERVER_CCS, now);
}

void handshake_protected_message(struct tls *tls, struct handshake *h, unsigned flow_side, nanos now)
{
    struct observation *o = &h->observation;
    enum side who = handshake_side(h, flow_side);
    uint32_t own = who == CLIENT ? SEEN_CLIENT_FINISHED : SEEN_SERVER_FINISHED;
    if (o->seen & own) {
        o->seen |= SEEN_RENEGOTIATION;
        return;
    }
    handshake_letter(h, who, 'F');
    finished(tls, h, who, now);
}

void handshake_data(struct tls *tls, struct handshake *h, unsigned flow_side, size_t record_length, nanos now)
{
    struct observation *o = &h->observation;
    enum side who = handshake_side(h, flow_side);
    uint32_t own = who == CLIENT ? SEEN_CLIENT_DATA : SEEN_SERVER_DATA;
    if (h->complete)
        return;
    if (!(o->seen & own))
        handshake_letter(h, who, 'D');
    o->seen |= own;
    if (o->protected_version == 0 && !(o->seen & (SEEN_CLIENT_HELLO | SEEN_SERVER_HELLO)))
        o->protected_version = h->side[flow_side].record_version;
    /* The shortest Finished is 53 bytes as a protected record (RFC 8446 4.4.4, 5.2); an alert is 19. */
    enum { SHORTEST_FINISHED = 53 };
    bool long_enough = who == CLIENT && record_length >= SHORTEST_FINISHED;
    if (observation_version(o) >= 0x0304) {
        if (who == SERVER) {
            finished(tls, h, SERVER, now);
            return;
        }
        o->side[CLIENT].encrypted = true;
        /* Early data are as long; with them only what comes after the server's flight can be a Finished. */
        if (long_enough && (o->seen & SEEN_SERVER_DATA || !o->client_hello.early_data))
            finished(tls, h, CLIENT, now);
        return;
    }
    h->client_protected |= long_enough;
    /* Data of both sides after a lost Finished: it must have been there. */
    if ((o->seen & SEEN_CLIENT_DATA) && (o->seen & SEEN_SERVER_DATA) && (o->seen & SEEN_SERVER_HELLO)) {
        o->side[CLIENT].encrypted = o->side[SERVER].encrypted = true;
        handshake_event(tls, h, EVENT_BOTH_FINISHED, now);
    }
}
