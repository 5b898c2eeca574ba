/* HTTP/2 in clear: frames in place of messages (RFC 9113 4). Heads are put together and uncompressed, as far
 * as they tell by themselves (RFC 7541), and then are what they are in HTTP/1.1; all else is skipped. */
#include "http/connection.h"

void begin_frames(struct connection *c, enum side who)
{
    struct reader *r = &c->side[who];
    r->phase = PHASE_FRAME;
    r->length = r->line = 0;
    r->cut = r->target_cut = r->fields_cut = r->fields_lost = false;
    c->asked = ASKED_OTHER;
    if (who == SERVER)
        forget_preface(c);
}

/* Nothing behind it can be read. */
static void give_up(struct http *http, struct connection *c, enum side who)
{
    connection_give_up(http, c, who, HTTP_DAMAGE_COMPRESSED);
    c->asked = ASKED_OTHER;
}

/* ---- what a head says */

struct head {
    struct http_request request;
    struct span authority;
    uint16_t status;
    bool unread;     /* of some field */
    bool target_cut; /* there was no room for the end of the target, */
    bool lost;       /* or of another field */
};

static bool is(struct span s, const char *text)
{
    return span_equal(s, span_of_text(text));
}

/* What HPACK has decoded lies in its room until the next field comes. */
static struct span keep(struct http *http, struct head *h, struct span s)
{
    const size_t left = sizeof http->text - http->text_length;
    uint8_t *to = http->text + http->text_length;
    h->lost |= s.n > left;
    s = span_head(s, left);
    if (s.n)
        memcpy(to, s.p, s.n);
    http->text_length += s.n;
    return span_of(to, s.n);
}

static void take_field(struct http *http, struct head *h, const struct hpack_field *f)
{
    h->unread |= f->unread;
    if (f->unread || !f->name.n)
        return;
    if (f->name.p[0] != ':') {
        if (http_use_of_name(f->name) == HTTP_FIELD_UNUSED)
            return;
        h->lost |= f->cut;
        const struct span name = keep(http, h, f->name);
        http_take_field(&h->request.fields, name, keep(http, h, f->value));
    } else if (is(f->name, ":method")) {
        h->request.method = http_method_of(f->value);
    } else if (is(f->name, ":path")) {
        h->request.target = keep(http, h, f->value);
        h->target_cut = f->cut || h->lost;
    } else if (is(f->name, ":authority")) {
        h->authority = keep(http, h, f->value);
    } else if (is(f->name, ":status")) {
        h->status = http_status_of(f->value);
    }
}

/* False: it does not parse. `cut`: its end is not here. */
static bool read_head(struct http *http, struct span block, bool cut, struct head *h)
{
    *h = (struct head){.request = {.method = HTTP_OTHER_METHOD, .target = span_of_text("")}};
    http->text_length = 0;
    hpack_begin(&http->hpack, block);
    struct hpack_field f;
    enum parse next;
    while ((next = hpack_next(&http->hpack, &f)) == PARSE_OK)
        take_field(http, h, &f);
    h->lost |= cut;
    /* RFC 9113 8.2.2: what is about a connection of HTTP/1.1 means nothing here; 8.3.1: nor does Host. */
    h->request.fields.upgrade = span_of(NULL, 0);
    if (h->authority.n)
        h->request.fields.host = h->authority;
    if (h->request.method == HTTP_CONNECT)
        h->request.target = h->authority;
    return next == PARSE_SHORT || cut;
}

/* ---- requests and answers */

/* RFC 9113 5.1.1: the client's streams have odd numbers, each greater than those before. A second head on one
 * is its trailers. */
static bool on_request(struct http *http, struct connection *c, struct head *h, const struct whence *where)
{
    struct reader *r = &c->side[CLIENT];
    const uint32_t stream = r->frame.stream;
    if (stream <= c->last_stream || !(stream & 1))
        return false;
    count_no_preface(c);
    c->last_stream = stream;
    r->unread = h->unread;
    r->fields_lost = h->lost;
    r->target_cut = h->target_cut || (!h->request.target.n && (h->unread || h->lost));
    c->stream = stream;
    const bool complete = pair_request(http, c, &h->request, where);
    c->stream = 0;
    c->asked = ASKED_OTHER;
    return complete;
}

static bool on_response(struct http *http, struct connection *c, const struct head *h)
{
    struct reader *r = &c->side[SERVER];
    const uint32_t stream = r->frame.stream;
    if (!(stream & 1) || (stream <= c->last_stream && !is_waiting(c, stream))) /* pushed; trailers */
        return false;
    if (!h->status && (h->unread || h->lost)) /* there was an answer, but it is unknown which */
        c->seen.damage |= HTTP_DAMAGE_COMPRESSED;
    if (h->status < 200)
        return false;
    r->unread = h->unread;
    r->fields_lost = h->lost;
    c->stream = stream;
    const struct http_response answer = {.status = h->status, .fields = h->request.fields};
    const bool complete = pair_response(http, c, &answer);
    c->stream = 0;
    return complete;
}

