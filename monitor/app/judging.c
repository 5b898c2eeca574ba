/* Completes each case, has it judged by both profiles, applies the exceptions, and passes it to the output.
 */
#include "app/judge_parts.h"
#include "app/peer_findings.h"
#include "app/sides.h"
#include "base/uninitialized.h"
#include "peers/asked.h"

/* Notes that the site excepts a breach, or that the operator already knows it. */
static void find_excuse(const struct judge *j, const struct policy_case *c, struct verdict *v)
{
    v->excepted = site_exception(j->site, v, c, &v->excepted_until);
    v->known = !v->excepted && output_knows(j->output, c, v);
}

/* Copies verdicts to be changed: those of profile_judge() may be shared by other cases. */
static void copy(struct verdict *to, const struct verdict *from, size_t count)
{
    if (to != from)
        memcpy(to, from, count * sizeof *from);
}

/* Marks a breach as shown by only part of the evidence. */
static void weaken(struct verdict *v)
{
    v->basis = BASIS_PARTIAL;
    if (v->severity > SEVERITY_MEDIUM)
        v->severity = SEVERITY_MEDIUM;
}

static bool has_unacknowledged(const struct policy_case *c)
{
    if (c->connection)
        return c->connection->count.unacknowledged || c->connection->count.answers_unacknowledged;
    if (c->exchange)
        return c->exchange->unacknowledged;
    return c->observation && (c->observation->side[CLIENT].later_unacknowledged ||
                              c->observation->side[SERVER].later_unacknowledged);
}

/* What the receivers have acknowledged decides. A breach that depends on anything else was still seen. `own`
 * is room for verdicts to be changed. */
static const struct verdict *judged_by(const struct profile *profile, const struct policy_case *c,
                                       struct verdict *own, size_t *count)
{
    const struct verdict *judged = profile_judge(profile, c, count);
    if (!has_unacknowledged(c))
        return judged;
    copy(own, judged, *count);
    struct policy_case received = *c;
    received.acknowledged_only = true;
    judged = profile_judge(profile, &received, count);
    for (size_t i = 0; i < *count; i++)
        if (own[i].value == VERDICT_FAIL && judged[i].value == VERDICT_NOT_OBSERVABLE)
            weaken(&own[i]);
        else
            own[i] = judged[i];
    return own;
}

/* The profile's verdicts with the site's exceptions and the known breaches. */
static const struct verdict *excused(struct judge *j, const struct policy_case *c,
                                     const struct verdict *judged, size_t count)
{
    if (!j->site->exception_count && !output_has_baseline(j->output))
        return judged;
    copy(j->verdicts, judged, count);
    for (size_t i = 0; i < count; i++)
        if (j->verdicts[i].value == VERDICT_FAIL)
            find_excuse(j, c, &j->verdicts[i]);
    return j->verdicts;
}

/* Only a PROXY header says who the UE is, and a UE can write one too. A site that lists its UEs knows that
 * the header's sender is not one. */
static bool is_hearsay(const struct judge *j, const struct policy_case *c)
{
    return c->about.told.port && !j->site->client_count;
}

/* A breach is reported as shown by part of the evidence if not both ends are known to have taken part; one by
 * the UE alone, also if the UE is known only by hearsay; any but one by the server alone, also if the UE may
 * be a translator. One that rests on the least age of a session is weaker still if that may be another
 * session. `own` is room for verdicts to be changed. */
static const struct verdict *by_evidence(const struct judge *j, const struct policy_case *c,
                                         struct verdict *own, const struct verdict *judged, size_t count)
{
    const bool hearsay = is_hearsay(j, c);
    const bool translator = c->nearer.client.family && !c->nearer.linked;
    const bool confirmed = c->about.confirmed;
    const bool other_session = c->session && c->session->in_doubt;
    if ((confirmed && !hearsay && !translator && !other_session) || !judged)
        return judged;
    copy(own, judged, count);
    for (size_t i = 0; i < count; i++)
        if (own[i].value == VERDICT_FAIL &&
            (!confirmed || ((hearsay || translator) && own[i].fault == FAULT_UE) ||
             (translator && own[i].fault == FAULT_BOTH) || (other_session && own[i].basis == BASIS_PARTIAL)))
            weaken(&own[i]);
    return own;
}

