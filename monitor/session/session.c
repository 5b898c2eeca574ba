#include "session/memory.h"
#include "session/writer.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static const char *words_of(enum table_result result)
{
    switch (result) {
    case TABLE_OK:
        break;
    case TABLE_NO_MEMORY:
        return "not enough memory for the sessions";
    case TABLE_IN_USE:
        return "another process has the state file";
    case TABLE_NOT_OURS:
        return "the state file is not one of utwatch; it is left alone";
    case TABLE_OTHER_SIZE:
        return "the state file was made for another version or number of sessions (limits: sessions); it is "
               "left alone";
    case TABLE_DAMAGED:
        return "the state file could not be read; it is kept as .damaged, and a new one begun";
    case TABLE_ERROR:
        return strerror(errno);
    }
    return "";
}

struct sessions *sessions_new(const struct session_config *config, char *error, size_t error_size)
{
    struct sessions *s = calloc(1, sizeof *s);
    *error = '\0';
    if (!s)
        return NULL;
    s->retention = (uint32_t)(config->retention / NANOS_PER_SECOND);
    s->config = *config;
    enum table_result result = config->look_only ? table_open_to_read(&s->table, config->state)
                                                 : table_open(&s->table, config->sessions, config->state);
    (void)snprintf(error, error_size, "%s", words_of(result));
    if (result != TABLE_OK && result != TABLE_DAMAGED) {
        free(s);
        return NULL;
    }
    if (s->table.damaged)
        (void)snprintf(error, error_size,
                       "%" PRIu64 " sessions of the state file were damaged and are forgotten, %" PRIu64
                       " are whole",
                       s->table.damaged, s->table.used);
    if (config->take_memory && !table_take_memory(&s->table))
        (void)snprintf(error, error_size, "the memory for all sessions is not to be had at once: %s",
                       strerror(errno));
    const int64_t interval = config->write_interval ? config->write_interval : NANOS_PER_SECOND / 2;
    s->writer = config->state && !config->look_only ? writer_start(&s->table, interval) : NULL;
    return s;
}

void sessions_free(struct sessions *s)
{
    if (!s)
        return;
    writer_stop(s->writer);
    table_close(&s->table);
    free(s);
}

const struct session_counters *sessions_counters(struct sessions *s)
{
    s->counters.evicted = s->table.evicted;
    s->counters.expired = s->table.expired;
    s->counters.used = s->table.used;
    s->counters.damaged = s->table.damaged;
    return &s->counters;
}

struct siphash_key sessions_key(const struct sessions *s)
{
    return s->table.key;
}

/* Both directions were seen from their start to the end of the handshake, nothing missing or doubtful. */
static bool trustworthy(const struct observation *o)
{
    const uint32_t both = SEEN_CLIENT_HELLO | SEEN_SERVER_HELLO;
    return (o->seen & both) == both && !o->damage[CLIENT] && !o->damage[SERVER] && o->start_seen[CLIENT] &&
           o->start_seen[SERVER];
}

/* What the client offers to resume. A ticket comes before an id, which is then only a marker (RFC 5077 3.4).
 */
static struct entry *find_offered(struct sessions *s, const struct observation *o, struct session_result *out,
                                  struct session_name *name)
{
    const struct client_hello_facts *c = &o->client_hello;
    const nanos now = o->hello_time[CLIENT];
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
            *name = name_of_ticket(RESUMPTION_PSK, c->psk_name[i]);
            e = memory_find(s, &o->server, name, now);
        }
        return e;
    }
    if (c->ticket) {
        out->offered = true;
        out->method = RESUMPTION_TICKET;
        *name = name_of_ticket(RESUMPTION_TICKET, c->ticket_name);
        e = memory_find(s, &o->server, name, now);
        if (!e && c->ticket_inner_name) { /* the encoding of RFC 4507 */
            const struct session_name inner = name_of_ticket(RESUMPTION_TICKET, c->ticket_inner_name);
            e = memory_find(s, &o->server, &inner, now);
            *name = e ? inner : *name;
        }
        return e;
    }
    if (c->session_id_len && !c->session_id_cut) {
        *name = name_of_id(c->session_id, c->session_id_len);
        e = memory_find(s, &o->server, name, now);
        /* A random id of compatibility (RFC 8446 4.1.2) is no attempt to resume anything (E9). */
        out->offered = e || o->resumption == RESUMPTION_ID;
        out->method = RESUMPTION_ID;
    }
    return e;
}

/* The origin lies after its use: the clock was set, or captures were given out of order. Nothing is known
 * then. */
static bool is_later(const struct entry *e, const struct observation *o)
{
    return entry_origin(e) > o->hello_time[CLIENT] + NANOS_PER_SECOND;
}

static void age_of(const struct sessions *s, const struct entry *e, const struct observation *o,
                   struct session_result *out)
{
    out->known = true;
    out->origin = entry_origin(e);
    out->basis = e->flags & ENTRY_EXACT && !table_spans_jump(&s->table, out->origin, o->hello_time[CLIENT])
                     ? AGE_EXACT
                     : AGE_AT_LEAST;
    out->dead = e->flags & ENTRY_DEAD;
    out->suite_known = e->flags & ENTRY_SUITE;
    out->suite = e->suite;
    if (o->seen & SEEN_CLIENT_HELLO)
        out->offered_age = o->hello_time[CLIENT] - out->origin;
    if (o->seen & SEEN_SERVER_HELLO)
        out->resumed_age = o->hello_time[SERVER] - out->origin;
}

