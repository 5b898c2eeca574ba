#include "app/judge.h"

#include "app/judge_parts.h"
#include "app/peer_findings.h"
#include "app/say.h"

#include <stdlib.h>

bool judge_go_on_with(struct judge *j, const struct ruleset *rules)
{
    struct verdict *verdicts = calloc(profile_rule_count(rules->profile), sizeof *verdicts);
    struct verdict *advised =
        rules->advice ? calloc(profile_rule_count(rules->advice), sizeof *advised) : NULL;
    if (!verdicts || (rules->advice && !advised)) {
        free(verdicts);
        free(advised);
        return false;
    }
    const bool begins = !j->profile;
    judge_held_back(j, INT64_MAX, SIZE_MAX);
    if (j->peers)
        judge_due_peers(j, SIZE_MAX);
    peers_told_go_on_with(j->peers, OF_PROFILE, j->profile, rules->profile);
    peers_told_go_on_with(j->peers, OF_ADVICE, j->advice, rules->advice);
    free(j->verdicts);
    free(j->advised);
    j->verdicts = verdicts;
    j->advised = advised;
    j->site = rules->site;
    j->profile = rules->profile;
    j->advice = rules->advice;
    if (j->peers && !begins) {
        met_forget_broken(peers_met(j->peers));
        peers_all_change(j->peers);
    }
    return true;
}

static bool open_uses(struct judge *j, unsigned workers)
{
    j->uses = calloc(workers, sizeof *j->uses);
    for (; j->uses && j->workers < workers; j->workers++)
        if (!(j->uses[j->workers].of = calloc(DEFAULT_HTTP_CONNECTIONS + 1, sizeof *j->uses->of)))
            return false;
    return j->uses;
}

size_t judge_memory(unsigned workers)
{
    const size_t uses = (size_t)workers * (DEFAULT_HTTP_CONNECTIONS + 1) * sizeof(uint64_t);
    return challenges_memory() + uses;
}

struct judge *judge_new(const struct ruleset *rules, struct output *output, struct sessions *sessions,
                        unsigned workers)
{
    struct judge *j = calloc(1, sizeof *j);
    if (!j)
        return NULL;
    const struct site *site = rules->site;
    j->output = output;
    char message[256];
    *message = '\0';
    j->sessions = sessions;
    if (!sessions)
        j->own_sessions = j->sessions = sessions_new(&site->sessions, message, sizeof message);
    if (*message)
        say_line(message);
    const bool said = !j->sessions && *message;
    j->peers = peers_new(DEFAULT_SERVERS, DEFAULT_UES);
    if (j->peers)
        peers_judged_by(j->peers, judge_before_change, j);
    j->challenges = challenges_new();
    if (judge_go_on_with(j, rules) && j->sessions && j->peers && j->challenges && open_uses(j, workers) &&
        held_back_open_handshakes(&j->held_back, output_shows_messages(output)) &&
        held_back_open_in_clear(&j->held_in_clear) &&
        (!site->sessions.shared || waiting_open(&j->waiting, output_shows_messages(output))))
        return j;
    if (!said)
        (void)fputs("utwatch: not enough memory for the tables\n", stderr);
    judge_free(j);
    return NULL;
}

void judge_free(struct judge *j)
{
    if (!j)
        return;
    waiting_close(&j->waiting);
    held_back_close(&j->held_back);
    held_back_close(&j->held_in_clear);
    for (unsigned i = 0; i < j->workers; i++)
        free(j->uses[i].of);
    free(j->uses);
    challenges_free(j->challenges);
    peers_free(j->peers);
    sessions_free(j->own_sessions);
    free(j->advised);
    free(j->verdicts);
    free(j);
}

void judge_answers_to(struct judge *j, judge_answer *answer, void *context)
{
    j->answer = answer;
    j->answer_context = context;
}

/* A session under NULL encryption is used: what is asked and answered there is remembered. */
static void take_step(struct judge *j, const struct statement *f)
{
    const struct session_step *step = &f->step;
    struct worker_uses *uses = &j->uses[f->worker];
    uint64_t *session = &uses->of[step->slot];
    switch (step->kind) {
    case USE_BEGINS:
    case USE_OF_UNKNOWN:
        if (step->in_the_place) /* what comes under this session may answer what was asked under that one */
            challenges_doubt(j->challenges, *session, f->flow_id);
        *session = step->kind == USE_BEGINS ? uses->newest : 0;
        break;
    case USE_IS_UNREADABLE:
        challenges_settle(j->challenges, uses->newest);
        break;
    case USE_SETTLES:
        challenges_settle(j->challenges, *session);
        break;
    case USE_IS_GIVEN_UP:
        challenges_doubt(j->challenges, *session, f->flow_id);
        *session = 0;
        break;
    case USE_IS_CHALLENGED:
        challenges_ask(j->challenges, *session, &step->server, f->flow_id);
        break;
    case USE_IS_LEFT:
        challenges_leave(j->challenges, *session, f->flow_id, step->since);
        break;
    }
}

/* What is known of the session's earlier connections, for an exchange of this one. */
static enum earlier_challenge challenge_before(const struct judge *j, const struct statement *f)
{
    const struct earlier_use *use = &f->earlier;
    if (!f->exchange->null_encryption || !use->resumed)
        return CHALLENGE_NONE;
    const uint64_t session = j->uses[f->worker].of[use->slot];
    if (!session)
        return CHALLENGE_NOT_KNOWN;
    if (!challenges_any(j->challenges) || !challenges_perhaps(j->challenges, session, f->flow_id))
        return CHALLENGE_NONE;
    return challenges_open(j->challenges, session, &f->exchange->whence.server, use->begun) && !use->under_way
               ? CHALLENGE_OPEN
               : CHALLENGE_UNDECIDED;
}

