#include "app/talks.h"

#include "app/pipeline_parts.h"
#include "wire/opening.h"

#include <assert.h>
#include <stdlib.h>

/* A connection of Ut that is neither TLS nor HTTP, so far. */
struct other {
    struct flow *flow;
    struct http_connection seen; /* whose connection it is */
    nanos last_activity;
    uint32_t older, newer;
    uint32_t name; /* slot of the naming layer; 0: none was free, or it has told */
    const char *protocol;
};

bool talks_open(struct talks *t, uint32_t connections)
{
    t->http = http_new(connections);
    t->readers = calloc((size_t)connections + 1, sizeof *t->readers);
    return t->http && t->readers && pool_open(&t->others, sizeof(struct other), connections);
}

void talks_close(struct talks *t)
{
    http_free(t->http);
    naming_free(t->naming);
    free(t->readers);
    pool_close(&t->others);
}

static struct other *other_at(const struct talks *t, uint32_t slot)
{
    return pool_at(&t->others, slot);
}

static void unlink_other(struct talks *t, const struct other *o)
{
    if (o->older)
        other_at(t, o->older)->newer = o->newer;
    else
        t->oldest = o->newer;
    if (o->newer)
        other_at(t, o->newer)->older = o->older;
    else
        t->newest = o->older;
}

static void link_newest(struct talks *t, uint32_t slot)
{
    struct other *o = other_at(t, slot);
    o->older = t->newest;
    o->newer = 0;
    if (t->newest)
        other_at(t, t->newest)->newer = slot;
    else
        t->oldest = slot;
    t->newest = slot;
}

static void forget(struct pipeline *p, struct flow *flow)
{
    if (flow->talk_kind == TALK_HTTP) {
        http_close(p->talks.http, flow->talk);
    } else if (flow->talk_kind == TALK_NAMING) {
        struct other *o = other_at(&p->talks, flow->talk);
        if (o->name)
            naming_close(p->talks.naming, o->name);
        unlink_other(&p->talks, o);
        pool_give(&p->talks.others, flow->talk);
    }
    flow->talk_kind = TALK_NONE;
    flow->talk = 0;
}

/* The host that the client asked for, without its port. */
static struct span name_of(const struct http_connection *h)
{
    struct span host = span_of(h->host.bytes, h->host.length);
    for (size_t i = host.n; i > 0 && host.p[i - 1] != ']'; i--)
        if (host.p[i - 1] == ':')
            return span_head(host, i - 1);
    return host;
}

/* Without a scope in the configuration, Ut in clear is what speaks XCAP or GBA, or uses the port of https. */
static bool is_ut(const struct pipeline *p, const struct http_connection *h)
{
    enum { HTTPS = 443 };
    if (site_has_scope(p->site))
        return site_in_scope(p->site, &h->server, name_of(h));
    return h->xcap || h->server.port == HTTPS;
}

static void judge_exchange_of_ut(struct pipeline *p, struct flow *flow, const struct http_exchange *e)
{
    if ((e->null_encryption && !site_has_scope(p->site)) ||
        is_ut(p, http_connection(p->talks.http, flow->talk)))
        judge_exchange(p, e);
}

void talks_end(struct pipeline *p, struct flow *flow, uint32_t damage)
{
    if (flow->talk_kind == TALK_HTTP) {
        struct http_connection *h = http_connection(p->talks.http, flow->talk);
        h->damage |= damage;
        for (const struct http_exchange *e; (e = http_unanswered(p->talks.http, flow->talk));)
            judge_exchange_of_ut(p, flow, e);
        if (flow->state == FLOW_SEARCHING && is_ut(p, h) && (h->requests || h->answers || h->connect))
            judge_connection(p, h, "HTTP");
    } else if (flow->talk_kind == TALK_NAMING) {
        other_at(&p->talks, flow->talk)->seen.damage |= damage & HTTP_DAMAGE_EVICTED;
        if (flow->state == FLOW_SEARCHING)
            judge_connection(p, &other_at(&p->talks, flow->talk)->seen,
                             other_at(&p->talks, flow->talk)->protocol);
    }
    forget(p, flow);
    if (flow->state == FLOW_SEARCHING || flow->state == FLOW_READABLE) {
        flow->state = FLOW_IGNORED;
        stream_release(&p->flows, flow);
    }
}

