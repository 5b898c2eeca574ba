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

/* The server has more than was captured so far, which may be an end sent by the client. */
static bool is_ahead(const struct handshake *h)
{
    return server_has(h, h->flow->side[flow_side_of(h->flow, CLIENT)].next + 1);
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
    const bool open = answered ? !went_on && (ended || h->alert_ahead) : !ended;
    h->answered_by_alert = answered && h->alert_ahead;
    return (h->phase == PHASE_OPEN || (h->phase == PHASE_REFUSED && answered)) && open &&
           observation_version(o) >= 0x0304 && added_bytes(o->server_hello.suite) &&
           !observation_clear_suite(o) && o->seen & SEEN_SERVER_FINISHED && !o->client_hello.early_data &&
           !o->side[CLIENT].closed && !o->side[CLIENT].reset;
}

/* The client has ended a handshake that it takes for complete, and the server follows. The answer may be
 * among the server's bytes that the client has but that were not captured yet. */
static void client_ends(struct handshake *h)
{
    if (handshake_has_unseen(h, flow_side_of(h->flow, SERVER)))
        return;
    h->answer_awaited = handshake_is_unanswered(h);
    h->complete = true;
}

void handshake_answer(struct handshake *h, enum side who, size_t record_length)
{
    const bool alert = handshake_is_alert(h, record_length);
    if (who == CLIENT) {
        if (alert)
            client_ends(h);
        return;
    }
    h->answered_by_alert = alert && !is_ahead(h);
    if (h->answered_by_alert)
        return;
    h->answer_awaited = false;
    h->complete = true;
}

void handshake_answer_lost(struct handshake *h, enum side who)
{
    h->answer_lost |= who == SERVER && h->answer_awaited;
}

void handshake_answer_end(struct tls *tls, struct handshake *h, enum side who, bool reset, nanos now)
{
    struct side_facts *side = &h->observation->side[who];
    if (who == CLIENT && !reset) {
        client_ends(h);
        return;
    }
    if (who == SERVER && is_ahead(h) && !h->answered_by_alert && !h->answer_lost)
        h->answer_awaited = false;
    *(reset ? &side->reset : &side->closed) = true;
    const uint32_t end = h->flow->side[flow_side_of(h->flow, who)].fin_at + 1;
    if (reset)
        handshake_reset(tls, h, now);
    else if (!handshake_await_receipt(tls, h, who, end, now))
        handshake_linger(tls, h, now);
}

bool handshake_answer_is_missing(const struct handshake *h)
{
    return h->answer_awaited && (h->answer_lost || handshake_has_unseen(h, flow_side_of(h->flow, SERVER)));
}

bool handshake_is_unanswered(const struct handshake *h)
{
    const struct observation *o = h->observation;
    const struct side_facts *server = &o->side[SERVER];
    return h->answer_awaited && (h->answered_by_alert || handshake_answer_is_missing(h) ||
                                 ((server->closed || server->reset) && !o->side[CLIENT].reset));
}
