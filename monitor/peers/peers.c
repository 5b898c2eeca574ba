#include "peers/peers.h"

#include "base/expect.h"
#include "base/fold_hash.h"
#include "base/memory.h"
#include "base/queue.h"
#include "base/text.h"
#include "decode/endpoint_hash.h"
#include "peers/asked.h"
#include "peers/learn.h"
#include "peers/resumptions.h"
#include "peers/serving.h"
#include "peers/spread.h"

#include <assert.h>
#include <stdlib.h>

struct node {
    uint32_t hash_next;
    struct queue_link used;  /* by the last handshake */
    struct queue_link begun; /* by the first */
    struct queue_link changed;
    uint32_t changed_in; /* the number of this interval; 0: judged since */
    struct peer peer;    /* last, since its end is not touched before it is used */
};

/* What was reported about a peer and still holds. */
struct told_findings {
    struct told_finding of[PEER_PROFILES][PEER_RULES];
};

struct side_table {
    struct pool pool;
    uint32_t *buckets;
    uint32_t mask;
    struct queue used, begun, changed;
};

enum { EXPECTED_BYTES = 4 * CACHE_LINE /* of a node: its key and its counts */ };

struct peers {
    struct known_shapes shapes;
    struct met met;
    struct lesson lesson[RECENT_LESSONS]; /* by flow */
    struct suite_kinds kinds;
    struct serving serving;
    struct forgotten forgotten; /* peers */
    nanos now;                  /* of the last handshake */
    struct side_table table[2]; /* by enum side */
    struct pool told;
    uint32_t interval;  /* its number, from 1 on */
    peers_judge *judge; /* or NULL */
    void *judge_context;
    struct peers_counters counters;
};

/* A UE has none of the members at the end. */
static size_t node_bytes(enum side side)
{
    return side == SERVER ? sizeof(struct node) : offsetof(struct node, peer.name);
}

size_t peers_memory(enum side side, uint32_t capacity)
{
    const size_t beside = side == SERVER ? sizeof(struct peers) : 0;
    return pool_memory(node_bytes(side), capacity) + pool_buckets(capacity) * sizeof(uint32_t) +
           pool_memory(sizeof(struct told_findings), capacity) + beside;
}

static bool open_table(struct peers *p, enum side side, uint32_t capacity)
{
    struct side_table *t = &p->table[side];
    const uint32_t buckets = pool_buckets(capacity);
    t->mask = buckets - 1;
    t->buckets = memory_map(buckets, sizeof *t->buckets);
    return t->buckets && pool_open(&t->pool, node_bytes(side), capacity);
}

struct peers *peers_new(uint32_t servers, uint32_t ues)
{
    struct peers *p = memory_map(1, sizeof *p);
    if (!p)
        return NULL;
    p->interval = 1;
    p->shapes.key = siphash_random_key();
    p->serving.key = p->shapes.key;
    p->kinds = (struct suite_kinds){suites_with_groups(), suites_by_version()};
    if (open_table(p, SERVER, servers) && open_table(p, CLIENT, ues) &&
        pool_open(&p->told, sizeof(struct told_findings), servers + ues))
        return p;
    peers_free(p);
    return NULL;
}

void peers_free(struct peers *p)
{
    if (!p)
        return;
    for (int side = 0; side < 2; side++) {
        pool_close(&p->table[side].pool);
        memory_unmap(p->table[side].buckets);
    }
    pool_close(&p->told);
    memory_unmap(p);
}

const struct peers_counters *peers_counters(const struct peers *p)
{
    return &p->counters;
}

static struct node *node_at(const struct side_table *t, uint32_t index)
{
    return index ? pool_at(&t->pool, index) : NULL;
}

static uint32_t index_at(const struct side_table *t, const struct peer *peer)
{
    const size_t at = (size_t)((const uint8_t *)peer - t->pool.slots) - offsetof(struct node, peer);
    return (uint32_t)(at / t->pool.slot_bytes);
}

