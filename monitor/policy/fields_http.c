/* Fields of HTTP: what came before TLS, a connection in clear, one request and its answer. */
#include "policy/getters.h"

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
        {HTTP_DAMAGE_NO_CLIENT, UNOBSERVED_CLIENT_DIRECTION},
        {HTTP_DAMAGE_NO_SERVER, UNOBSERVED_SERVER_DIRECTION},
        {HTTP_DAMAGE_END, UNOBSERVED_UNFINISHED},
        {HTTP_DAMAGE_OVERLAP, UNOBSERVED_OVERLAP},
        {HTTP_DAMAGE_COMPRESSED, UNOBSERVED_COMPRESSED},
    };
    uint32_t reasons = 0;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (http_damage & table[i].damage)
            reasons |= table[i].reason;
    if (http_damage & (HTTP_DAMAGE_NO_CLIENT | HTTP_DAMAGE_NO_SERVER | HTTP_DAMAGE_COMPRESSED))
        reasons &= ~(uint32_t)UNOBSERVED_UNFINISHED;
    return reasons ? reasons : UNOBSERVED_UNFINISHED;
}

static const struct http_connection *before_tls(const struct policy_case *c)
{
    return c->connection ? c->connection : c->before;
}

/* Why something unseen may have come before TLS, or before the HTTP that was read; 0: it cannot have. */
static uint32_t unseen_before(const struct policy_case *c)
{
    const struct http_connection *before = before_tls(c);
    const uint32_t damage =
        (before ? before->damage : c->damage) & ~(uint32_t)(HTTP_DAMAGE_END | HTTP_DAMAGE_NO_SERVER);
    const struct observation *o = c->observation;
    const bool begins_later = o && !(o->seen & SEEN_CLIENT_HELLO); /* then a later part is judged */
    return (o ? o->unseen_before : 0) | (damage ? reasons_of(damage) : 0) |
           (begins_later ? observation_missing(o, CLIENT) : 0);
}

/* Why there is no answer to the request before TLS. */
static uint32_t no_answer(const struct policy_case *c)
{
    const struct http_connection *before = before_tls(c);
    if ((before && before->damage) || !c->observation)
        return reasons_of(before ? before->damage : 0);
    return observation_missing(c->observation, SERVER);
}

static struct fact unless_unseen(const struct policy_case *c, struct fact v)
{
    const uint32_t why = unseen_before(c);
    return why ? unknown(why) : v;
}

static bool connect_seen(const struct policy_case *c)
{
    const struct http_connection *before = before_tls(c);
    return (before && before->connect) || (c->observation && c->observation->authority.length);
}

struct fact tunnel_connect(const struct policy_case *c)
{
    if (connect_seen(c))
        return number(1);
    return unless_unseen(c, before_tls(c) || c->observation ? number(0) : absent());
}

struct fact tunnel_upgrade(const struct policy_case *c)
{
    const struct http_connection *before = before_tls(c);
    if (before && before->upgraded)
        return number(1);
    if (before && before->upgrade)
        return unknown(no_answer(c));
    return unless_unseen(c, before || c->observation ? number(0) : absent());
}

/* A client may send its hello together with the CONNECT, before a proxy refuses that. */
static bool knew_answer(const struct observation *o, const struct http_connection *before)
{
    return !o || !o->hello_ack.any || !before->connect_placed ||
           (int32_t)(o->hello_ack.number - before->connect_at) > 0;
}

struct fact tunnel_status(const struct policy_case *c)
{
    const struct http_connection *before = before_tls(c);
    if (before && before->connect_status)
        return knew_answer(c->observation, before) || before->connect_status < 300
                   ? number(before->connect_status)
                   : unknown(UNOBSERVED_UNDECIDED);
    return connect_seen(c) ? unknown(no_answer(c)) : unless_unseen(c, absent());
}

struct value tunnel_authority(const struct policy_case *c)
{
    const struct fact connect = tunnel_connect(c);
    if (connect.known != KNOWN_VALUE || !connect.number)
        return fact_alone(connect.known == UNKNOWN ? connect : absent());
    const struct span authority = observation_text(c->observation, c->observation->authority);
    return authority.n ? string(authority) : fact_alone(unknown(UNOBSERVED_TOO_LONG));
}

struct fact connection_protocol(const struct policy_case *c)
{
    if (c->damage) /* TLS may have begun in the missing bytes */
        return unknown(reasons_of(c->damage));
    return number(c->observation ? PROTOCOL_TLS : c->connection ? PROTOCOL_HTTP : PROTOCOL_OTHER);
}

struct value connection_name(const struct policy_case *c)
{
    return c->protocol ? string(span_of(c->protocol, strlen(c->protocol))) : fact_alone(absent());
}

/* A lower bound if there were more than could be followed. */
static struct fact at_least(const struct http_connection *h, uint32_t n)
{
    struct fact v = number(n);
    v.at_least = h->damage & HTTP_DAMAGE_TOO_LONG;
    v.reasons = v.at_least ? reasons_of(h->damage) : 0;
    return v;
}

struct fact connection_requests(const struct policy_case *c)
{
    const struct http_connection *h = c->connection;
    if (!h)
        return absent();
    if (c->acknowledged_only && h->count.unacknowledged)
        return unknown(UNOBSERVED_UNACKNOWLEDGED);
    if (c->passed_on && h->count.requests) /* the UE sent them elsewhere, perhaps otherwise */
        return unknown(UNOBSERVED_PASSED_ON);
    bool open = h->damage || h->count.answers; /* an answer had its request */
    if (h->count.requests || !(open || h->for_page))
        return at_least(h, h->count.requests);
    return unknown(open ? reasons_of(h->damage) : UNOBSERVED_WEB_PAGE);
}

