#include "app/waiting.h"

#include "app/pipeline_parts.h"
#include "base/clock.h"
#include "tls/kept_messages.h"

#include <assert.h>
#include <stdlib.h>
#include <time.h>

struct waiting_handshake {
    struct observation observation;
    struct http_connection before;
    bool has_before, asked, doubted;
    struct session_questions questions;
    int64_t until; /* on the monotonic clock */
    struct flow *flow;
    uint64_t flow_id; /* the flow is another one when it has another id */
};

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

static void judge_first(struct pipeline *p)
{
    struct waiting *w = &p->waiting;
    assert(w->place && w->count);
    const struct waiting_handshake *h = &w->place[w->first];
    const struct connection_session session = judge_handshake(
        p, &h->observation, h->asked ? &h->questions : NULL, h->has_before ? &h->before : NULL);
    if (h->doubted)
        sessions_doubt(p->sessions, h->flow_id);
    if (h->flow->state == FLOW_RECORDS && flow_id(h->flow) == h->flow_id)
        note_key(p, h->flow, session.since);
    w->first = (w->first + 1) % WAITING_HANDSHAKES;
    w->count--;
}

struct connection_session waiting_judge(struct pipeline *p, struct flow *flow, const struct observation *o,
                                        const struct http_connection *before)
{
    struct waiting *w = &p->waiting;
    struct session_questions questions;
    const bool asked = w->place && handshake_in_scope(p, o) && sessions_ask(p->sessions, o, &questions);
    if (!w->place || (!asked && w->count == 0))
        return judge_handshake(p, o, NULL, before);
    if (w->count == WAITING_HANDSHAKES)
        judge_first(p);
    const size_t at = (w->first + w->count++) % WAITING_HANDSHAKES;
    struct waiting_handshake *h = &w->place[at];
    h->observation = *o;
    if (o->messages) {
        kept_messages_copy(&w->messages[at], o->messages);
        h->observation.messages = &w->messages[at];
    }
    h->has_before = before != NULL;
    if (before)
        h->before = *before;
    h->asked = asked;
    h->doubted = false;
    if (asked)
        h->questions = questions;
    h->until = clock_monotonic() + SHARED_PATIENCE_MS * (NANOS_PER_SECOND / 1000);
    h->flow = flow;
    h->flow_id = flow_id(flow);
    return (struct connection_session){0};
}

bool waiting_doubt(struct pipeline *p, uint64_t id)
{
    struct waiting *w = &p->waiting;
    for (size_t i = 0; i < w->count; i++) {
        struct waiting_handshake *h = &w->place[(w->first + i) % WAITING_HANDSHAKES];
        if (h->flow_id != id)
            continue;
        h->doubted = true;
        return true;
    }
    return false;
}

void waiting_go_on(struct pipeline *p, bool all)
{
    const struct timespec pause = {.tv_nsec = 200000};
    struct waiting *w = &p->waiting;
    while (w->count) {
        const struct waiting_handshake *h = &w->place[w->first];
        if (!h->asked || sessions_answered(p->sessions, &h->questions) || clock_monotonic() >= h->until)
            judge_first(p);
        else if (all)
            (void)nanosleep(&pause, NULL);
        else
            return;
    }
}
