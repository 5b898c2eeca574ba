/* Keeps news of sessions until Redis has them. They are sent in order and sent again when refused; the oldest
 * are dropped when there are too many. */
#include "base/limits.h"
#include "share/shared_parts.h"

#include "base/clock.h"

/* Whoever took over the packet path may have written into it. */
static void mend(struct outbox *o)
{
    if (o->end - o->first <= SHARED_OUTBOX && o->next - o->first <= o->end - o->first)
        return;
    o->first = o->next = o->end = 0;
    o->under_way = 0;
}

static void settle(struct outbox *o)
{
    while (o->first < o->end && o->letters[o->first % SHARED_OUTBOX].state == LETTER_DONE)
        o->first++;
    if (o->next < o->first)
        o->next = o->first;
}

/* The order of the news does not matter, so refused ones go behind those that have not been tried yet. */
void outbox_put(struct shared *s, const struct origin *news, bool retried)
{
    struct outbox *o = &s->m->outbox;
    mend(o);
    if (o->end - o->first == SHARED_OUTBOX) {
        struct letter *oldest = &o->letters[o->first % SHARED_OUTBOX];
        (void)atomic_fetch_add(&s->m->untold, 1);
        if (oldest->state != LETTER_WAITING)
            return;
        oldest->state = LETTER_DONE;
        settle(o);
    }
    o->letters[o->end++ % SHARED_OUTBOX] =
        (struct letter){.news = *news, .state = LETTER_WAITING, .retried = retried};
}

static void on_told(void *context, uint64_t item, enum redis_status status, struct span value)
{
    struct shared *s = context;
    struct outbox *o = &s->m->outbox;
    struct letter *letter = &o->letters[item % SHARED_OUTBOX];
    const struct origin news = letter->news;
    (void)value;
    o->under_way -= o->under_way > 0; /* see mend() */
    letter->state = LETTER_DONE;
    settle(o);
    if (status != REDIS_FAILED) {
        (void)atomic_fetch_add(&s->m->told, 1);
        return;
    }
    outbox_put(s, &news, true);
    o->hold_until = clock_monotonic() + RETRY_PAUSE;
}

static void send(struct shared *s, int64_t now)
{
    struct outbox *o = &s->m->outbox;
    for (; atomic_load(&s->m->ready) && o->next < o->end && o->under_way < SHARED_UNDER_WAY; o->next++) {
        struct letter *letter = &o->letters[o->next % SHARED_OUTBOX];
        struct origin_texts texts;
        struct redis_command command;
        if (letter->state != LETTER_WAITING)
            continue;
        if (letter->retried && now < o->hold_until)
            return;
        if (!letter->news.key) {
            letter->state = LETTER_DONE;
            (void)atomic_fetch_add(&s->m->untold, 1);
            continue;
        }
        origin_message(&letter->news, s->retention, &texts, &command);
        if (!redis_send(s->redis, &command, on_told, s, o->next, now))
            return;
        letter->state = LETTER_SENT;
        o->under_way++;
    }
}

void outbox_deliver(struct shared *s, int64_t now)
{
    mend(&s->m->outbox);
    send(s, now);
    settle(&s->m->outbox);
}

void outbox_drop_keys(struct outbox *o)
{
    mend(o);
    for (uint64_t i = o->first; i < o->end; i++)
        o->letters[i % SHARED_OUTBOX].news.key = 0;
}

void outbox_send_again(struct outbox *o)
{
    mend(o);
    for (uint64_t i = o->first; i < o->end; i++)
        if (o->letters[i % SHARED_OUTBOX].state == LETTER_SENT)
            o->letters[i % SHARED_OUTBOX].state = LETTER_WAITING;
    o->under_way = 0;
    o->next = o->first;
}
