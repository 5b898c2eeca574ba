/* Fields of what surrounds a handshake: the session memory, the peers, HTTP in clear. */
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

/* The client's hello, without which nobody knows what it offers to resume. */
static struct fact readable_hello(const struct policy_case *c)
{
    return unless_doubtful(c, CLIENT_SIDE, client_hello_seen(c->observation));
}

static struct value seconds(int64_t ns)
{
    ns = ns < 0 ? 0 : ns;
    struct value v = fact_alone(number(ns / NANOS_PER_SECOND));
    v.nanos_beyond = (uint32_t)(ns % NANOS_PER_SECOND);
    v.fact.beyond = v.nanos_beyond != 0;
    return v;
}

static uint32_t why_no_origin(const struct session_result *s)
{
    if (s->method == RESUMPTION_PSK)
        return UNOBSERVED_TICKET;
    if (s->missed & UNOBSERVED_UNDECIDED)
        return UNOBSERVED_UNDECIDED;
    if (s->in_progress && s->offered && s->basis != AGE_EXACT)
        return UNOBSERVED_IN_PROGRESS;
    return s->earlier ? UNOBSERVED_EARLIER : UNOBSERVED_ORIGIN;
}

static struct value age(const struct session_result *s, enum age_basis basis, int64_t ns)
{
    struct value v = seconds(ns);
    v.fact.at_least = basis != AGE_EXACT;
    v.fact.reasons = why_no_origin(s);
    return basis == AGE_UNKNOWN ? fact_alone(unknown(v.fact.reasons)) : v;
}

/* Something of what the same UE and server did before may not be known, and why; 0: it is. */
static uint32_t missed_before(const struct session_result *s)
{
    return s->missed | (s->in_progress ? UNOBSERVED_IN_PROGRESS : 0);
}

/* An id that nobody was seen to issue: a client of TLS 1.3 makes one up (RFC 8446 4.1.2), but it may also be
 * that of a session of which a part was missed. */
static bool may_be_issued(const struct policy_case *c)
{
    const struct client_hello_facts *hello = &c->observation->client_hello;
    return hello->session_id_len && !hello->ticket && !hello->psk &&
           observation_version(c->observation) < 0x0304 && missed_before(c->session);
}

/* What the memory says of a session that the client offers: a value when it offers one. */
static struct fact offer(const struct policy_case *c)
{
    struct fact hello = readable_hello(c);
    if (hello.known != KNOWN_VALUE)
        return hello;
    if (observation_offer_in_doubt(c->observation))
        return unknown(observation_unread(c->observation, CLIENT));
    if (!c->session)
        return unknown(UNOBSERVED_ORIGIN);
    if (!c->session->offered && may_be_issued(c))
        return unknown(missed_before(c->session));
    return c->session->ageless == AGELESS_EITHER ? unknown(UNOBSERVED_UNDECIDED)
                                                 : number(c->session->offered);
}

static struct fact of_offered(const struct policy_case *c)
{
    struct fact v = offer(c);
    return v.known == KNOWN_VALUE && !v.number ? absent() : v;
}

struct fact handshake_method(const struct policy_case *c)
{
    const struct observation *o = c->observation;
    if (!observation_by_psk(o))
        return resumption_method(o);
    if (o->server_hello.psk_selected >= o->client_hello.psk_count) /* whether it had an age was not seen */
        return unknown(observation_missing(o, CLIENT));
    if (o->resumption != RESUMPTION_UNKNOWN)
        return resumption_method(o);
    const bool external = c->session && c->session->ageless == AGELESS_EXTERNAL;
    return external ? number(RESUMPTION_EXTERNAL) : unknown(UNOBSERVED_UNDECIDED);
}

struct fact session_offered(const struct policy_case *c)
{
    return offer(c);
}

struct fact session_method(const struct policy_case *c)
{
    struct fact v = of_offered(c);
    return v.known == KNOWN_VALUE ? number(c->session->method) : v;
}

struct fact session_accepted(const struct policy_case *c)
{
    struct fact v = of_offered(c);
    if (v.known != KNOWN_VALUE)
        return v;
    struct fact full = unless_doubtful(c, EITHER_SIDE, resumption_is(c->observation, RESUMPTION_FULL));
    return full.known == UNKNOWN ? full : number(c->session->accepted);
}

