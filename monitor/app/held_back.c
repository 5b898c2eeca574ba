#include "app/held_back.h"

#include "app/docket.h"
#include "base/memory.h"
#include "flow/clients.h"
#include "peers/met.h"
#include "tls/kept_messages.h"

#include <assert.h>
#include <stdlib.h>

struct held_case {
    bool deferred;
    nanos until;
    struct policy_case of_copies;
};

struct held_handshake {
    struct observation observation;
    struct session_result session;
    struct http_connection before;
    struct peer server;
    struct peer_evidence evidence;
};

/* A case is about one of the two, or about neither. */
struct held_in_clear {
    union {
        struct http_connection connection;
        struct http_exchange exchange;
    };
};

enum { ALIKE_SHARE = 16, FLOW_PLACES = 32, CLIENT_PLACES = 32 };

static uint16_t *alike(const struct held_back *h, uint64_t flow_id)
{
    return &h->alike[flow_id % (ALIKE_SHARE * h->most)];
}

static size_t position(const struct held_back *h, size_t number)
{
    const size_t at = h->first + number;
    return at < h->most ? at : at - h->most;
}

static struct held_case *place_at(const struct held_back *h, size_t number)
{
    return &h->place[h->order[position(h, number)]];
}

static nanos end_of_doubt(nanos end)
{
    return end + KEPT_SECONDS * NANOS_PER_SECOND;
}

size_t held_back_memory(void)
{
    const size_t each =
        sizeof(struct held_case) + sizeof(uint64_t) + 2 * sizeof(uint16_t) + ALIKE_SHARE * sizeof(uint16_t);
    return 2 * sizeof(uint16_t) * CLIENT_NUMBERS + HELD_HANDSHAKES * (each + sizeof(struct held_handshake)) +
           HELD_IN_CLEAR * (each + sizeof(struct held_in_clear));
}

static bool open_places(struct held_back *h, size_t most)
{
    h->most = most;
    h->place = memory_map(most, sizeof *h->place);
    h->flow_id = calloc(most, sizeof *h->flow_id);
    h->order = calloc(most, sizeof *h->order);
    h->alike = memory_map(ALIKE_SHARE * most, sizeof *h->alike);
    h->client = calloc(most, sizeof *h->client);
    h->of_client = calloc(CLIENT_NUMBERS, sizeof *h->of_client);
    h->key = siphash_random_key();
    for (size_t i = 0; h->order && i < most; i++)
        h->order[i] = (uint16_t)i;
    return h->place && h->flow_id && h->order && h->alike && h->client && h->of_client;
}

bool held_back_open_handshakes(struct held_back *h, bool messages)
{
    h->of_tls = memory_map(HELD_HANDSHAKES, sizeof *h->of_tls);
    h->messages = messages ? calloc(HELD_HANDSHAKES, sizeof *h->messages) : NULL;
    return open_places(h, HELD_HANDSHAKES) && h->of_tls && (h->messages || !messages);
}

bool held_back_open_in_clear(struct held_back *h)
{
    h->in_clear = memory_map(HELD_IN_CLEAR, sizeof *h->in_clear);
    return open_places(h, HELD_IN_CLEAR) && h->in_clear;
}

void held_back_close(struct held_back *h)
{
    memory_unmap(h->place);
    memory_unmap(h->of_tls);
    memory_unmap(h->in_clear);
    free(h->flow_id);
    free(h->order);
    memory_unmap(h->alike);
    free(h->client);
    free(h->of_client);
    free(h->messages);
    *h = (struct held_back){0};
}

bool held_back_may_change(const struct observation *o, nanos due)
{
    return o->outcome == OUTCOME_COMPLETE && due < end_of_doubt(o->event_time);
}

/* The first place, from this number on, that has the flow's handshake; `count`: there is none. */
static size_t next_of(const struct held_back *h, uint64_t flow_id, size_t number)
{
    if (!h->count || !*alike(h, flow_id)) /* as nearly always */
        return h->count;
    while (number < h->count && h->flow_id[position(h, number)] != flow_id)
        number++;
    return number;
}

