#include "peers/serving.h"

#include "base/expect.h"
#include "base/ways.h"
#include "decode/endpoint_hash.h"

static uint64_t hash_of(const struct serving *s, const struct endpoint *end)
{
    struct endpoint host = *end;
    host.port = 0;
    host.udp = false;
    return endpoint_hash(&s->key, &host) | 1;
}

static const uint64_t *place_of(const struct serving *s, uint64_t hash)
{
    const uint64_t *places = &s->host[ways_of(hash, SERVING_HOSTS)];
    for (size_t i = 0; i < WAYS; i++)
        if (places[i] == hash)
            return &places[i];
    return NULL;
}

/* A free place, or the place of a host that gives way. */
static uint64_t *place_for(struct serving *s, uint64_t hash)
{
    uint64_t *places = &s->host[ways_of(hash, SERVING_HOSTS)];
    for (size_t i = 0; i < WAYS; i++)
        if (!places[i])
            return &places[i];
    return &places[next_way(&s->turn)];
}

/* 127.0.0.0/8 and ::1 (RFC 6890 2.2). */
static bool is_loopback(const struct endpoint *end)
{
    static const uint8_t v6[16] = {[15] = 1};
    return end->family == 4 ? end->address[0] == 127 : memcmp(end->address, v6, sizeof v6) == 0;
}

void serving_learn(struct serving *s, const struct observation *o)
{
    const struct whence *whence = &o->whence;
    if (o->outcome != OUTCOME_COMPLETE || !whence->confirmed ||
        endpoint_same_host(&whence->client, &whence->server))
        return;
    const uint64_t hash = hash_of(s, &whence->server);
    if (place_of(s, hash))
        return;
    uint64_t *place = place_for(s, hash);
    if (*place) {
        s->forgotten++;
        forgotten_note(&s->before, *place >> 1, o->event_time);
    }
    *place = hash;
}

void serving_expect(const struct serving *s, const struct whence *whence)
{
    const uint64_t hash = hash_of(s, &whence->client);
    expect(&s->host[ways_of(hash, SERVING_HOSTS)], WAYS * sizeof *s->host);
    expect(&s->host[ways_of(hash_of(s, &whence->server), SERVING_HOSTS)], WAYS * sizeof *s->host);
    if (s->forgotten)
        forgotten_expect(&s->before, hash >> 1);
}

bool serving_has_client(const struct serving *s, const struct whence *whence)
{
    const uint64_t hash = hash_of(s, &whence->client);
    return !endpoint_same_host(&whence->client, &whence->server) && !is_loopback(&whence->client) &&
           (place_of(s, hash) || (s->forgotten && forgotten_has(&s->before, hash >> 1)));
}
