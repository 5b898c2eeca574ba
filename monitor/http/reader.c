/* One side's bytes become heads; bodies are skipped (RFC 9112). */
#include "http/connection.h"

/* What follows a head. */
struct body {
    enum phase phase;
    uint64_t left; /* of PHASE_BODY */
};

static struct body body_of(const struct http_fields *f, bool until_close)
{
    switch (f->body) {
    case HTTP_CHUNKED:
        return (struct body){.phase = PHASE_CHUNK_LINE};
    case HTTP_LENGTH:
        return (struct body){.phase = f->length ? PHASE_BODY : PHASE_HEAD, .left = f->length};
    case HTTP_NO_BODY:
    case HTTP_UNTIL_CLOSE:
        break;
    }
    return (struct body){.phase = until_close ? PHASE_BODY : PHASE_HEAD, .left = UINT64_MAX};
}

/* RFC 9112 6.3: how long the body of an answer is depends on the request. */
static struct body body_of_answer(enum http_method method, const struct http_response *r)
{
    if (r->status == 101)
        return (struct body){.phase = PHASE_OVER};
    if (method == HTTP_CONNECT && r->status >= 200 && r->status < 300)
        return (struct body){.phase = PHASE_TUNNEL};
    if (method == HTTP_HEAD || r->status < 200 || r->status == 204 || r->status == 304)
        return (struct body){.phase = PHASE_HEAD};
    return body_of(&r->fields, true);
}

static enum http_method method_of_answer(const struct connection *c)
{
    return c->waiting_count ? c->waiting[0].method : HTTP_GET;
}

static void begin_body(struct reader *r, struct body body)
{
    r->phase = body.phase;
    r->left = body.left;
}

static bool on_request(struct http *http, struct connection *c, struct span head, const struct whence *where)
{
    struct http_request r;
    if (http_request_parse(head, &r) != PARSE_OK) {
        connection_give_up(http, c, CLIENT, HTTP_DAMAGE_MALFORMED);
        return false;
    }
    begin_body(&c->side[CLIENT], body_of(&r.fields, false));
    return pair_request(http, c, &r, where);
}

static bool on_response(struct http *http, struct connection *c, struct span head)
{
    struct http_response r;
    if (http_response_parse(head, &r) != PARSE_OK) {
        connection_give_up(http, c, SERVER, HTTP_DAMAGE_MALFORMED);
        return false;
    }
    begin_body(&c->side[SERVER], body_of_answer(method_of_answer(c), &r));
    return pair_response(http, c, &r);
}

/*
 * A head or a line, whole in the bytes or collected from several runs. Empty: it has not ended yet, and all
 * bytes were taken.
 */
static struct span collect(struct http *http, struct connection *c, enum side who, struct span *bytes,
                           bool line)
{
    struct reader *r = &c->side[who];
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
        connection_give_up(http, c, who, HTTP_DAMAGE_TOO_LONG);
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
static void on_chunk_line(struct http *http, struct connection *c, enum side who, struct span line)
{
    struct reader *r = &c->side[who];
    uint64_t size = 0;
    size_t digits = 0;
    while (digits < line.n && digits < 15 && hex_digit(line.p[digits]) >= 0)
        size = size << 4 | (uint64_t)hex_digit(line.p[digits++]);
    if (!digits) {
        connection_give_up(http, c, who, HTTP_DAMAGE_MALFORMED);
        return;
    }
    r->left = size;
    r->phase = size ? PHASE_CHUNK : PHASE_TRAILER;
}

/* What a tunnel begins with (RFC 9110 9.3.6) is TLS, which others look for, unless it is a message in clear.
 */
static bool carries_http(enum side who, struct span bytes)
{
    return (who == CLIENT ? http_looks_like_request(bytes) : http_looks_like_response(bytes)) != PARSE_BAD;
}

bool http_feed(struct http *http, uint32_t slot, enum side who, struct span *bytes,
               const struct whence *where)
{
    struct connection *c = connection_at(http, slot);
    struct reader *r = &c->side[who];
    connection_active(http, slot, where->time);
    while (bytes->n) {
        struct span text;
        switch (r->phase) {
        case PHASE_HEAD:
            if (!r->length)
                *bytes = http_skip_empty_lines(*bytes);
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
        case PHASE_TUNNEL:
            r->phase = carries_http(who, *bytes) ? PHASE_HEAD : PHASE_OVER;
            break;
        case PHASE_OVER:
            *bytes = span_skip(*bytes, bytes->n);
            break;
        }
    }
    return false;
}

/* Bytes that begin with a head: how long it is together with its body. */
static size_t message_length(enum http_method method, enum side who, struct span bytes)
{
    const struct span text = http_skip_empty_lines(bytes);
    const size_t head = http_head_length(text);
    struct http_request request;
    struct http_response response;
    struct body body;
    if (!head)
        return carries_http(who, text) ? bytes.n : 0;
    if (who == CLIENT && http_request_parse(span_head(text, head), &request) == PARSE_OK)
        body = body_of(&request.fields, false);
    else if (who == SERVER && http_response_parse(span_head(text, head), &response) == PARSE_OK)
        body = body_of_answer(method, &response);
    else
        return 0;
    const size_t end = bytes.n - text.n + head;
    if (body.phase == PHASE_BODY && body.left == UINT64_MAX && method == HTTP_OTHER_METHOD)
        return end;
    if (body.phase == PHASE_BODY)
        return body.left < bytes.n - end ? end + (size_t)body.left : bytes.n;
    return body.phase == PHASE_CHUNK_LINE ? bytes.n : end;
}

size_t http_next_message(const struct http *http, uint32_t slot, enum side who, struct span bytes)
{
    const struct connection *c = slot ? connection_at(http, slot) : NULL;
    const struct reader *r = c ? &c->side[who] : NULL;
    /* The answer may be that to a CONNECT, captured before it: then it has no body (RFC 9110 9.3.6). */
    const bool unasked = !c || !c->has_request;
    switch (r ? r->phase : PHASE_HEAD) {
    case PHASE_HEAD:
        if (!r || !r->length)
            return message_length(unasked ? HTTP_OTHER_METHOD : method_of_answer(c), who, bytes);
        return bytes.n;
    case PHASE_BODY:
        if (r->left == UINT64_MAX && unasked)
            return 0;
        return r->left < bytes.n ? (size_t)r->left : bytes.n;
    case PHASE_CHUNK:
    case PHASE_CHUNK_LINE:
    case PHASE_CHUNK_END:
    case PHASE_TRAILER:
        return bytes.n;
    case PHASE_TUNNEL:
        return 0;
    case PHASE_OVER:
        break;
    }
    return c->seen.damage & (HTTP_DAMAGE_GAP | HTTP_DAMAGE_START | HTTP_DAMAGE_TOO_LONG) ? SIZE_MAX : 0;
}

void http_gap(struct http *http, uint32_t slot, enum side who, size_t bytes)
{
    struct connection *c = connection_at(http, slot);
    struct reader *r = &c->side[who];
    if ((r->phase == PHASE_BODY || r->phase == PHASE_CHUNK) && r->left > bytes) {
        if (r->left != UINT64_MAX)
            r->left -= bytes;
        return;
    }
    connection_give_up(http, c, who, HTTP_DAMAGE_GAP);
}

void http_end_of_side(struct http *http, uint32_t slot, enum side who)
{
    connection_at(http, slot)->side[who].phase = PHASE_OVER;
}
