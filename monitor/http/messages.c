/* How long messages are, and where another protocol may follow them. */
#include "http/connection.h"

/* `lost`: of the fields, some are not here. */
static struct body body_of(const struct http_fields *f, bool lost, bool until_close)
{
    const struct body whole = {.phase = until_close ? PHASE_BODY : PHASE_HEAD, .left = UINT64_MAX};
    switch (f->body) {
    case HTTP_CHUNKED:
        return (struct body){.phase = PHASE_CHUNK_LINE};
    case HTTP_LENGTH:
        return (struct body){.phase = f->length ? PHASE_BODY : PHASE_HEAD, .left = f->length};
    case HTTP_UNCLEAR:
        lost = true;
        break;
    case HTTP_NO_BODY:
    case HTTP_UNTIL_CLOSE:
        break;
    }
    return lost ? (struct body){.phase = PHASE_BODY, .left = UINT64_MAX, .unclear = true} : whole;
}

struct body body_of_request(const struct http_request *r, bool lost)
{
    return body_of(&r->fields, lost, false);
}

/* RFC 9112 6.3: how long the body of an answer is depends on the request. */
struct body body_of_answer(enum http_method method, const struct http_response *r, bool lost)
{
    if (r->status == 101 && http_starts(r->fields.upgrade, "h2c"))
        return (struct body){.phase = PHASE_FRAME};
    if (r->status == 101)
        return (struct body){.phase = follows_in_frames(r) ? PHASE_ASTRAY : PHASE_OTHER};
    if (method == HTTP_CONNECT && r->status >= 200 && r->status < 300)
        return (struct body){.phase = PHASE_TUNNEL};
    if (method == HTTP_HEAD || r->status < 200 || r->status == 204 || r->status == 304)
        return (struct body){.phase = PHASE_HEAD};
    return body_of(&r->fields, lost, true);
}

enum http_method method_of_answer(const struct connection *c)
{
    return c->waiting_count ? c->waiting[0].method : HTTP_GET;
}

bool begins_message(enum side who, struct span bytes)
{
    return (who == CLIENT ? http_looks_like_request(bytes) : http_looks_like_response(bytes)) != PARSE_BAD;
}

/* A message at the start of some bytes. */
struct message {
    size_t length;      /* with its body; bytes.n: it may have no end within them; 0: there is none */
    bool before_switch; /* another protocol may follow, as the message itself tells */
};

/* `end`: of its head. */
static size_t end_of_message(struct span bytes, size_t end, struct body body)
{
    if (body.phase == PHASE_BODY)
        return body.left < bytes.n - end ? end + (size_t)body.left : bytes.n;
    return body.phase == PHASE_CHUNK_LINE ? bytes.n : end;
}

static struct message message_of_client(struct span bytes)
{
    const struct span text = http_skip_to_request(bytes);
    const size_t head = head_length(CLIENT, text);
    struct http_request r;
    if (!head || http_request_parse(span_head(text, head), false, &r) != PARSE_OK)
        return (struct message){.length = begins_message(CLIENT, text) ? bytes.n : 0};
    return (struct message){
        .length = end_of_message(bytes, bytes.n - text.n + head, body_of_request(&r, false)),
        .before_switch = r.method == HTTP_CONNECT || http_starts(r.fields.upgrade, "TLS/")};
}

/* HTTP_OTHER_METHOD: what it answers is not known. Then it may be a CONNECT, captured after it: in that case
 * there is no body (RFC 9110 9.3.6). */
static struct message message_of_server(enum http_method method, struct span bytes)
{
    const struct span text = http_skip_empty_lines(bytes);
    const size_t head = http_head_length(text);
    struct http_response r;
    if (!head || http_response_parse(span_head(text, head), &r) != PARSE_OK)
        return (struct message){.length = begins_message(SERVER, text) ? bytes.n : 0};
    const struct body body = body_of_answer(method, &r, false);
    const size_t end = bytes.n - text.n + head;
    const bool perhaps_none =
        method == HTTP_OTHER_METHOD && body.phase == PHASE_BODY && body.left == UINT64_MAX;
    return (struct message){.length = perhaps_none ? end : end_of_message(bytes, end, body),
                            .before_switch = body.phase == PHASE_OTHER || body.phase == PHASE_TUNNEL};
}

size_t http_first_switch_place(enum side who, struct span bytes, bool open)
{
    const struct message m =
        who == CLIENT ? message_of_client(bytes) : message_of_server(HTTP_OTHER_METHOD, bytes);
    return open || m.before_switch ? m.length : bytes.n;
}

/* Of the client's message here, its own head tells, and of a server's what was asked before. */
static size_t place_at_head(const struct connection *c, enum side who, struct span bytes, bool open)
{
    if (c->side[who].length)
        return bytes.n;
    const enum http_method method = c->has_request ? method_of_answer(c) : HTTP_OTHER_METHOD;
    const struct message m = who == CLIENT ? message_of_client(bytes) : message_of_server(method, bytes);
    const bool own = who == CLIENT && m.length;
    const bool from_start = !(c->seen.damage & HTTP_DAMAGE_START);
    return m.before_switch || (own && from_start ? false : open) ? m.length : bytes.n;
}

size_t http_switch_place(const struct http *http, uint32_t slot, enum side who, struct span bytes, size_t gap)
{
    const struct connection *c = connection_at(http, slot);
    const struct reader *r = &c->side[who];
    const bool from_start = !(c->seen.damage & HTTP_DAMAGE_START);
    const bool open = !from_start || c->asked != ASKED_OTHER;
    const bool in_body = (r->phase == PHASE_BODY || r->phase == PHASE_CHUNK) && r->left > gap;
    const bool lost = gap && !in_body;
    if (gap && !from_start)
        return SIZE_MAX;
    switch (lost && r->phase != PHASE_OTHER ? PHASE_OVER : r->phase) {
    case PHASE_HEAD:
        return place_at_head(c, who, bytes, open);
    case PHASE_BODY:
        if (r->left == UINT64_MAX)
            return open && !c->has_request ? 0 : bytes.n;
        return open && r->left - gap < bytes.n ? (size_t)(r->left - gap) : bytes.n;
    case PHASE_CHUNK:
    case PHASE_CHUNK_LINE:
    case PHASE_CHUNK_END:
    case PHASE_TRAILER:
    case PHASE_PREFACE:
    case PHASE_FRAME:
    case PHASE_FRAGMENT:
    case PHASE_PAYLOAD:
        return bytes.n;
    case PHASE_TUNNEL:
        return 0;
    case PHASE_OTHER:
        return lost || c->seen.damage & (HTTP_DAMAGE_GAP | HTTP_DAMAGE_START) ? SIZE_MAX : 0;
    case PHASE_ASTRAY:
    case PHASE_OVER:
        break;
    }
    if (!open)
        return bytes.n;
    return lost || c->seen.damage & (HTTP_DAMAGE_GAP | HTTP_DAMAGE_START) ? SIZE_MAX : 0;
}
