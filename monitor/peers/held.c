#include "peers/held.h"

#include "base/fold_hash.h"
#include "base/limits.h"

/* Groups may change: they are nothing of a session. The rest is a hash under the peers' key, and serves as
 * one. */
static uint64_t use_of(const struct hello_shape *shape, const struct observation *o)
{
    const struct endpoint *server = &o->whence.server;
    const struct siphash_key key = {shape->rest, ~shape->asked};
    const uint64_t word = server->port | (uint64_t)o->client_hello.max_version << 16 |
                          (uint64_t)server->space << 32 | (uint64_t)server->family << 40;
    return shape->known ? fold_hash(&key, server->address, word) | 1 : 0;
}

void held_learn(struct held_session *held, const struct hello_shape *shape, const struct observation *o)
{
    const uint32_t day = 86400;
    const uint32_t hint =
        o->seen & SEEN_TICKET ? o->ticket_issued.lifetime_hint : 0; /* 0: the client may decide */
    const uint32_t life = hint && hint < day ? hint : day;
    const uint32_t told = hint ? hint : RESUME_USUAL;
    const uint64_t use = use_of(shape, o);
    const uint16_t version = observation_version(o);
    const bool asked = o->seen & SEEN_CERTIFICATE_REQUEST;
    const bool alike = held->use == use && held->version == version && held->asked == asked;
    *held = (struct held_session){.use = use,
                                  .from = o->event_time,
                                  .until = o->side[SERVER].hello_time + life * NANOS_PER_SECOND,
                                  .kept_for = told < RESUME_RECENT ? told : RESUME_RECENT,
                                  .suite = o->server_hello.suite,
                                  .version = version,
                                  .asked = asked,
                                  .since = alike ? held->since : o->side[SERVER].hello_time};
}

bool held_is_for(const struct held_session *held, const struct hello_shape *shape,
                 const struct observation *o, uint16_t suite)
{
    const struct suite *of_session = suite_find(suite);
    return held->use && of_session && suite_set_has(&o->client_hello.offered, suite_index(of_session)) &&
           o->side[CLIENT].hello_time < held->until && held->use == use_of(shape, o);
}

bool held_is_usable(const struct held_session *held, const struct hello_shape *shape,
                    const struct observation *o)
{
    enum { TLS11 = 0x0302 };
    return held->version >= TLS11 && held->from <= o->side[CLIENT].hello_time &&
           held_is_for(held, shape, o, held->suite);
}

bool held_is_superseded(const struct held_session *held, const struct observation *o, uint16_t suite,
                        nanos origin)
{
    const nanos microsecond = 1000; /* in which origins are kept */
    return origin + microsecond <= held->since || o->server_hello.suite != suite ||
           observation_version(o) != held->version || (o->seen & SEEN_CERTIFICATE_REQUEST && !held->asked);
}
