/*
 * How a TLS 1.3 server reacts to the client's Finished, and to the certificate before it. The server sent its
 * own Finished earlier (RFC 8446 4.4.4), so only what it sends next shows that it goes on: a ticket or data.
 * A refusal is a record as long as an alert, then the end; a close_notify of a server that served nothing,
 * and two octets of data, look the same. Which of them it was is encrypted.
 */
#include "tls/handshake.h"

enum { CONTENT_TYPE = 1, ALERT = 2 };

static size_t hash_bytes(const struct suite *suite)
{
    return strcmp(suite->hash, "SHA512") == 0 ? 64 : strcmp(suite->hash, "SHA384") == 0 ? 48 : 32;
}

/* What follows the content of a record: its type and the tag (RFC 8446 5.2, RFC 9150 5). */
static size_t added_bytes(uint16_t code)
{
    const struct suite *suite = suite_find(code);
    if (!suite || !(suite->flags & SUITE_TLS13))
        return 0;
    if (suite->flags & SUITE_NULL_ENCRYPTION)
        return CONTENT_TYPE + hash_bytes(suite);
    return CONTENT_TYPE + (strstr(suite->cipher, "CCM_8") ? 8 : 16);
}

size_t handshake_finished_bytes(uint16_t code)
{
    const size_t added = added_bytes(code);
    return added ? MESSAGE_HEADER_BYTES + hash_bytes(suite_find(code)) + added : 0; /* RFC 8446 4.4.4 */
}

bool handshake_is_alert(const struct handshake *h, size_t record_length)
{
    return record_length == ALERT + added_bytes(h->observation->server_hello.suite);
}

/* The server has acknowledged the client's bytes up to here. */
static bool server_has(const struct handshake *h, uint32_t number)
{
    return acknowledged_covers(&h->acked[flow_side_of(h->flow, SERVER)], number);
}

static bool may_await(const struct handshake *h)
{
    const struct observation *o = h->observation;
    return observation_version(o) >= 0x0304 && added_bytes(o->server_hello.suite) &&
           !observation_clear_suite(o) && !o->client_hello.early_data && !o->side[CLIENT].closed &&
           !o->side[CLIENT].reset;
}

/* With early data the server may have answered before. If it has already acknowledged what comes only now,
 * its records were captured too early: the last of them, an alert or an end, may be the answer. */
bool handshake_awaits_answer(struct handshake *h)
{
    const struct observation *o = h->observation;
    const struct side_facts *server = &o->side[SERVER];
    const bool ended = server->closed || server->reset;
    const bool answered = server_has(h, h->side[CLIENT].read_to);
    const bool went_on = acknowledged_covers(&h->went_on, h->side[CLIENT].read_to);
    const bool open = answered ? !went_on : !ended;
    h->answered_by_alert = answered && h->alert_ahead;
    return (h->phase == PHASE_OPEN || (h->phase == PHASE_REFUSED && answered)) && open && may_await(h) &&
           o->seen & SEEN_SERVER_FINISHED;
}

/* The server's record does not acknowledge the client's Finished: it belongs to the server's own flight, or
 * is data that do not wait for the client (RFC 8446 2), and was captured too late. */
static bool is_of_flight(const struct handshake *h)
{
    return !acknowledged_covers(&h->said_after, h->client_flight.number);
}

bool handshake_awaits_answer_to_late_flight(struct handshake *h)
{
    h->answered_by_alert = false;
    return h->phase == PHASE_OPEN && may_await(h) && is_of_flight(h);
}

bool handshake_may_send_early_data(const struct observation *o)
{
    return !(o->seen & SEEN_CLIENT_HELLO) || o->client_hello.early_data ||
           o->client_hello.unknown & UNKNOWN_EXTENSIONS;
}

/* Early data may be as long as a Finished, and be acknowledged before the server's flight. A Finished answers
 * that flight (RFC 8446 4.4.4), and so acknowledges the ServerHello. */
bool handshake_may_be_early_data(const struct handshake *h)
{
    return handshake_may_send_early_data(h->observation) &&
           !(h->server_hello.any && acknowledged_covers(&h->said_after, h->server_hello.number));
}

/* Without the ServerHello's version the records may be TLS 1.3's, and belong to the flights; or they are
 * alerts, which with usual suites are this short. What shows that both have finished is what the server says
 * when it has such a record of the client. */
