#include "peers/lesson.h"

#include "peers/refusals.h"
#include "peers/resumptions.h"

static struct accepted_hello *accepted_by(struct peer *s, const struct lesson *l)
{
    for (size_t i = 0; i < s->accepted_count; i++)
        if (s->accepted[i].version == l->version && shapes_match(&s->accepted[i].shape, &l->shape, true))
            return &s->accepted[i];
    return NULL;
}

/* Which hellos it accepts is known only from what both sides said. */
static void take_back_accepted(const struct lesson *l, struct peer *s)
{
    struct accepted_hello *hello = accepted_by(s, l);
    if (!hello)
        return;
    if (l->accepted) {
        const size_t behind = (size_t)(&s->accepted[s->accepted_count] - (hello + 1));
        memmove(hello, hello + 1, behind * sizeof *hello);
        s->accepted_count--;
        return;
    }
    if (endpoint_same_host(&hello->client, &l->of[CLIENT].end)) /* its time may be one of these */
        memset(hello->of_client, 0, sizeof hello->of_client);
    if (l->selected_of_shape)
        suite_set_remove(&hello->selected, l->suite);
    hello->varied &= !l->varied;
    if (l->accepted_before)
        hello->max_version = l->accepted_before;
}

static void take_back_lowest(const struct lesson *l, struct peer *p)
{
    if (l->lowest[p->side] && p->lowest_version == l->lowest[p->side])
        p->lowest_version = l->lowest_before[p->side];
}

static void take_back_of_server(const struct lesson *l, struct peer *s, enum side contradicted, uint32_t why)
{
    take_back_accepted(l, s);
    refusals_take_back(s, &l->of[CLIENT].end);
    s->capped -= l->capped && s->capped;
    if (contradicted == CLIENT)
        return;
    if (l->selected)
        suite_set_remove(&s->selected, l->suite);
    if (l->version > l->version_before && s->highest_version == l->version)
        s->highest_version = l->version_before;
    take_back_lowest(l, s);
    s->keys &= ~l->keys;
    s->missing |= why;
    s->possible_any |= l->offer_unseen;
    suite_set_join(&s->possible, &l->offer);
}

static void take_back_of_ue(const struct lesson *l, struct peer *u, enum side contradicted, uint32_t why)
{
    if (l->got_session)
        u->held = (struct held_session){0};
    if (contradicted == SERVER)
        return;
    suite_set_without(&u->offered, &l->offered);
    if (l->offered_version > l->offered_before && u->highest_version == l->offered_version)
        u->highest_version = l->offered_before;
    if (l->fallback_version > l->fallback_before && u->fallback_version == l->fallback_version)
        u->fallback_version = l->fallback_before;
    take_back_lowest(l, u);
    u->full_offers -= u->full_offers < l->full_offers ? u->full_offers : l->full_offers;
    u->not_used -= u->not_used < l->not_used ? u->not_used : l->not_used;
    u->unseen_offers++;
    u->missing |= why;
}

void lesson_take_back(const struct lesson *l, struct peer *peer, enum side contradicted, uint32_t why)
{
    struct resumption_counts added = l->added;
    added.fresh_refused = l->refused_fresh[peer->side];
    resumptions_take_back(&peer->sessions, &added);
    if (peer->side == SERVER)
        take_back_of_server(l, peer, contradicted, why);
    else
        take_back_of_ue(l, peer, contradicted, why);
}
