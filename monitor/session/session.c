#include "session/session.h"

#include "session/table.h"

#include <stdlib.h>

struct sessions {
    struct siphash_key key;
    struct table table;
    uint32_t retention; /* seconds */
    bool one_scope;
    struct session_counters counters;
};

const char *age_basis_name(enum age_basis basis)
{
    switch (basis) {
    case AGE_EXACT:
        return "exact";
    case AGE_AT_LEAST:
        return "at-least";
    case AGE_UNKNOWN:
        break;
    }
    return "unknown";
}

struct sessions *sessions_new(const struct session_config *config)
{
    struct sessions *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->key = siphash_random_key();
    s->retention = (uint32_t)(config->retention / NANOS_PER_SECOND);
    s->one_scope = config->one_scope;
    if (table_open(&s->table, config->sessions))
        return s;
    free(s);
    return NULL;
}

void sessions_free(struct sessions *s)
{
    if (!s)
        return;
    table_close(&s->table);
    free(s);
}

const struct session_counters *sessions_counters(struct sessions *s)
{
    s->counters.evicted = s->table.evicted;
    s->counters.expired = s->table.expired;
    s->counters.used = s->table.used;
    return &s->counters;
}

struct siphash_key sessions_key(const struct sessions *s)
{
    return s->key;
}

#define ORIGIN_BITS ((UINT64_C(1) << 54) - 1)

static uint32_t second_of(nanos time)
{
    return time > 0 ? (uint32_t)(time / NANOS_PER_SECOND) : 0;
}

/* A name within the cache that can know it. */
static uint64_t scoped(const struct sessions *s, const struct observation *o, enum resumption method,
                       struct span bytes)
{
    uint8_t text[sizeof o->server + 1 + 32];
    size_t n = 0;
    memset(text, 0, sizeof text);
    if (!s->one_scope)
        memcpy(text, &o->server, sizeof o->server);
    n += sizeof o->server;
    text[n++] = (uint8_t)method;
    bytes = span_head(bytes, 32);
    if (bytes.n)
        memcpy(text + n, bytes.p, bytes.n);
    uint64_t name = siphash(&s->key, span_of(text, n + bytes.n));
    return name ? name : 1;
}

static uint64_t scoped_name(const struct sessions *s, const struct observation *o, enum resumption method,
                            uint64_t name)
{
    return scoped(s, o, method, span_of(&name, sizeof name));
}

static uint64_t scoped_id(const struct sessions *s, const struct observation *o, const uint8_t *id,
                          size_t length)
{
    return scoped(s, o, RESUMPTION_ID, span_of(id, length));
}

/* Both directions were seen from their start to the end of the handshake, nothing missing or doubtful. */
static bool trustworthy(const struct observation *o)
{
    const uint32_t both = SEEN_CLIENT_HELLO | SEEN_SERVER_HELLO;
    return (o->seen & both) == both && !o->damage[CLIENT] && !o->damage[SERVER] && o->start_seen[CLIENT] &&
           o->start_seen[SERVER];
}

static struct entry *look_up(struct sessions *s, uint64_t name, nanos now)
{
    return table_find(&s->table, name, second_of(now), s->retention);
}

/* What the client offers to resume. A ticket comes before an id, which is then only a marker (RFC 5077 3.4).
 */
static struct entry *find_offered(struct sessions *s, const struct observation *o, struct session_result *out,
                                  uint64_t *name)
{
    const struct client_hello_facts *c = &o->client_hello;
    nanos now = o->hello_time[CLIENT];
    struct entry *e = NULL;
    if (c->psk) {
        /* The server says which one it took; before that, the first that is known stands for all. */
        bool taken = o->seen & SEEN_SERVER_HELLO && o->server_hello.psk;
        unsigned first = taken ? o->server_hello.psk_selected : 0;
        unsigned end = taken ? first + 1U : c->psk_count;
        for (unsigned i = first; i < end && i < MAX_PSK_IDENTITIES && !e; i++) {
            if (!c->psk_name[i])
                continue; /* established externally */
            out->offered = true;
            out->method = RESUMPTION_PSK;
            *name = scoped_name(s, o, RESUMPTION_PSK, c->psk_name[i]);
            e = look_up(s, *name, now);
        }
        return e;
    }
    if (c->ticket) {
        out->offered = true;
        out->method = RESUMPTION_TICKET;
        *name = scoped_name(s, o, RESUMPTION_TICKET, c->ticket_name);
        e = look_up(s, *name, now);
        if (!e && c->ticket_inner_name) { /* the encoding of RFC 4507 */
            uint64_t inner = scoped_name(s, o, RESUMPTION_TICKET, c->ticket_inner_name);
            e = look_up(s, inner, now);
            *name = e ? inner : *name;
        }
        return e;
    }
    if (c->session_id_len && !c->session_id_cut) {
        *name = scoped_id(s, o, c->session_id, c->session_id_len);
        e = look_up(s, *name, now);
        /* A random id of compatibility (RFC 8446 4.1.2) is no attempt to resume anything (E9). */
        out->offered = e || o->resumption == RESUMPTION_ID;
        out->method = RESUMPTION_ID;
    }
    return e;
}

static void age_of(const struct entry *e, const struct observation *o, struct session_result *out)
{
    out->known = true;
    out->origin = (nanos)e->origin_us * 1000;
    out->basis = e->flags & ENTRY_EXACT ? AGE_EXACT : AGE_AT_LEAST;
    out->dead = e->flags & ENTRY_DEAD;
    out->suite_known = e->flags & ENTRY_SUITE;
    out->suite = e->suite;
    if (o->seen & SEEN_CLIENT_HELLO)
        out->offered_age = o->hello_time[CLIENT] - out->origin;
    if (o->seen & SEEN_SERVER_HELLO)
        out->resumed_age = o->hello_time[SERVER] - out->origin;
}

