/* What a handshake teaches: the identifiers that it issued for its session, and when that began. */
#include "base/limits.h"
#include "session/offer.h"

/* Both directions were captured from their first byte, nothing in them is missing, doubtful or
 * unacknowledged, and no end disowns the connection. Whether the handshake was completed is asked elsewhere.
 */
static bool is_seen_whole(const struct observation *o)
{
    const uint32_t both = SEEN_CLIENT_HELLO | SEEN_SERVER_HELLO;
    return (o->seen & both) == both && !o->whence.disputed && !o->side[CLIENT].damage &&
           !o->side[SERVER].damage && !o->side[CLIENT].unacknowledged && !o->side[SERVER].unacknowledged &&
           o->side[CLIENT].start_captured && o->side[SERVER].start_captured;
}

/* A short id or ticket may be issued again unseen: if another client uses it, it may belong to another
 * session. The same address in another network counts as another client, or another server. */
static void remember_owner(struct sessions *s, const struct observation *o, const struct identifier *id,
                           const struct memo *memo)
{
    const struct identifier owner = identifier_of_owner(id, &o->whence);
    const struct place place = memory_locate(s, &o->whence, &owner);
    memory_put(s, &place, memo);
}

bool is_of_its_owner(struct sessions *s, const struct observation *o, const struct identifier *id,
                     const struct entry *e)
{
    const struct identifier owner = identifier_of_owner(id, &o->whence);
    const struct place place = memory_locate(s, &o->whence, &owner);
    struct entry *owned = memory_find(s, &place, time_of_use(o));
    if (!owned || entry_origin(owned) != entry_origin(e))
        return !owner.length;
    table_use(&s->table, owned, memory_second(time_of_use(o)), 0); /* kept as long as the id */
    return true;
}

bool may_have_missed_origin(const struct observation *o)
{
    return o->resumption <= RESUMPTION_FULL && observation_version(o) < 0x0304 && !is_seen_whole(o);
}

static void remember_as(struct sessions *s, const struct observation *o, const struct place *place,
                        const struct memo *memo)
{
    memory_put(s, place, memo);
    if (place->key)
        remember_owner(s, o, place->identifier, memo);
}

static void remember(struct sessions *s, const struct observation *o, const struct place *place, nanos origin,
                     unsigned flags, bool anew)
{
    remember_as(s, o, place,
                &(struct memo){.origin = origin,
                               .now = time_of_use(o),
                               .flags = flags,
                               .suite = o->server_hello.suite,
                               .anew = anew});
}

static bool offered_id(const struct observation *o)
{
    const struct client_hello_facts *c = &o->client_hello;
    const struct server_hello_facts *h = &o->server_hello;
    return c->session_id_len == h->session_id_len && !memcmp(c->session_id, h->session_id, h->session_id_len);
}

/* The id that the server gave the session. An id echoed next to a ticket is the client's marker (RFC 5077
 * 3.4) and says nothing about a session. */
static struct identifier issued_id(const struct observation *o)
{
    const struct client_hello_facts *c = &o->client_hello;
    const struct server_hello_facts *h = &o->server_hello;
    const bool marker = c->ticket && offered_id(o);
    return identifier_of_id(h->session_id, marker ? 0 : h->session_id_len);
}

void learn_expect(const struct sessions *s, const struct observation *o)
{
    const struct identifier id = issued_id(o);
    const struct place place = memory_locate(s, &o->whence, &id);
    if (place.key)
        table_expect(&s->table, place.key);
}

/* The server's whole part was seen, and the end, in which both took part: only the client's hello is missing.
 * The session exists from then on, and may have existed before. */
static bool shows_session(const struct observation *o)
{
    return o->outcome == OUTCOME_COMPLETE && o->seen & SEEN_SERVER_HELLO && o->whence.confirmed &&
           !o->side[CLIENT].damage && !o->side[SERVER].damage && !o->side[CLIENT].unacknowledged &&
           !o->side[SERVER].unacknowledged;
}

