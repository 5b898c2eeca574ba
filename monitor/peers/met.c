#include "peers/met.h"

enum { MET_SECONDS = 2 };

static bool is_same_end(const struct endpoint *a, const struct endpoint *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

static struct met_handshake met_of(const struct observation *o)
{
    return (struct met_handshake){.randoms = o->randoms,
                                  .client = o->whence.client,
                                  .server = o->whence.server,
                                  .flow_id = o->whence.flow_id,
                                  .asked = o->side[CLIENT].hello_time,
                                  .answered = o->side[SERVER].hello_time,
                                  .evidence = o->whence.confirmed && !observation_is_damaged(o)};
}

static bool is_recent(const struct met_handshake *h, const struct observation *o)
{
    return o->side[CLIENT].hello_time - h->asked < MET_SECONDS * NANOS_PER_SECOND;
}

struct met_handshake *met_at(struct met *m, uint64_t randoms, const struct endpoint *client,
                             const struct endpoint *server)
{
    const size_t first = ways_of(randoms, MET);
    for (size_t i = first; randoms && i < first + WAYS; i++)
        if (m->randoms[i] == randoms && is_same_end(&m->place[i].client, client) &&
            is_same_end(&m->place[i].server, server))
            return &m->place[i];
    return NULL;
}

void met_note(struct met *m, const struct observation *o)
{
    if (!o->randoms)
        return;
    struct met_handshake *h = met_at(m, o->randoms, &o->whence.client, &o->whence.server);
    if (h && is_recent(h, o))
        return;
    if (!h)
        h = &m->place[ways_of(o->randoms, MET) + next_way(&m->turn)];
    *h = met_of(o);
    m->randoms[h - m->place] = o->randoms;
}

static bool was_met(const struct met *m, const struct observation *o, enum side side)
{
    const size_t first = ways_of(o->randoms, MET);
    for (size_t i = first; o->randoms && i < first + WAYS; i++) {
        const struct met_handshake *h = &m->place[i];
        if (m->randoms[i] != o->randoms || h->flow_id == o->whence.flow_id || !is_recent(h, o))
            continue;
        struct endpoint theirs = side == CLIENT ? h->client : h->server;
        struct endpoint own = side == CLIENT ? o->whence.client : o->whence.server;
        if (side == CLIENT)
            theirs.port = own.port = 0;
        if (is_same_end(&theirs, &own))
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

/* Within a tunnel whose ends nobody knows, anybody can send a copy of what he sees; so what stands outside is
 * not behind that. */
static bool is_nearer(const struct met_handshake *a, const struct met_handshake *b)
{
    if (!a->evidence)
        return false;
    const bool tunnel =
        endpoint_same_host(&a->client, &b->client) && endpoint_same_host(&a->server, &b->server);
    return lies_behind(b, a) || (tunnel && !b->evidence && lies_behind(a, b));
}

const struct met_handshake *met_nearer(const struct met *m, const struct observation *o)
{
    const size_t first = ways_of(o->randoms, MET);
    const struct met_handshake *nearest = NULL;
    for (size_t i = first; o->randoms && i < first + WAYS; i++) {
        if (m->randoms[i] != o->randoms || m->place[i].flow_id == o->whence.flow_id)
            continue;
        const struct met_handshake own = met_of(o);
        const struct met_handshake *h = &m->place[i];
        if (is_nearer(h, &own) && (!nearest || is_nearer(h, nearest)))
            nearest = h;
    }
    return nearest;
}

size_t met_farther(const struct met *m, const struct observation *o, const struct met_handshake *found[WAYS])
{
    const size_t first = ways_of(o->randoms, MET);
    size_t count = 0;
    for (size_t i = first; o->randoms && i < first + WAYS; i++) {
        if (m->randoms[i] != o->randoms || m->place[i].flow_id == o->whence.flow_id)
            continue;
        const struct met_handshake own = met_of(o);
        if (is_nearer(&own, &m->place[i]))
            found[count++] = &m->place[i];
    }
    return count;
}

static bool is_same_host(const struct endpoint *a, const struct endpoint *b)
{
    return endpoint_same_host(a, b) && a->space == b->space;
}

bool met_is_no_lesson(const struct met_handshake *farther, const struct whence *nearer, enum side side)
{
    if (side == CLIENT)
        return !is_same_host(&farther->client, &nearer->client);
    return endpoint_same_host(&farther->server, &nearer->server) &&
           !is_same_host(&farther->server, &nearer->server);
}

bool met_is_copy(const struct met *m, const struct observation *o, enum side side)
{
    const struct met_handshake *nearer = met_nearer(m, o);
    return was_met(m, o, side) ||
           (nearer && (side == CLIENT || endpoint_same_host(&nearer->server, &o->whence.server)));
}

void met_forget(struct met *m, uint64_t randoms, uint64_t flow_id)
{
    const size_t first = ways_of(randoms, MET);
    for (size_t i = first; i < first + WAYS; i++)
        if (m->randoms[i] == randoms && m->place[i].flow_id == flow_id)
            m->randoms[i] = 0;
}

void met_forget_broken(struct met *m)
{
    for (size_t i = 0; i < MET; i++)
        memset(m->place[i].broken, 0, sizeof m->place[i].broken);
}