/* The next one of these that may still change; NULL: there is none. */
static struct held_case *next_open(const struct held_back *h, uint64_t flow_id, nanos now, size_t *number)
{
    while ((*number = next_of(h, flow_id, *number)) < h->count) {
        struct held_case *held = place_at(h, (*number)++);
        if (docket_is_before(now, held->until))
            return held;
    }
    return NULL;
}

/* What a place's case refers to, to be changed. */
static struct held_handshake *handshake_of(const struct held_back *h, const struct held_case *held)
{
    return &h->of_tls[held - h->place];
}

static struct held_in_clear *in_clear_of(const struct held_back *h, const struct held_case *held)
{
    return &h->in_clear[held - h->place];
}

bool held_back_has(const struct held_back *h, uint64_t flow_id)
{
    return next_of(h, flow_id, 0) < h->count;
}

bool held_back_is_mostly_free(const struct held_back *h)
{
    return h->count < h->most / 2;
}

static bool is_full(const struct held_back *h)
{
    return h->count == h->most;
}

/* Before those that came before it. */
static void bring_forward(struct held_back *h, size_t number)
{
    const uint16_t which = h->order[position(h, number)];
    const uint64_t flow_id = h->flow_id[position(h, number)];
    const uint16_t client = h->client[position(h, number)];
    for (; number; number--) {
        h->order[position(h, number)] = h->order[position(h, number - 1)];
        h->flow_id[position(h, number)] = h->flow_id[position(h, number - 1)];
        h->client[position(h, number)] = h->client[position(h, number - 1)];
    }
    h->order[h->first] = which;
    h->flow_id[h->first] = flow_id;
    h->client[h->first] = client;
}

/* The first place of the client that has most, if it has many; else 0. */
static size_t first_of_greediest(const struct held_back *h)
{
    size_t number = 0;
    if (h->of_client[h->greediest] < CLIENT_PLACES)
        return 0;
    while (h->client[position(h, number)] != h->greediest)
        number++;
    return number;
}

bool held_back_lacks_room(struct held_back *h, uint64_t flow_id)
{
    if (held_back_is_mostly_free(h))
        return false;
    size_t number = *alike(h, flow_id) >= FLOW_PLACES ? next_of(h, flow_id, 0) : h->count;
    if (number == h->count && !is_full(h))
        return false;
    if (number == h->count)
        number = first_of_greediest(h);
    bring_forward(h, number);
    return true;
}

static void copy_handshake(struct held_back *h, struct held_case *to, const struct policy_case *c)
{
    struct held_handshake *held = handshake_of(h, to);
    observation_copy(&held->observation, c->observation);
    to->of_copies.observation = &held->observation;
    if (c->observation->messages) {
        struct kept_messages *messages = &h->messages[to - h->place];
        kept_messages_copy(messages, c->observation->messages);
        held->observation.messages = messages;
    }
    if (c->session) {
        held->session = *c->session;
        to->of_copies.session = &held->session;
    }
    if (c->before) {
        held->before = *c->before;
        to->of_copies.before = &held->before;
    }
    if (c->server) {
        held->server = *c->server;
        to->of_copies.server = &held->server;
    }
    if (c->evidence) {
        held->evidence = *c->evidence;
        to->of_copies.evidence = &held->evidence;
    }
}

static void copy_in_clear(const struct held_back *h, struct held_case *to, const struct policy_case *c)
{
    struct held_in_clear *held = in_clear_of(h, to);
    if (c->connection) {
        held->connection = *c->connection;
        to->of_copies.connection = &held->connection;
    }
    if (c->exchange) {
        held->exchange = *c->exchange;
        to->of_copies.exchange = &held->exchange;
    }
}

void held_back_put(struct held_back *h, const struct policy_case *c, nanos due)
{
    assert(!is_full(h));
    struct held_case *held = place_at(h, h->count);
    const uint16_t client = client_number(&h->key, &c->about.client);
    if (++h->of_client[client] > h->of_client[h->greediest])
        h->greediest = client;
    h->client[position(h, h->count)] = client;
    h->flow_id[position(h, h->count++)] = c->about.flow_id;
    ++*alike(h, c->about.flow_id);
    const nanos until = end_of_doubt(c->observation ? c->observation->event_time : due);
    *held = (struct held_case){.until = until > due ? until : end_of_doubt(due), .of_copies = *c};
    if (c->observation)
        copy_handshake(h, held, c);
    else
        copy_in_clear(h, held, c);
}

