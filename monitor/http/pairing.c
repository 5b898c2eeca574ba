/* Requests meet their answers, in whichever order they were captured. */
#include "http/connection.h"

#include <assert.h>

static bool is_2xx(const struct answer *a)
{
    return a->status >= 200 && a->status < 300;
}

/* Answers of HTTP/1 come in the order of their requests, those of HTTP/2 in any. */
static unsigned waiting_on(const struct connection *c, uint32_t stream)
{
    unsigned i = 0;
    while (i < c->waiting_count && c->waiting[i].stream != stream)
        i++;
    return i;
}

bool is_waiting(const struct connection *c, uint32_t stream)
{
    return waiting_on(c, stream) < c->waiting_count;
}

static struct http_exchange take_waiting(struct connection *c, unsigned i)
{
    const struct http_exchange e = c->waiting[i];
    c->waiting_count--;
    memmove(&c->waiting[i], &c->waiting[i + 1], (c->waiting_count - i) * sizeof c->waiting[0]);
    return e;
}

static struct answer take_early(struct connection *c, unsigned i)
{
    const struct answer a = c->early[i];
    c->early_count--;
    memmove(&c->early[i], &c->early[i + 1], (c->early_count - i) * sizeof c->early[0]);
    return a;
}

void forget_preface(struct connection *c)
{
    for (unsigned i = c->waiting_count; i--;)
        if (c->waiting[i].method == HTTP_PRI)
            (void)take_waiting(c, i);
}