/* So a breach of both is the server's: that another host has its part in it is not shown. Excuses are looked
 * up by who is at fault, so this comes before them. */
static const struct verdict *without_hearsay(const struct judge *j, const struct policy_case *c,
                                             struct verdict *own, const struct verdict *judged, size_t count)
{
    if (!is_hearsay(j, c) || !judged)
        return judged;
    copy(own, judged, count);
    for (size_t i = 0; i < count; i++) {
        if (own[i].value != VERDICT_FAIL || own[i].fault != FAULT_BOTH)
            continue;
        own[i].fault = FAULT_SERVER;
        if (!own[i].note)
            own[i].note = "The UE had its part in it, but only a PROXY header says which one it was.";
    }
    return own;
}

static void tell(struct judge *j, const struct policy_case *c, const struct verdict *judged, size_t count)
{
    size_t advised = 0;
    judged = without_hearsay(j, c, j->verdicts, judged, count);
    const struct verdict *verdicts = excused(j, c, judged, count);
    const struct verdict *advice = j->advice ? judged_by(j->advice, c, j->advised, &advised) : NULL;
    if (advice && c->observation) /* another side of it may come later */
        sides_note(j, c, OF_ADVICE, advice, advised);
    verdicts = by_evidence(j, c, j->verdicts, verdicts, count);
    verdicts = sides_once(j, c, OF_PROFILE, j->verdicts, verdicts, count);
    advice = without_hearsay(j, c, j->advised, advice, advised);
    advice = by_evidence(j, c, j->advised, advice, advised);
    advice = sides_once(j, c, OF_ADVICE, j->advised, advice, advised);
    output_case(j->output, c, verdicts, count, advice, advised);
}

static void judge(struct judge *j, const struct policy_case *c)
{
    size_t count;
    const struct verdict *judged = judged_by(j->profile, c, j->verdicts, &count);
    tell(j, c, judged, count);
}

void judge_held_back(struct judge *j, nanos now, size_t most)
{
    for (struct held_back *h; most && (h = held_back_next(&j->held_back, &j->held_in_clear, now)); most--) {
        const struct policy_case *c = held_back_due(h, now);
        const bool may_wait = c->observation && !held_back_has(&j->held_in_clear, c->about.flow_id);
        if (may_wait && sides_are_open(j, c) && held_back_defer(h))
            continue;
        judge(j, c);
        held_back_drop(h);
    }
}

static bool breaks_any(const struct verdict *judged, size_t count)
{
    bool any = false;
    for (size_t i = 0; i < count; i++)
        any |= judged[i].value == VERDICT_FAIL;
    return any;
}

/* Notes every breach, even of a superseded demand or of advice, for the handshake's other sides. True: it has
 * other sides, and there is a breach. */
static bool note_for_other_sides(struct judge *j, const struct policy_case *c, const struct verdict *judged,
                                 size_t count, bool has_others)
{
    bool any = has_others && breaks_any(judged, count);
    sides_note(j, c, OF_PROFILE, judged, count);
    if (!has_others || !j->advice)
        return any;
    const struct verdict *advice = judged_by(j->advice, c, j->advised, &count);
    sides_note(j, c, OF_ADVICE, advice, count);
    return any || breaks_any(advice, count);
}

/* Findings about one connection are reported in order. */
static bool is_in_line(const struct judge *j, uint64_t flow_id)
{
    return held_back_has(&j->held_back, flow_id) || held_back_has(&j->held_in_clear, flow_id);
}

static void hold_back(struct judge *j, struct held_back *h, const struct policy_case *c, nanos due)
{
    if (held_back_lacks_room(h, c->about.flow_id)) {
        judge(j, held_back_made_due(h, due));
        held_back_drop(h);
    }
    held_back_put(h, c, due);
}

