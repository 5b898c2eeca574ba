/* What one handshake teaches about its server. */
#include "peers/learn.h"
#include "peers/refusals.h"
#include "peers/resumptions.h"
#include "peers/spread.h"

/* A version that the server selected when more may have been offered. */
static void note_unread(struct peer *s, uint16_t version, uint32_t why)
{
    if (!version || (s->unread_version && version >= s->unread_version))
        return;
    s->unread_version = version;
    s->unread_why = why;
}

void learn_from_unnamed(struct peer *s, const struct peer *unnamed)
{
    suite_set_join(&s->possible, &unnamed->possible);
    suite_set_join(&s->possible, &unnamed->selected);
    s->possible_any |= unnamed->possible_any;
    s->missing |= unnamed->missing | unnamed->unread;
    s->sessions.maybe_resumed |= unnamed->sessions.maybe_resumed || unnamed->sessions.resumed;
    s->sessions.issued |= unnamed->sessions.issued > 0;
    s->sessions.hidden |= unnamed->sessions.hidden > 0;
    note_unread(s, unnamed->lowest_version, unnamed->unread);
    note_unread(s, unnamed->unread_version, unnamed->unread_why | unnamed->unread);
}

void learn_of_eviction(struct peer *peer)
{
    peer->shortened = true;
    peer->missing |= UNOBSERVED_EVICTED;
    peer->unseen_offers = 1;
    if (peer->side == SERVER) {
        peer->possible_any = true;
        note_unread(peer, 1, UNOBSERVED_EVICTED);
    }
}

bool server_answers_otherwise(const struct peer *s, const struct observation *o)
{
    const uint64_t number = o->client_hello.number;
    const struct known_answer *before = &s->answer[number % MAX_KNOWN_ANSWERS];
    const struct suite *suite = observation_suite(o);
    return number && before->hello == number && suite && o->resumption == RESUMPTION_FULL &&
           (before->suite != suite_index(suite) || before->version != observation_version(o));
}

static void note_answer(struct peer *s, const struct observation *o, size_t suite)
{
    const uint64_t number = o->client_hello.number;
    struct known_answer *answer = &s->answer[number % MAX_KNOWN_ANSWERS];
    if (!number || o->resumption != RESUMPTION_FULL)
        return;
    *answer =
        (struct known_answer){.hello = number, .suite = (uint16_t)suite, .version = observation_version(o)};
}

static void note_time(struct accepted_hello *hello, struct endpoint client, nanos time)
{
    nanos *times = hello->of_client;
    if (!endpoint_equal(&client, &hello->client))
        memset(times, 0, sizeof hello->of_client);
    hello->client = client;
    memmove(&times[1], &times[0], sizeof hello->of_client - sizeof times[0]);
    times[0] = time;
}

/* Remembers the hellos that the server accepted: the last few different ones. */
static void note_accepted(struct peer *s, const struct observation *o, const struct hello_shape *shape,
                          struct lesson *l)
{
    const uint16_t version = observation_version(o);
    const struct suite *suite = observation_suite(o);
    size_t i = 0;
    if (!shape->known)
        return;
    while (i < s->accepted_count &&
           !(s->accepted[i].version == version && shapes_match(&s->accepted[i].shape, shape, true)))
        i++;
    if (i == s->accepted_count) {
        if (s->accepted_count < MAX_HELLO_SHAPES)
            s->accepted_count++;
        else
            l->forgotten++;
        memmove(&s->accepted[1], &s->accepted[0], (s->accepted_count - 1U) * sizeof s->accepted[0]);
        s->accepted[i = 0] = (struct accepted_hello){.shape = *shape, .version = version};
        l->accepted = true;
    }
    struct accepted_hello *hello = &s->accepted[i];
    note_time(hello, whence_peer(&o->whence, CLIENT), o->side[CLIENT].hello_time);
    if (hello->max_version < o->client_hello.max_version) {
        l->accepted_before = hello->max_version;
        hello->max_version = o->client_hello.max_version;
    }
    if (!suite)
        return;
    const size_t index = suite_index(suite);
    l->selected_of_shape = !suite_set_has(&hello->selected, index);
    suite_set_add(&hello->selected, index);
    l->varied = !hello->varied && server_answers_otherwise(s, o);
    hello->varied |= l->varied;
    note_answer(s, o, index);
}

