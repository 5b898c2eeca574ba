#include "session/memory.h"

#include <assert.h>
#include <string.h>

static_assert((int)ORIGIN_EXACT == ENTRY_EXACT && (int)ORIGIN_DEAD == ENTRY_DEAD &&
                  (int)ORIGIN_SUITE == ENTRY_SUITE,
              "flags pass between the table and Redis as they are");

#define ORIGIN_BITS ((UINT64_C(1) << 54) - 1)

/* As the memory has it. */
static uint64_t micros_of(nanos origin)
{
    return origin > 0 ? (uint64_t)(origin / NANOS_PER_MICROSECOND) : 0;
}

uint32_t memory_second(nanos time)
{
    return time > 0 ? (uint32_t)(time / NANOS_PER_SECOND) : 0;
}

struct identifier identifier_of_id(const uint8_t *id, size_t length)
{
    struct identifier out = {.method = RESUMPTION_ID};
    out.length = length < sizeof out.bytes ? length : sizeof out.bytes;
    memcpy(out.bytes, id, out.length);
    return out;
}

struct identifier identifier_of_ticket(enum resumption method, const struct identifier_hash *ticket)
{
    struct identifier out = {.method = method, .is_hash = true, .common = ticket->common};
    out.length = ticket->own ? sizeof ticket->own : 0;
    out.brief = ticket->brief;
    memcpy(out.bytes, &ticket->own, sizeof ticket->own);
    return out;
}

struct identifier identifier_of_owner(const struct identifier *id, const struct whence *at)
{
    const struct networks *networks = &at->networks;
    const struct endpoint *client = whence_ue(at);
    struct identifier out = {.method = RESUMPTION_EXTERNAL, .is_hash = true};
    if (!id->length || identifier_is_unique(id))
        return out;
    out.bytes[0] = id->is_hash ? 0 : (uint8_t)id->length;
    memcpy(out.bytes + 1, id->bytes, id->length);
    memcpy(out.bytes + UNIQUE_ID, client->address, sizeof client->address);
    out.length = UNIQUE_ID + sizeof client->address;
    if (!networks->of[CLIENT] && !networks->of[SERVER]) /* as nearly always */
        return out;
    memcpy(out.bytes + out.length, networks, sizeof *networks);
    out.length += sizeof *networks;
    return out;
}

/* Where an identifier means one session only. A farm is named by its first member; `common` distinguishes the
 * farm's identifiers from that member's own. */
struct scope {
    struct endpoint server;
    bool common;
};

static struct scope own_scope(const struct endpoint *server)
{
    return (struct scope){.server = *server};
}

/* NULL: the server belongs to none. */
static const struct session_farm *farm_of(const struct sessions *s, const struct endpoint *server)
{
    struct endpoint outside = *server; /* in the form in which the site names it */
    outside.space = 0;
    for (size_t f = 0; f < s->config.farm_count; f++) {
        const struct session_farm *farm = &s->config.farms[f];
        for (size_t i = 0; i < farm->members; i++)
            if (endpoint_equal(&farm->member[i], &outside))
                return farm;
    }
    return NULL;
}

/*
 * An identifier that is unique by chance means one session wherever it is used: servers may share a cache or
 * a ticket key, whether the site says so or not. A short id means one session only where caches are shared,
 * and so does the name of a key that was not negotiated.
 */
bool identifier_is_unique(const struct identifier *id)
{
    return id->is_hash ? !id->brief && id->method != RESUMPTION_EXTERNAL : id->length >= UNIQUE_ID;
}

/* `in_network`: a unique identifier is unique in all address spaces of the network. Hosts in two of these may
 * have the same address. */
static struct scope scope_of(const struct sessions *s, const struct endpoint *server, bool in_network,
                             const struct identifier *id)
{
    const bool unique = id && identifier_is_unique(id);
    struct scope scope = {.common = true};
    if (!s->config.one_scope && !unique) {
        const struct session_farm *farm = farm_of(s, server);
        if (!farm)
            return own_scope(server);
        scope.server = farm->member[0];
    }
    scope.server.space = 0;
    if (!unique || !in_network)
        scope.server.space = server->space;
    return scope;
}

static uint64_t hash_in(const struct siphash_key *key, const struct scope *scope, enum resumption method,
                        const void *bytes, size_t length)
{
    enum { HEAD = sizeof scope->server + 2 };
    uint8_t text[HEAD + sizeof((struct identifier *)0)->bytes];
    memset(text, 0, sizeof text);
    memcpy(text, &scope->server, sizeof scope->server);
    text[HEAD - 2] = (uint8_t)method;
    text[HEAD - 1] = scope->common;
    memcpy(text + HEAD, bytes, length);
    return siphash(key, span_of(text, HEAD + length));
}

