#include "peers/peers.h"

#include "base/expect.h"
#include "base/queue.h"
#include "base/text.h"
#include "decode/endpoint_hash.h"
#include "peers/lesson.h"
#include "peers/refusals.h"
#include "peers/resumptions.h"
#include "peers/spread.h"

#include <assert.h>
#include <stdlib.h>

struct node {
    uint32_t hash_next;
    struct queue_link used;  /* by the last handshake */
    struct queue_link begun; /* by the first */
    struct peer peer;        /* last, for what stands at its end is not touched before it is used */
};

struct side_table {
    struct pool pool;
    uint32_t *buckets;
    uint32_t mask;
    struct queue used, begun;
};

enum { EXPECTED_BYTES = 4 * CACHE_LINE /* of a node: whose it is, and what is counted */ };

struct peers {
    struct known_shapes shapes;
    struct met met;
    struct lesson lesson[RECENT_LESSONS]; /* by flow */
    struct group_suites with_groups;
    struct version_suites by_version;
    struct serving serving;
    struct side_table table[2]; /* by enum side */
    struct peers_counters counters;
};

/* A UE has none of what stands at the end. */
static size_t node_bytes(enum side side)
{
    return side == SERVER ? sizeof(struct node) : offsetof(struct node, peer.name);
}

size_t peers_memory(enum side side, uint32_t capacity)
{
    const size_t beside = side == SERVER ? sizeof(struct peers) : 0;
    return pool_memory(node_bytes(side), capacity) + pool_buckets(capacity) * sizeof(uint32_t) + beside;
}

static bool open_table(struct peers *p, enum side side, uint32_t capacity)
{
    struct side_table *t = &p->table[side];
    const uint32_t buckets = pool_buckets(capacity);
    t->mask = buckets - 1;
    t->buckets = calloc(buckets, sizeof *t->buckets);
    return t->buckets && pool_open(&t->pool, node_bytes(side), capacity);
}

struct peers *peers_new(uint32_t servers, uint32_t ues)
{
    struct peers *p = calloc(1, sizeof *p);
    if (!p)
        return NULL;
    p->shapes.key = siphash_random_key();
    p->serving.key = p->shapes.key;
    p->with_groups = suites_with_groups();
    p->by_version = suites_by_version();
    if (open_table(p, SERVER, servers) && open_table(p, CLIENT, ues))
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
        free(p->table[side].buckets);
    }
    free(p);
}

const struct peers_counters *peers_counters(const struct peers *p)
{
    return &p->counters;
}