/* An unconfirmed case is reported at once, as part of the evidence, unless it may also be seen outside of its
 * tunnel; it takes no place from others. One that is not complete has waited where it was read, but its other
 * side ends after it. `breach`: there is one, which may be reported for another side. */
static bool has_to_wait(const struct judge *j, const struct policy_case *c, nanos due, bool breach,
                        bool other_side)
{
    const struct observation *o = c->observation;
    if (is_in_line(j, o->whence.flow_id))
        return true;
    const bool may_wait =
        c->about.confirmed || (o->whence.client.space && held_back_is_mostly_free(&j->held_back));
    const bool may_change =
        held_back_may_change(o, due) || (other_side && o->outcome != OUTCOME_COMPLETE && !c->nearer.linked);
    return may_wait && breach && may_change;
}

static void judge_or_hold_back(struct judge *j, const struct policy_case *c, nanos due, bool other_side)
{
    size_t count;
    const struct verdict *judged = judged_by(j->profile, c, j->verdicts, &count);
    const bool breach = profile_found_breach(j->profile);
    const bool of_sides = note_for_other_sides(j, c, judged, count, other_side);
    if (!has_to_wait(j, c, due, breach || (of_sides && !c->nearer.linked), other_side)) {
        tell(j, c, judged, count);
        return;
    }
    hold_back(j, &j->held_back, c, due);
}

static void judge_in_clear(struct judge *j, struct policy_case *c, nanos due)
{
    c->interface = output_interface(j->output, &c->about);
    size_t count;
    const struct verdict *judged = judged_by(j->profile, c, j->verdicts, &count);
    const bool waits = c->about.confirmed && profile_found_breach(j->profile);
    if (waits || is_in_line(j, c->about.flow_id))
        hold_back(j, &j->held_in_clear, c, due);
    else
        tell(j, c, judged, count);
}

static struct span name_of(const struct observation *o)
{
    struct span authority = observation_text(o, o->authority);
    return authority.n ? authority : observation_text(o, o->client_hello.sni);
}

/* It is open again which server this was, since its address has others. */
static void open_again(struct verdict *verdicts, size_t count, const struct peer *peer)
{
    for (size_t i = 0; i < count; i++) {
        verdicts[i].value = VERDICT_NOT_OBSERVABLE;
        verdicts[i].reasons = peer->unread ? peer->unread : UNOBSERVED_UNDECIDED;
        verdicts[i].note = NULL;
        verdicts[i].observed = NULL;
    }
}

static void tell_of_peer(struct judge *j, const struct policy_case *c, const struct peer *peer,
                         unsigned profile, struct verdict *verdicts, size_t count, bool last)
{
    struct told_finding told[PEER_RULES];
    peers_told(j->peers, peer, profile, told);
    const bool apart = peers_tell_apart(j->peers, peer);
    if (!apart)
        open_again(verdicts, count, peer);
    for (size_t i = 0; i < count; i++) {
        const struct peer_news news =
            peer_news_of(i < PEER_RULES ? &told[i] : NULL, &verdicts[i], c->about.time, last && apart);
        output_peer(j->output, c, &verdicts[i], &news, profile == OF_ADVICE);
    }
    if (!last) /* else the peer is forgotten now */
        peers_note_told(j->peers, peer, profile, told);
}

static void judge_peer(struct judge *j, const struct peer *peer, bool last)
{
    UNINITIALIZED struct peer_evidence evidence;
    if (!peers_tell_apart(j->peers, peer) && !peer->told)
        return;
    peer_weigh(peer, &evidence);
    const struct policy_case c = case_of_peer(peer, &evidence);
    size_t count;
    const struct verdict *judged = judged_by(j->profile, &c, j->verdicts, &count);
    judged = excused(j, &c, judged, count);
    copy(j->verdicts, by_evidence(j, &c, j->verdicts, judged, count), count);
    tell_of_peer(j, &c, peer, OF_PROFILE, j->verdicts, count, last);
    if (!j->advice)
        return;
    judged = profile_judge(j->advice, &c, &count);
    copy(j->advised, by_evidence(j, &c, j->advised, judged, count), count);
    tell_of_peer(j, &c, peer, OF_ADVICE, j->advised, count, last);
}

