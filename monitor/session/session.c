#include "base/limits.h"
#include "base/text.h"
#include "session/memory.h"
#include "session/writer.h"

#include <errno.h>
#include <inttypes.h>
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

/* What is to be said to people about the state file; "" when nothing. */
static void say_of_file(const struct sessions *s, enum table_result result, struct text *out)
{
    if (s->config.state && (result != TABLE_OK || s->table.damaged))
        text_printf(out, "%s: ", s->config.state);
    if (result == TABLE_OK && s->table.damaged)
        text_printf(out,
                    "%" PRIu64 " sessions of the state file were damaged and are forgotten, %" PRIu64
                    " are whole",
                    s->table.damaged, s->table.used);
    text_put(out, words_of(result));
}

/* The threads beside the packet path: one that writes the file, one that talks to Redis. */
static bool start_threads(struct sessions *s, struct text *out)
{
    const struct session_config *config = &s->config;
    const int64_t interval = config->write_interval ? config->write_interval : NANOS_PER_SECOND / 2;
    if (config->look_only)
        return true;
    if (config->state && !(s->writer = writer_start(&s->table, interval))) {
        text_printf(out, "%s: no thread is to be had that writes it", config->state);
        return false;
    }
    if (config->shared && !(s->shared = shared_open(config->shared, s->retention))) {
        text_put(out, "the memory that sensors share cannot be opened");
        return false;
    }
    if (s->shared && !shared_wait_ready(s->shared, SHARED_START_SECONDS * NANOS_PER_SECOND))
        text_printf(out, "%sRedis does not answer yet; what is seen is remembered here until it does",
                    out->n ? "; " : "");
    return true;
}

struct sessions *sessions_new(const struct session_config *config, char *error, size_t error_size)
{
    struct sessions *s = calloc(1, sizeof *s);
    struct text say = text_over(error, error_size);
    if (!s)
        return NULL;
    s->retention = (uint32_t)(config->retention / NANOS_PER_SECOND);
    s->config = *config;
    enum table_result result = config->look_only ? table_open_to_read(&s->table, config->state)
                                                 : table_open(&s->table, config->sessions, config->state);
    say_of_file(s, result, &say);
    if (result != TABLE_OK && result != TABLE_DAMAGED) {
        free(s);
        return NULL;
    }
    if (config->take_memory && !table_take_memory(&s->table))
        text_printf(&say, "%sthe memory for all sessions is not to be had at once: %s", say.n ? "; " : "",
                    strerror(errno));
    if (start_threads(s, &say))
        return s;
    sessions_free(s);
    return NULL;
}

void sessions_free(struct sessions *s)
{
    if (!s)
        return;
    writer_stop(s->writer);
    shared_close(s->shared);
    table_close(&s->table);
    free(s);
}