static struct peer_key key_of(const struct observation *o, const struct hello_shape *shape, enum side side)
{
    return (struct peer_key){whence_peer(&o->whence, side), side == SERVER ? shape->asked : ASKED_NOBODY};
}

/* All servers of an address have one bucket. */
static uint32_t *bucket_of(const struct peers *p, enum side side, const struct endpoint *end)
{
    return &p->table[side].buckets[endpoint_hash(&p->shapes.key, end) & p->table[side].mask];
}

static uint64_t hash_of(const struct peers *p, const struct peer *peer)
{
    return endpoint_hash(&p->shapes.key, &peer->end) ^ fold_multiply(peer->host, p->shapes.key.k1);
}

static uint32_t index_of(const struct peers *p, enum side side, const struct peer_key *key)
{
    const struct side_table *t = &p->table[side];
    uint32_t index = *bucket_of(p, side, &key->end);
    for (; index; index = node_at(t, index)->hash_next) {
        const struct node *n = node_at(t, index);
        if (n->peer.host == key->host && endpoint_equal(&n->peer.end, &key->end))
            break;
    }
    return index;
}

void peers_expect_hosts(const struct peers *p, const struct endpoint *client, const struct endpoint *server)
{
    const struct endpoint ue = peer_end(client, CLIENT);
    expect(bucket_of(p, CLIENT, &ue), 1);
    expect(bucket_of(p, SERVER, server), 1);
}

/* What is known of its answers to such a hello. */
static void peer_expect_answer(const struct peer *server, const struct observation *o)
{
    expect(&server->answer[o->client_hello.number % MAX_KNOWN_ANSWERS], 1);
    expect(server->accepted, sizeof *server->accepted);
}

/* Nearly always the first of its bucket. */
static const struct node *first_of(const struct peers *p, const struct whence *whence, enum side side)
{
    const struct endpoint end = whence_peer(whence, side);
    return node_at(&p->table[side], *bucket_of(p, side, &end));
}

void peers_expect(const struct peers *p, const struct observation *o)
{
    const struct node *server = first_of(p, &o->whence, SERVER);
    if (server) {
        expect(server, EXPECTED_BYTES);
        peer_expect_answer(&server->peer, o);
    }
    const struct node *ue = first_of(p, &o->whence, CLIENT);
    if (ue)
        expect(ue, node_bytes(CLIENT));
    met_expect(&p->met, o);
    serving_expect(&p->serving, &o->whence);
    expect(&p->lesson[o->whence.flow_id % RECENT_LESSONS], sizeof *p->lesson);
    expect(&p->shapes.shape[o->client_hello.number % KNOWN_HELLOS], sizeof *p->shapes.shape);
}

const struct peer *peers_find(const struct peers *p, const struct observation *o,
                              const struct hello_shape *shape, enum side side)
{
    const struct peer_key key = key_of(o, shape, side);
    struct node *n = node_at(&p->table[side], index_of(p, side, &key));
    return n ? &n->peer : NULL;
}

/* The servers of an address: the one after `last`, or the first if that is NULL. NULL: no more. */
static struct node *next_at(const struct peers *p, const struct endpoint *end, const struct node *last)
{
    const struct side_table *t = &p->table[SERVER];
    struct node *n = node_at(t, last ? last->hash_next : *bucket_of(p, SERVER, end));
    while (n && !endpoint_equal(&n->peer.end, end))
        n = node_at(t, n->hash_next);
    return n;
}

bool peers_have_server(const struct peers *p, const struct endpoint *end)
{
    return next_at(p, end, NULL);
}

bool peers_client_serves(const struct peers *p, const struct whence *whence)
{
    return serving_has_client(&p->serving, whence);
}

bool peers_tell_apart(const struct peers *p, const struct peer *peer)
{
    if (peer->side != SERVER || peer->host != ASKED_UNKNOWN)
        return true;
    const struct node *first = next_at(p, &peer->end, NULL);
    return &first->peer == peer && !next_at(p, &peer->end, first);
}

/* The name to give up when the address has as many as it may: the least used, so that names asked for at
 * random do not displace those that many ask for. NULL: there is room. */
