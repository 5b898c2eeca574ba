#include "base/expect.h"
#include "base/memory.h"
#include "base/text.h"
#include "session/offer.h"
#include "store/writer.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

const struct word age_basis_words[] = {
    {AGE_UNKNOWN, "unknown"}, {AGE_AT_LEAST, "at-least"}, {AGE_EXACT, "exact"}, {0, NULL}};

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
    case TABLE_OTHER_KIND:
        return "the state file is of another version; it is left alone";
    case TABLE_SMALLER:
        return "the state file was made for fewer sessions than limits: sessions allows now, and holds only "
               "as many";
    case TABLE_DAMAGED:
        return "the state file could not be read; it is kept as .damaged, and a new one begun";
    case TABLE_CUT:
        return "a part of the state file is missing; what is there is kept";
    case TABLE_ERROR:
        return strerror(errno);
    }
    return "";
}

/* A message for people about the state file; "": there is none. */
static void say_of_file(const struct sessions *s, enum table_result result, struct text *out)
{
    if (s->config.state && (result != TABLE_OK || s->table.damaged))
        text_printf(out, "%s: ", s->config.state);
    if (result == TABLE_OK && s->table.damaged)
        text_printf(out, "%" PRIu64 " damaged session%s of the state file %s forgotten, %" PRIu64 " whole",
                    s->table.damaged, s->table.damaged == 1 ? "" : "s", s->table.damaged == 1 ? "is" : "are",
                    s->table.used);
    text_put(out, words_of(result));
}

static void say_when_others_are_away(struct sessions *s, struct text *out)
{
    if (s->shared && !shared_wait_ready(s->shared, SHARED_START_SECONDS * NANOS_PER_SECOND))
        text_printf(out, "%sRedis does not answer yet; what is seen is remembered here until it does",
                    out->n ? "; " : "");
}

/* The threads besides the packet path: one writes the file, one talks to Redis. */
static bool start_threads(struct sessions *s, struct text *out)
{
    const struct session_config *config = &s->config;
    const int64_t interval = config->write_interval ? config->write_interval : NANOS_PER_SECOND / 2;
    if (config->look_only)
        return true;
    if (config->state && !(s->writer = writer_start(&s->table, interval))) {
        text_printf(out, "%s: cannot start the thread that writes it", config->state);
        return false;
    }
    if (s->shared && !shared_start(s->shared)) {
        text_put(out, "the memory that sensors share cannot be opened");
        return false;
    }
    return true;
}

void sessions_wait_for_others(struct sessions *s, char *error, size_t error_size)
{
    struct text say = text_over(error, error_size);
    say_when_others_are_away(s, &say);
}

bool sessions_serve(struct sessions *s, char *error, size_t error_size)
{
    struct text say = text_over(error, error_size);
    return start_threads(s, &say);
}

void sessions_recover(struct sessions *s)
{
    table_recover(&s->table);
    s->missed = true; /* handshakes that were in progress */
    if (s->shared)
        shared_recover(s->shared);
}

size_t sessions_sharing_memory(void)
{
    return shared_bytes();
}

size_t sessions_memory(uint32_t sessions)
{
    return table_memory(sessions) + RECENT_SESSIONS * sizeof(struct recent_session) + MET_HANDSHAKES / 8 +
           MET_RANDOMS * sizeof(struct met_random);
}

struct sessions *sessions_new(const struct session_config *config, char *error, size_t error_size)
{
    struct sessions *s = calloc(1, sizeof *s);
    struct text say = text_over(error, error_size);
    if (!s)
        return NULL;
    s->retention = (uint32_t)(config->retention / NANOS_PER_SECOND);
    s->config = *config;
    s->recent = memory_map(RECENT_SESSIONS, sizeof *s->recent);
    s->met = memory_map(MET_HANDSHAKES / 64, sizeof *s->met);
    s->met_randoms = memory_map(MET_RANDOMS, sizeof *s->met_randoms);
    s->table.file = -1;
    if (!s->recent || !s->met || !s->met_randoms) {
        sessions_free(s);
        return NULL;
    }
    enum table_result result = config->look_only ? table_open_to_read(&s->table, config->state)
                               : config->served_elsewhere
                                   ? table_open_shared(&s->table, config->sessions, config->state)
                                   : table_open(&s->table, config->sessions, config->state);
    say_of_file(s, result, &say);
    if (result != TABLE_OK && result != TABLE_DAMAGED && result != TABLE_CUT && result != TABLE_SMALLER) {
        sessions_free(s);
        return NULL;
    }
    if (config->take_memory && !table_take_memory(&s->table))
        text_printf(&say, "%scannot reserve the memory for all sessions: %s", say.n ? "; " : "",
                    strerror(errno));
    s->missed = s->table.used > 0; /* nothing was captured between two runs */
    if (config->shared && !config->look_only && !(s->shared = shared_new(config->shared, s->retention))) {
        text_put(&say, "the memory that sensors share cannot be opened");
        sessions_free(s);
        return NULL;
    }
    if (config->served_elsewhere)
        return s;
    if (start_threads(s, &say)) {
        say_when_others_are_away(s, &say);
        return s;
    }
    sessions_free(s);
    return NULL;
}

