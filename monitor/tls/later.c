/*
 * Handshake records after a hole that belong to a later handshake of the connection, which can be read if
 * nothing is encrypted. The order of reading does not show this, since what follows a hole waits for the
 * missing bytes; but nobody answers what he has not received, and the acknowledgement of a segment says what
 * its sender had (RFC 9293 3.4). A server that has received the client's answer to its flight sends no more
 * of that flight, and so forth (RFC 5246 7.3). After that comes the side's Finished, which cannot be read,
 * or, if it can be read, something that is sent only after its Finished.
 */
#include "tls/handshake.h"

static bool covers(const struct acknowledged *ack, const struct acknowledged *bytes)
{
    return bytes->any && acknowledged_covers(ack, bytes->number);
}

/* A ticket follows the client's Finished, and belongs to the next handshake only once that has begun (RFC
 * 5077 3.3). */
static bool server_had_finished(const struct handshake *h, uint8_t type)
{
    return covers(&h->said_after, type == MESSAGE_NEW_SESSION_TICKET ? &h->client_later : &h->client_answer);
}

/* Neither the hello of the handshake nor its second one, which has the same random (RFC 8446 4.1.2). */
static bool is_other_hello(const struct handshake *h, struct span body)
{
    const struct observation *o = h->observation;
    struct cursor c = cursor_over(body);
    (void)cursor_u16(&c);
    const struct span random = cursor_take(&c, sizeof h->memory.client_random);
    return o->seen & SEEN_CLIENT_HELLO && c.status == PARSE_OK &&
           memcmp(random.p, h->memory.client_random, random.n) != 0;
}

static bool client_had_finished(const struct handshake *h, uint8_t type, struct span body)
{
    if (covers(&h->said_after, &h->server_ccs))
        return true;
    return type == MESSAGE_CLIENT_HELLO &&
           (covers(&h->said_after, &h->server_hello) || is_other_hello(h, body));
}

bool later_begins(struct handshake *h, enum side who, struct span fragment, bool *readable)
{
    const struct assembly *a = &h->side[who];
    const struct side_facts *of = h->observation->side;
    *readable = false;
    if ((of[CLIENT].damage | of[SERVER].damage) &
        UNOBSERVED_DOUBTED) /* it is not known whose numbers these are */
        return false;
    struct cursor c = cursor_over(fragment);
    const uint8_t type = cursor_u8(&c);
    const size_t length = cursor_u24(&c);
    const bool fits = c.status == PARSE_OK && length + MESSAGE_HEADER_BYTES <= a->record_left;
    const struct span body = span_skip(fragment, MESSAGE_HEADER_BYTES);
    if (!(who == SERVER ? server_had_finished(h, type) : client_had_finished(h, type, body)))
        return false;
    *readable = fits && type != MESSAGE_FINISHED;
    handshake_damage(h, who, UNOBSERVED_GAP);
    return true;
}

void later_note_answer(struct handshake *h, uint32_t end)
{
    if (!h->client_answer.any)
        h->client_answer = (struct acknowledged){.number = end, .any = true};
}