static uint64_t key_of(const struct sessions *s, const struct scope *scope, const struct identifier *id)
{
    const uint64_t key = hash_in(&s->table.key, scope, id->method, id->bytes, id->length);
    return key ? key : 1;
}

uint64_t sessions_lineage(const struct sessions *s, const struct endpoint *server, nanos origin)
{
    const struct scope scope = scope_of(s, server, false, NULL);
    const int64_t us = origin / NANOS_PER_MICROSECOND; /* as the memory has it */
    return s->shared ? 0 : hash_in(&s->table.key, &scope, RESUMPTION_UNKNOWN, &us, sizeof us);
}

static uint64_t shared_key_of(const struct sessions *s, const struct scope *scope,
                              const struct identifier *id)
{
    if (!s->common_version || (id->is_hash && !id->common))
        return 0;
    const uint64_t key = id->is_hash
                             ? hash_in(&s->common_key, scope, id->method, &id->common, sizeof id->common)
                             : hash_in(&s->common_key, scope, id->method, id->bytes, id->length);
    return key ? key : 1;
}

static struct place place_in(const struct sessions *s, const struct scope *scope,
                             const struct endpoint *server, const struct identifier *id)
{
    struct place place = {.server = server, .identifier = id, .common = scope->common};
    if (!id || !id->length)
        return place;
    place.key = key_of(s, scope, id);
    place.shared_key = shared_key_of(s, scope, id);
    return place;
}

/* `like`: it means one session in the same places as that one. */
static struct place locate_like(const struct sessions *s, const struct whence *at,
                                const struct identifier *identifier, const struct identifier *like)
{
    const struct endpoint *server = &at->server;
    const struct scope scope = scope_of(s, server, at->in_network, like);
    struct place place = place_in(s, &scope, server, identifier);
    if (place.key && scope.server.space != server->space) {
        const struct scope in_space = scope_of(s, server, false, like);
        place.space_key = key_of(s, &in_space, identifier);
    }
    return place;
}

struct place memory_locate(const struct sessions *s, const struct whence *at,
                           const struct identifier *identifier)
{
    return locate_like(s, at, identifier, identifier);
}

static uint64_t common_hash(const struct sessions *s, const struct endpoint *server)
{
    return siphash(&s->common_key, span_of(server, sizeof *server));
}

static void tell(struct sessions *s, const struct place *place, const struct memo *m, enum origin_kind kind)
{
    if (!s->shared || flags_are_unsettled(m->flags)) /* they have no word for this */
        return;
    shared_tell(s->shared, &(struct origin){.key = place->shared_key,
                                            .us = micros_of(m->origin) & ORIGIN_BITS,
                                            .server = common_hash(s, place->server),
                                            .suite = m->suite,
                                            .flags = (uint8_t)m->flags,
                                            .kind = (char)kind});
}

static struct entry *find_key(struct sessions *s, uint64_t key, nanos now)
{
    return key ? table_find(&s->table, key, memory_second(now), s->retention) : NULL;
}

/* Hashed only if the common entry is in doubt, which is rare. */
static uint64_t own_key_of(const struct sessions *s, const struct place *place)
{
    const struct scope own = own_scope(place->server);
    return place->common ? key_of(s, &own, place->identifier) : place->key;
}

struct entry *memory_find(struct sessions *s, const struct place *place, nanos now)
{
    struct entry *e = find_key(s, place->key, now);
    if (!e)
        return find_key(s, place->space_key, now);
    return e->flags & ENTRY_DOUBT ? find_key(s, own_key_of(s, place), now) : e;
}

static bool is_given_anew(const struct entry *e)
{
    return (e->flags & (ENTRY_EXACT | ENTRY_SUITE | ENTRY_ANEW)) == ENTRY_ANEW;
}

/* The flags of an entry from a full handshake, seen here or by another sensor. */
static unsigned with_anew(unsigned flags)
{
    return flags & (ENTRY_EXACT | ENTRY_SUITE) ? flags : flags | ENTRY_ANEW;
}

/* A unique identifier that is issued again may come from a copy of the first handshake; or a server with a
 * broken or restarted generator has drawn it twice, and it is not known which of its sessions is resumed.
 * Links of one path deliver copies within a second. */
