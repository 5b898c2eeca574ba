/* Fields for the context of a handshake: the session memory, the peers, the keys in use. */
#include "policy/getters.h"

/* The client's hello, without which it is not known what it offers to resume. */
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
    if (s->beyond)
        return UNOBSERVED_TOO_LONG;
    if (s->method == RESUMPTION_PSK)
        return UNOBSERVED_TICKET;
    if (s->missed & UNOBSERVED_UNDECIDED)
        return UNOBSERVED_UNDECIDED;
    if (s->clock_set)
        return UNOBSERVED_CLOCK;
    if (s->in_progress && s->offered && s->basis != AGE_EXACT)
        return UNOBSERVED_IN_PROGRESS;
    return s->earlier ? UNOBSERVED_EARLIER : UNOBSERVED_ORIGIN | s->doubted;
}

static struct value age(const struct session_result *s, enum age_basis basis, int64_t ns)
{
    struct value v = seconds(ns);
    v.fact.at_least = basis != AGE_EXACT;
    v.fact.reasons = why_no_origin(s);
    return basis == AGE_UNKNOWN ? fact_alone(unknown(v.fact.reasons)) : v;
}

/* Why something that the same UE and server did before may not be known; 0: everything is. */
static uint32_t missed_before(const struct session_result *s)
{
    return s->missed | (s->in_progress ? UNOBSERVED_IN_PROGRESS : 0);
}

/* An id that was not seen to be issued: a TLS 1.3 client makes one up (RFC 8446 4.1.2), but it may also
 * belong to a session of which a part was missed. */
static bool may_be_issued(const struct policy_case *c)
{
    const struct client_hello_facts *hello = &c->observation->client_hello;
    return hello->session_id_len && !hello->ticket && !hello->psk &&
           observation_version(c->observation) < 0x0304 && missed_before(c->session);
}

/* What the memory says about a session that the client offers: a value if it offers one. */
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
    if (o->server_hello.psk_selected >=
        o->client_hello.psk_count) /* it was not seen whether that has an age */
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

struct fact session_by_id(const struct policy_case *c)
{
    const struct fact method = session_method(c);
    if (method.known != KNOWN_VALUE)
        return method;
    return c->session->beside ? unknown(UNOBSERVED_UNDECIDED) : number(method.number == RESUMPTION_ID);
}