static const struct peer *least_used_name(const struct peers *p, const struct endpoint *end)
{
    const struct peer *least = NULL;
    size_t names = 0;
    for (const struct node *n = NULL; (n = next_at(p, end, n)); names++) {
        const struct peer *peer = &n->peer;
        if (!least || peer->handshakes < least->handshakes ||
            (peer->handshakes == least->handshakes && peer->last < least->last))
            least = peer;
    }
    return names < MAX_NAMES_OF_ADDRESS ? NULL : least;
}

const struct peer *peers_victim(const struct peers *p, const struct observation *o,
                                const struct hello_shape *shape, enum side side)
{
    const struct side_table *t = &p->table[side];
    const bool has_room = t->pool.used < t->pool.capacity;
    if ((side == CLIENT && has_room) || peers_find(p, o, shape, side))
        return NULL;
    const struct peer *name = side == SERVER ? least_used_name(p, &o->whence.server) : NULL;
    if (name || has_room)
        return name;
    return &node_at(t, t->used.oldest)->peer;
}

void peers_judged_by(struct peers *p, peers_judge *judge, void *context)
{
    p->judge = judge;
    p->judge_context = context;
}

void peers_interval_ends(struct peers *p)
{
    if (++p->interval == 0)
        p->interval = 1;
}

static bool is_due(const struct peers *p, const struct node *n)
{
    return n->changed_in && n->changed_in != p->interval;
}

const struct peer *peers_due(const struct peers *p)
{
    for (enum side side = CLIENT; side <= SERVER; side++) {
        const struct node *n = node_at(&p->table[side], p->table[side].changed.oldest);
        if (n && is_due(p, n))
            return &n->peer;
    }
    return NULL;
}

static void was_judged(struct side_table *t, uint32_t index)
{
    struct node *n = node_at(t, index);
    if (!n->changed_in)
        return;
    queue_remove(&t->changed, &t->pool, offsetof(struct node, changed), index);
    n->changed_in = 0;
}

void peers_was_judged(struct peers *p, const struct peer *peer)
{
    struct side_table *t = &p->table[peer->side];
    was_judged(t, index_at(t, peer));
}

/* The peer is about to change: if it is due, it is judged first. */
static void change(struct peers *p, struct node *n)
{
    struct side_table *t = &p->table[n->peer.side];
    if (n->changed_in == p->interval)
        return;
    const uint32_t index = index_at(t, &n->peer);
    if (n->changed_in && p->judge)
        p->judge(p->judge_context, &n->peer);
    was_judged(t, index);
    queue_push(&t->changed, &t->pool, offsetof(struct node, changed), index);
    n->changed_in = p->interval;
}

void peers_all_change(struct peers *p)
{
    for (enum side side = CLIENT; side <= SERVER; side++)
        for (uint32_t i = p->table[side].begun.oldest; i; i = node_at(&p->table[side], i)->begun.newer)
            change(p, node_at(&p->table[side], i));
}

/* Whether the server of an unseen name counts as a peer of its own depends on what others the address has. */
static void change_unnamed(struct peers *p, const struct endpoint *end)
{
    const struct peer_key unknown = {*end, ASKED_UNKNOWN};
    struct node *unnamed = node_at(&p->table[SERVER], index_of(p, SERVER, &unknown));
    if (unnamed)
        change(p, unnamed);
}

static void forget_told(struct peers *p, struct peer *peer)
{
    if (peer->told)
        pool_give(&p->told, peer->told);
    peer->told = 0;
}

void peers_forget(struct peers *p, const struct peer *peer)
{
    enum side side = peer->side;
    struct side_table *t = &p->table[side];
    const struct peer_key key = {peer->end, peer->host};
    uint32_t index = index_of(p, side, &key);
    struct node *n = node_at(t, index);
    uint32_t *link = bucket_of(p, side, &key.end);
    if (side == SERVER && peer->host != ASKED_UNKNOWN) /* else it is that one, and was judged */
        change_unnamed(p, &key.end);
    was_judged(t, index);
    forget_told(p, &n->peer);
    forgotten_note(&p->forgotten, hash_of(p, &n->peer), p->now);
    while (*link != index)
        link = &node_at(t, *link)->hash_next;
    *link = n->hash_next;
    queue_remove(&t->used, &t->pool, offsetof(struct node, used), index);
    queue_remove(&t->begun, &t->pool, offsetof(struct node, begun), index);
    pool_give(&t->pool, index);
    p->counters.evicted++;
}

