/* Handshakes that were not wholly seen may have issued a session, used it, or ended it by an alert: for later
 * ones of the same UE and server it is then not certain that nothing of the kind came before. */
#include "base/expect.h"
#include "decode/endpoint_hash.h"
#include "session/offer.h"

static size_t place_of_pair(const struct sessions *s, const struct whence *w)
{
    const struct siphash_key *key = &s->table.key;
    /* Without the client's port, which differs per connection. */
    return fold_hash(key, w->client.address, endpoint_hash(key, &w->server)) % MISSED_PAIRS;
}

void expect_missed(const struct sessions *s, const struct whence *at)
{
    expect(&s->missed_at[place_of_pair(s, at)], 1);
}

uint32_t why_missed(const struct sessions *s, const struct observation *o, nanos since)
{
    const struct missed_at *last = &s->missed_at[place_of_pair(s, &o->whence)];
    const uint32_t from = memory_second(since);
    const bool not_looked = since && from < s->began;
    const bool lost = not_looked || (last->lost && last->lost >= from);
    const bool unreceived = last->unreceived && last->unreceived >= from;
    return (lost ? UNOBSERVED_GAP : 0U) | (unreceived ? UNOBSERVED_UNACKNOWLEDGED : 0U);
}

void note_missed(struct sessions *s, const struct observation *o)
{
    if (observation_version(o) >= 0x0304) /* there sessions are issued and ended under encryption anyway */
        return;
    struct missed_at *last = &s->missed_at[place_of_pair(s, &o->whence)];
    if (!observation_is_whole(o, CLIENT) || !observation_is_whole(o, SERVER))
        last->lost = memory_second(o->event_time);
    if (o->alert_unreceived || o->side[CLIENT].unacknowledged || o->side[SERVER].unacknowledged)
        last->unreceived = memory_second(o->event_time);
}
