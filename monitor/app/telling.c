/* What a pipeline tells the judge: at once where that is the same thread, else by its docket. */
#include "app/docket.h"
#include "app/pipeline_parts.h"
#include "base/clock.h"

enum { FULL_PAUSE_NS = 50000 };

void telling_take_back(struct pipeline *p)
{
    for (const struct docket_place *place; (place = docket_judged(p->docket)); docket_give_back(p->docket))
        if (place->told.kind == TOLD_HANDSHAKE)
            tls_take_back(p->tls, place->handed);
}

/* A judge that cannot follow is waited for: what the kernel has no room for meanwhile it counts. */
static struct docket_place *wait_for_place(struct pipeline *p)
{
    telling_take_back(p);
    struct docket_place *place = docket_place(p->docket);
    for (p->waits += !place; !place; place = docket_place(p->docket)) {
        clock_pause(FULL_PAUSE_NS);
        telling_take_back(p);
    }
    return place;
}

static void put(struct pipeline *p, const struct statement *s)
{
    struct docket_place *place = wait_for_place(p);
    place->told = *s;
    if (s->http) {
        place->http = *s->http;
        place->told.http = &place->http;
    }
    if (s->exchange) {
        place->exchange = *s->exchange;
        place->told.exchange = &place->exchange;
    }
    if (s->kind == TOLD_HANDSHAKE)
        place->handed = tls_hand_over(p->tls, s->flow);
    docket_put(p->docket);
}

void pipeline_tell(struct pipeline *p, struct statement *s)
{
    s->worker = p->worker;
    s->due = p->due ? p->due : p->now;
    s->last = p->last;
    s->wants_key = p->key_limit != 0;
    if (p->docket)
        put(p, s);
    else
        judge_take(p->judge, s);
}