/* A new server. */
static void name_server(struct peers *p, struct peer *s, const struct observation *o)
{
    const struct peer_key unknown = {s->end, ASKED_UNKNOWN};
    const struct node *unnamed = node_at(&p->table[SERVER], index_of(p, SERVER, &unknown));
    struct text name = text_over(s->name, sizeof s->name);
    text_put(&name, "");
    s->selected = s->contradicted = s->possible = s->offers = (struct suite_set){0};
    memset(s->answer, 0, sizeof s->answer);
    if (s->host == ASKED_UNKNOWN)
        return;
    text_safe(&name, asked_name(o));
    if (unnamed)
        learn_from_unnamed(s, &unnamed->peer);
}

static struct peer *take(struct peers *p, const struct observation *o, const struct hello_shape *shape,
                         enum side side)
{
    struct side_table *t = &p->table[side];
    const struct peer_key key = key_of(o, shape, side);
    uint32_t index = index_of(p, side, &key);
    struct node *n = node_at(t, index);
    if (n) {
        change(p, n);
        queue_remove(&t->used, &t->pool, offsetof(struct node, used), index);
    } else {
        if (side == SERVER)
            change_unnamed(p, &key.end);
        index = pool_take(&t->pool);
        assert(index);
        n = node_at(t, index);
        memset(n, 0, offsetof(struct node, peer.name));
        n->peer.end = key.end;
        n->peer.host = key.host;
        n->peer.side = side;
        n->peer.first = o->whence.time;
        if (side == SERVER)
            name_server(p, &n->peer, o);
        if (p->counters.evicted && forgotten_has(&p->forgotten, hash_of(p, &n->peer))) {
            learn_of_eviction(&n->peer);
            p->counters.came_again++;
        }
        uint32_t *bucket = bucket_of(p, side, &key.end);
        n->hash_next = *bucket;
        *bucket = index;
        queue_push(&t->begun, &t->pool, offsetof(struct node, begun), index);
        change(p, n);
    }
    queue_push(&t->used, &t->pool, offsetof(struct node, used), index);
    n->peer.last = o->event_time;
    p->counters.servers = p->table[SERVER].pool.used;
    p->counters.ues = p->table[CLIENT].pool.used;
    return &n->peer;
}

const struct peer *peers_next(const struct peers *p, enum side side, const struct peer *after)
{
    const struct side_table *t = &p->table[side];
    const void *node = after ? (const uint8_t *)after - offsetof(struct node, peer) : NULL;
    const struct node *last = node;
    const struct node *n = node_at(t, last ? last->begun.newer : t->begun.oldest);
    return n ? &n->peer : NULL;
}

void peers_expect_next(const struct peers *p, const struct peer *peer)
{
    const struct peer *next = peers_next(p, peer->side, peer);
    if (next)
        expect((const uint8_t *)next - offsetof(struct node, peer), node_bytes(CLIENT));
}

static struct told_findings *told_of(const struct peers *p, const struct peer *peer)
{
    return peer->told ? pool_at(&p->told, peer->told) : NULL;
}

void peers_told(const struct peers *p, const struct peer *peer, unsigned profile,
                struct told_finding told[PEER_RULES])
{
    assert(profile < PEER_PROFILES);
    const struct told_findings *all = told_of(p, peer);
    if (all)
        memcpy(told, all->of[profile], sizeof all->of[profile]);
    else
        memset(told, 0, sizeof all->of[profile]);
}

static bool any_stands(const struct told_finding told[PEER_RULES])
{
    bool any = false;
    for (size_t i = 0; i < PEER_RULES; i++)
        any |= told[i].state != 0;
    return any;
}

