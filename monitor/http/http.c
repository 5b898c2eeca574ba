#include "http/http.h"

#include "base/queue.h"
#include "http/identity.h"

#include <stdlib.h>
#include <strings.h>

enum phase {
    PHASE_HEAD,
    PHASE_BODY,
    PHASE_CHUNK_LINE,
    PHASE_CHUNK,
    PHASE_CHUNK_END,
    PHASE_TRAILER,
    PHASE_OVER
};

/* One direction. */
struct reader {
    enum phase phase;
    uint64_t left; /* of the body or chunk; UINT64_MAX: until the close */
    uint16_t length;
    uint8_t head[HTTP_HEAD_BYTES]; /* the part of a head or line that is here */
};

struct answer {
    uint16_t status;
    bool challenge, gba_realm, gaa, aka, to_https;
};

struct connection {
    struct http_connection seen;
    bool known_user;
    bool has_request;
    void *owner;
    nanos last_activity;
    struct queue_link link;
    struct reader side[2];                       /* 0 the client */
    struct http_exchange waiting[HTTP_PIPELINE]; /* requests without answer, oldest first */
    unsigned waiting_count;
    struct answer early[HTTP_PIPELINE]; /* answers whose request is not here yet */
    unsigned early_count;
    struct http_exchange complete;
};

struct http {
    struct pool slots;
    struct queue queue; /* by the last activity */
    struct http_counters counters;
};

size_t http_memory(uint32_t connections)
{
    return pool_memory(sizeof(struct connection), connections);
}

struct http *http_new(uint32_t connections)
{
    struct http *http = calloc(1, sizeof *http);
    if (http && pool_open(&http->slots, sizeof(struct connection), connections))
        return http;
    free(http);
    return NULL;
}

void http_free(struct http *http)
{
    if (!http)
        return;
    pool_close(&http->slots);
    free(http);
}

const struct http_counters *http_counters(const struct http *http)
{
    return &http->counters;
}

static struct connection *at(const struct http *http, uint32_t slot)
{
    return pool_at(&http->slots, slot);
}

uint32_t http_open(struct http *http, const struct http_connection *begin, void *owner)
{
    uint32_t slot = pool_take(&http->slots);
    if (!slot)
        return 0;
    struct connection *c = at(http, slot);
    memset(c, 0, sizeof *c);
    c->seen = *begin;
    c->owner = owner;
    c->last_activity = begin->whence.time;
    queue_push(&http->queue, &http->slots, offsetof(struct connection, link), slot);
    http->counters.connections++;
    return slot;
}

void http_close(struct http *http, uint32_t slot)
{
    queue_remove(&http->queue, &http->slots, offsetof(struct connection, link), slot);
    pool_give(&http->slots, slot);
}

uint32_t http_oldest(const struct http *http)
{
    return http->queue.oldest;
}

uint32_t http_expired(const struct http *http, nanos now)
{
    if (!http->queue.oldest ||
        now - at(http, http->queue.oldest)->last_activity < HTTP_IDLE_SECONDS * NANOS_PER_SECOND)
        return 0;
    return http->queue.oldest;
}

void *http_owner(const struct http *http, uint32_t slot)
{
    return at(http, slot)->owner;
}

const struct http_exchange *http_exchange(const struct http *http, uint32_t slot)
{
    return &at(http, slot)->complete;
}

struct http_connection *http_connection(const struct http *http, uint32_t slot)
{
    return &at(http, slot)->seen;
}

bool http_is_over(const struct http *http, uint32_t slot)
{
    const struct connection *c = at(http, slot);
    return c->side[0].phase == PHASE_OVER && c->side[1].phase == PHASE_OVER;
}

static void keep(struct http_text *text, struct span s)
{
    s = span_head(s, sizeof text->bytes);
    text->length = (uint8_t)s.n;
    if (s.n)
        memcpy(text->bytes, s.p, s.n);
}