void talks_expire(struct pipeline *p, bool all)
{
    struct talks *t = &p->talks;
    const nanos idle = HTTP_IDLE_SECONDS * NANOS_PER_SECOND;
    for (uint32_t slot; (slot = all ? http_oldest(t->http) : http_expired(t->http, p->now));)
        talks_end(p, http_owner(t->http, slot), HTTP_DAMAGE_END);
    while (t->oldest && (all || p->now - other_at(t, t->oldest)->last_activity > idle))
        talks_end(p, other_at(t, t->oldest)->flow, HTTP_DAMAGE_END);
}

static struct http_where where_of(struct flow *flow, const struct segment *segment)
{
    unsigned client = flow->client & 1U;
    return (struct http_where){.client = flow->end[client],
                               .server = flow->end[!client],
                               .time = segment->time,
                               .frame_number = segment->frame_number,
                               .source = segment->source,
                               .flow_id = flow_id(flow),
                               .from_start = (flow->marks[0] | flow->marks[1]) & SIDE_SYN,
                               .owner = flow};
}

static bool open_http(struct pipeline *p, struct flow *flow, const struct http_where *where)
{
    uint32_t slot = http_open(p->talks.http, where);
    if (!slot) {
        talks_end(p, http_owner(p->talks.http, http_oldest(p->talks.http)), HTTP_DAMAGE_EVICTED);
        slot = http_open(p->talks.http, where);
    }
    assert(slot);
    flow->talk = slot;
    flow->talk_kind = TALK_HTTP;
    return true;
}

static void open_other(struct pipeline *p, struct flow *flow, const struct segment *segment)
{
    flow->client = flow->end[0].port >= flow->end[1].port ? 0 : 1;
    struct http_where where = where_of(flow, segment);
    struct http_connection seen = {.client = where.client,
                                   .server = where.server,
                                   .time = where.time,
                                   .frame_number = where.frame_number,
                                   .source = where.source,
                                   .flow_id = where.flow_id,
                                   .transport = segment->transport};
    if (!is_ut(p, &seen))
        return;
    /* The module takes milliseconds to make, and most captures have nothing to be named. */
    if (!p->talks.naming)
        p->talks.naming = naming_new(p->talks.others.capacity);
    uint32_t slot = pool_take(&p->talks.others);
    if (!slot) {
        p->talks.other_refused++;
        return;
    }
    *other_at(&p->talks, slot) = (struct other){
        .flow = flow,
        .seen = seen,
        .last_activity = segment->time,
        .name = p->talks.naming ? naming_open(p->talks.naming, &seen.client, &seen.server, segment->transport)
                                : 0,
        .protocol = "Unknown"};
    link_newest(&p->talks, slot);
    flow->talk = slot;
    flow->talk_kind = TALK_NAMING;
}

/* Shows nDPI a payload, until it has a name or its budget is spent. */
static void name_by(struct pipeline *p, struct other *o, bool from_client, struct span payload, nanos now)
{
    o->last_activity = now;
    if (!o->name || !payload.n)
        return;
    if (naming_feed(p->talks.naming, o->name, from_client, payload, now) == NAMING_MORE)
        return;
    o->protocol = naming_name(p->talks.naming, o->name);
    naming_close(p->talks.naming, o->name);
    o->name = 0;
}

/* The first bytes of a side tell whether it is HTTP, and which side asks. `whole`: they are its very first.
 */
static void open_talk(struct pipeline *p, struct flow *flow, const struct segment *segment, unsigned side,
                      struct span bytes, bool whole)
{
    enum parse request = http_looks_like_request(bytes);
    enum parse response = http_looks_like_response(bytes);
    if (bytes.n && (request != PARSE_BAD || response != PARSE_BAD)) {
        /* A lone H may become HEAD or HTTP/1.1: then the ports tell, the service having the lower one. */
        bool open = request != PARSE_BAD && response != PARSE_BAD;
        unsigned by_port = flow->end[0].port >= flow->end[1].port ? 0 : 1;
        flow->client = (open ? by_port : response != PARSE_BAD ? !side : side) & 1U;
        struct http_where where = where_of(flow, segment);
        (void)open_http(p, flow, &where);
    } else if (whole && flow->state == FLOW_SEARCHING && bytes.n >= RECORD_HEADER_BYTES &&
               opening_look(span_head(bytes, OPENING_BYTES)) == OPENING_NONE) {
        open_other(p, flow, segment);
    }
}

