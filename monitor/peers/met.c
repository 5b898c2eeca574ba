#include "peers/met.h"

#include "base/expect.h"

enum { MET_SECONDS = 2 };

uint64_t met_key(const struct observation *o)
{
    return o->hello ? o->hello : o->randoms;
}

/* What the server answered; a hash of randoms is odd. */
enum { ANSWER_UNKNOWN = 0, ANSWER_NONE = 2, ANSWER_ALERT = 4 /* and its number in the next bits */ };

static uint64_t answer_of(const struct observation *o)
{
    if (o->seen & SEEN_SERVER_HELLO || observation_is_doubtful(o, SERVER) || !observation_settled(o, SERVER))
        return o->randoms;
    for (size_t i = 0; i < o->alert_count; i++)
        if (o->alerts[i].from == SERVER && o->alerts[i].level == 2)
            return ANSWER_ALERT + 8ULL * o->alerts[i].description;
    return ANSWER_NONE;
}

static struct met_handshake met_of(const struct observation *o)
{
    const nanos asked = o->side[CLIENT].hello_time;
    nanos answered = o->side[SERVER].hello_time;
    if (!answered) { /* what is between two sides passes a hello on at once */
        const nanos ended = o->alert_had[SERVER] ? o->alert_had[SERVER] : o->event_time;
        answered = asked + NANOS_PER_SECOND / 2 < ended ? asked + NANOS_PER_SECOND / 2 : ended;
    }
    return (struct met_handshake){.key = met_key(o),
                                  .answer = answer_of(o),
                                  .client = o->whence.client,
                                  .server = o->whence.server,
                                  .flow_id = o->whence.flow_id,
                                  .asked = asked,
                                  .answered = answered,
                                  .evidence = o->whence.confirmed && !observation_is_damaged(o)};
}

/* Both clocks may be wrong. */
static nanos time_between(const struct met_handshake *h, const struct observation *o)
{
    const nanos apart = o->side[CLIENT].hello_time - h->asked;
    return apart < 0 ? -apart : apart;
}

static bool is_recent(const struct met_handshake *h, const struct observation *o)
{
    return time_between(h, o) < MET_SECONDS * NANOS_PER_SECOND;
}

void met_expect(const struct met *m, const struct observation *o)
{
    const size_t first = ways_of(met_key(o), MET);
    expect(&m->key[first], 1);
    for (size_t i = first; i < first + WAYS; i++)
        expect(&m->place[i].asked, 1);
}

/* Do both say the same, as far as they were seen? A hello gets one answer only. */
static bool is_alike(const struct met_handshake *a, const struct met_handshake *b)
{
    return a->key == b->key && (a->answer == b->answer || !a->answer || !b->answer);
}

/* The noted forms of this handshake. */
static struct met_places alike_of(const struct met *m, const struct met_handshake *own)
{
    struct met_places found;
    const size_t first = ways_of(own->key, MET);
    found.count = 0;
    for (size_t i = first; own->key && i < first + WAYS; i++)
        if (m->key[i] == own->key && is_alike(&m->place[i], own))
            found.at[found.count++] = i;
    return found;
}

struct met_places met_others(const struct met *m, const struct observation *o)
{
    struct met_places others = {.count = 0};
    const uint64_t key = met_key(o);
    const size_t first = ways_of(key, MET);
    bool any = false;
    for (size_t i = first; i < first + WAYS; i++)
        any |= key && m->key[i] == key && m->place[i].flow_id != o->whence.flow_id;
    if (!any) /* as nearly always */
        return others;
    const struct met_handshake own = met_of(o);
    const struct met_places all = alike_of(m, &own);
    for (size_t i = 0; i < all.count; i++)
        if (m->place[all.at[i]].flow_id != o->whence.flow_id)
            others.at[others.count++] = all.at[i];
    return others;
}

