/* Completes each case, has it judged by both profiles, applies the exceptions, and passes it to the output.
 */
#include "app/peer_findings.h"
#include "app/pipeline_parts.h"

/* What the operator has a reason for, or knows already. */
static void find_excuse(const struct pipeline *p, const struct policy_case *c, struct verdict *v)
{
    v->excepted = site_exception(p->site, v, c, &v->excepted_until);
    v->known = !v->excepted && output_knows(p->output, c, v);
}

/* The profile's verdicts to be changed: those of profile_judge() may be shared by other cases. */
static void copy(struct verdict *to, const struct verdict *from, size_t count)
{
    if (to != from)
        memcpy(to, from, count * sizeof *from);
}

/* By the profile, with the site's exceptions and what is known. */
static const struct verdict *verdicts_on(struct pipeline *p, const struct policy_case *c, size_t *count)
{
    const struct verdict *judged = profile_judge(p->profile, c, count);
    if (!p->site->exception_count && !output_has_baseline(p->output))
        return judged;
    copy(p->verdicts, judged, *count);
    for (size_t i = 0; i < *count; i++)
        if (p->verdicts[i].value == VERDICT_FAIL)
            find_excuse(p, c, &p->verdicts[i]);
    return p->verdicts;
}

/* Where only one end, or nobody, is known to have taken part, a breach is told as what a part of the evidence
 * shows. `own` is room for verdicts to be changed. */
static const struct verdict *by_evidence(const struct policy_case *c, struct verdict *own,
                                         const struct verdict *judged, size_t count)
{
    if (c->about.confirmed || !judged)
        return judged;
    copy(own, judged, count);
    for (size_t i = 0; i < count; i++) {
        if (own[i].value != VERDICT_FAIL)
            continue;
        own[i].basis = BASIS_PARTIAL;
        if (own[i].severity > SEVERITY_MEDIUM)
            own[i].severity = SEVERITY_MEDIUM;
    }
    return own;
}

static void judge(struct pipeline *p, const struct policy_case *c)
{
    size_t count;
    size_t advised = 0;
    const struct verdict *verdicts = verdicts_on(p, c, &count);
    const struct verdict *advice = p->advice ? profile_judge(p->advice, c, &advised) : NULL;
    verdicts = by_evidence(c, p->verdicts, verdicts, count);
    advice = by_evidence(c, p->advised, advice, advised);
    output_case(p->output, c, verdicts, count, advice, advised);
}

static struct span name_of(const struct observation *o)
{
    struct span authority = observation_text(o, o->authority);
    return authority.n ? authority : observation_text(o, o->client_hello.sni);
}

static void judge_peer(struct pipeline *p, const struct peer *peer, bool last)
{
    struct peer_evidence evidence;
    peer_weigh(peer, &evidence);
    const struct policy_case c = case_of_peer(peer, &evidence);
    size_t count;
    size_t advised = 0;
    const struct verdict *judged = verdicts_on(p, &c, &count);
    copy(p->verdicts, by_evidence(&c, p->verdicts, judged, count), count);
    count = findings_to_report(peers_reported(p->peers, peer, 0), p->verdicts, count, last);
    if (p->advice) {
        judged = profile_judge(p->advice, &c, &advised);
        copy(p->advised, by_evidence(&c, p->advised, judged, advised), advised);
        advised = findings_to_report(peers_reported(p->peers, peer, 1), p->advised, advised, last);
    }
    output_case(p->output, &c, p->verdicts, count, p->advised, advised);
}

/* A full table evicts a peer, which is judged by everything that it showed. */
static void make_room(struct pipeline *p, const struct observation *o)
{
    for (enum side side = CLIENT; side <= SERVER; side++) {
        const struct peer *victim = peers_victim(p->peers, o, side);
        if (!victim)
            continue;
        judge_peer(p, victim, true);
        peers_forget(p->peers, victim);
    }
}

bool handshake_in_scope(const struct pipeline *p, const struct observation *o)
{
    return site_is_ue(p->site, &o->whence.client) && site_in_scope(p->site, &o->whence.server, name_of(o));
}

/* NULL encryption shows what is asked and answered in the session; a challenge that a part of a connection
 * may have answered is told no more. */