static struct http_exchange request_facts(const struct connection *c, const struct http_request *r,
                                          const struct whence *where)
{
    const struct http_fields *f = &r->fields;
    struct http_exchange e = {.whence = *where,
                              .null_encryption = c->seen.null_encryption,
                              .request_seen = true,
                              .damage = c->seen.damage,
                              .method = r->method,
                              .credentials = f->authorization.n > 0,
                              .said_identity = f->identity.n > 0,
                              .vouched = f->asserted,
                              .cookie = f->cookie,
                              .known_user = c->known_user,
                              .asks_tls = http_starts(f->upgrade, "TLS/")};
    for (struct span ua = f->user_agent; ua.n && !e.gba_client; ua = span_skip(ua, 1))
        e.gba_client = http_starts(ua, "3gpp-gba");
    struct xcap_path path;
    if (xcap_path_parse(r->target, &path)) {
        e.xcap = true;
        e.user_document = path.user.n > 0;
        keep(&e.auid, path.auid);
        keep(&e.user, path.user);
        if (path.user.n && f->identity.n)
            e.owner = identity_owner(path.user, f->identity);
    }
    keep(&e.host, r->method == HTTP_CONNECT ? r->target : f->host);
    keep(&e.identity, f->identity.n ? f->identity : http_auth_parameter(f->authorization, "username"));
    return e;
}

static struct answer answer_facts(const struct http_response *r)
{
    struct span realm = http_auth_parameter(r->fields.challenge, "realm");
    return (struct answer){.status = r->status,
                           .challenge = r->fields.challenge.n > 0,
                           .gba_realm = http_starts(realm, "3GPP-bootstrapping"),
                           .gaa = r->fields.gaa,
                           .aka = r->fields.aka,
                           .to_https = r->status >= 300 && r->status < 400 &&
                                       http_starts(r->fields.location, "https:")};
}

static bool is_2xx(const struct answer *a)
{
    return a->status >= 200 && a->status < 300;
}

static void count_answer(struct connection *c, const struct answer *a)
{
    c->seen.answers++;
    c->seen.served += is_2xx(a);
    c->seen.challenges += a->status == 401;
}

/* A request has its answer, whichever was captured first. */
static void pair(struct http *http, struct connection *c, const struct answer *a)
{
    struct http_exchange *e = &c->complete;
    *e = c->waiting[0];
    c->waiting_count--;
    memmove(&c->waiting[0], &c->waiting[1], c->waiting_count * sizeof c->waiting[0]);
    e->known_user |= c->known_user;
    e->response_seen = true;
    e->status = a->status;
    e->challenge = a->challenge;
    e->gba_realm = a->gba_realm;
    e->gaa_challenge = a->gaa;
    e->aka_challenge = a->aka;
    e->to_https = a->to_https;
    e->damage |= c->seen.damage;
    c->known_user |= e->credentials || e->challenge;
    if (e->gba_realm && !e->xcap)
        c->seen.xcap++;
    if (e->method == HTTP_CONNECT)
        c->seen.connect_status = a->status;
    else
        count_answer(c, a);
    c->seen.upgraded |= e->asks_tls && a->status == 101;
    if (a->status == 101 || (e->method == HTTP_CONNECT && is_2xx(a)))
        c->side[0].phase = PHASE_OVER; /* another protocol follows */
    else if (e->method == HTTP_CONNECT || e->asks_tls)
        c->side[0].phase = PHASE_HEAD;
    http->counters.exchanges++;
}

/* RFC 9112 6.3: how long the body of an answer is depends on the request. */
static void answer_body(struct connection *c, const struct http_response *r)
{
    struct reader *reader = &c->side[1];
    enum http_method method = c->waiting_count ? c->waiting[0].method : HTTP_GET;
    bool tunnel = method == HTTP_CONNECT && r->status >= 200 && r->status < 300;
    reader->phase = PHASE_HEAD;
    if (r->status == 101 || tunnel) {
        reader->phase = PHASE_OVER;
        return;
    }
    if (method == HTTP_HEAD || r->status < 200 || r->status == 204 || r->status == 304)
        return;
    switch (r->fields.body) {
    case HTTP_CHUNKED:
        reader->phase = PHASE_CHUNK_LINE;
        break;
    case HTTP_LENGTH:
        reader->left = r->fields.length;
        reader->phase = reader->left ? PHASE_BODY : PHASE_HEAD;
        break;
    case HTTP_NO_BODY:
    case HTTP_UNTIL_CLOSE:
        reader->left = UINT64_MAX;
        reader->phase = PHASE_BODY;
        break;
    }
}

static void give_up(struct http *http, struct connection *c, unsigned side, uint32_t damage)
{
    if (c->side[side].phase == PHASE_OVER)
        return;
    c->side[side].phase = PHASE_OVER;
    c->seen.damage |= damage;
    http->counters.lost++;
    http->counters.malformed += damage == HTTP_DAMAGE_MALFORMED;
    http->counters.too_long += damage == HTTP_DAMAGE_TOO_LONG;
}

