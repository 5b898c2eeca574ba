/* Requests meet their answers, in whichever order they were captured. */
#include "http/connection.h"

static bool is_2xx(const struct answer *a)
{
    return a->status >= 200 && a->status < 300;
}

static struct http_exchange take_waiting(struct connection *c)
{
    const struct http_exchange first = c->waiting[0];
    c->waiting_count--;
    memmove(&c->waiting[0], &c->waiting[1], c->waiting_count * sizeof c->waiting[0]);
    return first;
}

/* Anything that a server may take for an authentication of the UE. */
static bool claims_somebody(const struct http_exchange *e)
{
    return e->credentials || e->cookie || e->vouched;
}

/* A challenge is answered by any later request of the connection, also by one that was captured before it. A
 * BSF's (RFC 3310) is not for this server to repeat, nor has one to that TLS has told who the UE is. */
static void note_challenge(struct connection *c, const struct answer *a)
{
    if (a->status != 401 || a->aka || c->seen.tls_user == TLS_USER_KNOWN)
        return;
    c->seen.unanswered = true;
    for (unsigned i = 0; i < c->waiting_count; i++)
        c->seen.unanswered &= !claims_somebody(&c->waiting[i]);
}

/* RFC 9110 15.5.2 and 15.5.8: the server, or a proxy, asks who the client is. */
static bool asks_for_credentials(const struct answer *a)
{
    return a->status == 401 || a->status == 407;
}

void count_request(struct http_count *n, const struct http_exchange *e)
{
    if (!n->requests++)
        n->request_to = e->request_to;
}

static void count_answer(struct http_count *n, const struct answer *a)
{
    if (!n->answers || (is_2xx(a) && !n->served))
        n->answer_to = a->place.end;
    n->answers++;
    n->served += is_2xx(a);
    n->challenges += asks_for_credentials(a);
}

/* An answer whose request was not captured. It shows that there was one, but not what it was: the 2xx of a
 * CONNECT serves nothing. */
static void count_lone_answer(struct connection *c)
{
    c->seen.count.answers++;
    const uint32_t why = HTTP_DAMAGE_START | HTTP_DAMAGE_NO_CLIENT | HTTP_DAMAGE_MALFORMED;
    c->seen.damage |= c->seen.damage & why ? 0 : HTTP_DAMAGE_GAP;
}

void begin_http2(struct http *http, struct connection *c)
{
    connection_give_up(http, c, SERVER, HTTP_DAMAGE_MALFORMED);
    connection_give_up(http, c, CLIENT, HTTP_DAMAGE_MALFORMED);
    c->seen.damage |= HTTP_DAMAGE_MALFORMED;
    c->asked = ASKED_OTHER;
    c->waiting_count = 0;
}

/* The other protocol that was asked for is refused. */
static void go_on_in_clear(struct reader *client)
{
    if (client->phase == PHASE_TUNNEL || client->phase == PHASE_OTHER)
        client->phase = PHASE_HEAD;
}

/* OPTIONS with an Upgrade: any other request says what it wants before TLS has begun, and credentials say who
 * asks. */
static bool is_for_tls(const struct http_exchange *e)
{
    return e->method == HTTP_OPTIONS && e->asks_tls && !claims_somebody(e);
}

static void count_of_ut(struct connection *c, const struct http_exchange *e)
{
    c->seen.xcap++;
    if (e->method == HTTP_CONNECT)
        return;
    if (!c->seen.of_ut.requests)
        c->seen.first_of_ut = e->whence;
    count_request(&c->seen.of_ut, e);
    c->seen.of_ut.for_tls += is_for_tls(e);
}