struct fact session_age_basis(const struct policy_case *c)
{
    struct fact v = of_offered(c);
    return v.known == KNOWN_VALUE ? number(c->session->basis) : v;
}

struct value session_offered_age(const struct policy_case *c)
{
    struct fact v = of_offered(c);
    return v.known == KNOWN_VALUE ? age(c->session, c->session->offered_basis, c->session->offered_age)
                                  : fact_alone(v);
}

/* A value when the offered session was resumed. */
static struct fact of_resumed(const struct policy_case *c)
{
    struct fact v = of_offered(c);
    return v.known == KNOWN_VALUE && !c->session->accepted ? absent() : v;
}

struct value session_resumed_age(const struct policy_case *c)
{
    struct fact v = of_resumed(c);
    return v.known == KNOWN_VALUE ? age(c->session, c->session->basis, c->session->resumed_age)
                                  : fact_alone(v);
}

struct fact session_origin(const struct policy_case *c)
{
    struct fact v = of_offered(c);
    if (v.known != KNOWN_VALUE)
        return v;
    const enum age_basis basis = c->session->accepted ? c->session->basis : c->session->offered_basis;
    return basis == AGE_EXACT ? number(c->session->origin / NANOS_PER_SECOND)
                              : unknown(why_no_origin(c->session));
}

struct fact session_ended(const struct policy_case *c)
{
    struct fact v = of_offered(c);
    if (v.known != KNOWN_VALUE)
        return v;
    if (!c->session->known)
        return unknown(why_no_origin(c->session));
    const uint32_t missed = c->session->dead ? 0 : missed_before(c->session);
    return missed ? unknown(missed) : number(c->session->dead);
}

/* The session may have more addresses than one: where the alert was another's, that may be the same UE. */
struct fact session_ended_here(const struct policy_case *c)
{
    const struct fact ended = session_ended(c);
    if (ended.known != KNOWN_VALUE)
        return ended;
    return ended.number && !c->session->dead_here ? unknown(UNOBSERVED_UNDECIDED)
                                                  : number(c->session->dead_here);
}

struct fact session_same_suite(const struct policy_case *c)
{
    const struct observation *o = c->observation;
    struct fact v = of_resumed(c);
    if (v.known != KNOWN_VALUE)
        return v;
    struct fact suite = unless_doubtful(c, SERVER_SIDE, server_suite(o).fact);
    if (suite.known != KNOWN_VALUE)
        return suite;
    return c->session->suite_known ? number(c->session->suite == o->server_hello.suite)
                                   : unknown(why_no_origin(c->session));
}

static struct fact of_server_history(const struct policy_case *c)
{
    struct fact hello = readable_hello(c);
    return hello.known == KNOWN_VALUE && !(c->server && c->evidence) ? absent() : hello;
}

static struct value suites(const struct suite_set *set)
{
    return (struct value){.fact = number(1), .suites = set};
}

struct value known_common_suites(const struct policy_case *c)
{
    const struct fact history = of_server_history(c);
    const uint32_t missed = c->session ? missed_before(c->session) : 0;
    if (history.known != KNOWN_VALUE)
        return fact_alone(history.known == ABSENT && missed ? unknown(missed) : history);
    if (c->evidence->doubt)
        return fact_alone(unknown(c->evidence->doubt));
    struct value v = suites(&c->evidence->common);
    v.fact.reasons = missed;
    v.possible = missed ? &c->observation->client_hello.offered : NULL;
    return v;
}

struct fact known_highest_version(const struct policy_case *c)
{
    struct fact v = of_server_history(c);
    if (v.known != KNOWN_VALUE)
        return v;
    if (c->evidence->doubt)
        return unknown(c->evidence->doubt);
    return c->evidence->highest_version ? number(c->evidence->highest_version) : absent();
}

static const struct http_connection *before_tls(const struct policy_case *c)
{
    return c->connection ? c->connection : c->before;
}

