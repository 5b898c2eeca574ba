/* A side that cannot be followed any further, and what is known of it even so. */
#include "http/connection.h"
#include "wire/xcap_path.h"

void note_unread_request(struct connection *c, struct span target)
{
    struct xcap_path path;
    c->seen.maybe_of_ut += xcap_path_parse(target, &path);
}

void note_begun_request(struct connection *c)
{
    struct reader *r = &c->side[CLIENT];
    struct http_request begun;
    if (r->phase != PHASE_HEAD || !r->length)
        return;
    r->head[r->length] = '\n'; /* the last byte is kept free for it */
    (void)http_request_parse(span_of(r->head, r->length + 1U), true, &begun);
    note_unread_request(c, begun.target);
    r->length = 0;
}

void connection_give_up(struct http *http, struct connection *c, enum side who, uint32_t damage)
{
    struct reader *r = &c->side[who];
    if (reader_is_over(r))
        return;
    if (who == CLIENT)
        note_begun_request(c);
    r->phase = PHASE_OVER;
    if (who == CLIENT && damage != HTTP_DAMAGE_GAP)
        c->asked = ASKED_OTHER;
    c->seen.damage |= damage;
    http->counters.lost++;
    http->counters.malformed += damage == HTTP_DAMAGE_MALFORMED;
    http->counters.too_long += damage == HTTP_DAMAGE_TOO_LONG;
}
