#include "peers/refusals.h"

#include <string.h>

enum { TLS13 = 0x0304 };

/* No server fails and is repaired in less time. */
#define BRIEF (1 * NANOS_PER_SECOND)

static nanos time_of(const struct observation *o)
{
    return o->side[CLIENT].hello_time;
}

/* The server may refuse the session that is offered: one without the extended master secret ends in
 * handshake_failure (RFC 7627 5.3). */
static bool may_resume(const struct client_hello_facts *c)
{
    return c->session_id_len || c->ticket || c->psk;
}

/* A refusal for want of a common suite: a fatal handshake_failure or insufficient_security (RFC 5246 7.2.2)
 * before any ServerHello, and nothing else; not one that may answer what the client sent after its hello,
 * such as an alert. A server that refuses to renegotiate does so whatever is offered. */
bool refused_for_its_suites(const struct observation *o)
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

static bool is_of(const struct endpoint *client, const struct observation *o)
{
    const struct endpoint end = whence_peer(&o->whence, CLIENT);
    return endpoint_equal(&end, client);
}

static bool is_such(const struct refusals *r, uint16_t selected, uint16_t max_version,
                    const struct hello_shape *shape)
{
    return selected <= r->max_version && r->max_version <= max_version &&
           shapes_match(shape, &r->shape, r->needs_groups);
}

/* The hellos of this kind that it last accepted, from this client or, if there are none, from others; or
 * NULL. */
static const struct accepted_hello *accepted_of(const struct peer *server, const struct refusals *r)
{
    const struct accepted_hello *of_others = NULL;
    for (size_t i = 0; i < server->accepted_count; i++) {
        const struct accepted_hello *a = &server->accepted[i];
        if (!is_such(r, a->version, a->max_version, &a->shape))
            continue;
        if (endpoint_equal(&a->client, &r->client))
            return a;
        of_others = a;
    }
    return of_others;
}

static struct refusals *known(struct peer *server, const struct refusals *now)
{
    for (size_t i = 0; i < server->refused_count; i++) {
        struct refusals *r = &server->refused[i];
        if (endpoint_equal(&r->client, &now->client) && r->max_version == now->max_version &&
            r->needs_groups == now->needs_groups && shapes_match(&r->shape, &now->shape, true))
            return r;
    }
    return NULL;
}

/* Those that prove something stay; the oldest of the others makes room. */
static struct refusals *room(struct peer *server)
{
    struct refusals *oldest = NULL;
    if (server->refused_count < MAX_REFUSALS)
        return &server->refused[server->refused_count++];
    for (size_t i = 0; i < MAX_REFUSALS; i++) {
        struct refusals *r = &server->refused[i];
        if (suite_set_empty(&r->lacking) && (!oldest || r->last < oldest->last))
            oldest = r;
    }
    return oldest;
}

/* When it accepted such hellos from the client, as far as remembered: the last time before a time, and the
 * first after it. 0: not known. */
struct around {
    nanos before, after;
};

static struct around accepted_around(const struct accepted_hello *a, nanos time)
{
    struct around around = {0};
    for (size_t i = 0; a && i < LAST_ACCEPTED && a->of_client[i]; i++) {
        const nanos t = a->of_client[i];
        if (t < time && t > around.before)
            around.before = t;
        if (t > time && (!around.after || t < around.after))
            around.after = t;
    }
    return around;
}

static void drop(struct peer *server, struct refusals *r)
{
    *r = server->refused[--server->refused_count];
}

static bool has_failed_at(const struct peer *server, nanos time)
{
    return server->at_times && time >= server->failed_from &&
           (!server->failed_until || time <= server->failed_until);
}

/* It refused what it otherwise accepts: it would have refused any hello until it accepted something again. */
static void note_failure(struct peer *server, struct around around, nanos time)
{
    if (has_failed_at(server, time))
        return;
    if (server->at_times < REFUSES_AT_TIMES)
        server->at_times++;
    server->failed_from = around.before ? around.before : time;
    server->failed_until = around.after;
    for (size_t i = server->refused_count; i-- > 0;)
        if (has_failed_at(server, server->refused[i].last))
            drop(server, &server->refused[i]);
}