const struct session_counters *sessions_counters(struct sessions *s)
{
    s->counters.evicted = s->table.evicted;
    s->counters.expired = s->table.expired;
    s->counters.used = s->table.used;
    s->counters.damaged = s->table.damaged;
    if (s->shared) {
        struct shared_counters c;
        shared_count(s->shared, &c);
        s->counters.asked = c.asked + c.unasked;
        s->counters.answered = c.known;
        s->counters.not_answered = c.late + c.unasked;
        s->counters.told = c.told;
        s->counters.untold = c.untold;
    }
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

/* What the client offers to resume, by the names under which it may be known. */
struct offer {
    enum resumption method;
    size_t count;
    struct session_name name[MAX_PSK_IDENTITIES];
};

static void add_ticket(struct offer *offer, const struct ticket_name *ticket)
{
    if (ticket->own) /* else a key established externally */
        offer->name[offer->count++] = name_of_ticket(offer->method, ticket);
}

/* A ticket comes before an id, which is then only a marker (RFC 5077 3.4). */
static struct offer offer_of(const struct observation *o)
{
    const struct client_hello_facts *c = &o->client_hello;
    struct offer offer = {0};
    if (!(o->seen & SEEN_CLIENT_HELLO) || c->malformed)
        return offer;
    if (c->psk) {
        /* The server says which one it took; before that, the first that is known stands for all. */
        bool taken = o->seen & SEEN_SERVER_HELLO && o->server_hello.psk;
        unsigned first = taken ? o->server_hello.psk_selected : 0;
        unsigned end = taken ? first + 1U : c->psk_count;
        offer.method = RESUMPTION_PSK;
        for (unsigned i = first; i < end && i < MAX_PSK_IDENTITIES; i++)
            add_ticket(&offer, &c->psk_name[i]);
    } else if (c->ticket) {
        offer.method = RESUMPTION_TICKET;
        add_ticket(&offer, &c->ticket_name);
        add_ticket(&offer, &c->ticket_inner_name); /* the encoding of RFC 4507 */
    } else if (c->session_id_len && !c->session_id_cut) {
        offer.method = RESUMPTION_ID;
        offer.name[offer.count++] = name_of_id(c->session_id, c->session_id_len);
    }
    return offer;
}

static struct entry *find_offered(struct sessions *s, const struct observation *o, const struct offer *offer,
                                  struct session_result *out, struct session_name *name)
{
    struct entry *e = NULL;
    if (!offer->count)
        return NULL;
    *name = offer->name[0];
    for (size_t i = 0; i < offer->count && !e; i++) {
        e = memory_find(s, &o->server, &offer->name[i], o->hello_time[CLIENT]);
        if (e)
            *name = offer->name[i];
    }
    out->method = offer->method;
    /* A random id of compatibility (RFC 8446 4.1.2) is no attempt to resume anything (E9). */
    out->offered = offer->method != RESUMPTION_ID || e || o->resumption == RESUMPTION_ID;
    return e;
}

/* The origin lies after its use: the clock was set, or captures were given out of order. Nothing is known
 * then. */
static bool is_later(nanos origin, const struct observation *o)
{
    return origin > o->hello_time[CLIENT] + NANOS_PER_SECOND;
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
    bool ticket = o->seen & SEEN_TICKET && o->ticket_issued.name.own;
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
        const struct session_name name = name_of_ticket(RESUMPTION_TICKET, &o->ticket_issued.name);
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
        table_use(&s->table, known, memory_second(o->hello_time[SERVER]), ENTRY_RESUMED);
        if (ended_by_fatal_alert(o) && trustworthy(o))
            memory_end(s, &o->server, name, known);
        memo.origin = entry_origin(known);
        memo.flags = known->flags & (ENTRY_EXACT | ENTRY_DEAD | ENTRY_SUITE);
        memo.suite = known->suite;
    } else if (trustworthy(o) && name->length) {
        remember(s, o, name, memo.origin, ENTRY_RESUMED, false);
        s->counters.sightings++;
    }
    if (!(o->seen & SEEN_TICKET) || !o->ticket_issued.name.own || !trustworthy(o))
        return;
    const struct session_name renewed = name_of_ticket(RESUMPTION_TICKET, &o->ticket_issued.name);
    memory_put(s, &renewed, &memo);
    s->counters.inherited++;
}

bool sessions_ask(struct sessions *s, const struct observation *o, struct session_questions *q)
{
    q->count = 0;
    if (!s->shared ||
        (o->seen & SEEN_SERVER_HELLO && observation_version(o) >= 0x0304 && !o->client_hello.psk))
        return false;
    const struct offer offer = offer_of(o);
    bool any = false;
    for (; q->count < offer.count; q->count++) {
        const uint64_t name = memory_common_name(s, &o->server, &offer.name[q->count]);
        q->id[q->count] = shared_ask(s->shared, name);
        any |= q->id[q->count] != 0;
    }
    return any;
}

bool sessions_answered(struct sessions *s, const struct session_questions *q)
{
    struct origin theirs;
    for (size_t i = 0; i < q->count; i++)
        if (q->id[i] && shared_answer(s->shared, q->id[i], &theirs) == SHARED_WAIT)
            return false;
    return true;
}

/* What other sensors said, as if it had been seen here. */
static void take_answers(struct sessions *s, const struct observation *o, const struct offer *offer,
                         const struct session_questions *q)
{
    for (size_t i = 0; i < q->count && i < offer->count; i++) {
        struct origin theirs;
        if (!q->id[i])
            continue;
        if (shared_answer(s->shared, q->id[i], &theirs) == SHARED_KNOWN &&
            !is_later((nanos)theirs.us * 1000, o))
            memory_adopt(s, &offer->name[i], &o->server, &theirs, o->hello_time[CLIENT]);
        shared_drop(s->shared, q->id[i]);
    }
}

void sessions_judge(struct sessions *s, const struct observation *o, const struct session_questions *q,
                    struct session_result *out)
{
    *out = (struct session_result){0};
    struct session_name name = {0};
    const struct offer offer = offer_of(o);
    if (q)
        take_answers(s, o, &offer, q);
    struct entry *e = find_offered(s, o, &offer, out, &name);
    if (e && is_later(entry_origin(e), o))
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

bool sessions_shared_is_valid(const char *url)
{
    return shared_url_is_valid(url);
}

bool sessions_new_common_key(struct sessions *s, struct siphash_key *key)
{
    if (!s->shared || !shared_new_key(s->shared, &s->common_version, &s->common_key))
        return false;
    *key = s->common_key;
    return true;
}

void sessions_flush(struct sessions *s)
{
    if (s->shared)
        shared_flush(s->shared, SHARED_FLUSH_SECONDS * NANOS_PER_SECOND);
}

void sessions_clock_set(struct sessions *s, nanos before, nanos after)
{
    table_clock_set(&s->table, before, after);
    s->counters.clock_set++;
}
