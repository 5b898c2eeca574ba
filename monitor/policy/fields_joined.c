/* Fields of what stands beside the handshake: the session memory, the peers, HTTP in clear. */
#include "policy/values.h"

#include <assert.h>

static uint32_t reasons_of(uint32_t http_damage)
{
    static const struct {
        uint32_t damage, reason;
    } table[] = {
        {HTTP_DAMAGE_GAP, UNOBSERVED_GAP},
        {HTTP_DAMAGE_START, UNOBSERVED_MIDSTREAM},
        {HTTP_DAMAGE_MALFORMED, UNOBSERVED_MALFORMED},
        {HTTP_DAMAGE_TOO_LONG, UNOBSERVED_TOO_LONG},
        {HTTP_DAMAGE_EVICTED, UNOBSERVED_EVICTED},
        {HTTP_DAMAGE_END, UNOBSERVED_UNFINISHED},
    };
    uint32_t reasons = 0;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (http_damage & table[i].damage)
            reasons |= table[i].reason;
    return reasons ? reasons : UNOBSERVED_UNFINISHED;
}

static struct value text_of(const struct http_text *t)
{
    return string(span_of(t->bytes, t->length));
}

/* The client's hello, without which nobody knows what it offers to resume. */
static struct value hello_of(const struct observation *o)
{
    return handshake_value(FIELD_HELLO_VERSION, o);
}

/* Whole seconds, a begun one counted: then "above 86400" is true exactly when the age is. */
static int64_t seconds_up(int64_t ns)
{
    return ns <= 0 ? 0 : (ns + NANOS_PER_SECOND - 1) / NANOS_PER_SECOND;
}

static struct value age(const struct session_result *s, int64_t ns)
{
    struct value v = number(seconds_up(ns));
    v.at_least = s->basis != AGE_EXACT;
    v.reasons = UNOBSERVED_ORIGIN;
    return s->known ? v : unknown(UNOBSERVED_ORIGIN);
}

static struct value session_value(enum field field, const struct policy_case *c)
{
    const struct session_result *s = c->session;
    const struct observation *o = c->observation;
    struct value hello = hello_of(o);
    if (hello.known != KNOWN_VALUE)
        return hello;
    if (o->client_hello.malformed)
        return unknown(UNOBSERVED_MALFORMED);
    if (!s)
        return unknown(UNOBSERVED_ORIGIN);
    if (field == FIELD_SESSION_OFFERED)
        return number(s->offered);
    if (!s->offered)
        return absent();
    switch (field) {
    case FIELD_SESSION_METHOD:
        return number(s->method);
    case FIELD_SESSION_ACCEPTED:
        return handshake_value(FIELD_FULL, o).known == KNOWN_NOT ? handshake_value(FIELD_FULL, o)
                                                                 : number(s->accepted);
    case FIELD_SESSION_AGE_BASIS:
        return number(s->basis);
    case FIELD_SESSION_OFFERED_AGE:
        return age(s, s->offered_age);
    case FIELD_SESSION_RESUMED_AGE:
        return s->accepted ? age(s, s->resumed_age) : absent();
    case FIELD_SESSION_DEAD:
        return s->known ? number(s->dead) : unknown(UNOBSERVED_ORIGIN);
    default: {
        if (!s->accepted)
            return absent();
        struct value suite = handshake_value(FIELD_SERVER_SUITE, o);
        if (suite.known != KNOWN_VALUE)
            return suite;
        return s->suite_known ? number(s->suite == o->server_hello.suite) : unknown(UNOBSERVED_ORIGIN);
    }
    }
}

static struct value known_value(enum field field, const struct policy_case *c)
{
    struct value hello = hello_of(c->observation);
    if (hello.known != KNOWN_VALUE)
        return hello;
    if (!c->server || !c->evidence)
        return absent();
    if (field == FIELD_KNOWN_COMMON) {
        struct value v = number(1);
        v.suites = &c->evidence->common;
        return v;
    }
    return c->server->highest_version ? number(c->server->highest_version) : absent();
}

static struct value tunnel_value(enum field field, const struct policy_case *c)
{
    const struct http_connection *before = c->connection ? c->connection : c->before;
    const struct observation *o = c->observation;
    if (!before && !o)
        return absent();
    if (!before) {
        bool start_seen = o->start_seen[CLIENT] && !o->damage[CLIENT];
        bool connect = o->authority.length > 0;
        if (field == FIELD_TUNNEL_CONNECT && (connect || start_seen))
            return number(connect);
        if (field == FIELD_TUNNEL_UPGRADE && start_seen)
            return number(0);
        if (connect || !start_seen)
            return unknown(observation_missing(o, CLIENT));
        return absent();
    }
    if (field == FIELD_TUNNEL_CONNECT)
        return number(before->connect);
    if (field == FIELD_TUNNEL_UPGRADE)
        return before->upgrade && !before->upgraded && before->damage ? unknown(reasons_of(before->damage))
                                                                      : number(before->upgraded);
    if (!before->connect)
        return absent();
    return before->connect_status ? number(before->connect_status) : unknown(reasons_of(before->damage));
}