/* Handshakes are not learned in the order in which they began: such hellos may have been accepted since. */
static void refused_at(struct refusals *r, const struct suite_set *offer, struct around accepted, nanos time)
{
    struct suite_set again = *offer;
    const bool later = r->ended && time > r->ended;
    suite_set_common(&again, &r->before);
    if (later)
        suite_set_join(&r->lacking, &again);
    if (time > r->last)
        r->last = time;
    if (!accepted.after && !(r->ended && !later)) {
        if (suite_set_empty(&r->now)) {
            r->from = accepted.before;
            r->first = time;
        }
        suite_set_join(&r->now, offer);
        return;
    }
    again = *offer;
    suite_set_common(&again, &r->now);
    if (accepted.after && accepted.after < r->first)
        suite_set_join(&r->lacking, &again);
    if (accepted.before && accepted.after && accepted.after - accepted.before <= BRIEF)
        suite_set_join(&r->lacking, offer);
    suite_set_join(&r->before, offer);
    if (accepted.after > r->ended)
        r->ended = accepted.after;
}

bool refusals_learn(struct peer *server, const struct observation *o, const struct hello_shape *shape,
                    const struct suite_set *offer, bool needs_groups)
{
    const nanos time = time_of(o);
    struct refusals now = {.client = whence_peer(&o->whence, CLIENT),
                           .shape = *shape,
                           .max_version = o->client_hello.max_version,
                           .needs_groups = needs_groups};
    struct suite_set selected = *offer;
    server->refused_hellos++;
    if (now.max_version >= TLS13 || !shape->known)
        return true;
    const struct accepted_hello *a = accepted_of(server, &now);
    suite_set_common(&selected, &server->selected);
    if (a)
        suite_set_join(&server->contradicted, &selected);
    if (a && !endpoint_equal(&a->client, &now.client))
        a = NULL;
    const struct around accepted = accepted_around(a, time);
    struct refusals *r = known(server, &now);
    if (!suite_set_empty(&selected) && (a || (r && r->ended)))
        note_failure(server, accepted, time);
    if (has_failed_at(server, time))
        return true;
    r = known(server, &now);
    const bool fits = r || server->refused_count < MAX_REFUSALS;
    if (!r && (r = room(server)))
        *r = now;
    if (!r)
        return false;
    if (suite_set_count(offer) == 1)
        suite_set_join(&r->alone, offer);
    refused_at(r, offer, accepted, time);
    return fits;
}

void refusals_override(struct peer *server, size_t suite)
{
    struct around around = {0};
    nanos failed = 0;
    for (size_t i = server->refused_count; i-- > 0;) {
        struct refusals *r = &server->refused[i];
        if (!suite_set_has(&r->now, suite) && !suite_set_has(&r->before, suite))
            continue;
        if (r->from || r->ended) {
            around = (struct around){r->from, r->ended > r->last ? r->ended : 0};
            failed = r->last;
        }
        drop(server, r);
    }
    if (failed)
        note_failure(server, around, failed);
}

void refusals_accepted(struct peer *server, const struct observation *o, const struct hello_shape *shape)
{
    const nanos time = time_of(o);
    if (server->at_times && !server->failed_until && time > server->failed_from)
        server->failed_until = time;
    for (size_t i = 0; i < server->refused_count; i++) {
        struct refusals *r = &server->refused[i];
        if (suite_set_empty(&r->now) || time <= r->last || !is_of(&r->client, o) ||
            !is_such(r, observation_version(o), o->client_hello.max_version, shape))
            continue;
        if (r->from && time - r->from <= BRIEF)
            suite_set_join(&r->lacking, &r->now);
        suite_set_join(&r->before, &r->now);
        r->now = (struct suite_set){0};
        r->ended = time;
    }
}

void refusals_take_back(struct peer *server, const struct endpoint *client)
{
    for (size_t i = server->refused_count; i-- > 0;)
        if (endpoint_equal(&server->refused[i].client, client))
            drop(server, &server->refused[i]);
}
