#include "peers/held.h"

#include "base/fold_hash.h"
#include "base/limits.h"
#include "wire/hello.h"

#include <string.h>

enum { TLS11 = 0x0302, BOTH = 1U << CLIENT | 1U << SERVER };

/* Groups may change: they are not part of a session. The rest is a hash under the peers' key, and serves as
 * one. */
static uint64_t use_of(const struct hello_shape *shape, const struct observation *o)
{
    const struct endpoint *server = &o->whence.server;
    const struct siphash_key key = {shape->rest, ~shape->asked};
    const uint64_t word = server->port | (uint64_t)o->client_hello.max_version << 16 |
                          (uint64_t)server->space << 32 | (uint64_t)server->family << 40;
    return shape->known ? fold_hash(&key, server->address, word) | 1 : 0;
}

/* A hash of the server's certificate; 0: it was not seen. */
static uint64_t certificate_of(const struct observation *o)
{
    uint64_t hash = 0;
    if (o->seen & SEEN_CERTIFICATE && o->certificate.parsed)
        memcpy(&hash, o->certificate.sha1, sizeof hash);
    return hash;
}

static bool has_extended_secret(const uint16_t *extensions, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (extensions[i] == EXTENSION_EXTENDED_MASTER_SECRET)
            return true;
    return false;
}

/* RFC 7627 5.1: both hellos have the extension, or the master secret is an ordinary one. */
static enum extended_secret extended_secret_of(const struct observation *o)
{
    const struct server_hello_facts *h = &o->server_hello;
    if (has_extended_secret(h->extensions, h->extension_count))
        return EXTENDED_YES;
    return h->extensions_cut || h->unknown & UNKNOWN_EXTENSIONS ? EXTENDED_UNKNOWN : EXTENDED_NO;
}

void held_learn(struct held_session *held, const struct hello_shape *shape, const struct observation *o,
                uint32_t begun)
{
    const uint32_t day = 86400;
    const uint32_t hint =
        o->seen & SEEN_TICKET ? o->ticket_issued.lifetime_hint : 0; /* 0: the client may decide */
    const uint32_t life = hint && hint < day ? hint : day;
    const uint32_t told = hint ? hint : RESUME_USUAL;
    const uint64_t use = use_of(shape, o);
    const uint16_t version = observation_version(o);
    const bool asked = o->seen & SEEN_CERTIFICATE_REQUEST;
    const uint64_t certificate = certificate_of(o);
    const enum extended_secret extended = extended_secret_of(o);
    const bool alike = held->use == use && held->version == version && held->asked == asked &&
                       held->certificate == certificate && held->extended == extended;
    *held = (struct held_session){.use = use,
                                  .from = o->event_time,
                                  .until = o->side[SERVER].hello_time + life * NANOS_PER_SECOND,
                                  .kept_for = told < RESUME_RECENT ? told : RESUME_RECENT,
                                  .suite = o->server_hello.suite,
                                  .version = version,
                                  .asked = asked,
                                  .extended = (uint8_t)extended,
                                  .since = alike ? held->since : o->side[SERVER].hello_time,
                                  .origin = o->side[SERVER].hello_time,
                                  .flow_id = o->whence.flow_id,
                                  .begun = begun,
                                  .certificate = certificate};
}

void held_close(struct held_session *held, uint64_t flow_id, unsigned sides)
{
    if (held->flow_id == flow_id)
        held->closed = sides & BOTH;
}

/* Could the hello use a session of this suite that was obtained like the held one? Not once the lifetime that
 * the server promised for the held one is over (RFC 5077 3.3). */
static bool is_for(const struct held_session *held, const struct hello_shape *shape,
                   const struct observation *o, uint16_t suite)
{
    const struct suite *of_session = suite_find(suite);
    return held->use && of_session && suite_set_has(&o->client_hello.offered, suite_index(of_session)) &&
           o->side[CLIENT].hello_time < held->until && held->use == use_of(shape, o);
}

bool held_is_usable(const struct held_session *held, const struct hello_shape *shape,
                    const struct observation *o)
{
    const unsigned needed = held->version >= TLS11 ? 1U << CLIENT : BOTH;
    return (held->closed & needed) == needed && held->from <= o->side[CLIENT].hello_time &&
           is_for(held, shape, o, held->suite);
}

enum { MICROSECOND = 1000 /* the unit in which origins are kept */ };

static bool is_superseded(const struct held_session *held, const struct observation *o,
                          const struct session_result *r)
{
    const uint64_t certificate = certificate_of(o);
    return r->origin + MICROSECOND <= held->since || o->server_hello.suite != r->suite ||
           observation_version(o) != held->version || extended_secret_of(o) != held->extended ||
           (o->seen & SEEN_CERTIFICATE_REQUEST && !held->asked) ||
           (certificate && held->certificate && certificate != held->certificate);
}

static uint32_t why_forgotten(const struct held_session *held, const struct observation *o,
                              const struct session_result *r, uint32_t begun)
{
    if (r->method == RESUMPTION_TICKET && observation_version(o) >= TLS11)
        return 0;
    if (held->closed != BOTH || held->origin / MICROSECOND != r->origin / MICROSECOND)
        return UNOBSERVED_ENCRYPTED;
    return r->method == RESUMPTION_ID && begun - held->begun > RESUME_OTHERS ? UNOBSERVED_UNDECIDED : 0;
}

struct refusal held_refusal(const struct held_session *held, const struct hello_shape *shape,
                            const struct observation *o, const struct session_result *r, uint32_t begun)
{
    const bool certain = r->known && r->basis == AGE_EXACT && !r->dead;
    const bool counts = certain && r->refused && o->resumption == RESUMPTION_FULL &&
                        o->client_hello.ticket_extension && r->suite_known &&
                        is_for(held, shape, o, r->suite) && !is_superseded(held, o, r) &&
                        r->offered_age < held->kept_for * NANOS_PER_SECOND;
    return (struct refusal){.counts = counts, .unless = counts ? why_forgotten(held, o, r, begun) : 0};
}
