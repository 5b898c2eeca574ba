/* The slots of connections in clear. */
#include "http/connection.h"

#include <stdlib.h>

enum { MEMBER = offsetof(struct connection, member) };

size_t http_memory(uint32_t connections)
{
    return pool_memory(sizeof(struct connection), connections);
}

struct http *http_new(uint32_t connections)
{
    struct http *http = calloc(1, sizeof *http);
    if (http && pool_open(&http->slots, sizeof(struct connection), connections)) {
        crowd_open(&http->crowd);
        return http;
    }
    free(http);
    return NULL;
}

void http_free(struct http *http)
{
    if (!http)
        return;
    pool_close(&http->slots);
    free(http);
}

const struct http_counters *http_counters(const struct http *http)
{
    return &http->counters;
}

struct connection *connection_at(const struct http *http, uint32_t slot)
{
    return pool_at(&http->slots, slot);
}

uint32_t http_open(struct http *http, const struct http_connection *begin, void *owner)
{
    uint32_t slot = pool_take(&http->slots);
    if (!slot)
        return 0;
    struct connection *c = connection_at(http, slot);
    memset(c, 0, offsetof(struct connection, waiting));
    c->seen = *begin;
    c->owner = owner;
    c->asked = begin->damage & HTTP_DAMAGE_MALFORMED ? ASKED_OTHER : ASKED_NOTHING;
    crowd_join(&http->crowd, &http->slots, MEMBER, slot, &begin->whence.client, begin->whence.confirmed,
               begin->whence.time);
    http->counters.connections++;
    return slot;
}

void http_close(struct http *http, uint32_t slot)
{
    crowd_leave(&http->crowd, &http->slots, MEMBER, slot);
    pool_give(&http->slots, slot);
}

void connection_active(struct http *http, uint32_t slot, const struct whence *where)
{
    crowd_active(&http->crowd, &http->slots, MEMBER, slot, where->confirmed, where->time);
}

void http_go_on(struct http *http, uint32_t slot, nanos now)
{
    struct connection *c = connection_at(http, slot);
    struct http_connection *seen = &c->seen;
    seen->told |= seen->count.requests || seen->count.answers;
    seen->count = seen->of_ut = (struct http_count){0};
    for (unsigned i = 0; i < c->waiting_count; i++)
        (void)count_request(c, &c->waiting[i]);
    seen->carried = seen->count.requests;
    crowd_active(&http->crowd, &http->slots, MEMBER, slot, false, now);
}

uint32_t http_victim(struct http *http)
{
    return crowd_victim(&http->crowd);
}

uint32_t http_quietest(const struct http *http)
{
    return crowd_quietest(&http->crowd, &http->slots, MEMBER);
}

uint32_t http_expired(const struct http *http, nanos now)
{
    const uint32_t slot = http_quietest(http);
    if (!slot || now - connection_at(http, slot)->member.last_activity < HTTP_IDLE_SECONDS * NANOS_PER_SECOND)
        return 0;
    return slot;
}

void http_at(struct http *http, uint32_t slot, enum side who, struct http_place place)
{
    struct connection *c = connection_at(http, slot);
    c->place = place;
    if (place.known)
        acknowledged_note(&c->acked[who], place.ack);
}

void *http_owner(const struct http *http, uint32_t slot)
{
    return connection_at(http, slot)->owner;
}

struct http_connection *http_connection(const struct http *http, uint32_t slot)
{
    return &connection_at(http, slot)->seen;
}

bool http_is_over(const struct http *http, uint32_t slot)
{
    const struct connection *c = connection_at(http, slot);
    return reader_is_over(&c->side[CLIENT]) && reader_is_over(&c->side[SERVER]);
}

bool http_is_whole(const struct http *http, uint32_t slot)
{
    const struct connection *c = connection_at(http, slot);
    return !(c->seen.damage & ~(uint32_t)HTTP_DAMAGE_END) && !reader_is_over(&c->side[CLIENT]) &&
           !c->early_count;
}
