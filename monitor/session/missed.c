/* Handshakes that were not wholly seen may have issued a session, used it, or ended it by an alert: for later
 * ones of the same UE and server it is then not certain that nothing of the kind came before. */
#include "base/expect.h"
#include "decode/endpoint_hash.h"
#include "session/offer.h"

/* Without the client's port, which differs per connection. */
static uint64_t hash_of_pair(const struct sessions *s, const struct whence *w)
{
    const struct siphash_key *key = &s->table.key;
    return fold_hash(key, w->client.address, endpoint_hash(key, &w->server));
}

static uint32_t tag_of_pair(uint64_t hash)
{
    return (uint32_t)(hash >> 32);
}

static size_t place_of_pair(const struct sessions *s, const struct whence *w)
{
    return hash_of_pair(s, w) % MISSED_PAIRS;
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

/* A full handshake was seen to its end, but not what the server said in it: it may have issued any id. */
static bool is_unread(const struct observation *o)
{
    return !(o->seen & SEEN_SERVER_HELLO) && o->seen & SEEN_CLIENT_KEY_EXCHANGE &&
           o->outcome == OUTCOME_COMPLETE && o->side[SERVER].start_captured &&
           (o->whence.confirmed || o->whence.disputed);
}

/* The identifier under which such a handshake is remembered; it equals no other one. */
static struct identifier identifier_of_unread(const struct whence *at)
{
    enum { UNREAD = 0xff }; /* in the identifiers of owners and ends this byte is smaller */
    const struct endpoint *client = whence_ue(at);
    struct identifier out = {.method = RESUMPTION_EXTERNAL, .is_hash = true, .bytes = {UNREAD}};
    memcpy(out.bytes + UNIQUE_ID, client->address, sizeof client->address);
    out.length = UNIQUE_ID + sizeof client->address;
    return out;
}

bool was_unread_since(struct sessions *s, const struct observation *o, nanos since)
{
    if (!why_missed(s, o, since)) /* as nearly always */
        return false;
    const struct identifier id = identifier_of_unread(&o->whence);
    const struct place place = memory_locate(s, &o->whence, &id);
    const struct entry *e = memory_find(s, &place, o->event_time);
    return e && entry_origin(e) > since;
}

uint32_t why_not_learned(const struct sessions *s, const struct observation *o)
{
    const uint64_t pair = hash_of_pair(s, &o->whence);
    const struct missed_at *last = &s->missed_at[pair % MISSED_PAIRS];
    return last->pair == tag_of_pair(pair) ? last->why : 0;
}

void note_not_learned(struct sessions *s, const struct observation *o)
{
    const struct side_facts *of = o->side;
    const uint64_t pair = hash_of_pair(s, &o->whence);
    const uint32_t why =
        of[CLIENT].damage | of[SERVER].damage | (o->whence.disputed ? UNOBSERVED_DISPUTED : 0U) |
        (of[CLIENT].unacknowledged || of[SERVER].unacknowledged ? UNOBSERVED_UNACKNOWLEDGED : 0U);
    struct missed_at *last = &s->missed_at[pair % MISSED_PAIRS];
    last->pair = tag_of_pair(pair);
    last->why = why;
}

void note_missed(struct sessions *s, const struct observation *o)
{
    if (observation_version(o) >= 0x0304) /* there sessions are issued and ended under encryption anyway */
        return;
    if (is_unread(o)) {
        const struct identifier id = identifier_of_unread(&o->whence);
        const struct place place = memory_locate(s, &o->whence, &id);
        memory_put(s, &place, &(struct memo){.origin = o->event_time, .now = o->event_time, .anew = true});
    }
    struct missed_at *last = &s->missed_at[place_of_pair(s, &o->whence)];
    if (!observation_is_whole(o, CLIENT) || !observation_is_whole(o, SERVER))
        last->lost = memory_second(o->event_time);
    if (o->alert_unreceived || o->side[CLIENT].unacknowledged || o->side[SERVER].unacknowledged)
        last->unreceived = memory_second(o->event_time);
}