static bool may_be_either(const struct entry *e, const struct place *place, const struct memo *m)
{
    const nanos apart = m->origin - entry_origin(e);
    const bool was_issued = e->flags & (ENTRY_EXACT | ENTRY_SUITE | ENTRY_ANEW); /* not only used */
    if (m->renewed)
        return was_issued && apart > NANOS_PER_SECOND;
    return m->anew && !m->certain && m->flags & ENTRY_EXACT && identifier_is_unique(place->identifier) &&
           (is_given_anew(e) || apart > NANOS_PER_SECOND || (was_issued && -apart > NANOS_PER_SECOND));
}

/* If a session was seen twice, the earlier time counts. */
static void write_entry(struct sessions *s, struct entry *e, bool fresh, const struct place *place,
                        const struct memo *m)
{
    struct entry next = *e;
    const uint64_t us = micros_of(m->origin);
    const uint32_t second = memory_second(m->now);
    fresh |= !origin_is_dated(entry_origin(e), m->now);
    const bool either = !fresh && may_be_either(e, place, m);
    if (second > e->last_used)
        next.last_used = second;
    if (either) { /* it began at one of the two times */
        next.origin_us = us > e->origin_us ? us & ORIGIN_BITS : e->origin_us;
        next.flags = with_anew(e->flags & ~(unsigned)(ENTRY_EXACT | ENTRY_SUITE)) & ENTRY_FLAGS;
    } else if (fresh || m->anew) {
        next.origin_us = us & ORIGIN_BITS;
        next.flags = (m->anew ? with_anew(m->flags) : m->flags) & ENTRY_FLAGS;
        if (!fresh && us == e->origin_us) /* a copy does not undo what the session did since */
            next.flags |= e->flags & (ENTRY_RESUMED | ENTRY_DEAD);
        next.method = place->identifier->method & 0x7U;
        next.suite = m->flags & ENTRY_SUITE ? m->suite : 0;
        next.server = table_server(&s->table, place->server);
    } else if (us < e->origin_us && flags_are_unsettled(e->flags)) {
        /* It stays so. */
    } else if (us < e->origin_us && e->flags & ENTRY_EXACT) {
        /* It was used before the full handshake: either the id meant another session then, or one of the two
         * times is wrong. Only the later time is a safe bound. */
        next.flags = e->flags & ~(unsigned)ENTRY_EXACT & ENTRY_FLAGS;
    } else if (us < e->origin_us) {
        next.origin_us = us & ORIGIN_BITS;
        next.flags = (e->flags | m->flags) & ENTRY_FLAGS;
    }
    if (either)
        tell(s, place, &(struct memo){.origin = entry_origin(&next)}, ORIGIN_PART);
    else if (fresh || m->anew || next.origin_us != e->origin_us)
        tell(s, place, m, !m->anew ? ORIGIN_SEEN : m->flags & ENTRY_EXACT ? ORIGIN_FULL : ORIGIN_PART);
    table_write(&s->table, e, &next);
}

static void put_own(struct sessions *s, const struct place *place, const struct memo *m)
{
    bool fresh;
    const struct scope scope = own_scope(place->server);
    const struct place own = place_in(s, &scope, place->server, place->identifier);
    struct entry *e = table_put(&s->table, own.key, memory_second(m->now), s->retention, &fresh);
    write_entry(s, e, fresh, &own, m);
}

/* The contents of a common entry. */
static struct memo memo_of(const struct entry *old)
{
    return (struct memo){.origin = entry_origin(old),
                         .now = (nanos)old->last_used * NANOS_PER_SECOND,
                         .flags = old->flags,
                         .suite = old->suite,
                         .anew = true};
}

/* The place of a common entry at its server; `server` is NULL if that is not in the table. */
static struct place place_of(const struct sessions *s, const struct place *common, const struct entry *e)
{
    struct place place = *common;
    place.server = e->server ? &s->table.servers[e->server] : NULL;
    return place;
}

/*
 * Two servers of one scope issued the same identifier. That is hardly chance; more likely one server is after
 * the other's sessions. From then on each server has its own entry, and the common entry only says so.
 */
static void split(struct sessions *s, struct entry *common, const struct place *place, const struct memo *m)
{
    const struct memo old = memo_of(common);
    const struct place first = place_of(s, place, common);
    table_use(&s->table, common, memory_second(m->now), ENTRY_DOUBT);
    if (first.server && old.flags & ENTRY_EXACT) /* Redis may have been down when this was first sent */
        tell(s, &first, &old, ORIGIN_FULL);
    tell(s, place, m, ORIGIN_FULL); /* the server in it shows other sensors the conflict */
    if (first.server)
        put_own(s, &first, &old);
    put_own(s, place, m);
    s->counters.parted++;
}

