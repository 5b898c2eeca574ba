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

uint32_t why_missed(const struct sessions *s, const struct observation *o, nanos since)
{
    const struct missed_at *last = &s->missed_at[place_of_pair(s, o)];
    const uint32_t from = memory_second(since);
    const bool not_looked = since && from < s->began;
    const bool lost = not_looked || (last->lost && last->lost >= from);
    const bool unreceived = last->unreceived && last->unreceived >= from;
    return (lost ? UNOBSERVED_GAP : 0U) | (unreceived ? UNOBSERVED_UNACKNOWLEDGED : 0U);
}

void note_missed(struct sessions *s, const struct observation *o)
{
    if (observation_version(o) >= 0x0304) /* it issues and ends sessions under encryption anyway */
        return;
    struct missed_at *last = &s->missed_at[place_of_pair(s, o)];
    if (!observation_is_whole(o, CLIENT) || !observation_is_whole(o, SERVER))
        last->lost = memory_second(o->event_time);
    if (o->alert_unreceived || o->side[CLIENT].unacknowledged || o->side[SERVER].unacknowledged)
        last->unreceived = memory_second(o->event_time);
}