static struct value connection_value(enum field field, const struct policy_case *c)
{
    enum { PROTOCOL_TLS, PROTOCOL_HTTP, PROTOCOL_OTHER };
    /* TLS may have begun in what is missing. */
    if (field == FIELD_CONNECTION_PROTOCOL && c->damage)
        return unknown(reasons_of(c->damage));
    if (field == FIELD_CONNECTION_PROTOCOL)
        return number(c->observation ? PROTOCOL_TLS : c->connection ? PROTOCOL_HTTP : PROTOCOL_OTHER);
    if (field == FIELD_CONNECTION_NAME)
        return c->protocol ? string(span_of(c->protocol, strlen(c->protocol))) : absent();
    if (!c->connection)
        return absent();
    if (field == FIELD_CONNECTION_REQUESTS) {
        bool open = c->connection->damage || c->connection->answers; /* an answer had its request */
        return c->connection->requests || !open ? number(c->connection->requests)
                                                : unknown(reasons_of(c->connection->damage));
    }
    /* An answer that was not seen may have been one that serves. */
    bool open = c->connection->damage || c->connection->answers < c->connection->requests;
    return c->connection->served || !open ? number(c->connection->served)
                                          : unknown(reasons_of(c->connection->damage));
}

static struct value exchange_value(enum field field, const struct http_exchange *e)
{
    enum { OVER_PLAIN, OVER_NULL };
    struct value in_answer = e->response_seen ? number(0) : unknown(reasons_of(e->damage));
    struct value in_request = e->request_seen ? number(0) : unknown(reasons_of(e->damage));
    if (field == FIELD_HTTP_OVER)
        return number(e->null_encryption ? OVER_NULL : OVER_PLAIN);
    if (field == FIELD_HTTP_STATUS || field == FIELD_HTTP_CHALLENGE || field == FIELD_HTTP_GBA) {
        if (in_answer.known == KNOWN_VALUE)
            in_answer.number = field == FIELD_HTTP_STATUS      ? e->status
                               : field == FIELD_HTTP_CHALLENGE ? e->challenge
                                                               : e->gba_realm;
        return in_answer;
    }
    if (in_request.known != KNOWN_VALUE)
        return in_request;
    switch (field) {
    case FIELD_HTTP_METHOD:
        return number(e->method);
    case FIELD_HTTP_HOST:
        return text_of(&e->host);
    case FIELD_HTTP_XCAP:
        return number(e->xcap);
    case FIELD_HTTP_AUID:
        return text_of(&e->auid);
    case FIELD_HTTP_USER_DOCUMENT:
        return number(e->user_document);
    case FIELD_HTTP_OWNER:
        return e->owner == OWNER_NOT_TOLD ? absent() : number(e->owner);
    case FIELD_HTTP_CREDENTIALS:
        return number(e->credentials);
    case FIELD_HTTP_IDENTITY: {
        bool any = e->credentials || e->said_identity || e->vouched || e->cookie || e->known_user;
        /* What the connection said before the capture, or in a gap, may have told. */
        return any || !(e->damage & ~(uint32_t)HTTP_DAMAGE_END) ? number(any)
                                                                : unknown(reasons_of(e->damage));
    }
    default:
        return number(e->asks_tls);
    }
}

static struct value suites(const struct suite_set *set, size_t count)
{
    struct value v = number(1);
    v.suites = set;
    v.sets = count;
    return v;
}

static struct value server_peer_value(enum field field, const struct policy_case *c)
{
    const struct peer *s = c->server;
    struct value v;
    switch (field) {
    case FIELD_PEER_SELECTED:
        v = suites(&s->selected, 1);
        v.doubtful = &s->contradicted;
        v.possible = &s->possible;
        v.unknown_suites = s->possible_any;
        v.reasons = s->missing;
        return v;
    case FIELD_PEER_REFUSED:
        if (!c->evidence || !c->evidence->refusal_count)
            return absent();
        v = suites(c->evidence->refusals, c->evidence->refusal_count);
        v.doubtful = &s->contradicted;
        return v;
    case FIELD_PEER_REFUSED_ALONE:
        if (!c->evidence || suite_set_empty(&c->evidence->alone))
            return absent();
        v = suites(&c->evidence->alone, 1);
        v.doubtful = &s->contradicted;
        return v;
    case FIELD_PEER_HIGHEST: /* an answer that was not seen may have been higher */
        v = s->highest_version ? number(s->highest_version) : absent();
        v.at_least = s->missing != 0;
        v.reasons = s->missing;
        return v;
    case FIELD_PEER_CAPPED:
        return number(s->capped);
    default:
        return absent();
    }
}