/* A full table evicts a peer, which is then judged by everything that it showed. */
static void make_room(struct judge *j, const struct observation *o, const struct hello_shape *shape)
{
    for (enum side side = CLIENT; side <= SERVER; side++) {
        const struct peer *victim = peers_victim(j->peers, o, shape, side);
        if (!victim)
            continue;
        judge_peer(j, victim, true);
        peers_forget(j->peers, victim);
    }
}

/* By its address or the one in a header: else a UE could write another one, and be left out. */
static bool is_ue(const struct judge *j, const struct whence *whence)
{
    return site_is_ue(j->site, &whence->client) || site_is_ue(j->site, whence_ue(whence));
}

/* May the server be in scope, though the hello that would have named it was not seen, or not whole? */
static bool may_be_in_scope(const struct judge *j, const struct observation *o)
{
    const unsigned unread = o->client_hello.unknown & (UNKNOWN_NAME | UNKNOWN_EXTENSIONS);
    const bool unnamed = !name_of(o).n && (!(o->seen & SEEN_CLIENT_HELLO) || unread);
    return unnamed && is_ue(j, &o->whence) && site_may_serve(j->site, &o->whence.server);
}

bool handshake_in_scope(const struct judge *j, const struct observation *o)
{
    /* Behind CONNECT, the name in the hello counts as well: the authority may be an address. */
    const struct span sni = observation_text(o, o->client_hello.sni);
    const struct endpoint *server = &o->whence.server;
    if (is_ue(j, &o->whence) &&
        (site_in_scope(j->site, server, name_of(o)) || (sni.n && site_in_scope(j->site, server, sni))))
        return true;
    return may_be_in_scope(j, o) &&
           peers_have_server(j->peers, &o->whence.server); /* its name showed before that it is Ut */
}

/* NULL encryption shows requests and answers in the session; a challenge that may have been answered in some
 * part of a connection is no longer reported. */
static uint64_t lineage_of(const struct judge *j, const struct observation *o,
                           const struct session_result *session)
{
    const bool clear = observation_clear_suite(o) != NULL;
    struct challenges *challenges = j->challenges;
    if (!clear && !challenges_any(challenges))
        return 0;
    if (o->resumption == RESUMPTION_FULL) {
        const nanos origin = o->side[SERVER].hello_time;
        const uint64_t begun = clear ? sessions_lineage(j->sessions, &o->whence.server, origin) : 0;
        challenges_begin(challenges, begun, observation_identified(o));
        return begun;
    }
    return session->basis == AGE_EXACT && !session->refused
               ? sessions_lineage(j->sessions, &o->whence.server, session->origin)
               : 0;
}

static void count_outside(struct judge *j, const struct observation *o)
{
    if (may_be_in_scope(j, o)) {
        j->unnamed++;
        return;
    }
    const enum scope_key key = site_left_out_by(j->site, &o->whence.client, &o->whence.server);
    j->outside.by[key]++;
    if (key == SCOPE_PORTS)
        obstacles_count(&j->outside.ports, OBSTACLE_PORT, o->whence.server.port);
}

void judge_expect_hosts(const struct judge *j, const struct endpoint *client, const struct endpoint *server)
{
    const struct endpoint ue = peer_end(client, CLIENT);
    peers_expect_hosts(j->peers, client, server);
    output_expect(j->output, &ue, ASKED_NOBODY);
}

void judge_expect(const struct judge *j, const struct observation *o)
{
    peers_expect(j->peers, o);
    sessions_expect(j->sessions, o);
    profile_expect(j->profile, o);
}