static nanos latest(const struct observation *o)
{
    return o->hello_time[SERVER] > o->hello_time[CLIENT] ? o->hello_time[SERVER] : o->hello_time[CLIENT];
}

static void remember(struct sessions *s, const struct observation *o, const struct session_name *name,
                     nanos origin, unsigned flags, bool anew)
{
    memory_put(s, name,
               &(struct memo){.server = &o->server,
                              .origin = origin,
                              .now = latest(o),
                              .flags = flags,
                              .suite = o->server_hello.suite,
                              .anew = anew});
}

static bool ended_by_fatal_alert(const struct observation *o)
{
    for (size_t i = 0; i < o->alert_count; i++)
        if (o->alerts[i].level == 2)
            return true;
    return false;
}

/* A full handshake of which something was missing gave a name anew that is known: the session began between
 * the two, and only the lower bound of its age holds. Where bytes were contradicted nothing is believed: that
 * takes one forged segment. */
static void learn_in_part(struct sessions *s, const struct observation *o)
{
    const uint32_t both = SEEN_CLIENT_HELLO | SEEN_SERVER_HELLO;
    const struct server_hello_facts *h = &o->server_hello;
    s->counters.refused_to_learn++;
    if ((o->seen & both) != both || !h->session_id_len ||
        (o->damage[CLIENT] | o->damage[SERVER]) & UNOBSERVED_OVERLAP)
        return;
    const struct session_name name = name_of_id(h->session_id, h->session_id_len);
    if (memory_find(s, &o->server, &name, latest(o)))
        remember(s, o, &name, o->hello_time[SERVER], 0, true);
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
        learn_in_part(s, o);
        return;
    }
    const unsigned flags = ENTRY_EXACT | ENTRY_SUITE | (dead ? ENTRY_DEAD : 0);
    const nanos origin = o->hello_time[SERVER];
    const struct session_name id = name_of_id(h->session_id, h->session_id_len);
    remember(s, o, &id, origin, flags, true);
    if (ticket) {
        const struct session_name name = name_of_ticket(RESUMPTION_TICKET, o->ticket_issued.name);
        remember(s, o, &name, origin, flags, true);
    }
    s->counters.learned++;
}

/* An abbreviated handshake: the session goes on, under a renewed ticket perhaps (RFC 5077 3.3). */
static void learn_resumed(struct sessions *s, const struct observation *o, const struct session_name *name,
                          struct entry *known)
{
    struct memo memo = {.server = &o->server, .origin = o->hello_time[CLIENT], .now = latest(o)};
    if (known) {
        bool dead = ended_by_fatal_alert(o) && trustworthy(o);
        table_use(&s->table, known, memory_second(o->hello_time[SERVER]),
                  ENTRY_RESUMED | (dead ? ENTRY_DEAD : 0U));
        memo.origin = entry_origin(known);
        memo.flags = known->flags & (ENTRY_EXACT | ENTRY_DEAD | ENTRY_SUITE);
        memo.suite = known->suite;
    } else if (trustworthy(o) && name->length) {
        remember(s, o, name, memo.origin, ENTRY_RESUMED, false);
        s->counters.sightings++;
    }
    if (!(o->seen & SEEN_TICKET) || !o->ticket_issued.name || !trustworthy(o))
        return;
    const struct session_name renewed = name_of_ticket(RESUMPTION_TICKET, o->ticket_issued.name);
    memory_put(s, &renewed, &memo);
    s->counters.inherited++;
}

void sessions_judge(struct sessions *s, const struct observation *o, struct session_result *out)
{
    *out = (struct session_result){0};
    struct session_name name = {0};
    struct entry *e =
        o->seen & SEEN_CLIENT_HELLO && !o->client_hello.malformed ? find_offered(s, o, out, &name) : NULL;
    if (e && is_later(e, o))
        e = NULL;
    out->accepted = out->offered && o->resumption > RESUMPTION_FULL;
    out->refused = out->offered && (o->resumption == RESUMPTION_FULL || o->outcome == OUTCOME_REFUSED);
    if (e) {
        age_of(s, e, o, out);
        s->counters.found++;
    } else if (out->offered) {
        s->counters.unknown++;
    }
    if (o->resumption == RESUMPTION_FULL)
        learn_full(s, o, out);
    else if (out->accepted)
        learn_resumed(s, o, &name, e);
    /* A ticket or PSK that is offered again later is at least as old as now, whatever the server made of it.
     * An id proves nothing: clients make them up. */
    if (out->offered && !out->accepted && !e && out->method != RESUMPTION_ID && trustworthy(o))
        remember(s, o, &name, o->hello_time[CLIENT], 0, false);
}

void sessions_clock_set(struct sessions *s, nanos before, nanos after)
{
    table_clock_set(&s->table, before, after);
    s->counters.clock_set++;
}
