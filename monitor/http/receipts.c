/* What of each side's words the other one has acknowledged; until then an exchange waits here. */
#include "http/connection.h"

void http_acknowledged(struct http *http, uint32_t slot, enum side who, uint32_t ack)
{
    acknowledged_note(&connection_at(http, slot)->acked[who], ack);
}

bool is_unacknowledged(const struct connection *c, enum side who, const struct acknowledged *words)
{
    const struct acknowledged *acked = &c->acked[other_end(who)];
    const uint32_t uncaptured = who == CLIENT ? HTTP_DAMAGE_NO_SERVER : HTTP_DAMAGE_NO_CLIENT;
    return words->any && !(c->seen.damage & uncaptured) && !acknowledged_covers(acked, words->number);
}

bool http_lacks(const struct http *http, uint32_t slot, enum side who, uint32_t next)
{
    const struct connection *c = connection_at(http, slot);
    const enum side other = other_end(who);
    return acknowledged_beyond(&c->acked[other], next) > 1;
}

static void weigh(const struct connection *c, struct http_count *n)
{
    n->unacknowledged = is_unacknowledged(c, CLIENT, &n->request_to);
    n->answers_unacknowledged = is_unacknowledged(c, SERVER, &n->answer_to);
}

void http_weigh(const struct http *http, uint32_t slot)
{
    struct connection *c = connection_at(http, slot);
    weigh(c, &c->seen.count);
    weigh(c, &c->seen.of_ut);
}

/* Meanwhile another reading of the answer may have come. */
static struct http_exchange *give(struct connection *c, bool received)
{
    c->given = c->answered[0];
    c->answered_count--;
    memmove(&c->answered[0], &c->answered[1], c->answered_count * sizeof c->answered[0]);
    c->given.unacknowledged = !received || is_unacknowledged(c, CLIENT, &c->given.request_to);
    c->given.damage |= c->seen.damage & HTTP_DAMAGE_OVERLAP;
    return &c->given;
}

static struct http_exchange *next(struct connection *c, bool any)
{
    if (!c->answered_count)
        return NULL;
    const bool received = !is_unacknowledged(c, SERVER, &c->answered[0].answer_to);
    return received || any ? give(c, received) : NULL;
}

struct http_exchange *http_exchange(struct http *http, uint32_t slot)
{
    struct connection *c = connection_at(http, slot);
    return next(c, c->answered_count == HTTP_ANSWERED);
}

struct http_exchange *http_unreceived(struct http *http, uint32_t slot)
{
    return next(connection_at(http, slot), true);
}
