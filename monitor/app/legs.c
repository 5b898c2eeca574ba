#include "app/legs.h"

#include "app/docket.h"
#include "app/judge_parts.h"
#include "app/statement_copy.h"

#include <stdlib.h>

/* A handshake that was judged, or is about to be. */
struct leg_told {
    uint64_t hello_random, shown;
    uint64_t ends;         /* addresses and ports, whatever tunnel they are in */
    nanos asked, answered; /* the hellos of both; 0: none */
};

struct leg_kept {
    struct statement_copy copy;
    struct leg_told told;
    nanos until;
    bool gone; /* dropped, behind others that are not */
};

size_t legs_memory(void)
{
    return KEPT_LEGS * sizeof(struct leg_kept) + TOLD_LEGS * sizeof(struct leg_told);
}

bool legs_open(struct legs *legs, bool messages)
{
    legs->place = calloc(KEPT_LEGS, sizeof *legs->place);
    legs->messages = messages ? calloc(KEPT_LEGS, sizeof *legs->messages) : NULL;
    legs->told = calloc(TOLD_LEGS, sizeof *legs->told);
    return legs->place && legs->told && (legs->messages || !messages);
}

void legs_close(struct legs *legs)
{
    free(legs->place);
    free(legs->messages);
    free(legs->told);
}

struct digest {
    struct siphash_key key;
    uint64_t value;
};

static void add(struct digest *d, const void *bytes, size_t n)
{
    const uint64_t of_bytes = siphash_for_table(&d->key, span_of(bytes, n));
    const uint64_t both[] = {d->value, of_bytes};
    d->value = siphash_for_table(&d->key, span_of(both, sizeof both));
}

static void add_offer(struct digest *d, const struct observation *o)
{
    const struct client_hello_facts *f = &o->client_hello;
    const struct span name = observation_text(o, f->sni);
    add(d, f->suites, f->suite_count * sizeof *f->suites);
    add(d, f->extensions, f->extension_count * sizeof *f->extensions);
    add(d, f->versions, f->version_count * sizeof *f->versions);
    add(d, f->session_id, f->session_id_len);
    add(d, &f->ticket_hash.own, sizeof f->ticket_hash.own);
    add(d, name.p, name.n);
}

static uint64_t ends_of(const struct judge *j, const struct observation *o)
{
    struct digest d = {.key = sessions_key(j->sessions)};
    const struct endpoint *const ends[] = {&o->whence.client, &o->whence.server};
    for (size_t i = 0; i < 2; i++) {
        add(&d, ends[i]->address, sizeof ends[i]->address);
        add(&d, &ends[i]->port, sizeof ends[i]->port);
    }
    return d.value;
}

/* What two legs of one handshake have in common, and what decides how it is judged. */
static struct leg_told told_by(const struct judge *j, const struct observation *o)
{
    const struct suite *suite = observation_suite(o);
    const uint64_t facts[] = {o->randoms,
                              o->outcome,
                              o->resumption,
                              o->reaction,
                              observation_version(o),
                              suite ? suite->code : 0,
                              o->client_hello.version,
                              o->client_hello.max_version};
    struct digest d = {.key = sessions_key(j->sessions)};
    add(&d, facts, sizeof facts);
    add(&d, o->server_hello.session_id, o->server_hello.session_id_len);
    add(&d, o->certificate.sha1, sizeof o->certificate.sha1);
    add_offer(&d, o);
    return (struct leg_told){.hello_random = o->hello_random,
                             .shown = d.value,
                             .ends = ends_of(j, o),
                             .asked = o->side[CLIENT].hello_time,
                             .answered = o->side[SERVER].hello_time};
}

/* What is behind has the hello later and the answer earlier. One handshake that somebody wrote once more for
 * other addresses has both later. */
static bool lies_within(const struct leg_told *behind, const struct leg_told *before)
{
    return before->answered && behind->answered && behind->asked >= before->asked &&
           behind->answered <= before->answered &&
           (behind->asked > before->asked || behind->answered < before->answered);
}

static struct leg_told *place_of(const struct legs *legs, uint64_t hello_random)
{
    return &legs->told[hello_random % TOLD_LEGS];
}

static bool is_told(const struct judge *j, const struct leg_told *told)
{
    const struct leg_told *place = place_of(&j->legs, told->hello_random);
    return place->hello_random == told->hello_random && place->shown == told->shown &&
           (place->ends == told->ends || lies_within(told, place));
}

static struct leg_kept *kept_at(const struct legs *legs, size_t number)
{
    return &legs->place[(legs->first + number) % KEPT_LEGS];
}

static void answer(const struct judge *j, const struct statement *s, uint32_t key_since)
{
    if (j->answer)
        j->answer(j->answer_context, s->worker, s->flow, s->flow_id, key_since);
}