/* TS 23.003 13.9: xcap.<domain>, and the domains of IMS end in 3gppnetwork.org. */
static bool is_ims_host(const struct http_text *host)
{
    struct span s = span_of(host->bytes, host->length);
    if (http_starts(s, "xcap."))
        return true;
    for (; s.n; s = span_skip(s, 1))
        if (http_starts(s, ".3gppnetwork.org"))
            return true;
    return false;
}

/* Frames of HTTP/2 follow, whose compressed heads are not read: there was a request, and what it got is not
 * known. */
static void begin_http2(struct connection *c, const struct whence *where)
{
    if (!c->has_request)
        c->seen.whence = *where;
    c->has_request = true;
    c->side[0].phase = c->side[1].phase = PHASE_OVER;
    c->seen.damage |= HTTP_DAMAGE_MALFORMED;
}

/* True: an exchange is complete. */
static bool on_request(struct http *http, struct connection *c, struct span head, const struct whence *where)
{
    struct http_request r;
    if (http_request_parse(head, &r) != PARSE_OK) {
        give_up(http, c, 0, HTTP_DAMAGE_MALFORMED);
        return false;
    }
    struct reader *reader = &c->side[0];
    reader->phase = PHASE_HEAD;
    if (r.fields.body == HTTP_CHUNKED) {
        reader->phase = PHASE_CHUNK_LINE;
    } else if (r.fields.body == HTTP_LENGTH && r.fields.length) {
        reader->phase = PHASE_BODY;
        reader->left = r.fields.length;
    }
    c->seen.requests += r.method != HTTP_CONNECT;
    if (r.method == HTTP_PRI) {
        begin_http2(c, where);
        return false;
    }
    if (c->waiting_count == HTTP_PIPELINE) {
        give_up(http, c, 0, HTTP_DAMAGE_TOO_LONG);
        return false;
    }
    struct http_exchange *e = &c->waiting[c->waiting_count++];
    *e = request_facts(c, &r, where);
    if (!c->has_request)
        c->seen.whence = *where;
    c->has_request = true;
    c->seen.xcap += e->xcap || e->said_identity || e->gba_client || is_ims_host(&e->host);
    if (!c->seen.host.length)
        c->seen.host = e->host;
    c->seen.connect |= e->method == HTTP_CONNECT;
    c->seen.upgrade |= e->asks_tls;
    if (e->method == HTTP_CONNECT || e->asks_tls)
        reader->phase = PHASE_OVER; /* what follows is for the answer to say, and it is no request */
    if (!c->early_count)
        return false;
    pair(http, c, &c->early[0]);
    c->early_count--;
    memmove(&c->early[0], &c->early[1], c->early_count * sizeof c->early[0]);
    return true;
}

static bool on_response(struct http *http, struct connection *c, struct span head)
{
    struct http_response r;
    if (http_response_parse(head, &r) != PARSE_OK) {
        give_up(http, c, 1, HTTP_DAMAGE_MALFORMED);
        return false;
    }
    answer_body(c, &r);
    if (r.status < 200 && r.status != 101) /* interim (RFC 9110 15.2): the answer is still to come */
        return false;
    struct answer a = answer_facts(&r);
    if (c->waiting_count) {
        pair(http, c, &a);
        return true;
    }
    if (c->early_count == HTTP_PIPELINE)
        give_up(http, c, 1, HTTP_DAMAGE_TOO_LONG);
    else
        c->early[c->early_count++] = a;
    return false;
}

/*
 * A head or a line, whole in the bytes or collected from several runs. Empty: it has not ended yet, and all
 * bytes were taken.
 */
static struct span collect(struct http *http, struct connection *c, unsigned side, struct span *bytes,
                           bool line)
{
    struct reader *r = &c->side[side];
    if (!r->length) {
        const uint8_t *end = line && bytes->n ? memchr(bytes->p, '\n', bytes->n) : NULL;
        size_t whole = line ? (end ? (size_t)(end - bytes->p) + 1 : 0) : http_head_length(*bytes);
        if (whole) {
            struct span head = span_head(*bytes, whole);
            *bytes = span_skip(*bytes, whole);
            return head;
        }
    }
    while (bytes->n && r->length < HTTP_HEAD_BYTES) {
        r->head[r->length++] = bytes->p[0];
        bool newline = bytes->p[0] == '\n';
        *bytes = span_skip(*bytes, 1);
        if (!newline || (!line && http_head_length(span_of(r->head, r->length)) == 0))
            continue;
        struct span head = span_of(r->head, r->length);
        r->length = 0;
        return head;
    }
    if (r->length == HTTP_HEAD_BYTES) {
        give_up(http, c, side, HTTP_DAMAGE_TOO_LONG);
        *bytes = span_of(NULL, 0);
    }
    return span_of(NULL, 0);
}