void peers_note_told(struct peers *p, const struct peer *peer, unsigned profile,
                     const struct told_finding told[PEER_RULES])
{
    assert(profile < PEER_PROFILES);
    struct side_table *t = &p->table[peer->side];
    struct peer *of = &node_at(t, index_at(t, peer))->peer;
    if (!of->told && !any_stands(told))
        return;
    if (!of->told) {
        of->told = pool_take(&p->told); /* there is one for each peer */
        *told_of(p, of) = (struct told_findings){0};
    }
    struct told_findings *all = told_of(p, of);
    memcpy(all->of[profile], told, sizeof all->of[profile]);
    bool any = false;
    for (unsigned i = 0; i < PEER_PROFILES; i++)
        any |= any_stands(all->of[i]);
    if (!any)
        forget_told(p, of);
}

struct hello_shape peers_shape(struct peers *p, const struct observation *o)
{
    return shape_of_hello(&p->shapes, o);
}

void peer_weigh_handshake(const struct peers *p, const struct peer *server, const struct observation *o,
                          const struct hello_shape *shape, struct peer_evidence *out)
{
    const uint16_t version = observation_version(o);
    memset(out, 0, sizeof *out);
    out->doubt = server_answers_otherwise(server, o) ? UNOBSERVED_INCONSISTENT : 0;
    out->doubt |= server->shortened ? UNOBSERVED_EVICTED : 0;
    out->doubt = spread_includes(server, o) ? UNOBSERVED_NETWORKS : out->doubt;
    for (size_t i = 0; i < server->accepted_count; i++) {
        const struct accepted_hello *a = &server->accepted[i];
        struct suite_set common = o->client_hello.offered;
        suite_set_common(&common, &a->selected);
        if (a->version > out->highest_version && shapes_match(&a->shape, shape, false))
            out->highest_version = a->version;
        if (a->version == version &&
            shapes_match(&a->shape, shape,
                         offer_needs_groups(&p->kinds.with_groups, &common, &o->client_hello))) {
            suite_set_join(&out->common, &common);
            out->doubt |= a->varied ? UNOBSERVED_INCONSISTENT : 0;
        }
    }
}

/* A handshake of which the name in the hello, if any, was not seen: any server of the address may have
 * answered it. */
static void learn_of_namesakes(struct peers *p, struct peer *unnamed, const struct observation *o)
{
    const uint32_t unread = observation_missing(o, CLIENT);
    unnamed->unread |= unread ? unread : UNOBSERVED_UNDECIDED;
    for (struct node *n = NULL; (n = next_at(p, &unnamed->end, n));)
        if (&n->peer != unnamed) {
            change(p, n);
            learn_from_unnamed(&n->peer, unnamed);
        }
}

/* For a new handshake: only what it is about, nothing learned yet. */
static struct lesson *new_lesson(struct peers *p, const struct peer *s, const struct peer *u,
                                 const struct observation *o, const struct hello_shape *shape)
{
    struct lesson *l = &p->lesson[o->whence.flow_id % RECENT_LESSONS];
    p->counters.lessons_forgotten += l->flow_id && l->flow_id != o->whence.flow_id &&
                                     o->event_time - l->at <= KEPT_SECONDS * NANOS_PER_SECOND;
    memset(l, 0, sizeof *l);
    l->flow_id = o->whence.flow_id;
    l->at = o->event_time;
    l->of[CLIENT] = (struct peer_key){u->end, u->host};
    l->of[SERVER] = (struct peer_key){s->end, s->host};
    l->shape = *shape;
    l->offer_unseen = !(o->seen & SEEN_CLIENT_HELLO) || o->client_hello.unknown_suites;
    static const struct suite_set none;
    l->offer = l->offer_unseen ? none : o->client_hello.offered;
    return l;
}

