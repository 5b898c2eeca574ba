#include "syslog/relp_window.h"

#include "base/limits.h"

#include <string.h>

static bool is_accepted(const struct relp_sent *s)
{
    return s->answered && !s->refused;
}

static void keep_accepted(struct relp_window *w)
{
    const uint64_t last = w->count ? w->sent[w->count - 1].number : 0;
    uint64_t before[RELP_WINDOW];
    memcpy(before, w->accepted, sizeof before);
    size_t kept = 0;
    for (size_t i = 0; i < w->count; i++)
        if (is_accepted(&w->sent[i]))
            w->accepted[kept++] = w->sent[i].number;
    /* And those behind all that was under way in this round. */
    for (size_t i = 0; i < w->accepted_count && kept < RELP_WINDOW; i++)
        if (before[i] > last)
            w->accepted[kept++] = before[i];
    w->accepted_count = kept;
    w->count = 0;
    w->refusing = false;
}

void relp_window_open(struct relp_window *w)
{
    keep_accepted(w);
    w->next = 2;
}

static bool was_accepted(const struct relp_window *w, uint64_t number)
{
    for (size_t i = 0; i < w->accepted_count; i++)
        if (w->accepted[i] == number)
            return true;
    return false;
}

uint32_t relp_window_put(struct relp_window *w, uint64_t number)
{
    struct relp_sent *s = &w->sent[w->count++];
    *s = (struct relp_sent){.number = number};
    s->answered = was_accepted(w, number);
    if (s->answered)
        return 0;
    s->transaction = w->next;
    w->next = relp_next(w->next);
    return s->transaction;
}

void relp_window_answer(struct relp_window *w, uint32_t transaction, bool accepted)
{
    for (size_t i = 0; transaction && i < w->count; i++) {
        struct relp_sent *s = &w->sent[i];
        if (s->transaction != transaction || s->answered)
            continue;
        s->answered = true;
        s->refused = !accepted;
        w->refusing |= s->refused;
    }
}

static void forget(struct relp_window *w, size_t count)
{
    w->count -= count;
    memmove(w->sent, w->sent + count, w->count * sizeof *w->sent);
}

uint64_t relp_window_arrived(struct relp_window *w)
{
    uint64_t number = 0;
    size_t gone = 0;
    while (gone < w->count && is_accepted(&w->sent[gone]))
        number = w->sent[gone++].number;
    forget(w, gone);
    return number;
}

bool relp_window_is_settled(const struct relp_window *w)
{
    for (size_t i = 0; i < w->count; i++)
        if (!w->sent[i].answered)
            return false;
    return w->refusing;
}

static bool others_were_accepted(const struct relp_window *w)
{
    for (size_t i = 1; i < w->count; i++)
        if (is_accepted(&w->sent[i]))
            return true;
    return false;
}

uint64_t relp_window_begin_again(struct relp_window *w)
{
    const uint64_t first = w->sent[0].number;
    if (first != w->suspect)
        w->refusals = 0;
    w->suspect = first;
    w->refusals += others_were_accepted(w);
    const bool hopeless = w->refusals >= RECEIVER_REFUSALS;
    keep_accepted(w);
    return hopeless ? first : 0;
}