void sessions_free(struct sessions *s)
{
    if (!s)
        return;
    (void)writer_stop(s->writer);
    shared_close(s->shared);
    table_close(&s->table);
    memory_unmap(s->recent);
    memory_unmap(s->met);
    memory_unmap(s->met_randoms);
    free(s);
}

const struct session_counters *sessions_counters(struct sessions *s)
{
    s->counters.evicted = s->table.evicted;
    s->counters.expired = s->table.expired;
    s->counters.used = s->table.used;
    s->counters.damaged = s->table.damaged;
    s->counters.write_failures = s->writer ? writer_failures(s->writer) : s->counters.write_failures;
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

bool sessions_ask(struct sessions *s, const struct observation *o, struct session_questions *q)
{
    q->count = 0;
    if (!s->shared ||
        (o->seen & SEEN_SERVER_HELLO && observation_version(o) >= 0x0304 && !o->client_hello.psk))
        return false;
    const struct offer offer = offer_of(o);
    bool any = false;
    for (; q->count < offer.count; q->count++) {
        const struct place place = memory_locate(s, &o->whence, &offer.identifier[q->count]);
        q->id[q->count] = shared_ask(s->shared, place.shared_key);
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

/* Learns what other sensors answered, as if it had been seen here. */
static void take_answers(struct sessions *s, const struct observation *o, const struct offer *offer,
                         const struct session_questions *q)
{
    for (size_t i = 0; i < q->count && i < offer->count; i++) {
        struct origin theirs;
        if (!q->id[i])
            continue;
        const struct place place = memory_locate(s, &o->whence, &offer->identifier[i]);
        const enum shared_answer answer = shared_answer(s->shared, q->id[i], &theirs);
        if (answer == SHARED_PARTED)
            memory_split(s, &place, time_of_use(o));
        const nanos origin = answer == SHARED_KNOWN ? (nanos)theirs.us * 1000 : 0;
        if (origin_is_dated(origin, o->side[CLIENT].hello_time) && !offer_is_before(origin, o))
            memory_adopt(s, &place, &theirs, time_of_use(o));
        shared_drop(s->shared, q->id[i]);
    }
}

static bool is_short(const struct observation *o)
{
    return o->client_hello.session_id_len < UNIQUE_ID;
}

/* Can the short id or ticket belong to a later session, whose beginning was not seen? `id` NULL: none. */
static bool may_be_of_later(struct sessions *s, const struct observation *o, const struct identifier *id,
                            const struct entry *e, uint32_t missed)
{
    return id && !identifier_is_unique(id) && (missed || (e && !is_of_its_owner(s, o, id, e)));
}

void sessions_expect(const struct sessions *s, const struct observation *o)
{
    copies_expect(s, o);
    expect(&s->recent[o->whence.flow_id % RECENT_SESSIONS], sizeof *s->recent);
    table_expect_server(&s->table, &o->whence.server);
    expect_missed(s, &o->whence);
    learn_expect(s, o);
}

void sessions_judge(struct sessions *s, const struct observation *o, const struct session_questions *q,
                    struct session_result *out)
{
    *out = (struct session_result){0};
    struct place place = {0};
    const struct offer offer = offer_of(o);
    if (!s->began)
        s->began = s->table.used ? memory_second(o->event_time) : 1;
    if (q)
        take_answers(s, o, &offer, q);
    out->ageless = judge_ageless_psk(s, o); /* moves entries */
    struct entry *e = offer_look_up(s, o, &offer, out, &place);
    if (e && offer.method == RESUMPTION_TICKET && o->resumption == RESUMPTION_TICKET)
        offer_weigh_id(s, o, e, out);
    out->accepted = out->offered && o->resumption > RESUMPTION_FULL;
    out->refused = out->offered && (o->resumption == RESUMPTION_FULL || o->outcome == OUTCOME_REFUSED);
    s->counters.found += e != NULL;
    s->counters.unknown += out->offered && !e;
    const bool missed = s->missed || s->shared || table_has_forgotten(&s->table) || s->counters.clock_set;
    out->earlier = !missed && out->basis != AGE_EXACT && !(e && e->flags & ENTRY_ANEW);
    out->missed = why_missed(s, o, out->known ? out->origin : 0);
    if (may_be_of_later(s, o, place.identifier, e, out->missed))
        *out = (struct session_result){.offered = out->offered,
                                       .method = out->method,
                                       .ageless = out->ageless,
                                       .accepted = out->accepted,
                                       .refused = out->refused,
                                       .missed = out->missed ? out->missed : UNOBSERVED_UNDECIDED};
    if (out->basis != AGE_EXACT)
        out->doubted = why_not_learned(s, o);
    if (may_have_missed_origin(o)) {
        s->missed = true;
        note_not_learned(s, o);
    }
    learn_session(s, o, &place, e, out);
    if (!e && offer.method == RESUMPTION_TICKET && !is_short(o))
        offer_tell_id(s, o, out);
    note_missed(s, o);
}

void sessions_miss(struct sessions *s)
{
    s->missed = true;
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

bool sessions_flush(struct sessions *s)
{
    if (s->shared)
        shared_flush(s->shared, SHARED_FLUSH_SECONDS * NANOS_PER_SECOND);
    if (s->writer)
        s->counters.write_failures = writer_failures(s->writer);
    const int why = writer_stop(s->writer);
    s->writer = NULL;
    errno = why;
    return why == 0;
}