void learn_lowest(struct peer *p, uint16_t version, struct lesson *l)
{
    l->lowest_before[p->side] = p->lowest_version;
    if (!p->lowest_version || version < p->lowest_version)
        p->lowest_version = l->lowest[p->side] = version;
}

static void server_selected(struct peer *s, const struct observation *o, const struct hello_shape *shape,
                            struct lesson *l)
{
    const struct suite *suite = observation_suite(o);
    uint16_t version = observation_version(o);
    l->version = version;
    l->version_before = s->highest_version;
    if (suite) {
        size_t index = suite_index(suite);
        l->suite = (uint16_t)index;
        l->selected = !suite_set_has(&s->selected, index);
        suite_set_add(&s->selected, index);
        s->contradicted.word[index / 64] &= ~(UINT64_C(1) << index % 64);
        if (s->refused_count)
            refusals_override(s, index);
    }
    if (version > s->highest_version)
        s->highest_version = version;
    if (o->seen & SEEN_CERTIFICATE && o->certificate.parsed) {
        l->keys = 1U << o->certificate.key & ~s->keys;
        s->keys |= l->keys;
    }
    if (!(o->seen & SEEN_CLIENT_HELLO))
        note_unread(s, version, observation_missing(o, CLIENT));
    else if (o->client_hello.unknown & UNKNOWN_VERSIONS)
        note_unread(s, version, observation_unread(o, CLIENT));
    if (!(o->seen & SEEN_CLIENT_HELLO) || o->client_hello.unknown)
        return;
    l->capped = observation_offers_all_above(o, version);
    s->capped += l->capped;
    if (l->capped)
        learn_lowest(s, version, l);
    const bool accepted = o->reaction == REACTION_ACCEPTED || o->reaction == REACTION_ACCEPTED_LATE;
    if (accepted && version && !observation_is_doubtful(o, CLIENT))
        note_accepted(s, o, shape, l);
    if (accepted && s->refused_hellos && version && !observation_is_doubtful(o, CLIENT))
        refusals_accepted(s, o, shape);
}

static void server_refused(const struct suite_kinds *kinds, struct peer *s, const struct observation *o,
                           const struct hello_shape *shape, struct lesson *l)
{
    /* The server did not refuse what the hello's own version forbids. */
    const struct suite_set offer =
        suites_up_to(&kinds->by_version, &o->client_hello.offered, o->client_hello.max_version);
    if (suite_set_empty(&offer))
        return;
    l->forgotten += !refusals_learn(s, o, shape, &offer,
                                    offer_needs_groups(&kinds->with_groups, &offer, &o->client_hello));
}

/* What it could have selected under the version that it chose, which is the highest offered one that it
 * has. */
static void note_offer(const struct suite_kinds *kinds, struct peer *s, const struct observation *o)
{
    if (!(o->seen & SEEN_CLIENT_HELLO))
        return;
    const uint16_t selected = observation_version(o);
    const uint16_t version = selected ? selected : o->client_hello.max_version;
    const struct suite_set offer = suites_up_to(&kinds->by_version, &o->client_hello.offered, version);
    suite_set_join(&s->offers, &offer);
}

/* The server's answer was not seen: it may have selected any suite of the offer. */
static void answer_unseen(struct peer *s, const struct observation *o)
{
    s->missing |= observation_missing(o, SERVER);
    if (o->seen & SEEN_CLIENT_HELLO && !o->client_hello.unknown_suites)
        suite_set_join(&s->possible, &o->client_hello.offered);
    else
        s->possible_any = true;
}

void learn_of_server(const struct suite_kinds *kinds, struct peer *s, const struct taught *t,
                     struct lesson *l)
{
    const struct observation *o = t->o;
    s->handshakes++;
    spread_learn(s, o);
    note_offer(kinds, s, o);
    resumptions_add(&s->sessions, &l->added);
    l->refused_fresh[SERVER] = resumptions_learn(s, o, t->session, &t->refusal);
    if (o->seen & SEEN_SERVER_HELLO && !observation_is_doubtful(o, SERVER))
        server_selected(s, o, t->shape, l);
    else if (refused_for_its_suites(o))
        server_refused(kinds, s, o, t->shape, l);
    else if (observation_is_doubtful(o, SERVER) || !observation_settled(o, SERVER))
        answer_unseen(s, o);
    const uint32_t unread = observation_other_unread(o);
    s->possible_any |= unread != 0;
    s->missing |= unread;
}
