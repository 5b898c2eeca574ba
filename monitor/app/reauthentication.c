#include "app/reauthentication.h"

#include "app/pipeline_parts.h"

static struct session_use *use_of(const struct pipeline *p, const struct flow *flow)
{
    return &p->cleartext.uses[flow->clear];
}

/* The connection may have asked or answered, and says no more of its session. */
static void give_up(const struct pipeline *p, const struct flow *flow, struct session_use *use)
{
    challenges_doubt(p->cleartext.challenges, use->session, flow_id(flow));
    use->session = 0;
}

void reauthentication_begin(struct pipeline *p, const struct flow *flow, const struct session_use *use)
{
    struct session_use *known = use_of(p, flow);
    if (known->session) /* what comes under the next session may answer what was asked under this one */
        give_up(p, flow, known);
    *known = *use;
}

static void leave(const struct pipeline *p, const struct flow *flow, nanos since)
{
    challenges_leave(p->cleartext.challenges, use_of(p, flow)->session, flow_id(flow), since);
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
    if (!use->session)
        return;
    const struct http_connection *h = http_connection(p->cleartext.http, flow->clear);
    if (!http_is_whole(p->cleartext.http, flow->clear)) {
        give_up(p, flow, use);
        return;
    }
    if (h->claims != use->claims)
        challenges_settle(p->cleartext.challenges, use->session);
    use->claims = h->claims;
    if (h->unanswered && !use->asked)
        challenges_ask(p->cleartext.challenges, use->session, &h->whence.server, flow_id(flow));
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
    if (!use->session)
        return;
    if (damage & ~(uint32_t)HTTP_DAMAGE_END || !http_is_whole(p->cleartext.http, flow->clear) ||
        misses_requests(use, flow))
        give_up(p, flow, use);
    else
        leave(p, flow, p->now);
}

enum earlier_challenge reauthentication_of(const struct pipeline *p, const struct flow *flow)
{
    const struct session_use *use = use_of(p, flow);
    if (!use->resumed)
        return CHALLENGE_NONE;
    if (!use->session)
        return CHALLENGE_NOT_KNOWN;
    const struct challenges *challenges = p->cleartext.challenges;
    if (!challenges_any(challenges) || !challenges_perhaps(challenges, use->session, flow_id(flow)))
        return CHALLENGE_NONE;
    const struct whence *between = &http_connection(p->cleartext.http, flow->clear)->whence;
    return challenges_open(challenges, use->session, &between->server, use->begun) &&
                   !tls_is_under_way(p->tls, &between->client, &between->server)
               ? CHALLENGE_OPEN
               : CHALLENGE_UNDECIDED;
}