/* Why something may have come before TLS, or before what was read of HTTP, that was not seen; 0: it cannot.
 */
static uint32_t unseen_before(const struct policy_case *c)
{
    const struct http_connection *before = before_tls(c);
    const uint32_t damage =
        (before ? before->damage : c->damage) & ~(uint32_t)(HTTP_DAMAGE_END | HTTP_DAMAGE_NO_SERVER);
    const struct observation *o = c->observation;
    const bool begins_later = o && !(o->seen & SEEN_CLIENT_HELLO); /* what is judged is a later part */
    return (o ? o->unseen_before : 0) | (damage ? reasons_of(damage) : 0) |
           (begins_later ? observation_missing(o, CLIENT) : 0);
}

/* Why the answer to what was asked before TLS is not there. */
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

/* A client may send its hello together with the CONNECT, and have it answered by a proxy that refuses. */
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
    if (c->damage) /* TLS may have begun in what is missing */
        return unknown(reasons_of(c->damage));
    return number(c->observation ? PROTOCOL_TLS : c->connection ? PROTOCOL_HTTP : PROTOCOL_OTHER);
}

struct value connection_name(const struct policy_case *c)
{
    return c->protocol ? string(span_of(c->protocol, strlen(c->protocol))) : fact_alone(absent());
}

/* There were more than could be followed. */
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
    if (c->passed_on && h->count.requests) /* how the UE sent them would be seen elsewhere */
        return unknown(UNOBSERVED_PASSED_ON);
    bool open = h->damage || h->count.answers; /* an answer had its request */
    return h->count.requests || !open ? at_least(h, h->count.requests) : unknown(reasons_of(h->damage));
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
    bool open =
        h->damage || h->count.answers < h->count.requests; /* an unseen answer may be one that serves */
    return h->count.served || !open ? at_least(h, h->count.served) : unknown(reasons_of(h->damage));
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

/* What is not found in a part of the request, or of the answer, may be in what was too long to be kept, or
 * could not be read. */
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

/* A proxy that passes a request on has authenticated the user, or not: that is seen where the UE asked it. */
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
    /* The connection may have identified the user before the capture or in a gap. */
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

struct value server_selected(const struct policy_case *c)
{
    const struct peer *s = c->server;
    if (!s)
        return fact_alone(absent());
    struct value v = suites(&s->selected);
    v.doubtful = s->spread ? &s->selected : &s->contradicted;
    v.why_doubtful = s->spread ? UNOBSERVED_NETWORKS : 0;
    v.possible = &s->possible;
    v.unseen_suites = s->possible_any;
    v.fact.reasons = s->missing;
    return v;
}

/* That it refused something may have had other reasons than its suites. */
static struct fact no_refusal(const struct policy_case *c)
{
    if (!c->server || !c->evidence)
        return absent();
    if (c->evidence->doubt)
        return unknown(c->evidence->doubt);
    return c->server->refused_hellos ? unknown(UNOBSERVED_UNDECIDED) : absent();
}

/* Of the server's refusals, as far as nothing contradicts them. */
static struct value of_refusals(const struct policy_case *c, const struct suite_set *refused)
{
    if (!c->server || !c->evidence || suite_set_empty(refused))
        return fact_alone(no_refusal(c));
    struct value v = suites(refused);
    v.doubtful = &c->server->contradicted;
    return v;
}

struct value server_refused(const struct policy_case *c)
{
    return of_refusals(c, c->evidence ? &c->evidence->lacking : NULL);
}

struct value server_refused_usable(const struct policy_case *c)
{
    return of_refusals(c, c->evidence ? &c->evidence->usable : NULL);
}

struct value server_refused_alone(const struct policy_case *c)
{
    return of_refusals(c, c->evidence ? &c->evidence->alone : NULL);
}

/* What it was offered and nobody has shown it to lack, it may have. */
struct value server_may_select(const struct policy_case *c)
{
    if (!c->server || !c->evidence)
        return fact_alone(absent());
    struct value v = server_selected(c);
    v.suites = &c->evidence->may_select;
    return v;
}

/* Why a UE may offer more than was seen; 0: it was seen. A hello that is to resume, or falls back (RFC 7507),
 * does not say all. */