static uint16_t server_tag(const struct sessions *s, const struct observation *o)
{
    return (uint16_t)siphash(&s->key, span_of(&o->server, sizeof o->server));
}

/* Remembers a name. Of two origins of one session the earlier counts; a full handshake that gives the same
 * name anew begins a new session (`anew`). */
static void remember(struct sessions *s, const struct observation *o, uint64_t name, enum resumption method,
                     nanos origin, unsigned flags, bool anew)
{
    bool fresh;
    nanos now = o->hello_time[SERVER] > o->hello_time[CLIENT] ? o->hello_time[SERVER] : o->hello_time[CLIENT];
    struct entry *e = table_put(&s->table, name, second_of(now), s->retention, &fresh);
    uint64_t us = origin > 0 ? (uint64_t)origin / 1000 : 0;
    if (fresh || anew) {
        e->origin_us = us & ORIGIN_BITS;
        e->flags = flags & 0x3f;
        e->method = method & 0xf;
        e->suite = flags & ENTRY_SUITE ? o->server_hello.suite : 0;
        e->server = server_tag(s, o);
    } else if (us < e->origin_us) {
        e->origin_us = us & ORIGIN_BITS;
        e->flags = (e->flags | flags) & 0x3f;
    }
    if (second_of(now) > e->last_used)
        e->last_used = second_of(now);
}

static bool ended_by_fatal_alert(const struct observation *o)
{
    for (size_t i = 0; i < o->alert_count; i++)
        if (o->alerts[i].level == 2)
            return true;
    return false;
}

/* The names that a full handshake gave its session. */
static void learn_full(struct sessions *s, const struct observation *o, struct session_result *out)
{
    const struct server_hello_facts *h = &o->server_hello;
    bool dead = ended_by_fatal_alert(o);
    bool complete = o->outcome == OUTCOME_COMPLETE && o->seen & SEEN_SERVER_CCS;
    if (observation_version(o) >= 0x0304)
        return;
    bool ticket = o->seen & SEEN_TICKET && o->ticket_issued.name;
    out->issued = h->session_id_len || ticket || h->ticket_extension;
    if (!complete && !dead)
        return;
    if (!trustworthy(o)) {
        s->counters.refused_to_learn++;
        return;
    }
    nanos origin = o->hello_time[SERVER];
    unsigned flags = ENTRY_EXACT | ENTRY_SUITE | (dead ? ENTRY_DEAD : 0);
    if (h->session_id_len)
        remember(s, o, scoped_id(s, o, h->session_id, h->session_id_len), RESUMPTION_ID, origin, flags, true);
    if (ticket)
        remember(s, o, scoped_name(s, o, RESUMPTION_TICKET, o->ticket_issued.name), RESUMPTION_TICKET, origin,
                 flags, true);
    s->counters.learned++;
}

/* An abbreviated handshake: the session goes on, under a renewed ticket perhaps (RFC 5077 3.3). */
static void learn_resumed(struct sessions *s, const struct observation *o, const struct session_result *r,
                          uint64_t name, struct entry *known)
{
    if (known) {
        known->flags = (known->flags | ENTRY_RESUMED) & 0x3f;
        known->last_used = second_of(o->hello_time[SERVER]);
        if (ended_by_fatal_alert(o) && trustworthy(o))
            known->flags = (known->flags | ENTRY_DEAD) & 0x3f;
    } else if (trustworthy(o) && name) {
        remember(s, o, name, r->method, o->hello_time[CLIENT], ENTRY_RESUMED, false);
        s->counters.sightings++;
    }
    if (!(o->seen & SEEN_TICKET) || !o->ticket_issued.name || !trustworthy(o))
        return;
    nanos origin = known ? (nanos)known->origin_us * 1000 : o->hello_time[CLIENT];
    unsigned flags = known ? known->flags & (ENTRY_EXACT | ENTRY_DEAD) : 0;
    remember(s, o, scoped_name(s, o, RESUMPTION_TICKET, o->ticket_issued.name), RESUMPTION_TICKET, origin,
             flags, false);
    s->counters.inherited++;
}

void sessions_judge(struct sessions *s, const struct observation *o, struct session_result *out)
{
    *out = (struct session_result){0};
    uint64_t name = 0;
    struct entry *e =
        o->seen & SEEN_CLIENT_HELLO && !o->client_hello.malformed ? find_offered(s, o, out, &name) : NULL;
    out->accepted = out->offered && o->resumption > RESUMPTION_FULL;
    out->refused = out->offered && (o->resumption == RESUMPTION_FULL || o->outcome == OUTCOME_REFUSED);
    if (e) {
        age_of(e, o, out);
        s->counters.found++;
    } else if (out->offered) {
        s->counters.unknown++;
    }
    if (o->resumption == RESUMPTION_FULL)
        learn_full(s, o, out);
    else if (out->accepted)
        learn_resumed(s, o, out, name, e);
    /* A ticket or PSK that is offered again later is at least as old as now, whatever the server made of it.
     * An id proves nothing: clients make them up. */
    if (out->offered && !out->accepted && !e && out->method != RESUMPTION_ID && trustworthy(o))
        remember(s, o, name, out->method, o->hello_time[CLIENT], 0, false);
}
