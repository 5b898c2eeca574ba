/* Handshakes that were not seen whole may have issued a session, used it, or ended it by an alert: of what
 * comes later from the same UE to the same server it is then not known that nothing of the kind came before.
 */
#include "decode/endpoint_hash.h"
#include "session/offer.h"

static size_t place_of_pair(const struct sessions *s, const struct observation *o)
{
    const struct siphash_key *key = &s->table.key;
    const struct whence *w = &o->whence; /* each connection of the client has a port of its own */
    return fold_hash(key, w->client.address, endpoint_hash(key, &w->server)) % MISSED_PAIRS;
}

bool has_missed(const struct sessions *s, const struct observation *o, nanos since)
{
    const uint32_t last = s->missed_at[place_of_pair(s, o)];
    const bool not_looked = since && memory_second(since) < s->began;
    return not_looked || (last && last >= memory_second(since));
}

void note_missed(struct sessions *s, const struct observation *o)
{
    const bool whole = observation_is_whole(o, CLIENT) && observation_is_whole(o, SERVER) &&
                       !o->side[CLIENT].unacknowledged && !o->side[SERVER].unacknowledged;
    if ((!whole || o->alert_unreceived) &&
        observation_version(o) < 0x0304) /* TLS 1.3 issues and ends sessions under encryption anyway */
        s->missed_at[place_of_pair(s, o)] = memory_second(o->event_time);
}
