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
    *held = (struct held_session){.use = use_of(shape, o),
                                  .from = o->event_time,
                                  .until = o->side[SERVER].hello_time + life * NANOS_PER_SECOND,
                                  .kept_for = told < RESUME_RECENT ? told : RESUME_RECENT,
                                  .suite = o->server_hello.suite};
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
    return held->from <= o->side[CLIENT].hello_time && held_is_for(held, shape, o, held->suite);
}
