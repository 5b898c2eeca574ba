#include "session/offer.h"

static void add_ticket(struct offer *offer, const struct identifier_hash *ticket)
{
    if (ticket->own)
        offer->identifier[offer->count++] = identifier_of_ticket(offer->method, ticket);
}

static void add_identities(struct offer *offer, const struct observation *o)
{
    /* The server says which one it took; before that, the first known one represents all. */
    bool taken = o->seen & SEEN_SERVER_HELLO && o->server_hello.psk;
    unsigned first = taken ? o->server_hello.psk_selected : 0;
    unsigned end = taken ? first + 1U : o->client_hello.psk_count;
    offer->method = RESUMPTION_PSK;
    offer->more = taken && first >= MAX_PSK_IDENTITIES && !observation_psk_ageless(o);
    for (unsigned i = first; i < end && i < MAX_PSK_IDENTITIES; i++)
        if (!(o->client_hello.psk_ageless >> i & 1)) /* else it has no age */
            add_ticket(offer, &o->client_hello.psk_hash[i]);
}

/*
 * A PSK comes before a ticket, and a ticket before an id, which is then only a marker (RFC 5077 3.4); unless
 * the server resumes in TLS 1.2, which has no PSKs. If only the server was captured, its echo may be such a
 * marker, and shows nothing.
 */
struct offer offer_of(const struct observation *o)
{
    const struct client_hello_facts *c = &o->client_hello;
    struct offer offer = {0};
    const bool by_other = o->resumption == RESUMPTION_TICKET || o->resumption == RESUMPTION_ID;
    if (!(o->seen & SEEN_CLIENT_HELLO) || observation_offer_in_doubt(o))
        return offer;
    if (c->psk && !by_other) {
        add_identities(&offer, o);
    } else if (c->ticket) {
        offer.method = RESUMPTION_TICKET;
        add_ticket(&offer, &c->ticket_hash);
        add_ticket(&offer, &c->ticket_inner_hash); /* the encoding of RFC 4507 */
    } else if (c->session_id_len) {
        offer.method = RESUMPTION_ID;
        offer.identifier[offer.count++] = identifier_of_id(c->session_id, c->session_id_len);
    }
    return offer;
}

nanos time_of_use(const struct observation *o)
{
    const nanos asked = o->side[CLIENT].hello_time;
    const nanos answered = o->side[SERVER].hello_time;
    if (!asked && !answered) /* neither hello was captured */
        return o->exchange_time ? o->exchange_time : o->event_time;
    return answered > asked ? answered : asked;
}

bool offer_is_before(nanos origin, const struct observation *o)
{
    return origin > o->side[CLIENT].hello_time + NANOS_PER_SECOND;
}

/* Whole microseconds, the resolution of the memory, so that an age can be reported exactly as it was judged.
 */
static int64_t age_at(nanos time, nanos origin)
{
    const int64_t age = time - origin;
    return age - age % 1000;
}

/* NULL: nothing is known about the identifier, or only a later session. */
static struct entry *find_before(struct sessions *s, const struct observation *o, const struct identifier *id,
                                 struct place *place)
{
    *place = memory_locate(s, &o->whence, id);
    struct entry *e = memory_find(s, place, o->side[CLIENT].hello_time);
    const nanos origin = e ? entry_origin(e) : 0;
    return e && origin_is_dated(origin, o->side[CLIENT].hello_time) && !offer_is_before(origin, o) ? e : NULL;
}

/* Does a side say this after it had the alert? Not known if a clock was set in between. */
static bool had_before(const struct sessions *s, nanos had, nanos said)
{
    bool exact = true;
    const nanos latest = sessions_latest_origin(s, had, said, &exact);
    return had && latest / NANOS_PER_MICROSECOND < said / NANOS_PER_MICROSECOND;
}

static void tell_end(struct sessions *s, const struct place *place, const struct entry *e,
                     const struct observation *o, struct session_result *out)
{
    const enum side last = o->seen & SEEN_SERVER_HELLO ? SERVER : CLIENT;
    out->dead = e->flags & ENTRY_DEAD;
    if (!out->dead)
        return;
    const struct ended ended =
        memory_when_ended(s, &o->whence, place->identifier, entry_origin(e), time_of_use(o));
    out->knew[CLIENT] = had_before(s, ended.had[CLIENT], o->side[CLIENT].hello_time);
    out->knew[SERVER] = had_before(s, ended.had[SERVER], o->side[last].hello_time);
}

static void tell_age(struct sessions *s, const struct place *place, const struct entry *e,
                     const struct observation *o, struct session_result *out)
{
    out->in_doubt = flags_are_unsettled(e->flags) || was_unread_since(s, o, entry_origin(e));
    const bool known = e->flags & ENTRY_EXACT && !out->in_doubt && !memory_distrusts(s, place, e);
    bool exact = known;
    out->known = true;
    out->origin = sessions_latest_origin(s, entry_origin(e), o->side[CLIENT].hello_time, &exact);
    out->basis = exact ? AGE_EXACT : AGE_AT_LEAST;
    out->clock_set = known && !exact;
    tell_end(s, place, e, o, out);
    out->suite_known = e->flags & ENTRY_SUITE && !out->in_doubt;
    out->suite = e->suite;
    out->offered_basis = out->basis;
    out->offered_age = age_at(o->side[CLIENT].hello_time, out->origin);
    if (o->seen & SEEN_SERVER_HELLO)
        out->resumed_age = age_at(o->side[SERVER].hello_time, out->origin);
}