static bool answers_not_received(const struct policy_case *c)
{
    return c->acknowledged_only && c->connection->count.answers_unacknowledged;
}

struct fact connection_answers(const struct policy_case *c)
{
    const struct http_connection *h = c->connection;
    if (!h)
        return absent();
    if (answers_not_received(c))
        return unknown(UNOBSERVED_UNACKNOWLEDGED);
    struct fact v = number(h->count.answers);
    v.at_least = h->damage != 0;
    v.reasons = h->damage ? reasons_of(h->damage) : 0;
    return v;
}

struct fact connection_served(const struct policy_case *c)
{
    const struct http_connection *h = c->connection;
    if (!h)
        return absent();
    if (answers_not_received(c))
        return unknown(UNOBSERVED_UNACKNOWLEDGED);
    bool open = h->damage || h->count.answers < h->count.requests; /* an unseen answer may serve */
    if (h->count.served || !(open || h->count.pages))
        return at_least(h, h->count.served);
    return unknown(open ? reasons_of(h->damage) : UNOBSERVED_UNDECIDED);
}

struct fact connection_challenges(const struct policy_case *c)
{
    const struct http_connection *h = c->connection;
    if (!h)
        return absent();
    if (answers_not_received(c))
        return unknown(UNOBSERVED_UNACKNOWLEDGED);
    bool open = h->damage || h->count.answers < h->count.requests;
    return h->count.challenges || !open ? at_least(h, h->count.challenges) : unknown(reasons_of(h->damage));
}

struct fact in_request(const struct http_exchange *e, int64_t n)
{
    return e->request_seen ? number(n) : unknown(reasons_of(e->damage));
}

struct fact in_answer(const struct http_exchange *e, int64_t n)
{
    return e->response_seen ? number(n) : unknown(reasons_of(e->damage));
}

/* What is not found in a part of the request or the answer may be in what was too long to keep, or could not
 * be read. */
static struct fact unless_cut(const struct http_exchange *e, struct fact v, bool cut)
{
    const uint32_t why = e->damage & (HTTP_DAMAGE_TOO_LONG | HTTP_DAMAGE_COMPRESSED);
    return cut && v.known == KNOWN_VALUE && !v.number ? unknown(why ? reasons_of(why) : UNOBSERVED_TOO_LONG)
                                                      : v;
}

struct fact in_target(const struct http_exchange *e, int64_t n)
{
    return unless_cut(e, in_request(e, n), e->target_cut);
}

struct fact user_document(const struct http_exchange *e)
{
    const struct fact v = in_target(e, e->user_document);
    return v.known == KNOWN_VALUE && v.number && e->no_document ? unknown(UNOBSERVED_UNDECIDED) : v;
}

struct fact in_request_fields(const struct http_exchange *e, int64_t n)
{
    return unless_cut(e, in_request(e, n), e->fields_cut);
}

struct fact in_answer_fields(const struct http_exchange *e, int64_t n)
{
    return unless_cut(e, in_answer(e, n), e->answer_cut);
}

static struct value text_unless_cut(const struct http_exchange *e, const struct http_text *text, bool cut)
{
    const struct fact v = unless_cut(e, in_request(e, text->length), cut);
    return v.known == KNOWN_VALUE ? string(span_of(text->bytes, text->length)) : fact_alone(v);
}

struct value application_usage(const struct http_exchange *e)
{
    return text_unless_cut(e, &e->auid, e->target_cut);
}

struct value request_host(const struct http_exchange *e)
{
    return text_unless_cut(e, &e->host, e->fields_cut);
}

struct fact document_owner(const struct http_exchange *e)
{
    const struct fact v = unless_cut(e, in_request(e, e->owner), e->target_cut || e->fields_cut);
    return v.known == KNOWN_VALUE && e->owner == OWNER_NOT_TOLD ? absent() : v;
}

/* A proxy that forwards a request has, or has not, authenticated the user: that can be seen only between the
 * UE and it. */
struct fact request_identity(const struct policy_case *c)
{
    const struct http_exchange *e = c->exchange;
    bool any = e->credentials || e->said_identity || e->vouched || e->cookie || e->known_user ||
               e->tls_user == TLS_USER_KNOWN;
    struct fact v = in_request(e, any);
    if (v.known == KNOWN_VALUE && !any && e->tls_user != TLS_USER_NONE)
        return unknown(e->tls_user == TLS_USER_OF_RESUMED ? UNOBSERVED_ORIGIN : UNOBSERVED_UNDECIDED);
    if (v.known == KNOWN_VALUE && !any && c->passed_on)
        return unknown(UNOBSERVED_PASSED_ON);
    /* The user may have been identified on the connection before the capture or in a gap. */
    bool open = e->damage & ~(uint32_t)HTTP_DAMAGE_AT_END;
    return v.known == KNOWN_VALUE && !any && open ? unknown(reasons_of(e->damage)) : v;
}

struct fact unanswered_challenge(const struct http_exchange *e)
{
    const uint32_t damage = e->damage & ~(uint32_t)HTTP_DAMAGE_END;
    if (e->earlier_challenge == CHALLENGE_NOT_KNOWN)
        return unknown(damage ? reasons_of(damage) : UNOBSERVED_ORIGIN);
    if (e->earlier_challenge == CHALLENGE_UNDECIDED)
        return unknown(UNOBSERVED_UNDECIDED);
    return number(e->earlier_challenge == CHALLENGE_OPEN);
}