static void feed_http(struct pipeline *p, struct flow *flow, unsigned side, struct span bytes, nanos now)
{
    while (http_feed(p->talks.http, flow->talk, side == flow->client, &bytes, now))
        judge_exchange_of_ut(p, flow, http_exchange(p->talks.http, flow->talk));
}

void talks_plain(struct pipeline *p, struct flow *flow, const struct segment *segment, unsigned side,
                 const struct run *run, bool first)
{
    if (flow->talk_kind == TALK_NAMING && flow->state != FLOW_SEARCHING)
        forget(p, flow);
    const bool whole = !run->gap && flow->marks[side] & SIDE_SYN;
    if (flow->talk_kind == TALK_NONE && first && run->bytes.n)
        open_talk(p, flow, segment, side, run->bytes, whole);
    else if (flow->talk_kind == TALK_NAMING && first && run->bytes.n &&
             http_looks_like_response(run->bytes) == PARSE_OK) {
        forget(p, flow); /* an answer whose request was not captured */
        open_talk(p, flow, segment, side, run->bytes, whole);
    }
    if (flow->talk_kind == TALK_NAMING) {
        struct other *o = other_at(&p->talks, flow->talk);
        name_by(p, o, side == flow->client, run->bytes, segment->time);
        if (run->gap)
            o->seen.damage |= HTTP_DAMAGE_GAP;
    }
    if (flow->talk_kind != TALK_HTTP)
        return;
    bool from_client = side == flow->client;
    if (run->gap)
        http_gap(p->talks.http, flow->talk, from_client, run->gap);
    feed_http(p, flow, side, run->bytes, segment->time);
    if (run->fin)
        http_end_of_side(p->talks.http, flow->talk, from_client);
}

const struct http_connection *talks_before(const struct pipeline *p, const struct flow *flow)
{
    return flow->talk_kind == TALK_HTTP ? http_connection(p->talks.http, flow->talk) : NULL;
}

void talks_readable(struct pipeline *p, struct flow *flow, const struct clear_reader *reader,
                    const struct span early[2])
{
    struct segment now = {.time = p->now};
    struct http_where where = where_of(flow, &now);
    where.null_encryption = true;
    where.from_start = true;
    if (!open_http(p, flow, &where))
        return;
    p->talks.readers[flow->talk] = *reader;
    flow->state = FLOW_READABLE;
    unsigned client = flow->client & 1U;
    feed_http(p, flow, client, early[CLIENT], p->now);
    feed_http(p, flow, !client, early[SERVER], p->now);
}

/* Both sides have ended, or nothing can be read from them any more. */
static bool over(const struct pipeline *p, const struct flow *flow)
{
    bool ended = flow->marks[0] & flow->marks[1] & SIDE_FIN;
    return ended || (flow->marks[0] | flow->marks[1]) & SIDE_RST || http_is_over(p->talks.http, flow->talk);
}

void talks_read(struct pipeline *p, struct flow *flow, const struct segment *segment, unsigned side)
{
    struct clear_reader *reader = &p->talks.readers[flow->talk];
    struct runs runs = stream_put(&p->flows, flow, segment, side);
    struct run run;
    while (runs_next(&runs, &run)) {
        if (run.gap) {
            clear_gap(reader, flow_role(flow, side), run.gap);
            http_gap(p->talks.http, flow->talk, side == flow->client, run.gap);
        }
        struct span bytes = run.bytes;
        for (struct span data; (data = clear_next(reader, flow_role(flow, side), &bytes)).n;)
            feed_http(p, flow, side, data, segment->time);
    }
    if (over(p, flow))
        talks_end(p, flow, 0);
}

bool talks_wants_datagram(const struct pipeline *p, const struct segment *segment)
{
    /* Nothing but the configuration can tell that UDP belongs to Ut. */
    if (!segment->payload.n || !site_has_scope(p->site))
        return false;
    return site_in_scope(p->site, &segment->dst, span_of(NULL, 0)) ||
           site_in_scope(p->site, &segment->src, span_of(NULL, 0));
}

void talks_datagram(struct pipeline *p, struct flow *flow, const struct segment *segment, unsigned side)
{
    if (flow->state == FLOW_SEARCHING && flow->talk_kind == TALK_NONE) {
        open_other(p, flow, segment);
        if (flow->talk_kind == TALK_NONE) {
            flow->state = FLOW_IGNORED;
            return;
        }
    }
    if (flow->talk_kind == TALK_NAMING)
        name_by(p, other_at(&p->talks, flow->talk), side == flow->client, segment->payload, segment->time);
}