const struct policy_case *held_back_due(const struct held_back *h, nanos now)
{
    const struct held_case *first = h->count ? place_at(h, 0) : NULL;
    return first && !docket_is_before(now, first->until) ? &first->of_copies : NULL;
}

struct held_back *held_back_next(struct held_back *a, struct held_back *b, nanos now)
{
    if (!held_back_due(b, now))
        return held_back_due(a, now) ? a : NULL;
    const bool earlier = held_back_due(a, now) && place_at(a, 0)->until <= place_at(b, 0)->until;
    return earlier ? a : b;
}

/* An end says that it knows nothing of the connection, or had no time to say so. */
static void disown(const struct held_back *h, struct held_case *held)
{
    held->of_copies.about.confirmed = false;
    if (held->of_copies.observation)
        handshake_of(h, held)->observation.whence.confirmed = false;
}

const struct policy_case *held_back_made_due(struct held_back *h, nanos now)
{
    assert(h->count);
    struct held_case *first = place_at(h, 0);
    if (held_back_due(h, now))
        return &first->of_copies;
    h->early++;
    if (now < first->until - KEPT_SECONDS * NANOS_PER_SECOND + DISOWNED_MILLISECONDS * NANOS_PER_MILLISECOND)
        disown(h, first);
    return &first->of_copies;
}

void held_back_drop(struct held_back *h)
{
    --*alike(h, h->flow_id[h->first]);
    h->of_client[h->client[h->first]]--;
    h->first = (h->first + 1) % h->most;
    h->count--;
}

bool held_back_defer(struct held_back *h)
{
    const struct held_case *first = place_at(h, 0);
    if (is_full(h) || first->deferred || next_of(h, h->flow_id[h->first], 1) < h->count)
        return false;
    held_back_put(h, &first->of_copies, 0);
    place_at(h, h->count - 1)->deferred = true;
    held_back_drop(h);
    return true;
}

void held_back_found_nearer(struct held_back *h, uint64_t flow_id, uint64_t met,
                            const struct other_side *nearer, nanos now)
{
    size_t number = 0;
    for (struct held_case *held; (held = next_open(h, flow_id, now, &number));)
        if (held->of_copies.observation && met_key(held->of_copies.observation) == met)
            held->of_copies.nearer = *nearer;
}

void held_back_redate(struct held_back *h, const struct sessions *s)
{
    for (size_t number = 0; number < h->count; number++) {
        struct held_case *held = place_at(h, number);
        if (held->of_copies.observation && held->of_copies.session)
            sessions_redate(s, held->of_copies.observation, &handshake_of(h, held)->session);
    }
}

void held_back_dispute(struct held_back *h, uint64_t flow_id, nanos now)
{
    size_t number = 0;
    for (struct held_case *held; (held = next_open(h, flow_id, now, &number));) {
        disown(h, held);
        if (held->of_copies.observation)
            observation_disputed(&handshake_of(h, held)->observation);
    }
}

static void contradict_in_clear(const struct held_back *h, struct held_case *held)
{
    struct held_in_clear *of = in_clear_of(h, held);
    uint32_t *damage = held->of_copies.connection ? &of->connection.damage
                       : held->of_copies.exchange ? &of->exchange.damage
                                                  : &held->of_copies.damage;
    *damage |= HTTP_DAMAGE_OVERLAP;
}

size_t held_back_contradict(struct held_back *h, uint64_t flow_id, enum side side, nanos now)
{
    size_t damaged = 0;
    size_t number = 0;
    for (struct held_case *held; (held = next_open(h, flow_id, now, &number));) {
        h->contradicted++;
        if (!held->of_copies.observation) {
            contradict_in_clear(h, held);
            continue;
        }
        struct observation *o = &handshake_of(h, held)->observation;
        damaged += !observation_is_damaged(o);
        observation_contradicted(o, side);
    }
    return damaged;
}