static struct node *node_at(const struct side_table *t, uint32_t index)
{
    return index ? pool_at(&t->pool, index) : NULL;
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

static bool is_at(const struct node *n, const struct endpoint *end)
{
    return memcmp(&n->peer.end, end, sizeof *end) == 0;
}

static uint32_t index_of(const struct peers *p, enum side side, const struct peer_key *key)
{
    const struct side_table *t = &p->table[side];
    uint32_t index = *bucket_of(p, side, &key->end);
    for (; index; index = node_at(t, index)->hash_next) {
        const struct node *n = node_at(t, index);
        if (n->peer.host == key->host && is_at(n, &key->end))
            break;
    }
    return index;
}

void peers_expect(const struct peers *p, const struct observation *o)
{
    for (enum side side = CLIENT; side <= SERVER; side++) {
        const struct endpoint end = whence_peer(&o->whence, side);
        const uint64_t hash = endpoint_hash(&p->shapes.key, &end);
        expect(&p->table[side].buckets[hash & p->table[side].mask], 1);
    }
    expect(&p->met.randoms[ways_of(o->randoms, MET)], 1);
    expect(&p->lesson[o->whence.flow_id % RECENT_LESSONS], sizeof *p->lesson);
    expect(&p->shapes.shape[o->client_hello.number % KNOWN_HELLOS], sizeof *p->shapes.shape);
}

void peers_expect_ue(const struct peers *p, const struct observation *o)
{
    const struct endpoint end = whence_peer(&o->whence, CLIENT);
    const struct node *ue = node_at(&p->table[CLIENT], *bucket_of(p, CLIENT, &end));
    if (ue)
        expect(ue, EXPECTED_BYTES);
}

const struct peer *peers_find(const struct peers *p, const struct observation *o,
                              const struct hello_shape *shape, enum side side)
{
    const struct peer_key key = key_of(o, shape, side);
    struct node *n = node_at(&p->table[side], index_of(p, side, &key));
    return n ? &n->peer : NULL;
}

/* The servers of an address one after the other: the one after `last`, the first for NULL; NULL: no more. */
static struct node *next_at(const struct peers *p, const struct endpoint *end, const struct node *last)
{
    const struct side_table *t = &p->table[SERVER];
    struct node *n = node_at(t, last ? last->hash_next : *bucket_of(p, SERVER, end));
    while (n && !is_at(n, end))
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

/* Whoever asks for names at random gets no more of them than so many, and the names that many ask for stay.
 */
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
    if (peers_find(p, o, shape, side))
        return NULL;
    const struct peer *name = side == SERVER ? least_used_name(p, &o->whence.server) : NULL;
    if (name || t->pool.used < t->pool.capacity)
        return name;
    return &node_at(t, t->used.oldest)->peer;
}

void peers_forget(struct peers *p, const struct peer *peer)
{
    enum side side = peer->side;
    struct side_table *t = &p->table[side];
    const struct peer_key key = {peer->end, peer->host};
    uint32_t index = index_of(p, side, &key);
    struct node *n = node_at(t, index);
    uint32_t *link = bucket_of(p, side, &key.end);
    while (*link != index)
        link = &node_at(t, *link)->hash_next;
    *link = n->hash_next;
    queue_remove(&t->used, &t->pool, offsetof(struct node, used), index);
    queue_remove(&t->begun, &t->pool, offsetof(struct node, begun), index);
    pool_give(&t->pool, index);
    p->counters.evicted++;
}

/* A version that the server selected where more may have been offered. */
static void note_unread(struct peer *s, uint16_t version, uint32_t why)
{
    if (!version || (s->unread_version && version >= s->unread_version))
        return;
    s->unread_version = version;
    s->unread_why = why;
}

/* What another server of the address may have done is what this one may have done, if nobody saw which of
 * them was asked. */
static void may_have_been(struct peer *s, const struct peer *unnamed)
{
    suite_set_join(&s->possible, &unnamed->possible);
    suite_set_join(&s->possible, &unnamed->selected);
    s->possible_any |= unnamed->possible_any;
    s->missing |= unnamed->missing | unnamed->unread;
    s->sessions.maybe_resumed |= unnamed->sessions.maybe_resumed || unnamed->sessions.resumed;
    s->sessions.issued |= unnamed->sessions.issued > 0;
    s->sessions.hidden |= unnamed->sessions.hidden > 0;
    note_unread(s, unnamed->lowest_version, unnamed->unread);
    note_unread(s, unnamed->unread_version, unnamed->unread_why | unnamed->unread);
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
        may_have_been(s, &unnamed->peer);
}

static struct peer *take(struct peers *p, const struct observation *o, const struct hello_shape *shape,
                         enum side side)
{
    struct side_table *t = &p->table[side];
    const struct peer_key key = key_of(o, shape, side);
    uint32_t index = index_of(p, side, &key);
    struct node *n = node_at(t, index);
    if (n) {
        queue_remove(&t->used, &t->pool, offsetof(struct node, used), index);
    } else {
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
        uint32_t *bucket = bucket_of(p, side, &key.end);
        n->hash_next = *bucket;
        *bucket = index;
        queue_push(&t->begun, &t->pool, offsetof(struct node, begun), index);
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

struct told_finding *peers_told(struct peers *p, const struct peer *peer, unsigned profile)
{
    assert(profile < PEER_PROFILES);
    struct pool *pool = &p->table[peer->side].pool;
    const size_t at = (size_t)((const uint8_t *)peer->told[profile] - pool->slots);
    return (struct told_finding *)(void *)(pool->slots + at);
}

/* One server that is set up in one way answers one hello in one way: what it chooses from is that list (RFC
 * 5246 7.4.1.3). */
static bool answers_otherwise(const struct peer *s, const struct observation *o)
{
    const uint64_t number = o->client_hello.number;
    const struct known_answer *before = &s->answer[number % MAX_KNOWN_ANSWERS];
    const struct suite *suite = observation_suite(o);
    return number && before->hello == number && suite && o->resumption == RESUMPTION_FULL &&
           (before->suite != suite_index(suite) || before->version != observation_version(o));
}

static void note_answer(struct peer *s, const struct observation *o, size_t suite)
{
    const uint64_t number = o->client_hello.number;
    if (number && o->resumption == RESUMPTION_FULL)
        s->answer[number % MAX_KNOWN_ANSWERS] = (struct known_answer){
            .hello = number, .suite = (uint16_t)suite, .version = observation_version(o)};
}

static void note_time(struct accepted_hello *hello, struct endpoint client, nanos time)
{
    nanos *times = hello->of_client;
    if (memcmp(&client, &hello->client, sizeof client) != 0)
        memset(times, 0, sizeof hello->of_client);
    hello->client = client;
    memmove(&times[1], &times[0], sizeof hello->of_client - sizeof times[0]);
    times[0] = time;
}

/* Remembers the hellos that the server accepted: the last few different ones. */
static void note_accepted(struct peer *s, const struct observation *o, const struct hello_shape *shape,
                          struct lesson *l)
{
    const uint16_t version = observation_version(o);
    const struct suite *suite = observation_suite(o);
    size_t i = 0;
    if (!shape->known)
        return;
    while (i < s->accepted_count &&
           !(s->accepted[i].version == version && shapes_match(&s->accepted[i].shape, shape, true)))
        i++;
    if (i == s->accepted_count) {
        if (s->accepted_count < MAX_HELLO_SHAPES)
            s->accepted_count++;
        memmove(&s->accepted[1], &s->accepted[0], (s->accepted_count - 1U) * sizeof s->accepted[0]);
        s->accepted[i = 0] = (struct accepted_hello){.shape = *shape, .version = version};
        l->accepted = true;
    }
    struct accepted_hello *hello = &s->accepted[i];
    note_time(hello, whence_peer(&o->whence, CLIENT), o->side[CLIENT].hello_time);
    if (hello->max_version < o->client_hello.max_version) {
        l->accepted_before = hello->max_version;
        hello->max_version = o->client_hello.max_version;
    }
    if (!suite)
        return;
    const size_t index = suite_index(suite);
    l->selected_of_shape = !suite_set_has(&hello->selected, index);
    suite_set_add(&hello->selected, index);
    l->varied = !hello->varied && answers_otherwise(s, o);
    hello->varied |= l->varied;
    note_answer(s, o, index);
}

static void note_lowest(struct peer *p, uint16_t version, struct lesson *l)
{
    l->lowest_before[p->side] = p->lowest_version;
    if (!p->lowest_version || version < p->lowest_version)
        p->lowest_version = l->lowest[p->side] = version;
}

static void server_selected(struct peer *s, const struct observation *o, const struct hello_shape *shape,
                            struct lesson *l)
{
    const struct suite *suite = observation_suite(o);
    uint16_t version = observation_version(o);
    l->version = version;
    l->version_before = s->highest_version;
    if (suite) {
        size_t index = suite_index(suite);
        l->suite = (uint16_t)index;
        l->selected = !suite_set_has(&s->selected, index);
        suite_set_add(&s->selected, index);
        s->contradicted.word[index / 64] &= ~(UINT64_C(1) << index % 64);
        if (s->refused_count)
            refusals_override(s, index);
    }
    if (version > s->highest_version)
        s->highest_version = version;
    if (o->seen & SEEN_CERTIFICATE && o->certificate.parsed) {
        l->keys = 1U << o->certificate.key & ~s->keys;
        s->keys |= l->keys;
    }
    if (!(o->seen & SEEN_CLIENT_HELLO))
        note_unread(s, version, observation_missing(o, CLIENT));
    else if (o->client_hello.unknown & UNKNOWN_VERSIONS)
        note_unread(s, version, observation_unread(o, CLIENT));
    if (!(o->seen & SEEN_CLIENT_HELLO) || o->client_hello.unknown)
        return;
    l->capped = o->client_hello.max_version > version;
    s->capped += l->capped;
    if (l->capped)
        note_lowest(s, version, l);
    const bool accepted = o->reaction == REACTION_ACCEPTED || o->reaction == REACTION_ACCEPTED_LATE;
    if (accepted && version && !observation_is_doubtful(o, CLIENT))
        note_accepted(s, o, shape, l);
    if (accepted && s->refused_hellos && version && !observation_is_doubtful(o, CLIENT))
        refusals_accepted(s, o, shape);
}

/* A session that is offered may be what the server refuses: one of which the extended master secret is
 * missing ends in handshake_failure (RFC 7627 5.3). */
static bool may_resume(const struct client_hello_facts *c)
{
    return c->session_id_len || c->ticket || c->psk;
}

/* A refusal for want of a common suite: a fatal handshake_failure or insufficient_security (RFC 5246 7.2.2)
 * before any ServerHello, and nothing else; not one that may answer what the client sent behind its hello, as
 * an alert of its own. A server that refuses to renegotiate does so whatever is offered. */
static bool refused_for_its_suites(const struct observation *o)
{
    enum { HANDSHAKE_FAILURE = 40, INSUFFICIENT_SECURITY = 71 };
    const struct client_hello_facts *c = &o->client_hello;
    if (o->reaction != REACTION_FATAL_ALERT || o->renegotiation || !(o->seen & SEEN_CLIENT_HELLO) ||
        c->unknown || c->unknown_suites || may_resume(c) || o->spoke_on || o->side[CLIENT].damage ||
        o->side[SERVER].damage || o->side[CLIENT].unacknowledged || o->side[SERVER].later_unacknowledged)
        return false;
    for (size_t i = 0; i < o->alert_count; i++)
        if (o->alerts[i].level == 2)
            return o->alerts[i].from == SERVER && (o->alerts[i].description == HANDSHAKE_FAILURE ||
                                                   o->alerts[i].description == INSUFFICIENT_SECURITY);
    return false;
}

static void server_refused(const struct peers *p, struct peer *s, const struct observation *o,
                           const struct hello_shape *shape)
{
    /* What the hello's own version forbids was not refused. */
    const struct suite_set offer =
        suites_up_to(&p->by_version, &o->client_hello.offered, o->client_hello.max_version);
    if (suite_set_empty(&offer))
        return;
    refusals_learn(s, o, shape, &offer, offer_needs_groups(&p->with_groups, &offer, &o->client_hello));
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
    out->doubt = answers_otherwise(server, o) ? UNOBSERVED_INCONSISTENT : 0;
    out->doubt = spread_includes(server, o) ? UNOBSERVED_NETWORKS : out->doubt;
    for (size_t i = 0; i < server->accepted_count; i++) {
        const struct accepted_hello *a = &server->accepted[i];
        struct suite_set common = o->client_hello.offered;
        suite_set_common(&common, &a->selected);
        if (a->version > out->highest_version && shapes_match(&a->shape, shape, false))
            out->highest_version = a->version;
        if (a->version == version &&
            shapes_match(&a->shape, shape, offer_needs_groups(&p->with_groups, &common, &o->client_hello))) {
            suite_set_join(&out->common, &common);
            out->doubt |= a->varied ? UNOBSERVED_INCONSISTENT : 0;
        }
    }
}

static void ue_offered_version(struct peer *u, const struct client_hello_facts *c, struct lesson *l)
{
    l->offered_before = u->highest_version;
    l->fallback_before = u->fallback_version;
    if (c->unknown & (UNKNOWN_VERSIONS | UNKNOWN_EXTENSIONS))
        return;
    if (c->max_version > u->highest_version)
        u->highest_version = c->max_version;
    if (c->fallback_scsv && c->max_version > u->fallback_version)
        u->fallback_version = c->max_version;
    l->offered_version = u->highest_version;
    l->fallback_version = u->fallback_version;
}

/* What a hello offers is supported; what it lacks proves nothing where it need not offer all. */
static void ue_offered(struct peer *u, const struct observation *o, const struct session_result *r,
                       struct lesson *l)
{
    const struct client_hello_facts *c = &o->client_hello;
    ue_offered_version(u, c, l);
    if (observation_offers_sslv2_only(o)) {
        note_lowest(u, c->max_version, l);
        return;
    }
    l->offered = c->offered;
    suite_set_without(&l->offered, &u->offered);
    suite_set_join(&u->offered, &c->offered);
    if (r->offered) /* a hello that resumes need only hold the session's suite (RFC 2246 7.4.1.2) */
        return;
    if (c->unknown & (UNKNOWN_OFFER | UNKNOWN_VERSIONS) ||
        observation_offer_in_doubt(o)) { /* it may resume, or offer others */
        u->unseen_offers++;
        u->missing |= observation_unread(o, CLIENT);
        return;
    }
    if (r->ageless == AGELESS_EITHER) { /* it may be one that resumes */
        u->unseen_offers++;
        u->missing |= UNOBSERVED_UNDECIDED;
        return;
    }
    /* So may one with an id that was not seen to be issued: up to TLS 1.2 an id has no other use. */
    bool has_id = c->session_id_len && !c->ticket;
    bool may_resume = has_id && o->resumption == RESUMPTION_UNKNOWN;
    if (may_resume || (has_id && c->max_version < 0x0304)) {
        u->unseen_offers += may_resume && c->max_version >= 0x0304;
        u->missing |= may_resume && c->max_version >= 0x0304 ? observation_missing(o, SERVER) : 0;
        return;
    }
    if (c->fallback_scsv) /* a UE has other suites for the version that it fell back from */
        return;
    if (u->full_offers == 0)
        u->always = c->offered;
    suite_set_common(&u->always, &c->offered);
    u->full_offers++;
    note_lowest(u, c->max_version, l);
    l->full_offers = 1;
    u->unknown_offers += c->unknown_suites > 0;
}

/* What it could have selected, under the version that it chose: it has no higher one that was offered. */
static void note_offer(const struct peers *p, struct peer *s, const struct observation *o)
{
    if (!(o->seen & SEEN_CLIENT_HELLO))
        return;
    const uint16_t selected = observation_version(o);
    const uint16_t version = selected ? selected : o->client_hello.max_version;
    const struct suite_set offer = suites_up_to(&p->by_version, &o->client_hello.offered, version);
    suite_set_join(&s->offers, &offer);
}

/* The server's answer was not seen: it may have selected any suite of the offer. */
static void answer_unseen(struct peer *s, const struct observation *o)
{
    s->missing |= observation_missing(o, SERVER);
    if (o->seen & SEEN_CLIENT_HELLO && !o->client_hello.unknown_suites)
        suite_set_join(&s->possible, &o->client_hello.offered);
    else
        s->possible_any = true;
}

static void learn_of_server(struct peers *p, struct peer *s, const struct observation *o,
                            const struct hello_shape *shape, const struct session_result *session,
                            bool grantable, struct lesson *l)
{
    s->handshakes++;
    spread_learn(s, o);
    note_offer(p, s, o);
    resumptions_add(&s->sessions, &l->added);
    l->refused_fresh[SERVER] = grantable && resumptions_refusal(s, o, session);
    if (o->seen & SEEN_SERVER_HELLO && !observation_is_doubtful(o, SERVER))
        server_selected(s, o, shape, l);
    else if (refused_for_its_suites(o))
        server_refused(p, s, o, shape);
    else if (observation_is_doubtful(o, SERVER) || !observation_settled(o, SERVER))
        answer_unseen(s, o);
}

/* A handshake whose hello was not seen to name a server, or none: any of the address may have answered it. */
static void learn_of_namesakes(struct peers *p, struct peer *unnamed, const struct observation *o)
{
    const uint32_t unread = observation_missing(o, CLIENT);
    unnamed->unread |= unread ? unread : UNOBSERVED_UNDECIDED;
    for (struct node *n = NULL; (n = next_at(p, &unnamed->end, n));)
        if (&n->peer != unnamed)
            may_have_been(&n->peer, unnamed);
}

static void learn_of_ue(struct peer *u, const struct observation *o, const struct hello_shape *shape,
                        const struct session_result *session, bool grantable, struct lesson *l)
{
    u->handshakes++;
    spread_learn(u, o);
    resumptions_add(&u->sessions, &l->added);
    l->refused_fresh[CLIENT] = grantable && resumptions_refusal(u, o, session);
    if (!(o->seen & SEEN_CLIENT_HELLO) || observation_is_doubtful(o, CLIENT)) {
        u->unseen_offers++;
        u->missing |= observation_missing(o, CLIENT);
        return;
    }
    ue_offered(u, o, session, l);
    u->unlike |= u->stack && shape->known && shape->stack != u->stack;
    u->stack = u->stack ? u->stack : shape->stack;
    l->not_used = !session->offered && !observation_offer_in_doubt(o) && held_is_usable(&u->held, shape, o);
    u->not_used += l->not_used;
    l->got_session = o->resumption == RESUMPTION_FULL && o->outcome == OUTCOME_COMPLETE && session->issued;
    if (l->got_session)
        held_learn(&u->held, shape, o);
}

/* Of a new handshake: nothing yet, but for what it is about. */
static struct lesson *new_lesson(struct peers *p, const struct peer *s, const struct peer *u,
                                 const struct observation *o, const struct hello_shape *shape)
{
    struct lesson *l = &p->lesson[o->whence.flow_id % RECENT_LESSONS];
    memset(l, 0, sizeof *l);
    l->flow_id = o->whence.flow_id;
    l->of[CLIENT] = (struct peer_key){u->end, u->host};
    l->of[SERVER] = (struct peer_key){s->end, s->host};
    l->shape = *shape;
    l->offer_unseen = !(o->seen & SEEN_CLIENT_HELLO) || o->client_hello.unknown_suites;
    if (!l->offer_unseen)
        l->offer = o->client_hello.offered;
    return l;
}

void peers_learn(struct peers *p, const struct observation *o, const struct hello_shape *shape,
                 const struct session_result *session)
{
    serving_learn(&p->serving, o);
    p->counters.hosts_forgotten = p->serving.forgotten;
    struct peer *s = take(p, o, shape, SERVER);
    struct peer *u = take(p, o, shape, CLIENT);
    s->unconfirmed |= !o->whence.confirmed;
    u->unconfirmed |= !o->whence.confirmed;
    const bool grantable = session->refused && session->suite_known &&
                           held_is_for(&u->held, shape, o, session->suite) &&
                           !held_is_superseded(&u->held, o, session->suite, session->origin) &&
                           session->offered_age < u->held.kept_for * NANOS_PER_SECOND;
    struct lesson *l = new_lesson(p, s, u, o, shape);
    l->added = resumptions_of(o, session);
    l->randoms = o->randoms;
    const struct met_handshake *nearer = met_nearer(&p->met, o);
    l->taught[SERVER] = !met_is_copy(&p->met, o, nearer, SERVER);
    l->taught[CLIENT] = !met_is_copy(&p->met, o, nearer, CLIENT) && !o->whence.told.family;
    p->counters.copies += !l->taught[SERVER];
    if (l->taught[SERVER]) {
        learn_of_server(p, s, o, shape, session, grantable, l);
        if (s->host == ASKED_UNKNOWN)
            learn_of_namesakes(p, s, o);
    }
    if (l->taught[CLIENT])
        learn_of_ue(u, o, shape, session, grantable, l);
}

static void take_back(struct peers *p, struct lesson *l, enum side of, enum side doubted, uint32_t why)
{
    struct node *n = node_at(&p->table[of], index_of(p, of, &l->of[of]));
    if (n && l->taught[of])
        lesson_take_back(l, &n->peer, doubted, why);
    l->taught[of] = false;
}

void peers_doubt(struct peers *p, uint64_t flow_id, enum side contradicted)
{
    struct lesson *l = &p->lesson[flow_id % RECENT_LESSONS];
    if (l->flow_id != flow_id)
        return;
    met_forget(&p->met, l->randoms, flow_id);
    for (enum side side = CLIENT; side <= SERVER; side++)
        take_back(p, l, side, contradicted, UNOBSERVED_OVERLAP);
}

void peers_found_nearer(struct peers *p, const struct met_handshake *farther, const struct whence *nearer)
{
    struct lesson *l = &p->lesson[farther->flow_id % RECENT_LESSONS];
    if (l->flow_id != farther->flow_id || l->randoms != farther->randoms)
        return;
    for (enum side side = CLIENT; side <= SERVER; side++)
        if (met_is_no_lesson(farther, nearer, side))
            take_back(p, l, side, side, UNOBSERVED_OTHER_SIDE);
}

struct met *peers_met(struct peers *p)
{
    return &p->met;
}