static void remember_in_part(struct sessions *s, const struct observation *o, const struct identifier *id)
{
    const struct place place = memory_locate(s, &o->whence, id);
    if (memory_find(s, &place, time_of_use(o)) || shows_session(o))
        remember(s, o, &place, time_of_use(o), 0, true);
}

/* RFC 2246 7.2.2: this holds if both sides have the alert. */
static bool is_ended_by_alert(const struct observation *o)
{
    return observation_fatal_alert(o) && !o->alert_unreceived;
}

static void note_ended(struct sessions *s, const struct observation *o, const struct identifier *id,
                       nanos origin, const struct session_result *r)
{
    const struct ended ended = {{o->alert_had[CLIENT], o->alert_had[SERVER]}};
    memory_note_ended(s, &o->whence, id, origin, time_of_use(o), &ended, r->met);
}

/* It failed before the server had proved that it has the keys, and was captured completely: it began no
 * session, whether its last segments were acknowledged or not. */
static bool came_to_nothing(const struct observation *o)
{
    return o->outcome != OUTCOME_COMPLETE && is_ended_by_alert(o) && !(o->seen & SEEN_SERVER_CCS) &&
           !observation_is_damaged(o) && o->side[CLIENT].start_captured && o->side[SERVER].start_captured;
}

static void unsettle(struct sessions *s, const struct observation *o, const struct identifier *id)
{
    const struct place place = memory_locate(s, &o->whence, id);
    memory_unsettle(s, &place, o->side[SERVER].hello_time, time_of_use(o));
}

/*
 * A full handshake of which something is missing may have reissued a known identifier: the session began at
 * one of the two times, and only the lower bound of its age is certain. The identifier is the one in the
 * ServerHello or, if that is lost, the one that the client offered. If bytes were contradicted, nothing is
 * believed: one forged segment is enough for that. But what is known is no longer certain either.
 */
static void learn_in_part(struct sessions *s, const struct observation *o)
{
    const struct client_hello_facts *c = &o->client_hello;
    const bool answer = o->seen & SEEN_SERVER_HELLO;
    const struct identifier id =
        answer ? issued_id(o) : identifier_of_id(c->session_id, c->ticket || c->psk ? 0 : c->session_id_len);
    const struct identifier ticket = identifier_of_ticket(RESUMPTION_TICKET, &o->ticket_issued.hash);
    s->counters.refused_to_learn += !came_to_nothing(o);
    const bool doubted = (o->side[CLIENT].damage | o->side[SERVER].damage) & UNOBSERVED_DOUBTED;
    const bool has_ticket = o->seen & SEEN_TICKET && o->ticket_issued.hash.own;
    if (!o->side[CLIENT].captured)
        return;
    if (doubted && answer && o->whence.confirmed) {
        unsettle(s, o, &id);
        if (has_ticket)
            unsettle(s, o, &ticket);
    }
    if (doubted)
        return;
    remember_in_part(s, o, &id);
    if (has_ticket)
        remember_in_part(s, o, &ticket);
}

/* A server hardly draws an identifier twice that is unique by chance: if its handshake turns out to be
 * forged, the identifier probably means the same as before. */
static struct memo meant_before(struct sessions *s, const struct observation *o, const struct place *place)
{
    const struct entry *e = memory_find(s, place, time_of_use(o));
    if (!e || !identifier_is_unique(place->identifier))
        return (struct memo){0};
    return (struct memo){.origin = entry_origin(e),
                         .now = time_of_use(o),
                         .flags = e->flags | ENTRY_UNSETTLED,
                         .suite = e->suite,
                         .anew = true,
                         .certain = true};
}

/* Whatever the handshake issued exists since then, if at all, unless it was known before: then it may be as
 * old as that, and nothing is certain. */