static void pair(struct http *http, struct connection *c, const struct answer *a)
{
    struct http_exchange *e = &c->complete;
    *e = take_waiting(c);
    e->unacknowledged = is_unacknowledged(c, CLIENT, &e->request_to);
    e->known_user |= c->known_user;
    e->tls_user = c->seen.tls_user; /* a server may have renegotiated for it before it answered */
    e->response_seen = true;
    e->status = a->status;
    e->challenge = a->challenge;
    e->gba_realm = a->gba_realm;
    e->gaa_challenge = a->gaa;
    e->aka_challenge = a->aka;
    e->to_https = a->to_https;
    e->damage |= c->seen.damage;
    c->known_user |= e->credentials && a->status != 401;
    e->answer_cut = a->cut;
    if (e->method == HTTP_CONNECT) {
        c->seen.connect_status = a->status;
        c->seen.connect_placed = a->place.known;
        c->seen.connect_at = a->place.seq;
    } else {
        count_answer(&c->seen.count, a);
    }
    if (e->method != HTTP_CONNECT && e->of_ut)
        count_answer(&c->seen.of_ut, a);
    note_challenge(c, a);
    if (e->asks_tls) {
        c->seen.upgrade = false;
        c->seen.upgraded |= a->status == 101;
    }
    const bool tunnel = e->method == HTTP_CONNECT && is_2xx(a);
    struct reader *server = &c->side[SERVER];
    /* Captured before its CONNECT, it seemed to have a body. */
    if (tunnel && server->phase == PHASE_BODY && server->left == UINT64_MAX)
        server->phase = PHASE_TUNNEL;
    if (a->status == 101)
        c->side[CLIENT].phase = a->in_frames ? PHASE_OVER : PHASE_OTHER;
    else if (!tunnel && (e->method == HTTP_CONNECT || e->asks_tls))
        go_on_in_clear(&c->side[CLIENT]);
    if (a->in_frames)
        c->asked = ASKED_OTHER;
    if (a->to_http2) /* RFC 7540 3.2: the answer to this request comes in frames as well */
        begin_http2(http, c);
    http->counters.exchanges++;
}

/* Their requests were sent before this one, and not captured: a server acknowledges what it answers. */
static void forget_earlier_answers(struct connection *c)
{
    while (c->early_count && c->early[0].place.known && c->place.known &&
           (int32_t)(c->place.seq - c->early[0].place.ack) >= 0) {
        count_lone_answer(c);
        c->early_count--;
        memmove(&c->early[0], &c->early[1], c->early_count * sizeof c->early[0]);
    }
}

static bool asks_switch(const struct http_exchange *e)
{
    return e->method == HTTP_CONNECT || e->asks_tls;
}

bool pair_request(struct http *http, struct connection *c, const struct http_request *r,
                  const struct whence *where)
{
    struct http_exchange new = request_facts(c, r, where);
    if (r->method != HTTP_CONNECT)
        count_request(&c->seen.count, &new);
    c->seen.count.for_tls += is_for_tls(&new);
    if (new.of_ut)
        count_of_ut(c, &new);
    c->seen.xcap += new.may_be_of_ut; /* where something is missing, that may be Ut */
    const bool behind_connect = c->seen.count.requests == 1 && r->method != HTTP_CONNECT;
    if (!c->has_request || behind_connect)
        c->seen.whence = *where;
    c->has_request = true;
    if (c->waiting_count == HTTP_PIPELINE) {
        connection_give_up(http, c, CLIENT, HTTP_DAMAGE_TOO_LONG);
        return false;
    }
    struct http_exchange *e = &c->waiting[c->waiting_count++];
    *e = new;
    if (claims_somebody(e)) {
        c->seen.claims++;
        c->seen.unanswered = false;
    }
    if (!c->seen.host.length)
        c->seen.host = e->host;
    c->seen.connect |= e->method == HTTP_CONNECT;
    c->seen.upgrade |= e->asks_tls;
    if (e->method == HTTP_CONNECT)
        c->tunnel_of_ut = e->of_ut;
    c->asked = asks_switch(e) ? ASKED_SWITCH : ASKED_OTHER;
    if (asks_switch(e) && c->side[CLIENT].phase == PHASE_HEAD) /* what follows is for the answer to say */
        c->side[CLIENT].phase = PHASE_TUNNEL;
    forget_earlier_answers(c);
    if (!c->early_count)
        return false;
    pair(http, c, &c->early[0]);
    c->early_count--;
    memmove(&c->early[0], &c->early[1], c->early_count * sizeof c->early[0]);
    return true;
}

bool pair_response(struct http *http, struct connection *c, const struct http_response *r)
{
    if (r->status < 200 && r->status != 101) /* interim (RFC 9110 15.2): the answer is still to come */
        return false;
    struct answer a = answer_facts(c, r);
    a.place = c->place;
    if (c->waiting_count) {
        pair(http, c, &a);
        return true;
    }
    if (c->early_count == HTTP_PIPELINE)
        connection_give_up(http, c, SERVER, HTTP_DAMAGE_TOO_LONG);
    else
        c->early[c->early_count++] = a;
    return false;
}

struct http_exchange *http_unanswered(struct http *http, uint32_t slot)
{
    struct connection *c = connection_at(http, slot);
    note_begun_request(c);
    for (; c->early_count; c->early_count--) /* whose requests were never captured */
        count_lone_answer(c);
    if (!c->waiting_count)
        return NULL;
    c->complete = take_waiting(c);
    c->complete.unacknowledged = is_unacknowledged(c, CLIENT, &c->complete.request_to);
    c->complete.damage |= c->seen.damage | HTTP_DAMAGE_END;
    return &c->complete;
}