bool handshake_data_of_both(struct handshake *h, enum side who, size_t record_length)
{
    enum { USUAL_ALERT = ALERT + CONTENT_TYPE + 16 };
    const struct observation *o = h->observation;
    const bool alert = record_length <= USUAL_ALERT;
    if (who == CLIENT && !alert && !h->client_flight.any && !handshake_may_be_early_data(h))
        h->client_flight = (struct acknowledged){.number = h->side[CLIENT].read_to, .any = true};
    if (!(o->seen & SEEN_CLIENT_DATA) || !(o->seen & SEEN_SERVER_DATA) || !(o->seen & SEEN_SERVER_HELLO))
        return false;
    return observation_version(o) || !observation_may_offer_tls13(o) ||
           (who == SERVER && !alert && h->client_flight.any && !is_of_flight(h));
}

/* The client has acknowledged words of the server, or its FIN, that were not captured so far. */
static bool answer_unseen(const struct handshake *h)
{
    const unsigned server = flow_side_of(h->flow, SERVER);
    const bool fin = acknowledged_beyond(&h->acked[!server], h->flow->side[server].next) == 1;
    return handshake_has_unseen(h, server) || (fin && !h->observation->side[SERVER].closed);
}

/* The client has ended a handshake that it takes for complete, and the server follows: an alert or an end of
 * the server that acknowledges the client's end, up to `end`, was captured before it but answers it. The
 * answer may be among the server's bytes that the client has but that were not captured yet. */
static void client_ends(struct handshake *h, uint32_t end)
{
    if (answer_unseen(h))
        return;
    const bool follows = acknowledged_covers(&h->answer_had, end) && !h->answer_lost;
    h->answer_awaited = !follows && handshake_is_unanswered(h);
    h->complete = true;
}

static void goes_on(struct handshake *h)
{
    h->answer_awaited = false;
    h->complete = true;
}

/* An end, when the server has gone on and nothing that may be the Finished has come since. */
static bool ends_after_answer(struct handshake *h)
{
    if (!h->guess_answered || handshake_has_unseen(h, flow_side_of(h->flow, CLIENT)))
        return false;
    goes_on(h);
    return true;
}

/* With its certificate, its signature and its Finished in records of their own, the one that was taken for
 * the Finished may have been a part of the flight: any later one may be it. */
static void guess_again(struct handshake *h, size_t record_length)
{
    h->guessed = record_length != handshake_finished_bytes(h->observation->server_hello.suite);
    h->guess_answered = false;
    h->client_flight.number = h->side[CLIENT].read_to;
}

void handshake_answer(struct handshake *h, enum side who, size_t record_length)
{
    enum { ENOUGH = 8 }; /* no flight has so many parts, each of which waits for data */
    const bool alert = handshake_is_alert(h, record_length);
    if (alert && ends_after_answer(h))
        return;
    if (who == CLIENT) {
        if (alert)
            client_ends(h, h->side[CLIENT].read_to);
        else if (h->guessed)
            guess_again(h, record_length);
        return;
    }
    h->answered_by_alert = alert;
    if (alert) {
        h->answer_had = h->said_after;
        return;
    }
    if (is_of_flight(h))
        return;
    h->guess_answered = h->guessed;
    if (!h->guessed || h->guesses_answered++ == ENOUGH)
        goes_on(h);
}

void handshake_answer_lost(struct handshake *h, enum side who)
{
    *(who == SERVER ? &h->answer_lost : &h->question_lost) |= h->answer_awaited;
}

void handshake_answer_end(struct tls *tls, struct handshake *h, enum side who, bool reset, nanos now)
{
    struct side_facts *side = &h->observation->side[who];
    const uint32_t end = h->flow->side[flow_side_of(h->flow, who)].fin_at + 1;
    if (ends_after_answer(h))
        return;
    if (who == CLIENT && !reset) {
        client_ends(h, end);
        return;
    }
    if (who == SERVER && !h->answered_by_alert)
        h->answer_had = reset ? h->acked[flow_side_of(h->flow, SERVER)] : h->said_after;
    *(reset ? &side->reset : &side->closed) = true;
    if (reset)
        handshake_reset(tls, h, now);
    else if (!handshake_await_receipt(tls, h, who, end, now))
        handshake_linger(tls, h, now);
}

/* The server's last words may answer what the client sent but what was not captured. */
static bool misses_question(const struct handshake *h)
{
    const bool last_words = h->answered_by_alert || h->observation->side[SERVER].closed;
    return last_words && (h->question_lost || handshake_has_unseen(h, flow_side_of(h->flow, CLIENT)));
}

bool handshake_answer_is_missing(const struct handshake *h)
{
    return h->answer_awaited && (h->answer_lost || answer_unseen(h) || misses_question(h));
}

bool handshake_is_unanswered(const struct handshake *h)
{
    const struct observation *o = h->observation;
    const struct side_facts *server = &o->side[SERVER];
    return h->answer_awaited && (h->answered_by_alert || handshake_answer_is_missing(h) ||
                                 ((server->closed || server->reset) && !o->side[CLIENT].reset));
}
