#include "app/reauthentication.h"

#include "app/pipeline_parts.h"

static struct session_use *use_of(const struct pipeline *p, const struct flow *flow)
{
    return &p->cleartext.uses[flow->clear];
}

static void tell(struct pipeline *p, const struct flow *flow, const struct session_step *step)
{
    struct statement f = {.kind = TOLD_USE, .flow_id = flow_id(flow), .step = *step};
    f.step.slot = flow->clear;
    pipeline_tell(p, &f);
}

static void tell_only(struct pipeline *p, const struct flow *flow, enum session_step_kind kind)
{
    tell(p, flow, &(struct session_step){.kind = kind});
}

/* The connection may have asked or answered, and says no more of its session. */
static void give_up(struct pipeline *p, const struct flow *flow)
{
    tell_only(p, flow, USE_IS_GIVEN_UP);
    use_of(p, flow)->told = false;
}

void reauthentication_begin(struct pipeline *p, const struct flow *flow, const struct session_use *use)
{
    struct session_use *before = use_of(p, flow);
    tell(p, flow,
         &(struct session_step){.kind = use->told ? USE_BEGINS : USE_OF_UNKNOWN,
                                .in_the_place = before->told});
    *before = *use;
}

void reauthentication_unreadable(struct pipeline *p, const struct flow *flow)
{
    tell_only(p, flow, USE_IS_UNREADABLE);
}

static void leave(struct pipeline *p, const struct flow *flow, nanos since)
{
    tell(p, flow, &(struct session_step){.kind = USE_IS_LEFT, .since = since});
}

/* The server has acknowledged what was not captured (yet). */
static bool misses_requests(const struct session_use *use, const struct flow *flow)
{
    const unsigned client = flow_side_of(flow, CLIENT);
    return use->acknowledged && !(flow->marks[client] & SIDE_FIN) &&
           (int32_t)(use->ack - flow->side[client].next) > 0;
}

void reauthentication_follow(struct pipeline *p, const struct flow *flow)
{
    struct session_use *use = use_of(p, flow);
    if (!use->told)
        return;
    const struct http_connection *h = http_connection(p->cleartext.http, flow->clear);
    if (!http_is_whole(p->cleartext.http, flow->clear)) {
        give_up(p, flow);
        return;
    }
    if (h->claims != use->claims)
        tell_only(p, flow, USE_SETTLES);
    use->claims = h->claims;
    if (h->unanswered && !use->asked)
        tell(p, flow, &(struct session_step){.kind = USE_IS_CHALLENGED, .server = h->whence.server});
    use->asked = h->unanswered;
    if (!use->asked)
        return;
    if (flow->marks[flow_side_of(flow, CLIENT)] & SIDE_FIN)
        leave(p, flow, p->now);
    else if (flow_has_ended(flow) && !misses_requests(use, flow)) /* what came before a reset may be late */
        leave(p, flow, p->now + HANDSHAKE_LINGER_SECONDS * NANOS_PER_SECOND);
}

void reauthentication_acknowledged(struct pipeline *p, const struct flow *flow, uint32_t ack)
{
    struct session_use *use = use_of(p, flow);
    if (use->acknowledged && (int32_t)(ack - use->ack) <= 0)
        return;
    use->acknowledged = true;
    use->ack = ack;
}

void reauthentication_end(struct pipeline *p, const struct flow *flow, uint32_t damage)
{
    struct session_use *use = use_of(p, flow);
    if (!use->told)
        return;
    if (damage & ~(uint32_t)HTTP_DAMAGE_END || !http_is_whole(p->cleartext.http, flow->clear) ||
        misses_requests(use, flow))
        give_up(p, flow);
    else
        leave(p, flow, p->now);
}

struct earlier_use reauthentication_of(const struct pipeline *p, const struct flow *flow)
{
    const struct session_use *use = use_of(p, flow);
    const struct whence *between = &http_connection(p->cleartext.http, flow->clear)->whence;
    return (struct earlier_use){.slot = flow->clear,
                                .resumed = use->resumed,
                                .begun = use->begun,
                                .under_way = tls_is_under_way(p->tls, &between->client, &between->server)};
}