void peers_learn(struct peers *p, const struct observation *o, const struct hello_shape *shape,
                 const struct session_result *session)
{
    p->now = o->event_time;
    serving_learn(&p->serving, o);
    p->counters.hosts_forgotten = p->serving.forgotten;
    p->counters.handshakes_forgotten = p->met.forgotten;
    struct peer *s = take(p, o, shape, SERVER);
    struct peer *u = take(p, o, shape, CLIENT);
    s->unconfirmed |= !o->whence.confirmed;
    u->unconfirmed |= !o->whence.confirmed;
    struct taught t = {.o = o,
                       .shape = shape,
                       .session = session,
                       .refusal = held_refusal(&u->held, shape, o, session, s->sessions.full)};
    struct lesson *l = new_lesson(p, s, u, o, shape);
    l->added = resumptions_of(o, session);
    l->met = met_key(o);
    const struct met_places others = met_others(&p->met, o);
    const struct met_nearer any = met_nearer(&p->met, o, &others);
    const struct met_handshake *nearer = any.linked ? any.at : NULL;
    u->unconfirmed |= any.at && !any.linked;
    if (nearer && !met_was_here(&p->met, o, &others, CLIENT))
        learn_of_other_side(u);
    l->taught[SERVER] = !met_is_copy(&p->met, o, &others, nearer, SERVER);
    l->taught[CLIENT] = !met_is_copy(&p->met, o, &others, nearer, CLIENT) && !o->whence.told.family;
    p->counters.copies += !l->taught[SERVER];
    if (l->taught[SERVER]) {
        learn_of_server(&p->kinds, s, &t, l);
        p->counters.evidence_forgotten += l->forgotten;
        if (s->host == ASKED_UNKNOWN)
            learn_of_namesakes(p, s, o);
    }
    t.begun = s->sessions.full;
    if (l->taught[CLIENT])
        learn_of_ue(u, &t, l);
}

static void take_back(struct peers *p, struct lesson *l, enum side of, enum side doubted, uint32_t why)
{
    struct node *n = node_at(&p->table[of], index_of(p, of, &l->of[of]));
    if (n && l->taught[of]) {
        change(p, n);
        lesson_take_back(l, &n->peer, doubted, why);
    }
    l->taught[of] = false;
}

void peers_doubt(struct peers *p, uint64_t flow_id, enum side contradicted)
{
    struct lesson *l = &p->lesson[flow_id % RECENT_LESSONS];
    if (l->flow_id != flow_id)
        return;
    met_forget(&p->met, l->met, flow_id);
    for (enum side side = CLIENT; side <= SERVER; side++)
        take_back(p, l, side, contradicted, UNOBSERVED_OVERLAP);
}

void peers_closed(struct peers *p, const struct endpoint *client, uint64_t flow_id, unsigned sides)
{
    const struct peer_key key = {peer_end(client, CLIENT), ASKED_NOBODY};
    struct node *ue = node_at(&p->table[CLIENT], index_of(p, CLIENT, &key));
    if (ue)
        held_close(&ue->peer.held, flow_id, sides);
}

static void note_unconfirmed(struct peers *p, const struct lesson *l, enum side side)
{
    struct node *n = node_at(&p->table[side], index_of(p, side, &l->of[side]));
    if (!n || n->peer.unconfirmed)
        return;
    change(p, n);
    n->peer.unconfirmed = true;
}

void peers_dispute(struct peers *p, uint64_t flow_id)
{
    const struct lesson *l = &p->lesson[flow_id % RECENT_LESSONS];
    for (enum side side = CLIENT; l->flow_id == flow_id && side <= SERVER; side++)
        note_unconfirmed(p, l, side);
}

void peers_found_nearer(struct peers *p, const struct met_farther *farther)
{
    struct lesson *l = &p->lesson[farther->at->flow_id % RECENT_LESSONS];
    if (l->flow_id != farther->at->flow_id || l->met != farther->at->key)
        return;
    if (!farther->nearer.linked) {
        note_unconfirmed(p, l, CLIENT);
        return;
    }
    for (enum side side = CLIENT; side <= SERVER; side++)
        if (met_is_no_lesson(farther->at, farther->nearer.at, side))
            take_back(p, l, side, side, UNOBSERVED_OTHER_SIDE);
}

struct met *peers_met(struct peers *p)
{
    return &p->met;
}