static void learn_disputed(struct sessions *s, const struct observation *o)
{
    const struct identifier issued[] = {issued_id(o),
                                        identifier_of_ticket(RESUMPTION_TICKET, &o->ticket_issued.hash)};
    const bool has_ticket = o->seen & SEEN_TICKET && o->ticket_issued.hash.own;
    s->counters.refused_to_learn++;
    if (o->outcome != OUTCOME_COMPLETE || !(o->seen & SEEN_SERVER_HELLO) || !o->side[CLIENT].captured)
        return;
    for (size_t i = 0; i < 1U + has_ticket; i++) {
        const struct place place = memory_locate(s, &o->whence, &issued[i]);
        if (meant_before(s, o, &place).origin)
            unsettle(s, o, &issued[i]);
        else
            remember(s, o, &place, o->side[SERVER].hello_time, 0, true);
    }
}

/* Notes what may still turn out to be forged: see sessions_doubt(). */
static struct recent_session *note_recent(struct sessions *s, const struct observation *o, nanos origin,
                                          const struct identifier *id, const struct identifier *ticket)
{
    struct recent_session *r = &s->recent[o->whence.flow_id % RECENT_SESSIONS];
    s->counters.unguarded += r->server.family && r->flow_id != o->whence.flow_id &&
                             o->side[SERVER].hello_time - r->issued <= KEPT_SECONDS * NANOS_PER_SECOND;
    *r = (struct recent_session){.flow_id = o->whence.flow_id,
                                 .issued = o->side[SERVER].hello_time,
                                 .origin = origin,
                                 .server = o->whence.server,
                                 .in_network = o->whence.in_network,
                                 .id = *id,
                                 .ticket = *ticket};
    return r;
}

/*
 * A full handshake that stalled may go on, or was not captured any further. A client that later uses an
 * identifier that is unique by chance got it here, if it was not known before.
 */
static void learn_halted(struct sessions *s, const struct observation *o, const struct memo *memo)
{
    const struct identifier id = issued_id(o);
    const struct place place = memory_locate(s, &o->whence, &id);
    if (o->outcome != OUTCOME_UNFINISHED || !is_seen_whole(o) || !o->whence.confirmed ||
        id.length < UNIQUE_ID)
        return;
    if (memory_find(s, &place, memo->now))
        remember_in_part(s, o, &id);
    else
        memory_put(s, &place, memo);
    (void)note_recent(s, o, memo->origin, &id, &(struct identifier){0});
}

/* A hello that was answered before it came has a time from another clock: it is not known which of the two is
 * right (RFC 5246 7.3). */
static bool clocks_differ(const struct observation *o)
{
    const nanos asked = o->side[CLIENT].hello_time;
    const nanos answered = o->side[SERVER].hello_time;
    return asked > answered + NANOS_PER_SECOND ||
           (o->exchange_time && answered > o->exchange_time + NANOS_PER_SECOND);
}

/* What a full handshake says about its session, which began at one of two times if `met` is another one. */
static struct memo memo_of_full(struct sessions *s, const struct observation *o, nanos met)
{
    const bool exact = !met && !clocks_differ(o);
    return (struct memo){.origin = exact ? o->side[SERVER].hello_time
                                         : later_of(later_of(met, time_of_use(o)), o->exchange_time),
                         .now = time_of_use(o),
                         .flags = (exact ? ENTRY_EXACT | ENTRY_SUITE : 0U) |
                                  (is_ended_by_alert(o) ? ENTRY_DEAD : 0U),
                         .suite = o->server_hello.suite,
                         .anew = true,
                         .certain = is_no_copy(s, o)};
}

/* For the id, or the ticket, that it issued. `offered`: the client had offered the same, and now has the new
 * session in its place. */
static struct memo memo_of(const struct memo *full, bool offered)
{
    struct memo memo = *full;
    memo.certain &= offered;
    return memo;
}

static bool offered_ticket(const struct observation *o)
{
    return o->client_hello.ticket && o->client_hello.ticket_hash.own == o->ticket_issued.hash.own;
}