/* Hellos that were not seen may have been anything. */
static struct value unseen_or(const struct peer *u, struct value otherwise)
{
    return u->unseen_offers ? unknown(u->missing) : otherwise;
}

static struct value ue_peer_value(enum field field, const struct peer *u)
{
    struct value v;
    switch (field) {
    case FIELD_PEER_OFFERED:
        v = suites(&u->offered, 1);
        v.unknown_suites = u->unknown_offers + u->unseen_offers;
        v.reasons = u->missing;
        return u->full_offers ? v : unseen_or(u, absent());
    case FIELD_PEER_OFFERED_ALWAYS:
        return u->full_offers && !u->unseen_offers ? suites(&u->always, 1) : unseen_or(u, absent());
    case FIELD_PEER_FULL_OFFERS:
        return u->full_offers ? number(u->full_offers) : unseen_or(u, number(0));
    case FIELD_PEER_NOT_USED:
        return number(u->not_used);
    default:
        return absent();
    }
}

static struct value peer_value(enum field field, const struct policy_case *c)
{
    const struct peer *p = c->kind == CASE_SERVER ? c->server : c->ue;
    switch (field) {
    case FIELD_PEER_HANDSHAKES:
        return number((int64_t)p->handshakes);
    case FIELD_PEER_FULL:
        return number(p->full);
    case FIELD_PEER_ALL_UNRESUMABLE:
        return number(p->full && p->unresumable == p->full && !p->issued);
    case FIELD_PEER_RESUMED:
        return p->resumed || !p->maybe_resumed ? number(p->resumed)
                                               : unknown(UNOBSERVED_UNFINISHED | p->missing);
    case FIELD_PEER_ATTEMPTS:
        return number(p->attempts);
    case FIELD_PEER_FRESH_REFUSED:
        return number(p->fresh_refused);
    default:
        return c->kind == CASE_SERVER ? server_peer_value(field, c) : ue_peer_value(field, p);
    }
}

static struct value key_value(enum field field, const struct key_use *k)
{
    if (field == FIELD_KEY_RENEGOTIATED)
        return number(k->renegotiated);
    struct value v = number(seconds_up(k->time - k->since));
    v.at_least = !k->exact;
    v.reasons = UNOBSERVED_ORIGIN;
    return v;
}

uint8_t field_kinds(enum field field)
{
    switch (field_info[field].side) {
    case CLIENT_SIDE:
    case SERVER_SIDE:
    case NO_ONES:
    case OF_SESSION:
    case OF_KNOWN:
        return 1 << CASE_HANDSHAKE;
    case OF_TUNNEL:
        return 1 << CASE_HANDSHAKE | 1 << CASE_CONNECTION;
    case OF_CONNECTION:
        return field == FIELD_CONNECTION_PROTOCOL ? 1 << CASE_CONNECTION | 1 << CASE_HANDSHAKE
                                                  : 1 << CASE_CONNECTION;
    case OF_EXCHANGE:
        return 1 << CASE_EXCHANGE;
    case OF_PEER:
        return 1 << CASE_SERVER | 1 << CASE_UE;
    case OF_KEY:
        return 1 << CASE_KEY;
    }
    assert(false);
    return 0;
}

struct value joined_value(enum field field, const struct policy_case *c)
{
    switch (field_info[field].side) {
    case CLIENT_SIDE:
    case SERVER_SIDE:
    case NO_ONES:
        return handshake_value(field, c->observation);
    case OF_SESSION:
        return session_value(field, c);
    case OF_KNOWN:
        return known_value(field, c);
    case OF_TUNNEL:
        return tunnel_value(field, c);
    case OF_CONNECTION:
        return connection_value(field, c);
    case OF_EXCHANGE:
        return exchange_value(field, c->exchange);
    case OF_PEER:
        return peer_value(field, c);
    case OF_KEY:
        return key_value(field, c->key);
    }
    assert(false);
    return absent();
}

struct value field_value(enum field field, const struct policy_case *c)
{
    if (!(field_kinds(field) & 1 << c->kind))
        return absent();
    return joined_value(field, c);
}
