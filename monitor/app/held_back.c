#include "app/held_back.h"

#include "app/docket.h"
#include "tls/kept_messages.h"

#include <assert.h>
#include <stdlib.h>

struct held_handshake {
    bool deferred;
    struct policy_case of_copies;
    struct observation observation;
    struct session_result session;
    struct http_connection before;
    struct peer server;
    struct peer_evidence evidence;
};

enum { ALIKE = 16 * HELD_HANDSHAKES };

static uint16_t *alike(const struct held_back *h, uint64_t flow_id)
{
    return &h->alike[flow_id % ALIKE];
}

static nanos end_of_doubt(const struct observation *o)
{
    return o->event_time + KEPT_SECONDS * NANOS_PER_SECOND;
}

size_t held_back_memory(void)
{
    return HELD_HANDSHAKES * (sizeof(struct held_handshake) + sizeof(uint64_t)) + ALIKE * sizeof(uint16_t);
}

bool held_back_open(struct held_back *h, bool messages)
{
    h->place = calloc(HELD_HANDSHAKES, sizeof *h->place);
    h->flow_id = calloc(HELD_HANDSHAKES, sizeof *h->flow_id);
    h->alike = calloc(ALIKE, sizeof *h->alike);
    h->messages = messages ? calloc(HELD_HANDSHAKES, sizeof *h->messages) : NULL;
    return h->place && h->flow_id && h->alike && (h->messages || !messages);
}

void held_back_close(struct held_back *h)
{
    free(h->place);
    free(h->flow_id);
    free(h->alike);
    free(h->messages);
    *h = (struct held_back){0};
}

bool held_back_may_change(const struct observation *o, nanos due)
{
    return o->outcome == OUTCOME_COMPLETE && due < end_of_doubt(o);
}

/* The next place from the one of this number on that has the flow's handshake; `count`: there is none. */
static size_t next_of(const struct held_back *h, uint64_t flow_id, size_t number)
{
    if (!*alike(h, flow_id)) /* as nearly always */
        return h->count;
    while (number < h->count && h->flow_id[(h->first + number) % HELD_HANDSHAKES] != flow_id)
        number++;
    return number;
}

/* The next one of them that may still change; NULL: there is none. */
static struct held_handshake *next_open(const struct held_back *h, uint64_t flow_id, nanos now,
                                        size_t *number)
{
    while ((*number = next_of(h, flow_id, *number)) < h->count) {
        struct held_handshake *held = &h->place[(h->first + (*number)++) % HELD_HANDSHAKES];
        if (docket_is_before(now, end_of_doubt(&held->observation)))
            return held;
    }
    return NULL;
}

bool held_back_has(const struct held_back *h, uint64_t flow_id)
{
    return next_of(h, flow_id, 0) < h->count;
}

bool held_back_is_mostly_free(const struct held_back *h)
{
    return h->count < HELD_HANDSHAKES / 2;
}

bool held_back_is_full(const struct held_back *h)
{
    return h->count == HELD_HANDSHAKES;
}

void held_back_put(struct held_back *h, const struct policy_case *c)
{
    assert(!held_back_is_full(h));
    const size_t at = (h->first + h->count++) % HELD_HANDSHAKES;
    struct held_handshake *held = &h->place[at];
    h->flow_id[at] = c->observation->whence.flow_id;
    ++*alike(h, h->flow_id[at]);
    held->deferred = false;
    held->of_copies = *c;
    observation_copy(&held->observation, c->observation);
    held->of_copies.observation = &held->observation;
    if (c->observation->messages) {
        kept_messages_copy(&h->messages[at], c->observation->messages);
        held->observation.messages = &h->messages[at];
    }
    if (c->session) {
        held->session = *c->session;
        held->of_copies.session = &held->session;
    }
    if (c->before) {
        held->before = *c->before;
        held->of_copies.before = &held->before;
    }
    if (c->server) {
        held->server = *c->server;
        held->of_copies.server = &held->server;
    }
    if (c->evidence) {
        held->evidence = *c->evidence;
        held->of_copies.evidence = &held->evidence;
    }
}

const struct policy_case *held_back_due(const struct held_back *h, nanos now)
{
    if (!h->count)
        return NULL;
    const struct policy_case *first = &h->place[h->first].of_copies;
    return docket_is_before(now, end_of_doubt(first->observation)) ? NULL : first;
}

const struct policy_case *held_back_made_due(struct held_back *h, nanos now)
{
    assert(h->count);
    struct held_handshake *first = &h->place[h->first];
    if (held_back_due(h, now))
        return &first->of_copies;
    h->early++;
    if (now - first->observation.event_time < DISOWNED_MILLISECONDS * (NANOS_PER_SECOND / 1000))
        first->observation.whence.confirmed = first->of_copies.about.confirmed = false;
    return &first->of_copies;
}

void held_back_drop(struct held_back *h)
{
    --*alike(h, h->flow_id[h->first]);
    h->first = (h->first + 1) % HELD_HANDSHAKES;
    h->count--;
}

bool held_back_defer(struct held_back *h)
{
    const struct held_handshake *first = &h->place[h->first];
    if (held_back_is_full(h) || first->deferred || next_of(h, h->flow_id[h->first], 1) < h->count)
        return false;
    held_back_put(h, &first->of_copies);
    h->place[(h->first + h->count - 1) % HELD_HANDSHAKES].deferred = true;
    held_back_drop(h);
    return true;
}

void held_back_found_nearer(struct held_back *h, uint64_t flow_id, uint64_t randoms,
                            const struct other_side *nearer, nanos now)
{
    size_t number = 0;
    for (struct held_handshake *held; (held = next_open(h, flow_id, now, &number));)
        if (held->observation.randoms == randoms)
            held->of_copies.nearer = *nearer;
}

void held_back_dispute(struct held_back *h, uint64_t flow_id, nanos now)
{
    size_t number = 0;
    for (struct held_handshake *held; (held = next_open(h, flow_id, now, &number));) {
        observation_disputed(&held->observation);
        held->of_copies.about.confirmed = false;
    }
}

size_t held_back_contradict(struct held_back *h, uint64_t flow_id, enum side side, nanos now)
{
    size_t damaged = 0;
    size_t number = 0;
    for (struct held_handshake *held; (held = next_open(h, flow_id, now, &number));) {
        damaged += !observation_is_damaged(&held->observation);
        h->contradicted++;
        observation_contradicted(&held->observation, side);
    }
    return damaged;
}