static uint32_t unseen_offers(const struct peer *u)
{
    const uint32_t narrow = u->full_offers || suite_set_empty(&u->offered) ? 0 : UNOBSERVED_UNDECIDED;
    return (u->unseen_offers ? u->missing : 0) | narrow;
}

/* A lower bound when an answer, or a hello of the UE, was not seen: that one may have been higher. */
struct fact peer_highest_version(const struct policy_case *c)
{
    const struct peer *p = peer_of(c);
    const bool fell_back = p->fallback_version && p->fallback_version >= p->highest_version;
    const uint32_t unseen =
        p->side == SERVER ? p->missing : unseen_offers(p) | (fell_back ? UNOBSERVED_UNDECIDED : 0);
    struct fact v = p->highest_version ? number(p->highest_version) : absent();
    v.at_least = unseen != 0;
    v.reasons = unseen;
    return v;
}

struct fact peer_lowest_version(const struct policy_case *c)
{
    const struct peer *p = peer_of(c);
    if (p->side == CLIENT && p->unseen_offers)
        return unknown(p->missing);
    if (p->unread_version && (!p->lowest_version || p->unread_version < p->lowest_version))
        return unknown(p->unread_why);
    return p->lowest_version ? number(p->lowest_version) : absent();
}

/* Hellos that were not seen may have been anything. */
static struct fact unseen_or(const struct peer *u, struct fact otherwise)
{
    return u->unseen_offers ? unknown(u->missing) : otherwise;
}

struct value ue_offered(const struct peer *u)
{
    if (!u)
        return fact_alone(absent());
    struct value v = suites(&u->offered);
    v.doubtful = u->spread ? &u->offered : NULL;
    v.why_doubtful = u->spread ? UNOBSERVED_NETWORKS : 0;
    v.unknown_suites = u->unknown_offers;
    v.fact.reasons = unseen_offers(u);
    v.unseen_suites = u->full_offers ? u->unseen_offers : 1;
    return u->full_offers || !suite_set_empty(&u->offered) ? v : fact_alone(unseen_or(u, absent()));
}

struct value ue_offered_always(const struct peer *u)
{
    if (!u)
        return fact_alone(absent());
    return u->full_offers && !u->unseen_offers ? suites(&u->always) : fact_alone(unseen_or(u, absent()));
}

struct fact ue_full_offers(const struct peer *u)
{
    if (!u)
        return absent();
    return u->full_offers ? number(u->full_offers) : unseen_or(u, number(0));
}

const struct peer *peer_of(const struct policy_case *c)
{
    return c->kind == CASE_SERVER ? c->server : c->ue;
}

struct fact peer_never_resumable(const struct policy_case *c)
{
    const struct peer *p = peer_of(c);
    return number(p->sessions.full && p->sessions.unresumable == p->sessions.full && !p->sessions.issued);
}

struct fact peer_resumptions(const struct policy_case *c)
{
    const struct peer *p = peer_of(c);
    if (p->sessions.resumed || !(p->sessions.maybe_resumed || p->sessions.hidden))
        return number(p->sessions.resumed);
    return unknown(p->sessions.maybe_resumed ? UNOBSERVED_UNFINISHED | p->missing : UNOBSERVED_TICKET);
}

/* A lower bound where ends that may have forbidden to resume are encrypted (RFC 2246 7.2.1). */
struct fact peer_fresh_refused(const struct policy_case *c)
{
    const struct peer *p = peer_of(c);
    struct fact v = number(p->sessions.fresh_refused);
    v.at_least = p->maybe_unclean;
    v.reasons = p->maybe_unclean ? UNOBSERVED_ENCRYPTED : 0;
    return v;
}

struct value key_age(const struct key_use *k)
{
    struct value v = seconds(k->whence.time - k->since);
    v.fact.at_least = true;
    v.fact.reasons = UNOBSERVED_ORIGIN;
    return v;
}

struct fact key_renegotiated(const struct key_use *k)
{
    return k->hides_updates && !k->renegotiated ? unknown(UNOBSERVED_ENCRYPTED) : number(k->renegotiated);
}