static struct met_handshake *at_ends(struct met *m, const struct met_handshake *own,
                                     const struct endpoint *client, const struct endpoint *server)
{
    const struct met_places all = alike_of(m, own);
    for (size_t i = 0; i < all.count; i++) {
        struct met_handshake *h = &m->place[all.at[i]];
        if (endpoint_equal(&h->client, client) && endpoint_equal(&h->server, server))
            return h;
    }
    return NULL;
}

struct met_handshake *met_at(struct met *m, const struct observation *o, const struct endpoint *client,
                             const struct endpoint *server)
{
    const struct met_handshake own = met_of(o);
    return at_ends(m, &own, client, server);
}

/* A place that is free; else the one whose handshake is farthest in time. */
static struct met_handshake *place_for(struct met *m, const struct observation *o)
{
    const size_t first = ways_of(met_key(o), MET);
    struct met_handshake *farthest = &m->place[first];
    for (size_t i = first; i < first + WAYS; i++) {
        if (!m->key[i])
            return &m->place[i];
        if (time_between(&m->place[i], o) > time_between(farthest, o))
            farthest = &m->place[i];
    }
    m->forgotten += is_recent(farthest, o);
    return farthest;
}

void met_note(struct met *m, const struct observation *o)
{
    struct met_handshake own = met_of(o);
    if (!own.key)
        return;
    struct met_handshake *h = at_ends(m, &own, &own.client, &own.server);
    if (h && is_recent(h, o))
        return;
    if (h && o->hello) {
        own.again = own.answer && own.answer == h->answer ? AGAIN_WHOLE
                    : h->evidence                         ? AGAIN_HELLO
                                                          : AGAIN_NOT;
        own.answer = own.answer ? own.answer : h->answer;
    }
    if (!h)
        h = place_for(m, o);
    *h = own;
    m->key[h - m->place] = own.key;
}

/* Was it noted at its own ends before? */
static enum again noted_again(const struct met *m, const struct observation *o)
{
    const uint64_t key = met_key(o);
    const size_t first = ways_of(key, MET);
    for (size_t i = first; key && i < first + WAYS; i++)
        if (m->key[i] == key && m->place[i].flow_id == o->whence.flow_id)
            return m->place[i].again;
    return AGAIN_NOT;
}

bool met_was_here(const struct met *m, const struct observation *o, const struct met_places *others,
                  enum side side)
{
    const enum again again = noted_again(m, o);
    if (again >= (side == CLIENT ? AGAIN_HELLO : AGAIN_WHOLE))
        return true;
    if (others->count == 0) /* as nearly always */
        return false;
    const struct endpoint ours = whence_peer(&o->whence, side);
    const struct met_handshake own = met_of(o);
    for (size_t i = 0; i < others->count; i++) {
        const struct met_handshake *h = &m->place[others->at[i]];
        const struct endpoint theirs = peer_end(side == SERVER ? &h->server : &h->client, side);
        const bool whole = h->answer && h->answer == own.answer;
        const bool copy = o->hello || is_recent(h, o);
        if (copy && endpoint_equal(&theirs, &ours) && (whole || (side == CLIENT && h->evidence)))
            return true;
    }
    return false;
}

static bool lies_behind(const struct met_handshake *behind, const struct met_handshake *before)
{
    const bool earlier = before->asked < behind->asked ||
                         (before->asked == behind->asked && behind->answered < before->answered);
    return earlier && behind->asked <= before->answered;
}

/* At the same time between the same ends they are one handshake, on two sides of a host that rewrites
 * sequence numbers. In a tunnel with unknown ends anybody can send a copy of what he sees, so a handshake
 * outside of it is not behind that copy. */
static bool is_nearer(const struct met_handshake *a, const struct met_handshake *b)
{
    if (!a->evidence)
        return false;
    const bool tunnel =
        endpoint_same_host(&a->client, &b->client) && endpoint_same_host(&a->server, &b->server);
    const bool at_once = a->asked == b->asked && a->answered == b->answered;
    if (at_once && endpoint_equal(&a->client, &b->client) && endpoint_equal(&a->server, &b->server))
        return a->flow_id < b->flow_id;
    return lies_behind(b, a) || (tunnel && !b->evidence && lies_behind(a, b));
}