static enum tls_user user_of_resumed(const struct judge *j, const struct statement *f)
{
    const uint64_t session = j->uses[f->worker].of[f->earlier.slot];
    const enum identified identified = challenges_identified(j->challenges, session);
    if (identified == IDENTIFIED_UNKNOWN)
        return session ? TLS_USER_NOT_KNOWN : TLS_USER_OF_RESUMED;
    return identified == IDENTIFIED_YES ? TLS_USER_KNOWN : TLS_USER_NONE;
}

/* The UE may answer under the resumed session, where nobody can read it. */
static void settle_unreadable(struct judge *j, const struct observation *o, uint64_t session)
{
    if (o->resumption != RESUMPTION_FULL && !o->renegotiation && !observation_clear_suite(o))
        challenges_settle(j->challenges, session);
}

static void take_clock_set(struct judge *j, const struct statement *f)
{
    sessions_clock_set(j->sessions, f->before, f->after);
    if (!f->ahead_by)
        return;
    sessions_clock_was_ahead(j->sessions, f->ahead_from, f->before, f->ahead_by);
    held_back_redate(&j->held_back, j->sessions);
}

void judge_take(struct judge *j, struct statement *f)
{
    if (j->held_back.count | j->held_in_clear.count)
        judge_held_back(j, f->due, TOLD_AT_A_STATEMENT);
    switch (f->kind) {
    case TOLD_HANDSHAKE: {
        const struct connection_session session = waiting_judge(j, f);
        f->key_since = session.since;
        f->waits = session.waits;
        j->uses[f->worker].newest = session.lineage;
        settle_unreadable(j, f->observation, session.lineage);
        break;
    }
    case TOLD_CONNECTION:
        judge_connection(j, f->http, f->protocol, f->due);
        break;
    case TOLD_EXCHANGE: {
        struct http_exchange e = *f->exchange;
        e.earlier_challenge = challenge_before(j, f);
        if (e.tls_user == TLS_USER_OF_RESUMED)
            e.tls_user = user_of_resumed(j, f);
        judge_exchange(j, &e, f->due);
        break;
    }
    case TOLD_OLD_KEY:
        judge_key(j, &f->key);
        break;
    case TOLD_USE:
        take_step(j, f);
        break;
    case TOLD_CLOSED:
        peers_closed(j->peers, &f->client, f->flow_id, f->closed);
        break;
    case TOLD_CONTRADICTION:
        if (!waiting_contradict(j, f->flow_id, f->side)) {
            sessions_doubt(j->sessions, f->flow_id);
            peers_doubt(j->peers, f->flow_id, f->side);
        }
        j->damaged += held_back_contradict(&j->held_back, f->flow_id, f->side, f->due);
        (void)held_back_contradict(&j->held_in_clear, f->flow_id, f->side, f->due);
        break;
    case TOLD_CONTEST:
        (void)held_back_contradict(&j->held_in_clear, f->flow_id, f->side, f->due);
        break;
    case TOLD_DISPUTE:
        if (!waiting_dispute(j, f->flow_id)) {
            sessions_doubt(j->sessions, f->flow_id);
            peers_dispute(j->peers, f->flow_id);
        }
        held_back_dispute(&j->held_back, f->flow_id, f->due);
        held_back_dispute(&j->held_in_clear, f->flow_id, f->due);
        break;
    case TOLD_CLOCK_SET:
        take_clock_set(j, f);
        break;
    case TOLD_CLOCK_NOT_SET:
        sessions_clock_not_set(j->sessions, f->before, f->after);
        break;
    }
}

void judge_count_early(struct judge *j)
{
    j->early++;
}

/* Not inlined: whether something waits is asked for every frame. */
__attribute__((noinline)) static void end_waits(struct judge *j, nanos now, size_t most)
{
    if (j->waiting.count) /* as only where sensors share sessions */
        waiting_go_on(j, false);
    judge_held_back(j, now, most);
    judge_due_peers(j, most);
    j->peers_due = peers_due(j->peers) != NULL;
}

void judge_go_on(struct judge *j, nanos now, size_t most)
{
    if (j->waiting.count | j->held_back.count | j->held_in_clear.count | j->peers_due)
        end_waits(j, now, most);
}

void judge_interval_ends(struct judge *j)
{
    peers_interval_ends(j->peers);
    j->peers_due = true;
}

bool judge_holds_back(const struct judge *j)
{
    return j->held_back.count || j->held_in_clear.count || j->peers_due;
}

struct siphash_key judge_identifier_key(const struct judge *j)
{
    return sessions_key(j->sessions);
}

bool judge_new_common_key(struct judge *j, struct siphash_key *key)
{
    return sessions_new_common_key(j->sessions, key);
}

void judge_delivered(struct judge *j, struct delivered_counters delivered)
{
    j->delivered = delivered;
}

bool judge_end(struct judge *j)
{
    waiting_go_on(j, true);
    judge_held_back(j, INT64_MAX, SIZE_MAX);
    judge_all_peers(j);
    if (sessions_flush(j->sessions))
        return true;
    say_failed("the sessions could not be written", j->site->sessions.state);
    return false;
}

uint64_t judge_handshakes(const struct judge *j)
{
    return j->handshakes;
}