void memory_split(struct sessions *s, const struct place *place, nanos now)
{
    struct entry *e = find_key(s, place->key, now);
    if (!e || !place->common || e->flags & ENTRY_DOUBT)
        return;
    const struct memo old = memo_of(e);
    const struct place first = place_of(s, place, e);
    table_use(&s->table, e, 0, ENTRY_DOUBT);
    if (first.server)
        put_own(s, &first, &old);
    s->counters.parted++;
}

static bool is_of(struct sessions *s, const struct entry *e, const struct endpoint *server)
{
    return e->server && e->server == table_server(&s->table, server);
}

void memory_put(struct sessions *s, const struct place *place, const struct memo *m)
{
    if (!place->key)
        return;
    bool fresh;
    struct entry *e = table_put(&s->table, place->key, memory_second(m->now), s->retention, &fresh);
    if (!fresh && e->flags & ENTRY_DOUBT)
        put_own(s, place, m);
    else if (!fresh && m->anew && place->common && !is_of(s, e, place->server))
        split(s, e, place, m);
    else
        write_entry(s, e, fresh, place, m);
}

bool memory_is_shared(struct sessions *s, const struct place *place, const struct entry *e)
{
    if (!place->common || s->config.one_scope || is_of(s, e, place->server))
        return true;
    const struct session_farm *farm = farm_of(s, place->server);
    return farm && e->server && farm == farm_of(s, &s->table.servers[e->server]);
}

void memory_unsettle(struct sessions *s, const struct place *place, nanos issued, nanos now)
{
    struct entry *e = memory_find(s, place, now);
    const nanos apart = e ? issued - entry_origin(e) : 0;
    const struct memo bound = {.origin = issued, .now = now, .anew = true};
    if (apart <= NANOS_PER_SECOND && -apart <= NANOS_PER_SECOND) /* a copy */
        return;
    if (!memory_is_shared(s, place, e)) {
        memory_put(s, place, &bound);
        return;
    }
    struct entry next = *e;
    next.flags |= ENTRY_UNSETTLED;
    table_write(&s->table, e, &next);
    tell(s, place, &bound, ORIGIN_PART);
}

bool memory_distrusts(struct sessions *s, const struct place *place, const struct entry *e)
{
    return table_has_forgotten(&s->table) && place->common && !is_of(s, e, place->server);
}

void memory_end(struct sessions *s, const struct place *place, struct entry *e)
{
    table_use(&s->table, e, 0, ENTRY_DEAD);
    tell(s, place, &(struct memo){.origin = entry_origin(e), .flags = ENTRY_DEAD}, ORIGIN_ENDED);
}

/* The identifier under which it is remembered when a side had the alert that ended a session; it equals no
 * other one. */
static struct identifier identifier_of_ended(const struct sessions *s, const struct identifier *id,
                                             nanos origin, enum side who, const struct endpoint *client)
{
    const uint64_t us = micros_of(origin) & ORIGIN_BITS;
    struct identifier out = {.method = RESUMPTION_EXTERNAL, .is_hash = true};
    uint8_t session[sizeof id->bytes + sizeof us];
    if (!id->length)
        return out;
    memcpy(session, id->bytes, id->length);
    memcpy(session + id->length, &us, sizeof us);
    const uint64_t hash = siphash(&s->table.key, span_of(session, id->length + sizeof us));
    /* In an owner's identifier this byte is smaller: the length of a short id. */
    out.bytes[0] = (uint8_t)(UNIQUE_ID + id->method);
    out.bytes[1] = (uint8_t)who;
    memcpy(out.bytes + sizeof hash, &hash, sizeof hash);
    if (who == CLIENT)
        memcpy(out.bytes + UNIQUE_ID, client->address, sizeof client->address);
    out.length = UNIQUE_ID + sizeof client->address;
    return out;
}

/* A client has had it of this server; a server, of whoever can resume the session with it. */
static struct place locate_ended(const struct sessions *s, const struct whence *at,
                                 const struct identifier *id, const struct identifier *ended, enum side who)
{
    return locate_like(s, at, ended, who == SERVER ? id : ended);
}

void memory_note_ended(struct sessions *s, const struct whence *at, const struct identifier *id, nanos origin,
                       nanos now, const struct ended *ended, bool again)
{
    for (enum side who = CLIENT; who <= SERVER; who++) {
        const struct identifier name = identifier_of_ended(s, id, origin, who, whence_ue(at));
        const struct place place = locate_ended(s, at, id, &name, who);
        const uint64_t us = micros_of(ended->had[who]) & ORIGIN_BITS;
        bool fresh;
        if (!place.key || !us)
            continue;
        struct entry *e = table_put(&s->table, place.key, memory_second(now), s->retention, &fresh);
        struct entry next = *e;
        if (fresh || (again ? us > e->origin_us : us < e->origin_us))
            next.origin_us = us & ORIGIN_BITS;
        next.method = name.method & 0x7U;
        next.last_used = e->last_used > memory_second(now) ? e->last_used : memory_second(now);
        table_write(&s->table, e, &next);
    }
}