/* The identifiers that a full handshake issued for its session. `met`: copy_met(). */
static void learn_full(struct sessions *s, const struct observation *o, nanos met, struct session_result *out)
{
    const struct server_hello_facts *h = &o->server_hello;
    const bool dead = is_ended_by_alert(o);
    const bool complete = o->outcome == OUTCOME_COMPLETE && o->seen & SEEN_SERVER_CCS;
    if (observation_version(o) >= 0x0304)
        return;
    const bool has_ticket = o->seen & SEEN_TICKET && o->ticket_issued.hash.own;
    out->issued = h->session_id_len || has_ticket || (h->ticket_extension && !(o->seen & SEEN_TICKET));
    if (o->whence.disputed) {
        learn_disputed(s, o);
        return;
    }
    const struct memo memo = memo_of_full(s, o, met);
    if (!complete && !dead) {
        const uint32_t lost = UNOBSERVED_GAP | UNOBSERVED_TRUNCATED | UNOBSERVED_EVICTED | UNOBSERVED_DOUBTED;
        if ((o->side[CLIENT].damage | o->side[SERVER].damage) & lost)
            learn_in_part(s, o); /* the missing part may be its end */
        else
            learn_halted(s, o, &memo);
        return;
    }
    if (!is_seen_whole(o)) {
        learn_in_part(s, o);
        return;
    }
    const struct identifier id = issued_id(o);
    const struct place place = memory_locate(s, &o->whence, &id);
    if (!(o->seen & SEEN_SERVER_CCS)) {
        /* It failed before the server proved that it has the keys, so anybody can have caused that. It is
         * remembered as failed, but does not change what is known. */
        remember(s, o, &place, memo.origin, ENTRY_DEAD, false);
        note_ended(s, o, &id, memo.origin, out);
        return;
    }
    struct identifier ticket = {0};
    struct memo before_ticket = {0};
    const struct memo before_id = meant_before(s, o, &place);
    const struct memo of_id = memo_of(&memo, offered_id(o));
    remember_as(s, o, &place, &of_id);
    if (has_ticket) {
        ticket = identifier_of_ticket(RESUMPTION_TICKET, &o->ticket_issued.hash);
        const struct place at_ticket = memory_locate(s, &o->whence, &ticket);
        const struct memo of_ticket = memo_of(&memo, offered_ticket(o));
        before_ticket = meant_before(s, o, &at_ticket);
        remember_as(s, o, &at_ticket, &of_ticket);
    }
    if (dead) {
        note_ended(s, o, &id, memo.origin, out);
        note_ended(s, o, &ticket, memo.origin, out);
    }
    struct recent_session *r = note_recent(s, o, memo.origin, &id, &ticket);
    if (memo.certain) { /* else the earlier handshake may be the copy */
        r->before_id = before_id;
        r->before_ticket = before_ticket;
    }
    /* A session of unknown origin in another address space may be this one. */
    s->missed |= o->whence.server.space && !o->whence.in_network;
    s->counters.learned++;
}

