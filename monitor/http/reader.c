/* One side's bytes become heads; bodies are skipped (RFC 9112). */
#include "http/connection.h"
#include "wire/opening.h"

enum { HTTP2_PREFACE_REST = sizeof "SM\r\n\r\n" - 1 };

static void begin_body(struct reader *r, struct body body)
{
    r->phase = body.phase;
    r->left = body.left;
}

/* The message is read, and what comes behind it cannot be. */
static void end_at_message(struct http *http, struct connection *c, enum side who)
{
    const bool lost = c->side[who].fields_lost;
    c->seen.maybe_of_ut += who == CLIENT; /* what comes next may be of Ut */
    connection_give_up(http, c, who, lost ? HTTP_DAMAGE_TOO_LONG : HTTP_DAMAGE_MALFORMED);
}

/* What came is no message, where one should begin. Later ones are looked for even so: whoever speaks HTTP
 * behind it has ignored it. */
static void go_astray(struct http *http, struct connection *c, enum side who)
{
    connection_give_up(http, c, who, HTTP_DAMAGE_MALFORMED);
    c->side[who].phase = PHASE_ASTRAY;
}

/* A hello that nothing in HTTP has led to: what is said in its TLS may be of Ut. */
static void note_hello(struct connection *c, enum side who, struct span bytes)
{
    c->seen.maybe_of_ut +=
        who == CLIENT && opening_look(span_head(bytes, OPENING_BYTES)) == OPENING_CLIENT_HELLO;
}

/* Behind what is not HTTP, a request may be one, or a part of another protocol's document: that it may be of
 * Ut is all that can be said. */
static void look_for_request(struct connection *c, enum side who, struct span *bytes)
{
    const struct span found = who == CLIENT ? http_find_request(*bytes) : span_of(NULL, 0);
    const uint8_t *end = found.n ? memchr(found.p, '\n', found.n) : NULL;
    struct http_request r;
    if (end && http_request_parse(span_head(found, (size_t)(end - found.p) + 1), true, &r) != PARSE_BAD) {
        note_unread_request(c, r.target);
        c->seen.damage |= HTTP_DAMAGE_MALFORMED;
    }
    *bytes = span_skip(*bytes, bytes->n);
}

static bool on_request(struct http *http, struct connection *c, struct span head, const struct whence *where)
{
    struct reader *reader = &c->side[CLIENT];
    struct http_request r;
    if (http_request_parse(head, reader->target_cut, &r) != PARSE_OK || c->seen.belated) {
        note_unread_request(c, r.target);
        go_astray(http, c, CLIENT);
        return false;
    }
    const struct body body = body_of_request(&r, reader->fields_lost);
    begin_body(reader, body);
    c->has_body |= body.phase != PHASE_HEAD;
    if (r.method == HTTP_PRI) {
        begin_body(reader, (struct body){.phase = PHASE_PREFACE, .left = HTTP2_PREFACE_REST});
        if (c->http2) /* RFC 7540 3.2: it confirms what was agreed */
            return false;
        c->preface = true;
    }
    const bool complete = pair_request(http, c, &r, where);
    if (body.unclear)
        end_at_message(http, c, CLIENT);
    return complete;
}

static bool on_response(struct http *http, struct connection *c, struct span head)
{
    struct http_response r;
    if (http_response_parse(head, &r) != PARSE_OK) {
        go_astray(http, c, SERVER);
        return false;
    }
    const struct body body = body_of_answer(method_of_answer(c), &r, c->side[SERVER].fields_lost);
    begin_body(&c->side[SERVER], body);
    if (body.phase == PHASE_FRAME)
        begin_frames(c, SERVER);
    const bool complete = pair_response(http, c, &r);
    if (body.unclear)
        end_at_message(http, c, SERVER);
    return complete;
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

/* RFC 9113 3.4: the rest of the preface, and a SETTINGS frame. A request of HTTP/1 behind it shows that
 * nobody means HTTP/2. */
static void skip_preface(struct connection *c, struct span *bytes)
{
    struct reader *r = &c->side[CLIENT];
    skip_body(r, bytes, PHASE_PREFACE);
    if (!bytes->n)
        return;
    if (http_looks_like_request(*bytes) == PARSE_BAD)
        begin_frames(c, CLIENT);
    else
        r->phase = PHASE_HEAD;
}

/* The preface is answered in frames, else by a server that knows HTTP/1 alone. */
static bool answers_preface(const struct connection *c, enum side who, struct span bytes)
{
    return who == SERVER && (c->preface || c->http2) && http_looks_like_response(bytes) == PARSE_BAD;
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

/* True: an exchange is complete. */
static bool feed_head(struct http *http, struct connection *c, enum side who, struct span *bytes,
                      const struct whence *where)
{
    struct reader *r = &c->side[who];
    if (!r->length)
        *bytes = who == CLIENT ? http_skip_to_request(*bytes) : http_skip_empty_lines(*bytes);
    if (!r->length && bytes->n && answers_preface(c, who, *bytes)) {
        begin_frames(c, SERVER);
        return false;
    }
    if (!r->length && bytes->n && !http_is_text(bytes->p[0])) {
        const enum last_request asked = c->asked;
        const uint32_t damage = c->seen.damage;
        note_hello(c, who, *bytes);
        go_astray(http, c, who);
        c->asked = asked; /* it is no other request */
        if (asked == ASKED_SWITCH)
            c->seen.damage = damage; /* behind a refused CONNECT the server may take it even so */
        return false;
    }
    const struct span head = head_take(r, who, bytes, false);
    return head.n && (who == CLIENT ? on_request(http, c, head, where) : on_response(http, c, head));
}

bool http_feed(struct http *http, uint32_t slot, enum side who, struct span *bytes,
               const struct whence *where)
{
    struct connection *c = connection_at(http, slot);
    struct reader *r = &c->side[who];
    connection_active(http, slot, where);
    while (bytes->n) {
        struct span text;
        switch (r->phase) {
        case PHASE_HEAD:
            if (feed_head(http, c, who, bytes, where))
                return true;
            break;
        case PHASE_BODY:
            skip_body(r, bytes, who == CLIENT && c->asked == ASKED_SWITCH ? PHASE_TUNNEL : PHASE_HEAD);
            break;
        case PHASE_CHUNK:
            skip_body(r, bytes, PHASE_CHUNK_END);
            break;
        case PHASE_CHUNK_LINE:
        case PHASE_CHUNK_END:
        case PHASE_TRAILER:
            text = head_take(r, who, bytes, true);
            if (!text.n)
                break;
            if (r->phase == PHASE_CHUNK_LINE)
                on_chunk_line(http, c, who, text);
            else if (r->phase == PHASE_CHUNK_END)
                r->phase = PHASE_CHUNK_LINE;
            else if (text.p[0] == '\r' || text.p[0] == '\n')
                r->phase = PHASE_HEAD;
            break;
        case PHASE_PREFACE:
            skip_preface(c, bytes);
            break;
        case PHASE_FRAME:
        case PHASE_FRAGMENT:
        case PHASE_PAYLOAD:
            if (frames_feed(http, c, who, bytes, where))
                return true;
            break;
        case PHASE_TUNNEL:
            r->phase = begins_message(who, *bytes) ? PHASE_HEAD : PHASE_OTHER;
            break;
        case PHASE_OTHER:
        case PHASE_ASTRAY:
            look_for_request(c, who, bytes);
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
    struct connection *c = connection_at(http, slot);
    struct reader *r = &c->side[who];
    if ((r->phase == PHASE_BODY || r->phase == PHASE_CHUNK || r->phase == PHASE_PAYLOAD) && r->left > bytes) {
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