static void skip_body(struct reader *r, struct span *bytes, enum phase then)
{
    size_t n = r->left < bytes->n ? (size_t)r->left : bytes->n;
    if (r->left != UINT64_MAX)
        r->left -= n;
    *bytes = span_skip(*bytes, n);
    if (r->left == 0)
        r->phase = then;
}

/* RFC 9112 7.1: a chunk's size in hexadecimal, extensions after a semicolon. */
static void on_chunk_line(struct http *http, struct connection *c, unsigned side, struct span line)
{
    struct reader *r = &c->side[side];
    uint64_t size = 0;
    size_t digits = 0;
    while (digits < line.n && digits < 15 && hex_digit(line.p[digits]) >= 0)
        size = size << 4 | (uint64_t)hex_digit(line.p[digits++]);
    if (!digits) {
        give_up(http, c, side, HTTP_DAMAGE_MALFORMED);
        return;
    }
    r->left = size;
    r->phase = size ? PHASE_CHUNK : PHASE_TRAILER;
}

bool http_feed(struct http *http, uint32_t slot, enum side who, struct span *bytes,
               const struct whence *where)
{
    struct connection *c = at(http, slot);
    struct reader *r = &c->side[who];
    c->last_activity = where->time;
    queue_remove(&http->queue, &http->slots, offsetof(struct connection, link), slot);
    queue_push(&http->queue, &http->slots, offsetof(struct connection, link), slot);
    while (bytes->n) {
        struct span text;
        switch (r->phase) {
        case PHASE_HEAD:
            /* RFC 9112 2.2: an empty line before a request is ignored. */
            if (!r->length && (bytes->p[0] == '\r' || bytes->p[0] == '\n')) {
                *bytes = span_skip(*bytes, 1);
                break;
            }
            text = collect(http, c, who, bytes, false);
            if (text.n && (who == CLIENT ? on_request(http, c, text, where) : on_response(http, c, text)))
                return true;
            break;
        case PHASE_BODY:
            skip_body(r, bytes, PHASE_HEAD);
            break;
        case PHASE_CHUNK:
            skip_body(r, bytes, PHASE_CHUNK_END);
            break;
        case PHASE_CHUNK_LINE:
        case PHASE_CHUNK_END:
        case PHASE_TRAILER:
            text = collect(http, c, who, bytes, true);
            if (!text.n)
                break;
            if (r->phase == PHASE_CHUNK_LINE)
                on_chunk_line(http, c, who, text);
            else if (r->phase == PHASE_CHUNK_END)
                r->phase = PHASE_CHUNK_LINE;
            else if (text.p[0] == '\r' || text.p[0] == '\n')
                r->phase = PHASE_HEAD;
            break;
        case PHASE_OVER:
            *bytes = span_skip(*bytes, bytes->n);
            break;
        }
    }
    return false;
}

void http_gap(struct http *http, uint32_t slot, enum side who, size_t bytes)
{
    struct connection *c = at(http, slot);
    struct reader *r = &c->side[who];
    if ((r->phase == PHASE_BODY || r->phase == PHASE_CHUNK) && r->left > bytes) {
        if (r->left != UINT64_MAX)
            r->left -= bytes;
        return;
    }
    give_up(http, c, who, HTTP_DAMAGE_GAP);
}

void http_end_of_side(struct http *http, uint32_t slot, enum side who)
{
    at(http, slot)->side[who].phase = PHASE_OVER;
}

const struct http_exchange *http_unanswered(struct http *http, uint32_t slot)
{
    struct connection *c = at(http, slot);
    while (c->early_count) /* whose requests were never captured */
        count_answer(c, &c->early[--c->early_count]);
    if (!c->waiting_count)
        return NULL;
    c->complete = c->waiting[0];
    c->complete.damage |= c->seen.damage | HTTP_DAMAGE_END;
    c->waiting_count--;
    memmove(&c->waiting[0], &c->waiting[1], c->waiting_count * sizeof c->waiting[0]);
    return &c->complete;
}
