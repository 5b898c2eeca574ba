#include "app/waiting.h"

#include "app/judge_parts.h"
#include "base/clock.h"
#include "tls/kept_messages.h"

#include <assert.h>
#include <stdlib.h>

struct waiting_handshake {
    struct statement told; /* of the copies that follow */
    struct observation observation;
    struct http_connection before;
    bool asked, doubted;
    struct session_questions questions;
    int64_t until; /* on the monotonic clock */
};

size_t waiting_memory(void)
{
    return WAITING_HANDSHAKES * sizeof(struct waiting_handshake);
}

bool waiting_open(struct waiting *w, bool messages)
{
    w->place = calloc(WAITING_HANDSHAKES, sizeof *w->place);
    w->messages = messages ? calloc(WAITING_HANDSHAKES, sizeof *w->messages) : NULL;
    return w->place && (w->messages || !messages);
}

void waiting_close(struct waiting *w)
{
    free(w->place);
    free(w->messages);
    w->place = NULL;
    w->messages = NULL;
}

static void judge_first(struct judge *j)
{
    struct waiting *w = &j->waiting;
    assert(w->place && w->count);
    const struct waiting_handshake *h = &w->place[w->first];
    const struct statement *f = &h->told;
    const struct connection_session session = judge_handshake(j, f, h->asked ? &h->questions : NULL);
    if (h->doubted)
        sessions_doubt(j->sessions, f->flow_id);
    if (j->answer)
        j->answer(j->answer_context, f->worker, f->flow, f->flow_id, session.since);
    w->first = (w->first + 1) % WAITING_HANDSHAKES;
    w->count--;
}

struct connection_session waiting_judge(struct judge *j, const struct statement *f)
{
    struct waiting *w = &j->waiting;
    const struct observation *o = f->observation;
    struct session_questions questions;
    const bool asked = w->place && handshake_in_scope(j, o) && sessions_ask(j->sessions, o, &questions);
    if (!w->place || (!asked && w->count == 0))
        return judge_handshake(j, f, NULL);
    if (w->count == WAITING_HANDSHAKES)
        judge_first(j);
    const size_t at = (w->first + w->count++) % WAITING_HANDSHAKES;
    struct waiting_handshake *h = &w->place[at];
    h->told = *f;
    observation_copy(&h->observation, o);
    h->told.observation = &h->observation;
    if (o->messages) {
        kept_messages_copy(&w->messages[at], o->messages);
        h->observation.messages = &w->messages[at];
    }
    if (f->http) {
        h->before = *f->http;
        h->told.http = &h->before;
    }
    h->asked = asked;
    h->doubted = false;
    if (asked)
        h->questions = questions;
    h->until = clock_monotonic() + SHARED_PATIENCE_MS * NANOS_PER_MILLISECOND;
    return (struct connection_session){.waits = true};
}

static struct waiting_handshake *find_waiting(struct waiting *w, uint64_t flow_id)
{
    for (size_t i = 0; i < w->count; i++) {
        struct waiting_handshake *h = &w->place[(w->first + i) % WAITING_HANDSHAKES];
        if (h->told.flow_id == flow_id)
            return h;
    }
    return NULL;
}

bool waiting_contradict(struct judge *j, uint64_t id, enum side side)
{
    struct waiting_handshake *h = find_waiting(&j->waiting, id);
    if (!h)
        return false;
    h->doubted = true;
    observation_contradicted(&h->observation, side);
    return true;
}

bool waiting_dispute(struct judge *j, uint64_t id)
{
    struct waiting_handshake *h = find_waiting(&j->waiting, id);
    if (!h)
        return false;
    observation_disputed(&h->observation);
    return true;
}

void waiting_go_on(struct judge *j, bool all)
{
    enum { PAUSE_NS = 200000 };
    struct waiting *w = &j->waiting;
    while (w->count) {
        const struct waiting_handshake *h = &w->place[w->first];
        if (!h->asked || sessions_answered(j->sessions, &h->questions) || clock_monotonic() >= h->until)
            judge_first(j);
        else if (all)
            clock_pause(PAUSE_NS);
        else
            return;
    }
}