static void drop(struct judge *j, const struct statement *s)
{
    j->legs.dropped++;
    answer(j, s, 0);
}

/* Both ends took part, and all that decides was seen. */
static bool is_evidence(const struct observation *o)
{
    return o->whence.confirmed && !observation_is_damaged(o);
}

static void note_told(struct judge *j, const struct leg_told *told, const struct observation *o)
{
    if (is_evidence(o))
        *place_of(&j->legs, told->hello_random) = *told;
}

static void judge_kept(struct judge *j, struct leg_kept *leg)
{
    const struct statement *s = &leg->copy.told;
    leg->gone = true;
    note_told(j, &leg->told, s->observation);
    const struct connection_session session = waiting_judge(j, s);
    if (leg->copy.doubted)
        sessions_doubt(j->sessions, s->flow_id);
    if (!session.waits)
        answer(j, s, session.since);
}

static void drop_kept(struct judge *j, struct leg_kept *leg)
{
    leg->gone = true;
    drop(j, &leg->copy.told);
}

static void end_first(struct judge *j)
{
    struct legs *legs = &j->legs;
    struct leg_kept *leg = kept_at(legs, 0);
    legs->first = (legs->first + 1) % KEPT_LEGS;
    legs->count--;
    if (leg->gone)
        return;
    if (!leg->copy.doubted && is_told(j, &leg->told))
        drop_kept(j, leg);
    else
        judge_kept(j, leg);
}

static void keep(struct judge *j, const struct statement *s, const struct leg_told *told)
{
    struct legs *legs = &j->legs;
    if (legs->count == KEPT_LEGS)
        end_first(j);
    const size_t at = (legs->first + legs->count++) % KEPT_LEGS;
    struct leg_kept *leg = &legs->place[at];
    statement_copy(&leg->copy, s, legs->messages ? &legs->messages[at] : NULL);
    leg->told = *told;
    leg->until = s->due + KEPT_SECONDS * NANOS_PER_SECOND;
    leg->gone = false;
}

/* The UE's connection has the hello first; of the same one inside a tunnel and outside, what is evidence
 * counts. */
static bool is_before(const struct observation *a, const struct leg_told *told, const struct observation *b,
                      const struct leg_told *told_b)
{
    if (told->ends == told_b->ends && is_evidence(a) != is_evidence(b))
        return is_evidence(a);
    return a->leg == LEG_FIRST && (told->ends == told_b->ends || lies_within(told_b, told));
}

/* A leg of the same handshake that is kept, from the place of this number on. */
static struct leg_kept *next_leg(const struct legs *legs, const struct leg_told *told, size_t *number)
{
    while (*number < legs->count) {
        struct leg_kept *leg = kept_at(legs, (*number)++);
        if (!leg->gone && !leg->copy.doubted && leg->told.hello_random == told->hello_random &&
            leg->told.shown == told->shown)
            return leg;
    }
    return NULL;
}

/* The leg of the UE ends, and is judged: those behind it are not. */
static void drop_others(struct judge *j, const struct leg_told *told)
{
    size_t number = 0;
    for (struct leg_kept *leg; (leg = next_leg(&j->legs, told, &number));)
        drop_kept(j, leg);
}

bool legs_take(struct judge *j, const struct statement *s)
{
    const struct observation *o = s->observation;
    if (o->leg == LEG_ONLY || !handshake_in_scope(j, o))
        return false;
    const struct leg_told told = told_by(j, o);
    if (is_told(j, &told)) {
        drop(j, s);
        return true;
    }
    size_t number = 0;
    for (struct leg_kept *leg; (leg = next_leg(&j->legs, &told, &number));) {
        const struct observation *kept = &leg->copy.observation;
        if (is_evidence(kept) && is_before(kept, &leg->told, o, &told)) {
            judge_kept(j, leg);
            drop_others(j, &told);
            drop(j, s);
            return true;
        }
        if (is_evidence(o) && is_before(o, &told, kept, &leg->told)) {
            note_told(j, &told, o);
            drop_others(j, &told);
            return false;
        }
    }
    keep(j, s, &told);
    return true;
}

bool legs_contradict(struct judge *j, uint64_t flow_id, enum side side)
{
    for (size_t i = 0; i < j->legs.count; i++) {
        struct leg_kept *leg = kept_at(&j->legs, i);
        if (leg->gone || leg->copy.told.flow_id != flow_id)
            continue;
        statement_contradicted(&leg->copy, side);
        return true;
    }
    return false;
}

void legs_go_on(struct judge *j, nanos now)
{
    while (j->legs.count &&
           (kept_at(&j->legs, 0)->gone || !docket_is_before(now, kept_at(&j->legs, 0)->until)))
        end_first(j);
}