/* Is it a translator's form of the IPv4 address (RFC 6052 2.1)? Under other prefixes the owner chooses what
 * an address contains. */
static bool embeds(const struct endpoint *six, const struct endpoint *four)
{
    static const uint8_t well_known[12] = {0x00, 0x64, 0xff, 0x9b};
    return six->family == 6 && four->family == 4 &&
           memcmp(six->address, well_known, sizeof well_known) == 0 &&
           memcmp(six->address + sizeof well_known, four->address, 4) == 0;
}

/* A host between two sides leaves one end unchanged, or is an end of both. */
static bool are_linked(const struct met_handshake *nearer, const struct met_handshake *farther)
{
    return endpoint_same_host(&nearer->client, &farther->client) ||
           endpoint_same_host(&nearer->server, &farther->server) ||
           endpoint_same_host(&nearer->server, &farther->client) || embeds(&nearer->server, &farther->server);
}

/* `linked`: only those that have a host in common with it. */
static const struct met_handshake *nearest(const struct met *m, const struct met_handshake *own, bool linked)
{
    const struct met_handshake *best = NULL;
    const struct met_places all = alike_of(m, own);
    for (size_t i = 0; i < all.count; i++) {
        const struct met_handshake *h = &m->place[all.at[i]];
        if (h->flow_id != own->flow_id && is_nearer(h, own) && (!linked || are_linked(h, own)) &&
            (!best || is_nearer(h, best)))
            best = h;
    }
    return best;
}

static struct met_nearer nearer_than(const struct met *m, const struct met_handshake *own)
{
    const struct met_handshake *at = own;
    const struct met_handshake *next;
    for (size_t i = 0; i < WAYS && (next = nearest(m, at, true)); i++)
        at = next;
    if (at != own)
        return (struct met_nearer){at, true};
    return (struct met_nearer){nearest(m, own, false), false};
}

struct met_nearer met_nearer(const struct met *m, const struct observation *o,
                             const struct met_places *others)
{
    if (others->count == 0) /* as nearly always */
        return (struct met_nearer){NULL, false};
    const struct met_handshake own = met_of(o);
    return nearer_than(m, &own);
}

size_t met_farther(const struct met *m, const struct observation *o, const struct met_places *others,
                   struct met_farther found[WAYS])
{
    const struct met_handshake own = met_of(o);
    size_t count = 0;
    for (size_t i = 0; i < others->count; i++) {
        const struct met_handshake *h = &m->place[others->at[i]];
        struct met_nearer nearer = nearer_than(m, h);
        if (!nearer.at && is_nearer(&own, h)) /* `own` is not noted, as another handshake has its ends */
            nearer = (struct met_nearer){h, true};
        if (nearer.at)
            found[count++] = (struct met_farther){h, nearer};
    }
    return count;
}

bool met_is_no_lesson(const struct met_handshake *farther, const struct met_handshake *nearer, enum side side)
{
    if (side == CLIENT)
        return !endpoint_one_host(&farther->client, &nearer->client);
    return endpoint_same_host(&farther->server, &nearer->server) &&
           !endpoint_one_host(&farther->server, &nearer->server);
}

bool met_is_copy(const struct met *m, const struct observation *o, const struct met_places *others,
                 const struct met_handshake *nearer, enum side side)
{
    if (met_was_here(m, o, others, side))
        return true;
    return nearer && (side == CLIENT || (endpoint_same_host(&nearer->server, &o->whence.server) &&
                                         nearer->answer && nearer->answer == answer_of(o)));
}

void met_forget(struct met *m, uint64_t key, uint64_t flow_id)
{
    const size_t first = ways_of(key, MET);
    for (size_t i = first; i < first + WAYS; i++)
        if (m->key[i] == key && m->place[i].flow_id == flow_id)
            m->key[i] = 0;
}

void met_forget_broken(struct met *m)
{
    for (size_t i = 0; i < MET; i++)
        memset(m->place[i].broken, 0, sizeof m->place[i].broken);
}
