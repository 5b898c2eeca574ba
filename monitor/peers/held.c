#include "peers/held.h"

#include "peers/shape.h"

#include <string.h>

/* Groups may change: they are nothing of a session. */
static uint64_t use_of(const struct siphash_key *key, const struct observation *o)
{
    const struct hello_shape shape = shape_of_hello(key, o);
    const uint16_t version = o->client_hello.max_version;
    uint8_t bytes[sizeof shape.rest + sizeof o->whence.server + sizeof version];
    memcpy(bytes, &shape.rest, sizeof shape.rest);
    memcpy(bytes + sizeof shape.rest, &o->whence.server, sizeof o->whence.server);
    memcpy(bytes + sizeof shape.rest + sizeof o->whence.server, &version, sizeof version);
    const uint64_t hash = siphash_for_table(key, span_of(bytes, sizeof bytes));
    return shape.known ? hash | 1 : 0;
}

void held_learn(struct held_session *held, const struct siphash_key *key, const struct observation *o)
{
    const uint32_t day = 86400;
    const uint32_t hint =
        o->seen & SEEN_TICKET ? o->ticket_issued.lifetime_hint : 0; /* 0: the client may decide */
    const uint32_t life = hint && hint < day ? hint : day;
    *held = (struct held_session){.use = use_of(key, o),
                                  .from = o->event_time,
                                  .until = o->side[SERVER].hello_time + life * NANOS_PER_SECOND,
                                  .suite = o->server_hello.suite};
}

bool held_is_for(const struct held_session *held, const struct siphash_key *key, const struct observation *o,
                 uint16_t suite)
{
    const struct suite *of_session = suite_find(suite);
    return held->use && of_session && suite_set_has(&o->client_hello.offered, suite_index(of_session)) &&
           held->use == use_of(key, o);
}

bool held_is_usable(const struct held_session *held, const struct siphash_key *key,
                    const struct observation *o)
{
    const nanos now = o->side[CLIENT].hello_time;
    return held->from <= now && now < held->until && held_is_for(held, key, o, held->suite);
}