void count_no_preface(struct connection *c)
{
    if (c->preface && !c->last_stream && c->seen.count.requests)
        c->seen.count.requests = c->seen.carried = 0;
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

/* The answer to a request that asked for another protocol comes within that (RFC 9110 15.2.2, RFC 2817 3.2),
 * unless the request was for nothing else (RFC 6455 4.2.2). */
static void count_answer(struct http_count *n, const struct answer *a)
{
    if (a->status == 101 && !a->other_service)
        return;
    const bool serves = (is_2xx(a) || a->status == 101) && !a->no_document;
    if (!n->answers || (serves && !n->served))
        n->answer_to = a->place.end;
    n->answers++;
    n->served += serves;
    n->pages += a->no_document;
    n->challenges += asks_for_credentials(a);
}

/* An answer whose request was not captured. It shows that there was one, but not what it was: the 2xx of a
 * CONNECT serves nothing. If the client's octets are all here, the request is among those that were taken for
 * a body, or could not be read. */
static void count_lone_answer(struct connection *c, const struct answer *a)
{
    const uint32_t unseen = HTTP_DAMAGE_START | HTTP_DAMAGE_NO_CLIENT | HTTP_DAMAGE_GAP;
    const bool unread = c->has_body || c->seen.damage & HTTP_DAMAGE_MALFORMED;
    if (unread && is_2xx(a) && !(c->seen.damage & unseen)) {
        c->seen.maybe_of_ut++;
        c->seen.damage |= HTTP_DAMAGE_MALFORMED;
    }
    c->seen.count.answers++;
    const uint32_t why = HTTP_DAMAGE_START | HTTP_DAMAGE_NO_CLIENT | HTTP_DAMAGE_MALFORMED;
    c->seen.damage |= c->seen.damage & why ? 0 : HTTP_DAMAGE_GAP;
}

/* The other protocol that was asked for is refused. */
static void go_on_in_clear(struct reader *client)
{
    if (client->phase == PHASE_TUNNEL || client->phase == PHASE_OTHER)
        client->phase = PHASE_HEAD;
}

/* Digest AKA is asked for by the BSF, on Ub (TS 33.220 4.5.2), which may have any name; and answers show some
 * other services. Credentials may be those of Ut. */
static void note_interface(struct connection *c, struct http_exchange *e, const struct answer *a)
{
    const bool claims = e->credentials || e->cookie || e->vouched;
    if (!(e->aka_challenge || (a->other_service && !claims)) || e->of_ut || !counts(e))
        return;
    e->not_of_ut = true;
    struct http_connection *seen = &c->seen;
    seen->count.requests -= seen->count.requests > 0;
    if (seen->carried > seen->count.requests)
        seen->carried = seen->count.requests;
}

static void pair(struct http *http, struct connection *c, const struct answer *a)
{
    assert(c->answered_count < HTTP_ANSWERED);
    struct http_exchange *e = &c->answered[c->answered_count++];
    *e = take_waiting(c, waiting_on(c, a->stream));
    e->answer_to = a->place.end;
    e->known_user |= c->known_user;
    e->tls_user = c->seen.tls_user; /* a server may have renegotiated for it before it answered */
    e->response_seen = true;
    e->status = a->status;
    e->challenge = a->challenge;
    e->gba_realm = a->gba_realm;
    e->gaa_challenge = a->gaa;
    e->aka_challenge = a->aka;
    e->to_https = a->to_https;
    e->no_document = a->no_document;
    e->damage |= c->seen.damage | (a->unread ? HTTP_DAMAGE_COMPRESSED : 0U);
    c->known_user |= e->credentials && a->status != 401;
    e->answer_cut = a->cut;
    note_interface(c, e, a);
    if (e->method == HTTP_CONNECT) {
        c->seen.connect_status = a->status;
        c->seen.connect_placed = a->place.known;
        c->seen.connect_at = a->place.seq;
    }
    /* What the server served here may have been of Ut. */
    if (e->target_cut && !e->of_ut && is_2xx(a))
        c->seen.damage |= e->damage & (HTTP_DAMAGE_COMPRESSED | HTTP_DAMAGE_TOO_LONG);
    if (counts(e))
        count_answer(&c->seen.count, a);
    if (counts(e) && e->of_ut)
        count_answer(&c->seen.of_ut, a);
    note_challenge(c, a);
    if (e->asks_tls) {
        c->seen.upgrade = false;
        c->seen.upgraded |= a->status == 101;
    }
    const bool tunnel = e->method == HTTP_CONNECT && is_2xx(a);
    c->seen.agreed |= tunnel || a->to_tls || (e->asks_tls_only && a->status == 101 && !a->to_other);
    struct reader *server = &c->side[SERVER];
    /* Captured before its CONNECT, it seemed to have a body. */
    if (tunnel && server->phase == PHASE_BODY && server->left == UINT64_MAX)
        server->phase = PHASE_TUNNEL;
    if (a->status == 101)
        c->side[CLIENT].phase = a->in_frames ? PHASE_ASTRAY : PHASE_OTHER;
    else if (!tunnel && (e->method == HTTP_CONNECT || e->asks_tls))
        go_on_in_clear(&c->side[CLIENT]);
    if (e->method == HTTP_CONNECT && !tunnel) /* what follows is for the proxy */
        c->tunnel_of_ut = c->tunnel_not_443 = false;
    if (a->in_frames)
        c->asked = ASKED_OTHER;
    http->counters.exchanges++;
}

/* Their requests were sent before this one, and not captured: a server acknowledges what it answers. */
static void forget_earlier_answers(struct connection *c)
{
    while (c->early_count && c->early[0].place.known && c->place.known &&
           (int32_t)(c->place.seq - c->early[0].place.ack) >= 0) {
        const struct answer a = take_early(c, 0);
        count_lone_answer(c, &a);
    }
}

/* RFC 7540 3.2: the answer to the request that asked for HTTP/2 comes in frames, on stream 1. */
static void change_to_http2(struct connection *c)
{
    const unsigned asked = waiting_on(c, 0);
    c->http2 = true;
    c->last_stream = 1;
    c->waiting[asked].stream = 1;
    c->asked = ASKED_OTHER;
    forget_preface(c);
}

static bool answer_early(struct http *http, struct connection *c, uint32_t stream)
{
    unsigned i = 0;
    while (i < c->early_count && c->early[i].stream != stream)
        i++;
    if (i == c->early_count)
        return false;
    const struct answer a = take_early(c, i);
    if (a.to_http2) {
        change_to_http2(c);
        return answer_early(http, c, 1);
    }
    pair(http, c, &a);
    return true;
}

/* More requests at one time than are reported one by one; a segment may bring thousands. */
static bool are_too_many(struct connection *c, nanos now)
{
    c->no_room = c->no_room_at == now ? c->no_room + 1 : 1;
    c->no_room_at = now;
    return c->no_room > HTTP_LEFT_OUT;
}

/* A request for which there is no room. In HTTP/2 its answer is known by its stream, and is left out too; in
 * HTTP/1 nothing distinguishes it. */
static bool leave_out(struct http *http, struct connection *c, const struct http_exchange *new)
{
    if (!new->stream || are_too_many(c, new->whence.time)) {
        c->seen.maybe_of_ut++; /* what comes next is not read, and may be of Ut */
        connection_give_up(http, c, CLIENT, HTTP_DAMAGE_TOO_LONG);
        return false;
    }
    if (!(c->seen.damage & HTTP_DAMAGE_TOO_LONG))
        http->counters.too_long++;
    c->seen.damage |= HTTP_DAMAGE_TOO_LONG;
    assert(c->answered_count < HTTP_ANSWERED);
    struct http_exchange *e = &c->answered[c->answered_count++];
    *e = *new;
    e->damage |= c->seen.damage;
    e->request_to = (struct acknowledged){0}; /* it has no finding that an acknowledgement would decide */
    return true;
}

static bool asks_switch(const struct http_exchange *e)
{
    return e->method == HTTP_CONNECT || e->asks_tls;
}

bool pair_request(struct http *http, struct connection *c, const struct http_request *r,
                  const struct whence *where)
{
    struct http_exchange new = request_facts(c, r, where);
    const bool first = count_request(c, &new);
    c->seen.forwarded |= new.forwarded;
    c->seen.for_page |= new.for_page;
    c->seen.maybe_of_ut += new.of_ut || new.may_be_of_ut; /* where something is missing, that may be Ut */
    if (!c->has_request || first)
        c->seen.whence = *where;
    c->has_request = true;
    if (c->waiting_count == HTTP_PIPELINE && c->stream)
        forget_preface(c);
    if (c->waiting_count == HTTP_PIPELINE)
        return leave_out(http, c, &new);
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
    c->asked = asks_switch(e) ? ASKED_SWITCH : ASKED_OTHER;
    if (asks_switch(e) && c->side[CLIENT].phase == PHASE_HEAD) /* what follows is for the answer to say */
        c->side[CLIENT].phase = PHASE_TUNNEL;
    if (e->method == HTTP_CONNECT && !c->stream)
        note_tunnel(c, r, e);
    forget_earlier_answers(c);
    return answer_early(http, c, c->stream);
}

bool pair_response(struct http *http, struct connection *c, const struct http_response *r)
{
    if (r->status < 200 && r->status != 101) /* interim (RFC 9110 15.2): the answer is still to come */
        return false;
    struct answer a = answer_facts(c, r);
    a.place = c->place;
    if (is_waiting(c, a.stream)) {
        if (a.to_http2)
            change_to_http2(c);
        else
            pair(http, c, &a);
        return !a.to_http2;
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
    while (c->early_count) { /* their requests were never captured */
        const struct answer a = take_early(c, 0);
        count_lone_answer(c, &a);
    }
    if (c->last_stream)
        forget_preface(c);
    if (!c->waiting_count)
        return NULL;
    c->given = take_waiting(c, 0);
    c->given.unacknowledged = is_unacknowledged(c, CLIENT, &c->given.request_to);
    c->given.damage |= c->seen.damage | HTTP_DAMAGE_END;
    return &c->given;
}