static uint64_t lineage_of(const struct pipeline *p, const struct observation *o,
                           const struct session_result *session)
{
    const bool clear = observation_clear_suite(o) != NULL;
    struct challenges *challenges = p->cleartext.challenges;
    if (!clear && !challenges_any(challenges))
        return 0;
    if (o->resumption == RESUMPTION_FULL) {
        const nanos origin = o->side[SERVER].hello_time;
        const uint64_t begun = clear ? sessions_lineage(p->sessions, &o->whence.server, origin) : 0;
        challenges_begin(challenges, begun);
        return begun;
    }
    return session->basis == AGE_EXACT && !session->refused
               ? sessions_lineage(p->sessions, &o->whence.server, session->origin)
               : 0;
}

struct connection_session judge_handshake(struct pipeline *p, const struct observation *o,
                                          const struct session_questions *questions,
                                          const struct http_connection *before)
{
    const uint32_t damage = UNOBSERVED_GAP | UNOBSERVED_TRUNCATED | UNOBSERVED_EVICTED | UNOBSERVED_OVERLAP;
    if (!handshake_in_scope(p, o)) {
        p->out_of_scope++;
        return (struct connection_session){0};
    }
    p->handshakes++;
    p->damaged += (o->unobserved & damage) != 0;
    struct session_result session;
    sessions_judge(p->sessions, o, questions, &session);
    session.in_progress = tls_may_begin_session(p->tls, o);
    struct peer_evidence evidence;
    struct policy_case c = case_of_handshake(o);
    c.server_listed = site_lists_server(p->site, &o->whence.server);
    c.session = &session;
    c.before = before;
    c.server = peers_find(p->peers, o, SERVER);
    const struct hello_shape shape = peers_shape(p->peers, o);
    if (c.server) {
        peer_weigh_handshake(p->peers, c.server, o, &shape, &evidence);
        c.evidence = &evidence;
    }
    judge(p, &c);
    /* A hello that was lost, or came before the capture began, still counts: it may have offered or selected
     * anything. */
    make_room(p, o);
    peers_learn(p->peers, o, &shape, &session);
    bool from_memory = session.accepted && session.known;
    nanos since = from_memory ? session.origin : o->side[SERVER].hello_time;
    return (struct connection_session){
        .since = o->seen & SEEN_SERVER_HELLO ? (uint32_t)(since / NANOS_PER_SECOND) : 0,
        .lineage = lineage_of(p, o, &session)};
}

void note_key(const struct pipeline *p, struct flow *flow, uint32_t since)
{
    flow->key_since = p->key_limit ? since : 0;
}

void judge_connection(struct pipeline *p, const struct http_connection *h, const char *protocol)
{
    struct policy_case c = case_of_connection(h, protocol);
    c.server_listed = site_lists_server(p->site, &c.about.server);
    judge(p, &c);
}

void judge_exchange(struct pipeline *p, const struct http_exchange *e)
{
    struct policy_case c = case_of_exchange(e);
    judge(p, &c);
}

/* Data are still sent under a key that is older than a session may be (discussion paper 3.2). That is judged
 * once. */
void judge_key(struct pipeline *p, struct flow *flow, const struct segment *segment)
{
    bool exact;
    const nanos second = (nanos)flow->key_since * NANOS_PER_SECOND;
    const nanos end =
        second + NANOS_PER_SECOND - 1000; /* it began within this second; take the last microsecond of it */
    struct key_use key = {.whence = flow_whence(flow, segment),
                          .since = sessions_latest_origin(p->sessions, end, segment->time, &exact),
                          .renegotiated = flow->renegotiated};
    flow->key_since = 0;
    if (!site_is_ue(p->site, &key.whence.client) ||
        !site_in_scope(p->site, &key.whence.server, span_of(NULL, 0)))
        return;
    key.whence.flow_id = flow_id(flow);
    struct policy_case c = case_of_key(&key);
    judge(p, &c);
}

void judge_peers(struct pipeline *p, bool last)
{
    for (enum side side = CLIENT; side <= SERVER; side++)
        for (const struct peer *peer = NULL; (peer = peers_next(p->peers, side, peer));)
            judge_peer(p, peer, last);
}