struct ended memory_when_ended(struct sessions *s, const struct whence *at, const struct identifier *id,
                               nanos origin, nanos now)
{
    struct ended out = {0};
    for (enum side who = CLIENT; who <= SERVER; who++) {
        const struct identifier name = identifier_of_ended(s, id, origin, who, whence_ue(at));
        const struct place place = locate_ended(s, at, id, &name, who);
        struct entry *known = memory_find(s, &place, now);
        if (!known)
            continue;
        table_use(&s->table, known, memory_second(now), 0); /* kept as long as the session */
        out.had[who] = entry_origin(known);
    }
    return out;
}

/* The server named by the other sensor, which is not always the one at which the session is used. 0: another
 * server of the scope. */
static uint16_t server_of(struct sessions *s, const struct endpoint *server, uint64_t theirs)
{
    if (common_hash(s, server) == theirs)
        return table_server(&s->table, server);
    for (size_t f = 0; f < s->config.farm_count && !s->config.one_scope; f++) {
        const struct session_farm *farm = &s->config.farms[f];
        for (size_t i = 0; i < farm->members; i++)
            if (common_hash(s, &farm->member[i]) == theirs)
                return table_server(&s->table, &farm->member[i]);
    }
    return 0;
}

/*
 * An origin from a full handshake is better than a bound. Of two such origins, the later one belongs to the
 * session that has this identifier now: its server issued the identifier again, and only one sensor saw that.
 * The same is true if one of the two was seen in part or is in doubt, but then the origin is not exact. If
 * the session was only seen, the earlier time says more.
 */
static bool is_better(const struct origin *theirs, const struct entry *e)
{
    const bool exact = theirs->flags & ENTRY_EXACT;
    const bool have_exact = e->flags & ENTRY_EXACT;
    const bool anew = !exact && theirs->kind != ORIGIN_SEEN;
    if (is_given_anew(e) || flags_are_unsettled(e->flags))
        return theirs->us > e->origin_us && (exact || anew);
    if (anew)
        return !have_exact || theirs->us >= e->origin_us;
    if (exact == have_exact)
        return exact ? theirs->us > e->origin_us : theirs->us < e->origin_us;
    return exact;
}

void memory_adopt(struct sessions *s, const struct place *place, const struct origin *theirs, nanos now)
{
    struct entry *e = memory_find(s, place, now);
    const bool better = !e || !origin_is_dated(entry_origin(e), now) || is_better(theirs, e);
    if (e && theirs->flags & ENTRY_DEAD && theirs->us == e->origin_us)
        table_use(&s->table, e, 0, ENTRY_DEAD);
    if (!better)
        return;
    bool fresh = false;
    if (!e)
        e = table_put(&s->table, place->key, memory_second(now), s->retention, &fresh);
    if (e->flags & ENTRY_DOUBT)
        return;
    struct entry next = *e;
    next.origin_us = theirs->us & ORIGIN_BITS;
    next.flags = (theirs->kind == ORIGIN_SEEN ? theirs->flags : with_anew(theirs->flags)) & ENTRY_FLAGS;
    next.method = place->identifier->method & 0x7U;
    next.suite = theirs->flags & ENTRY_SUITE ? theirs->suite : 0;
    next.server = server_of(s, place->server, theirs->server);
    table_write(&s->table, e, &next);
}

nanos sessions_latest_origin(const struct sessions *s, nanos origin, nanos now, bool *exact)
{
    nanos latest = origin;
    if (table_spans_jump(&s->table, origin, now)) {
        *exact = false;
        latest = table_latest(&s->table, origin, now);
    }
    if (s->ahead.by && now >= s->ahead.from && now <= s->ahead.until && origin < s->ahead.from) {
        *exact = false;
        latest = s->ahead.by < now - latest ? latest + s->ahead.by : now;
    }
    return latest;
}

void sessions_clock_was_ahead(struct sessions *s, nanos from, nanos until, nanos by)
{
    s->ahead.from = from;
    s->ahead.until = until;
    s->ahead.by = by;
}

void sessions_clock_set(struct sessions *s, nanos before, nanos after)
{
    table_clock_set(&s->table, before, after, s->retention);
    s->counters.clock_set++;
}

void sessions_clock_not_set(struct sessions *s, nanos before, nanos after)
{
    s->counters.clock_set -= table_clock_not_set(&s->table, before, after);
}