struct connection_session judge_handshake(struct judge *j, const struct statement *f,
                                          const struct session_questions *questions)
{
    const struct observation *o = f->observation;
    if (!handshake_in_scope(j, o)) {
        count_outside(j, o);
        return (struct connection_session){0};
    }
    if (!f->foreseen) {
        judge_expect_hosts(j, &o->whence.client, &o->whence.server);
        judge_expect(j, o);
    }
    j->handshakes++;
    j->damaged += observation_is_damaged(o);
    const struct hello_shape shape = peers_shape(j->peers, o);
    const struct peer *server = peers_find(j->peers, o, &shape, SERVER);
    struct session_result session;
    if (f->session_inside)
        sessions_miss(j->sessions);
    sessions_judge(j->sessions, o, questions, &session);
    session.in_progress = f->session_in_progress;
    UNINITIALIZED struct peer_evidence evidence; /* written if there is any */
    struct policy_case c = case_of_handshake(o);
    c.server_listed = site_lists_server(j->site, &o->whence.server);
    c.interface = output_interface(j->output, &c.about);
    c.passed_on = peers_client_serves(j->peers, &o->whence);
    c.session = &session;
    c.before = f->http;
    const bool other_side = sides_meet(j, &c, f->due) || f->other_side;
    c.server = server;
    if (server) {
        peer_weigh_handshake(j->peers, server, o, &shape, &evidence);
        c.evidence = &evidence;
    }
    judge_or_hold_back(j, &c, f->due, other_side);
    /* A hello that was lost, or came before the capture, still counts: it may have offered or selected
     * anything. */
    make_room(j, o, &shape);
    peers_learn(j->peers, o, &shape, &session);
    bool from_memory = session.accepted && session.known;
    nanos since = from_memory ? session.origin : o->side[SERVER].hello_time;
    return (struct connection_session){
        .since = o->seen & SEEN_SERVER_HELLO ? (uint32_t)(since / NANOS_PER_SECOND) : 0,
        .lineage = lineage_of(j, o, &session)};
}

/* If the site lists its UEs, the fields of a request show nothing: a UE can write them too. */
static bool is_passed_on(const struct judge *j, const struct whence *whence, bool forwarded)
{
    return (forwarded && !j->site->client_count) || peers_client_serves(j->peers, whence);
}

void judge_connection(struct judge *j, const struct http_connection *h, const char *protocol, nanos due)
{
    struct policy_case c = case_of_connection(h, protocol);
    c.server_listed = site_lists_server(j->site, &c.about.server);
    c.passed_on = is_passed_on(j, &h->whence, h->forwarded);
    judge_in_clear(j, &c, due);
}

void judge_exchange(struct judge *j, const struct http_exchange *e, nanos due)
{
    struct policy_case c = case_of_exchange(e);
    c.passed_on = is_passed_on(j, &e->whence, e->forwarded);
    judge_in_clear(j, &c, due);
}

/* Data is still sent under a key that is older than a session may be (discussion paper 3.2). This is judged
 * once. */
void judge_key(struct judge *j, struct key_use *key)
{
    bool exact = true;
    const nanos second = key->since / NANOS_PER_SECOND * NANOS_PER_SECOND;
    const nanos end =
        second + NANOS_PER_SECOND - 1000; /* it began within this second; take the last microsecond */
    key->since = sessions_latest_origin(j->sessions, end, key->whence.time, &exact);
    key->clock_set = !exact;
    struct policy_case c = case_of_key(key);
    c.interface = output_interface(j->output, &c.about);
    judge(j, &c);
}

void judge_before_change(void *judge, const struct peer *peer)
{
    judge_peer(judge, peer, false);
}

void judge_due_peers(struct judge *j, size_t most)
{
    for (const struct peer *peer; most && (peer = peers_due(j->peers)); most--) {
        judge_peer(j, peer, false);
        peers_was_judged(j->peers, peer);
    }
}

/* Has the processor fetch what comes next, since each peer was last touched long ago. */
static void expect_after(struct judge *j, const struct peer *peer)
{
    const struct peer *next = peers_next(j->peers, peer->side, peer);
    if (!next)
        return;
    output_expect(j->output, &next->end, peer->side == SERVER ? next->host : ASKED_NOBODY);
    peers_expect_next(j->peers, next);
}

void judge_all_peers(struct judge *j)
{
    for (enum side side = CLIENT; side <= SERVER; side++)
        for (const struct peer *peer = NULL; (peer = peers_next(j->peers, side, peer));) {
            expect_after(j, peer);
            judge_peer(j, peer, true);
        }
}