struct fact session_accepted(const struct policy_case *c)
{
    struct fact v = of_offered(c);
    if (v.known != KNOWN_VALUE)
        return v;
    struct fact full = unless_doubtful(c, EITHER_SIDE, handshake_full(c->observation));
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

/* A value if the offered session was resumed. */
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

/* Had this side an alert that ended the session before it spoke in this handshake? */
static struct fact ended_for(const struct policy_case *c, enum side who)
{
    struct fact v = of_offered(c);
    if (v.known != KNOWN_VALUE)
        return v;
    if (!c->session->known || (c->session->dead && c->session->in_doubt))
        return unknown(why_no_origin(c->session));
    const uint32_t missed = c->session->dead ? 0 : missed_before(c->session);
    if (missed)
        return unknown(missed);
    return c->session->dead && (c->session->met || !c->session->knew[who]) ? unknown(UNOBSERVED_UNDECIDED)
                                                                           : number(c->session->dead);
}

struct fact session_ended(const struct policy_case *c)
{
    return ended_for(c, SERVER);
}

/* A UE may have more than one address: if the alert came from another one, that may be the same UE. */
struct fact session_ended_here(const struct policy_case *c)
{
    return ended_for(c, CLIENT);
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

/* A refusal may have had other reasons than the suites. */
static struct fact no_refusal(const struct policy_case *c)
{
    if (!c->server || !c->evidence)
        return absent();
    if (c->evidence->doubt)
        return unknown(c->evidence->doubt);
    return c->server->refused_hellos ? unknown(UNOBSERVED_UNDECIDED) : absent();
}

/* A value from the server's refusals, unless something contradicts them. */
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

/* It may have what it was offered and is not known to lack. */
struct value server_may_select(const struct policy_case *c)
{
    if (!c->server || !c->evidence)
        return fact_alone(absent());
    struct value v = server_selected(c);
    v.suites = &c->evidence->may_select;
    return v;
}

/* Why a UE may offer more than was seen; 0: everything was seen. A hello that tries to resume, or falls back
 * (RFC 7507), does not offer everything. */
static uint32_t unseen_offers(const struct peer *u)
{
    const uint32_t narrow = u->full_offers || suite_set_empty(&u->offered) ? 0 : UNOBSERVED_UNDECIDED;
    return (u->unseen_offers ? u->missing : 0) | narrow;
}

/* A lower bound if an answer, or a hello of the UE, was not seen: that may have had a higher one. */
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

/* There may have been more before. */
struct fact counted(const struct peer *p, uint32_t count)
{
    struct fact v = number(count);
    v.at_least = p->shortened;
    v.reasons = p->shortened ? UNOBSERVED_EVICTED : 0;
    return v;
}

struct fact ue_full_offers(const struct peer *u)
{
    if (!u)
        return absent();
    return u->full_offers ? counted(u, u->full_offers) : unseen_or(u, number(0));
}

const struct peer *peer_of(const struct policy_case *c)
{
    return c->kind == CASE_SERVER ? c->server : c->ue;
}

struct fact peer_attempts(const struct policy_case *c)
{
    return counted(peer_of(c), peer_of(c)->sessions.attempts);
}

struct fact peer_not_used(const struct policy_case *c)
{
    return c->ue ? counted(c->ue, c->ue->not_used) : absent();
}

struct fact peer_alike(const struct policy_case *c)
{
    if (!c->ue || !c->ue->stack)
        return absent();
    return c->ue->shortened && !c->ue->unlike ? unknown(UNOBSERVED_EVICTED) : number(!c->ue->unlike);
}

struct fact peer_never_resumable(const struct policy_case *c)
{
    const struct peer *p = peer_of(c);
    if (p->shortened && p->sessions.full)
        return unknown(UNOBSERVED_EVICTED);
    return number(p->sessions.full && p->sessions.unresumable == p->sessions.full && !p->sessions.issued);
}

struct fact peer_resumptions(const struct policy_case *c)
{
    const struct peer *p = peer_of(c);
    if (p->shortened)
        return counted(p, p->sessions.resumed);
    if (p->sessions.resumed || !(p->sessions.maybe_resumed || p->sessions.hidden))
        return number(p->sessions.resumed);
    return unknown(p->sessions.maybe_resumed ? UNOBSERVED_UNFINISHED | p->missing : UNOBSERVED_TICKET);
}

struct fact peer_resumes(const struct policy_case *c)
{
    const struct fact resumed = peer_resumptions(c);
    if (resumed.known != KNOWN_VALUE)
        return resumed;
    if (!resumed.number && resumed.at_least)
        return unknown(resumed.reasons);
    return peer_of(c)->refused_alone >= REFUSES_AT_TIMES ? unknown(UNOBSERVED_INCONSISTENT)
                                                         : number(resumed.number > 0);
}

/* A lower bound if the server may have lost some. */
struct fact peer_fresh_refused(const struct policy_case *c)
{
    const struct peer *p = peer_of(c);
    struct fact v = number(p->sessions.fresh_refused);
    v.reasons = p->may_have_lost | (p->shortened ? UNOBSERVED_EVICTED : 0);
    v.at_least = v.reasons != 0;
    return v;
}

struct value key_age(const struct key_use *k)
{
    struct value v = seconds(k->whence.time - k->since);
    v.fact.at_least = true;
    v.fact.reasons = k->clock_set ? UNOBSERVED_CLOCK : UNOBSERVED_ORIGIN;
    return v;
}

struct fact key_renegotiated(const struct key_use *k)
{
    return k->hides_updates && !k->renegotiated ? unknown(UNOBSERVED_ENCRYPTED) : number(k->renegotiated);
}
