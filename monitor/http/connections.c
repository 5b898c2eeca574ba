/* The slots of connections in clear, in the order of their last activity. */
#include "http/connection.h"

#include <stdlib.h>

size_t http_memory(uint32_t connections)
{
    return pool_memory(sizeof(struct connection), connections);
}

struct http *http_new(uint32_t connections)
{
    struct http *http = calloc(1, sizeof *http);
    if (http && pool_open(&http->slots, sizeof(struct connection), connections))
        return http;
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
    memset(c, 0, sizeof *c);
    c->seen = *begin;
    c->owner = owner;
    c->last_activity = begin->whence.time;
    c->asked = begin->damage & HTTP_DAMAGE_MALFORMED ? ASKED_OTHER : ASKED_NOTHING;
    queue_push(&http->queue, &http->slots, offsetof(struct connection, link), slot);
    http->counters.connections++;
    return slot;
}

void http_close(struct http *http, uint32_t slot)
{
    queue_remove(&http->queue, &http->slots, offsetof(struct connection, link), slot);
    pool_give(&http->slots, slot);
}

uint32_t http_oldest(const struct http *http)
{
    return http->queue.oldest;
}

uint32_t http_expired(const struct http *http, nanos now)
{
    if (!http->queue.oldest ||
        now - connection_at(http, http->queue.oldest)->last_activity < HTTP_IDLE_SECONDS * NANOS_PER_SECOND)
        return 0;
    return http->queue.oldest;
}

void connection_active(struct http *http, uint32_t slot, nanos now)
{
    connection_at(http, slot)->last_activity = now;
    queue_remove(&http->queue, &http->slots, offsetof(struct connection, link), slot);
    queue_push(&http->queue, &http->slots, offsetof(struct connection, link), slot);
}

void http_at(struct http *http, uint32_t slot, enum side who, struct http_place place)
{
    struct connection *c = connection_at(http, slot);
    c->place = place;
    if (place.known)
        acknowledged_note(&c->acked[who], place.ack);
}

bool http_lacks(const struct http *http, uint32_t slot, enum side who, uint32_t next)
{
    const struct connection *c = connection_at(http, slot);
    const enum side other = who == CLIENT ? SERVER : CLIENT;
    return acknowledged_beyond(&c->acked[other], next) > 1;
}

void *http_owner(const struct http *http, uint32_t slot)
{
    return connection_at(http, slot)->owner;
}

struct http_exchange *http_exchange(const struct http *http, uint32_t slot)
{
    return &connection_at(http, slot)->complete;
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