/* A frame of a head is here. True: an exchange is complete. */
static bool on_fragment(struct http *http, struct connection *c, enum side who, const struct whence *where)
{
    struct reader *r = &c->side[who];
    const bool whole = !r->cut;
    const struct span payload = span_of(r->head + r->line, (size_t)r->length - r->line);
    struct span part;
    r->phase = PHASE_FRAME;
    if (http2_fragment(&r->frame, payload, whole, &part) != PARSE_OK && whole) {
        give_up(http, c, who);
        return false;
    }
    memmove(r->head + r->line, part.p, part.n);
    r->line = r->length = (uint16_t)(r->line + part.n);
    if (!http2_ends_head(&r->frame))
        return false;
    struct head h;
    const bool parsed = read_head(http, span_of(r->head, r->length), !whole, &h);
    r->line = r->length = 0;
    r->cut = false;
    if (!parsed) {
        give_up(http, c, who);
        return false;
    }
    return who == CLIENT ? on_request(http, c, &h, where) : on_response(http, c, &h);
}

/* RFC 9113 6.10: between the frames of a head there are no others. */
static bool is_in_order(const struct reader *r, const struct http2_frame *next)
{
    const bool within = (r->frame.type == HTTP2_HEADERS || r->frame.type == HTTP2_CONTINUATION) &&
                        !http2_ends_head(&r->frame);
    const bool goes_on = next->type == HTTP2_CONTINUATION && next->stream == r->frame.stream;
    const bool pushed = r->frame.type == HTTP2_PUSH_PROMISE && !http2_ends_head(&r->frame);
    return pushed || within == goes_on;
}

static void on_frame(struct http *http, struct connection *c, enum side who, struct span header)
{
    struct reader *r = &c->side[who];
    struct http2_frame f;
    r->length = r->line;
    if (http2_frame_parse(header, &f) != PARSE_OK || !is_in_order(r, &f)) {
        give_up(http, c, who);
        return;
    }
    if (r->frame.type == HTTP2_PUSH_PROMISE && f.type == HTTP2_CONTINUATION) {
        const bool ends = http2_ends_head(&f);
        f.type = HTTP2_PUSH_PROMISE; /* which it goes on with */
        f.flags = ends ? f.flags : 0;
    }
    r->frame = f;
    r->left = f.length;
    r->phase = f.type == HTTP2_HEADERS || f.type == HTTP2_CONTINUATION ? PHASE_FRAGMENT : PHASE_PAYLOAD;
}

static void collect(struct reader *r, struct span *bytes, size_t n)
{
    const struct span s = span_head(*bytes, n);
    if (s.n)
        memcpy(r->head + r->length, s.p, s.n);
    r->length = (uint16_t)(r->length + s.n);
    *bytes = span_skip(*bytes, n);
}

/* As much of a head as there is room for. Of the last octets the header of the next frame takes the place. */
static void collect_fragment(struct reader *r, struct span *bytes, size_t n)
{
    const size_t room = r->cut ? 0 : (size_t)HTTP_HEAD_BYTES - HTTP2_HEADER_BYTES - r->length;
    struct span part = span_head(*bytes, n);
    r->cut |= part.n > room;
    *bytes = span_skip(*bytes, n);
    collect(r, &part, part.n < room ? part.n : room);
}

bool frames_feed(struct http *http, struct connection *c, enum side who, struct span *bytes,
                 const struct whence *where)
{
    struct reader *r = &c->side[who];
    if (r->phase == PHASE_FRAME) {
        collect(r, bytes, (size_t)HTTP2_HEADER_BYTES + r->line - r->length);
        if (r->length == HTTP2_HEADER_BYTES + r->line)
            on_frame(http, c, who, span_of(r->head + r->line, HTTP2_HEADER_BYTES));
        if (r->phase != PHASE_FRAGMENT || r->left)
            return false;
    }
    const size_t n = r->left < bytes->n ? (size_t)r->left : bytes->n;
    r->left -= n;
    if (r->phase == PHASE_FRAGMENT)
        collect_fragment(r, bytes, n);
    else
        *bytes = span_skip(*bytes, n);
    if (r->left)
        return false;
    if (r->phase == PHASE_FRAGMENT)
        return on_fragment(http, c, who, where);
    r->phase = PHASE_FRAME;
    return false;
}