/* An abbreviated handshake: the session goes on, perhaps under a renewed ticket (RFC 5077 3.3). */
static void learn_resumed(struct sessions *s, const struct observation *o, const struct place *place,
                          struct entry *known, const struct session_result *out)
{
    struct memo memo = {.origin = o->side[CLIENT].hello_time, .now = time_of_use(o), .renewed = true};
    const bool ends = known && is_ended_by_alert(o) && is_seen_whole(o);
    struct ended ended = {0};
    if (known) {
        const nanos origin = entry_origin(known);
        table_use(&s->table, known, memory_second(o->side[SERVER].hello_time), ENTRY_RESUMED);
        if (ends)
            memory_end(s, place, known);
        /* An age that is not exact here (the clock was set back, an identifier was forgotten) is not exact
         * under another identifier, or elsewhere. */
        memo.origin = out->origin;
        memo.flags = known->flags & (ENTRY_DEAD | ENTRY_SUITE);
        memo.flags |= out->basis == AGE_EXACT ? ENTRY_EXACT : 0;
        memo.flags |= out->in_doubt ? ENTRY_UNSETTLED : 0;
        memo.suite = known->suite;
        if (ends) /* entries may have moved */
            note_ended(s, o, place->identifier, origin, out);
        if (memo.flags & ENTRY_DEAD)
            ended = memory_when_ended(s, &o->whence, place->identifier, origin, memo.now);
    } else if (is_seen_whole(o) && place->key) {
        remember(s, o, place, memo.origin, ENTRY_RESUMED, false);
        s->counters.sightings++;
    }
    if (!(o->seen & SEEN_TICKET) || !o->ticket_issued.hash.own || !is_seen_whole(o))
        return;
    const struct identifier renewed = identifier_of_ticket(RESUMPTION_TICKET, &o->ticket_issued.hash);
    const struct place at_renewed = memory_locate(s, &o->whence, &renewed);
    remember_as(s, o, &at_renewed, &memo);
    if (memo.flags & ENTRY_DEAD)
        memory_note_ended(s, &o->whence, &renewed, memo.origin, memo.now, &ended, out->met);
    (void)note_recent(s, o, memo.origin, &(struct identifier){0}, &renewed);
    s->counters.inherited++;
}

void learn_session(struct sessions *s, const struct observation *o, const struct place *place,
                   struct entry *known, struct session_result *out)
{
    /* A full handshake of which the server's part was seen to begin, followed by a hole: a client alone
     * proves nothing. */
    const bool lost_answer = !(o->seen & SEEN_SERVER_HELLO) && o->seen & SEEN_CLIENT_KEY_EXCHANGE &&
                             o->side[SERVER].start_captured && o->side[SERVER].damage & UNOBSERVED_GAP;
    const struct copy copy = observation_version(o) < 0x0304 ? copy_met(s, o) : (struct copy){0};
    out->met = copy.seen;
    if (o->resumption == RESUMPTION_FULL)
        learn_full(s, o, copy.met, out);
    else if (lost_answer)
        learn_in_part(s, o);
    else if (out->accepted)
        learn_resumed(s, o, place, known, out);
    /* A ticket or PSK that is offered again later is at least as old as now, whatever the server did with it.
     * An id proves nothing: clients make them up. */
    if (out->offered && !out->accepted && !known && out->method != RESUMPTION_ID && is_seen_whole(o))
        remember(s, o, place, o->side[CLIENT].hello_time, 0, false);
}

/* What it issued exists since then, if at all and unless it was known before; it is not known when it
 * began. */
static void doubt(struct sessions *s, struct recent_session *r)
{
    const struct whence at = {.server = r->server, .in_network = r->in_network};
    const struct identifier *const issued[] = {&r->id, &r->ticket};
    const struct memo bound = {.origin = r->issued, .now = r->issued, .anew = true};
    const struct memo *const before[] = {&r->before_id, &r->before_ticket};
    for (size_t i = 0; i < 2; i++) {
        const struct place place = memory_locate(s, &at, issued[i]);
        memory_put(s, &place, &bound); /* all that other sensors have a word for */
        if (before[i]->origin)
            memory_put(s, &place, before[i]);
    }
    s->counters.doubted++;
    *r = (struct recent_session){0};
}

/* Tickets that were renewed since, as far as that is remembered, have their doubtful origin from it. */
void sessions_doubt(struct sessions *s, uint64_t flow_id)
{
    enum { MICROSECOND = 1000 }; /* the unit in which origins are kept */
    struct recent_session *r = &s->recent[flow_id % RECENT_SESSIONS];
    if (r->flow_id != flow_id || !r->server.family)
        return;
    const struct recent_session first = *r;
    doubt(s, r);
    for (r = s->recent; first.origin == first.issued && r < s->recent + RECENT_SESSIONS; r++)
        if (r->origin / MICROSECOND == first.origin / MICROSECOND && r->server.family &&
            endpoint_equal(&r->server, &first.server))
            doubt(s, r);
}