void sessions_redate(const struct sessions *s, const struct observation *o, struct session_result *result)
{
    bool exact = true;
    const nanos offered = o->side[CLIENT].hello_time;
    const nanos origin = sessions_latest_origin(s, result->origin, offered, &exact);
    if (!result->known || exact)
        return;
    /* Of several PSKs another may be the oldest. */
    const bool same = result->offered_age == age_at(offered, result->origin);
    result->clock_set |= result->basis == AGE_EXACT;
    result->basis = AGE_AT_LEAST;
    result->origin = origin;
    result->offered_basis = same ? AGE_AT_LEAST : AGE_UNKNOWN;
    result->offered_age = age_at(offered, origin);
    if (o->seen & SEEN_SERVER_HELLO)
        result->resumed_age = age_at(o->side[SERVER].hello_time, origin);
}

/* The age at the ClientHello, as a lower bound. */
static int64_t least_age(const struct sessions *s, const struct entry *e, const struct observation *o)
{
    bool exact = false;
    const nanos offered = o->side[CLIENT].hello_time;
    return age_at(offered, sessions_latest_origin(s, entry_origin(e), offered, &exact));
}

/* An identifier that another server issued, and this one did not resume, has an age when it is offered; as
 * far as is known, it means nothing to this server. */
static void tell_use_elsewhere(const struct sessions *s, const struct entry *e, const struct observation *o,
                               struct session_result *out)
{
    out->offered_age = least_age(s, e, o);
    out->offered_basis = AGE_AT_LEAST;
    out->in_doubt = flags_are_unsettled(e->flags);
}

/* Of several PSKs the oldest counts, whichever the server takes. Those of unknown age may be older, so the
 * known age is a lower bound. */
static void tell_oldest_offered(struct sessions *s, const struct observation *o, struct session_result *out)
{
    for (unsigned i = 0; i < o->client_hello.psk_count && i < MAX_PSK_IDENTITIES; i++) {
        const struct identifier id = identifier_of_ticket(RESUMPTION_PSK, &o->client_hello.psk_hash[i]);
        struct place place;
        const struct entry *e = find_before(s, o, &id, &place);
        if (o->client_hello.psk_ageless >> i & 1 || !e)
            continue;
        const int64_t age = least_age(s, e, o);
        if (!out->offered_basis || age > out->offered_age)
            out->offered_age = age;
        out->offered_basis = AGE_AT_LEAST;
    }
}

struct entry *offer_look_up(struct sessions *s, const struct observation *o, const struct offer *offer,
                            struct session_result *out, struct place *place)
{
    struct entry *e = NULL;
    for (size_t i = 0; i < offer->count && !e; i++)
        e = find_before(s, o, &offer->identifier[i], place);
    if (!e && offer->count)
        *place = memory_locate(s, &o->whence, &offer->identifier[0]);
    if (e && o->resumption <= RESUMPTION_FULL && !memory_is_shared(s, place, e)) {
        tell_use_elsewhere(s, e, o, out);
        e = NULL;
    }
    /* A random id for compatibility (RFC 8446 4.1.2) is not an attempt to resume a session. */
    out->offered = offer->more ||
                   (offer->count && (offer->method != RESUMPTION_ID || e || o->resumption == RESUMPTION_ID));
    out->method = offer->count || offer->more ? offer->method : RESUMPTION_UNKNOWN;
    out->beyond = offer->more;
    if (e)
        tell_age(s, place, e, o, out);
    if (offer->method == RESUMPTION_PSK && o->client_hello.psk_count > 1)
        tell_oldest_offered(s, o, out);
    return e;
}

void offer_weigh_id(struct sessions *s, const struct observation *o, const struct entry *by_ticket,
                    struct session_result *out)
{
    const struct client_hello_facts *c = &o->client_hello;
    const struct server_hello_facts *h = &o->server_hello;
    const bool echoed = c->session_id_len && c->session_id_len == h->session_id_len &&
                        memcmp(c->session_id, h->session_id, h->session_id_len) == 0;
    const struct identifier id = identifier_of_id(c->session_id, c->session_id_len);
    struct place place;
    const struct entry *e = echoed ? find_before(s, o, &id, &place) : NULL;
    if (!e || !memory_is_shared(s, &place, e) || entry_origin(e) == entry_origin(by_ticket))
        return;
    struct session_result by_id = {0};
    tell_age(s, &place, e, o, &by_id);
    out->beside = true;
    out->in_doubt |= by_id.in_doubt;
    out->dead &= by_id.dead;
    for (enum side who = CLIENT; who <= SERVER; who++)
        out->knew[who] &= by_id.knew[who];
    out->suite_known &= by_id.suite_known && by_id.suite == out->suite;
    if (by_id.origin > out->origin) {
        out->origin = by_id.origin;
        out->resumed_age = by_id.resumed_age;
    }
    if (by_id.offered_age > out->offered_age)
        out->offered_age = by_id.offered_age;
    out->basis = out->offered_basis = AGE_AT_LEAST;
}

void offer_tell_id(struct sessions *s, const struct observation *o, struct session_result *out)
{
    const struct client_hello_facts *c = &o->client_hello;
    const struct identifier id = identifier_of_id(c->session_id, c->session_id_len);
    struct place place;
    const struct entry *e = find_before(s, o, &id, &place);
    if (!e)
        return;
    tell_age(s, &place, e, o, out);
    out->basis = out->offered_basis = AGE_AT_LEAST;
    out->missed = why_missed(s, o, out->origin);
    out->beside = true;
}
