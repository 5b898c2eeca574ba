#include "app/cleartext.h"

#include "app/pipeline_parts.h"
#include "wire/opening.h"

#include <stdlib.h>

/* A connection of Ut that is neither TLS nor HTTP, so far. */
struct other {
    struct flow *flow;
    struct http_connection seen; /* whose connection it is */
    struct member member;
    uint32_t name; /* slot of the naming layer; 0: none was free, or the name is known */
    const char *protocol;
};

enum { MEMBER = offsetof(struct other, member) };

size_t cleartext_memory(uint32_t connections)
{
    return http_memory(connections) + pool_memory(sizeof(struct other), connections) +
           ((size_t)connections + 1) * (sizeof(struct clear_reader) + sizeof(struct session_use));
}

bool cleartext_open(struct cleartext *t, uint32_t connections)
{
    t->http = http_new(connections);
    t->readers = calloc((size_t)connections + 1, sizeof *t->readers);
    crowd_open(&t->crowd);
    t->uses = calloc((size_t)connections + 1, sizeof *t->uses);
    return t->http && t->readers && t->uses && pool_open(&t->others, sizeof(struct other), connections);
}

void cleartext_close(struct cleartext *t)
{
    http_free(t->http);
    naming_free(t->naming);
    free(t->uses);
    free(t->readers);
    pool_close(&t->others);
}

static struct other *other_at(const struct cleartext *t, uint32_t slot)
{
    return pool_at(&t->others, slot);
}

void cleartext_forget(struct pipeline *p, struct flow *flow)
{
    if (flow->clear_kind == CLEAR_HTTP) {
        http_close(p->cleartext.http, flow->clear);
    } else if (flow->clear_kind == CLEAR_NAMING) {
        struct other *o = other_at(&p->cleartext, flow->clear);
        if (o->name)
            naming_close(p->cleartext.naming, o->name);
        crowd_leave(&p->cleartext.crowd, &p->cleartext.others, MEMBER, flow->clear);
        pool_give(&p->cleartext.others, flow->clear);
    }
    flow->clear_kind = CLEAR_NONE;
    flow->clear = 0;
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

/* Because of its server: without a scope in the configuration, because of the port of https. */
static bool is_ut_server(const struct pipeline *p, const struct http_connection *h)
{
    enum { HTTPS = 443 };
    const struct endpoint *server = &h->whence.server;
    return site_has_scope(p->site) ? site_in_scope(p->site, server, name_of(h)) : server->port == HTTPS;
}

/* Without a scope, Ut in clear is also what speaks XCAP. */
static bool is_ut(const struct pipeline *p, const struct http_connection *h)
{
    return site_is_ue(p->site, &h->whence.client) &&
           (is_ut_server(p, h) || (h->maybe_of_ut && !site_has_scope(p->site)));
}

static bool is_ut_exchange(const struct pipeline *p, const struct http_connection *h,
                           const struct http_exchange *e)
{
    if (e->null_encryption && !site_has_scope(p->site))
        return true;
    const bool other = e->not_of_ut || e->for_page;
    return is_ut(p, h) && (e->of_ut || (is_ut_server(p, h) && (!other || e->asks_tls)));
}

/* Whose connection it is, in full: for what is judged only, since the id is hashed. */
static void complete(struct pipeline *p, struct whence *whence, const struct flow *flow)
{
    whence->flow_id = flow_id(flow);
    whence->confirmed = flow_is_undisputed(flow) && decoder_trusts(p->decoder, &flow->end[0]);
}

/* Other bytes than those that were read may have come in their place. */
static uint32_t doubt_missed(const struct pipeline *p, const struct flow *flow)
{
    return pipeline_missed(p, flow) ? HTTP_DAMAGE_OVERLAP : 0;
}

static void tell_exchange_of_ut(struct pipeline *p, struct flow *flow, struct http_exchange *e)
{
    if (!is_ut_exchange(p, http_connection(p->cleartext.http, flow->clear), e))
        return;
    complete(p, &e->whence, flow);
    e->damage |= doubt_missed(p, flow);
    struct statement f = {.kind = TOLD_EXCHANGE, .flow_id = e->whence.flow_id, .exchange = e};
    if (e->null_encryption)
        f.earlier = reauthentication_of(p, flow);
    pipeline_tell(p, &f);
}

static void tell_exchanges(struct pipeline *p, struct flow *flow,
                           struct http_exchange *(*next)(struct http *, uint32_t slot))
{
    for (struct http_exchange *e; (e = next(p->cleartext.http, flow->clear));)
        tell_exchange_of_ut(p, flow, e);
}

static void tell_connection(struct pipeline *p, struct http_connection *c, const struct flow *flow,
                            const char *protocol)
{
    complete(p, &c->whence, flow);
    c->damage |= doubt_missed(p, flow);
    struct statement f = {
        .kind = TOLD_CONNECTION, .flow_id = c->whence.flow_id, .http = c, .protocol = protocol};
    pipeline_tell(p, &f);
}

/* Why bytes of the connection are missing, as its end shows: no byte of a direction was captured, or one side
 * acknowledged bytes that are not here. */
static uint32_t missing_parts(const struct pipeline *p, const struct flow *flow)
{
    static const uint32_t direction[] = {[CLIENT] = HTTP_DAMAGE_NO_CLIENT, [SERVER] = HTTP_DAMAGE_NO_SERVER};
    uint32_t missing = 0;
    for (enum side who = CLIENT; who <= SERVER; who++) {
        const unsigned side = flow_side_of(flow, who);
        if (!(flow->marks[side] & (SIDE_DATA | SIDE_SYN)))
            missing |= direction[who];
        else if (http_lacks(p->cleartext.http, flow->clear, who, flow->side[side].next))
            missing |= HTTP_DAMAGE_GAP;
    }
    return missing;
}

/* Nothing has come since it was reported. */
static bool is_told(const struct http_connection *h)
{
    return h->told && h->count.requests == h->carried && !h->count.answers;
}

void cleartext_go_on(struct pipeline *p, struct flow *flow)
{
    struct http *http = p->cleartext.http;
    const struct http_connection *h = http_connection(http, flow->clear);
    tell_exchanges(p, flow, http_unreceived);
    if (h->null_encryption) {
        reauthentication_end(p, flow, HTTP_DAMAGE_END);
    } else if (!is_told(h) && (h->count.requests || h->count.answers)) {
        http_weigh(http, flow->clear);
        struct http_connection now = *h;
        now.damage |= HTTP_DAMAGE_END | missing_parts(p, flow);
        if (!is_ut_server(p, h))
            http_count_ut_only(&now);
        if (is_ut(p, h))
            tell_connection(p, &now, flow, "HTTP");
    }
    http_go_on(http, flow->clear, p->now);
}

bool cleartext_end(struct pipeline *p, struct flow *flow, uint32_t damage)
{
    bool of_ut = flow->clear_kind == CLEAR_NAMING;
    if (flow->clear_kind == CLEAR_HTTP) {
        struct http_connection *h = http_connection(p->cleartext.http, flow->clear);
        of_ut = h->null_encryption || is_ut(p, h);
        p->cleartext.evicted += damage & HTTP_DAMAGE_EVICTED && !is_told(h);
        h->damage |= damage;
        tell_exchanges(p, flow, http_unreceived);
        reauthentication_end(p, flow, damage);
        if (!h->null_encryption)
            h->damage |= missing_parts(p, flow);
        http_weigh(p->cleartext.http, flow->clear);
        tell_exchanges(p, flow, http_unanswered);
        if (!is_ut_server(p, h))
            http_count_ut_only(h);
        /* TLS that comes later does not undo what was asked, or served, without it. */
        const bool alone = flow->state == FLOW_SEARCHING;
        const bool asked = h->count.requests || h->count.served;
        const bool any = alone || (flow->state == FLOW_HANDSHAKE && asked && !h->null_encryption);
        if (any && is_ut(p, h) && !is_told(h))
            tell_connection(p, h, flow, "HTTP");
    } else if (flow->clear_kind == CLEAR_NAMING) {
        struct other *other = other_at(&p->cleartext, flow->clear);
        p->cleartext.evicted += (damage & HTTP_DAMAGE_EVICTED) != 0;
        other->seen.damage |= damage & HTTP_DAMAGE_EVICTED;
        if (flow->state == FLOW_SEARCHING)
            tell_connection(p, &other->seen, flow, other->protocol);
    }
    cleartext_forget(p, flow);
    return of_ut;
}

struct flow *cleartext_any(const struct pipeline *p)
{
    const struct cleartext *t = &p->cleartext;
    const uint32_t http = http_quietest(t->http);
    if (http)
        return http_owner(t->http, http);
    const uint32_t other = crowd_quietest(&t->crowd, &t->others, MEMBER);
    return other ? other_at(t, other)->flow : NULL;
}

struct flow *cleartext_expired(const struct pipeline *p)
{
    const struct cleartext *t = &p->cleartext;
    const uint32_t http = http_expired(t->http, p->now);
    if (http)
        return http_owner(t->http, http);
    const uint32_t other = crowd_quietest(&t->crowd, &t->others, MEMBER);
    const struct other *o = other ? other_at(t, other) : NULL;
    return o && p->now - o->member.last_activity > HTTP_IDLE_SECONDS * NANOS_PER_SECOND ? o->flow : NULL;
}

/* NULL, or whose slot is needed. */
static struct flow *open_http(struct pipeline *p, struct flow *flow, const struct http_connection *begin)
{
    struct http *http = p->cleartext.http;
    uint32_t slot = http_open(http, begin, flow);
    if (!slot)
        return http_owner(http, http_victim(http));
    flow->clear = slot;
    flow->clear_kind = CLEAR_HTTP;
    p->cleartext.uses[slot] = (struct session_use){0};
    return NULL;
}

void cleartext_prepare_names(struct cleartext *c)
{
    if (!c->naming)
        c->naming = naming_new(c->others.capacity);
}

/* `name`: what is spoken; NULL: that is to be found out. Returns NULL, or whose slot is needed. */
static struct flow *open_other(struct pipeline *p, struct flow *flow, const struct segment *segment,
                               const char *name)
{
    flow_name_client(flow, flow_client_by_port(flow));
    struct http_connection seen = {.whence = flow_whence(flow, segment)};
    if (!is_ut(p, &seen))
        return NULL;
    cleartext_prepare_names(
        &p->cleartext); /* this takes milliseconds, and most captures have nothing to name */
    uint32_t slot = pool_take(&p->cleartext.others);
    if (!slot)
        return other_at(&p->cleartext, crowd_victim(&p->cleartext.crowd))->flow;
    *other_at(&p->cleartext, slot) = (struct other){
        .flow = flow,
        .seen = seen,
        .name = p->cleartext.naming && !name ? naming_open(p->cleartext.naming, &seen.whence.client,
                                                           &seen.whence.server, segment->transport)
                                             : 0,
        .protocol = name ? name : "Unknown"};
    crowd_join(&p->cleartext.crowd, &p->cleartext.others, MEMBER, slot, &seen.whence.client,
               flow_is_confirmed(flow), segment->time);
    flow->clear = slot;
    flow->clear_kind = CLEAR_NAMING;
    return NULL;
}

/* Shows nDPI a payload, until it has a name or its budget is spent. */
static void name_by(struct pipeline *p, struct other *o, enum side who, struct span payload, nanos now)
{
    crowd_active(&p->cleartext.crowd, &p->cleartext.others, MEMBER, o->flow->clear,
                 flow_is_confirmed(o->flow), now);
    if (!o->name || !payload.n)
        return;
    if (naming_feed(p->cleartext.naming, o->name, who, payload, now) == NAMING_MORE)
        return;
    o->protocol = naming_name(p->cleartext.naming, o->name);
    naming_close(p->cleartext.naming, o->name);
    o->name = 0;
}

/* The side that asks is known. Returns NULL, or whose slot is needed. */
static struct flow *begin_http(struct pipeline *p, struct flow *flow, const struct segment *segment,
                               bool belated, uint32_t known)
{
    const bool from_start = (flow->marks[0] | flow->marks[1]) & SIDE_SYN;
    const uint32_t elsewhere = flow_has_several_paths(flow) ? HTTP_DAMAGE_GAP : 0;
    const struct http_connection begin = {.whence = flow_whence(flow, segment),
                                          .forwarded = flow->proxied,
                                          .any_port = site_names_servers(p->site),
                                          .belated = belated,
                                          .damage = (from_start ? 0 : HTTP_DAMAGE_START) | known | elsewhere};
    return open_http(p, flow, &begin);
}

/* The first bytes of a side tell whether it is HTTP, and which side asks. `whole`: they are its very first;
 * `known`: damage of what came before. Returns NULL, or whose slot is needed. */
static struct flow *open_by_bytes(struct pipeline *p, struct flow *flow, const struct segment *segment,
                                  const struct run *run, bool whole, uint32_t known)
{
    const struct span bytes = run->bytes;
    enum parse request = http_looks_like_request(bytes);
    enum parse response = http_looks_like_response(bytes);
    if (bytes.n && (request != PARSE_BAD || response != PARSE_BAD)) {
        /* A lone H may become HEAD or HTTP/1.1: then the ports tell. */
        bool open = request != PARSE_BAD && response != PARSE_BAD;
        flow_name_client(flow, open                    ? flow_client_by_port(flow)
                               : response != PARSE_BAD ? !run->side
                                                       : run->side);
        return begin_http(p, flow, segment, false, known);
    }
    if (whole && !flow_has_several_paths(flow) && flow->state == FLOW_SEARCHING &&
        bytes.n >= RECORD_HEADER_BYTES && opening_look(span_head(bytes, OPENING_BYTES)) == OPENING_NONE)
        return open_other(p, flow, segment, http_other_protocol(bytes));
    return NULL;
}

/* The other side has spoken from its start, and this is an answer. */
static bool is_asked(const struct flow *flow, unsigned side)
{
    return flow->side[!side].count && flow->marks[!side] & SIDE_SYN && !(flow->gaps & 1U << !side);
}

static void feed_http(struct pipeline *p, struct flow *flow, enum side who, struct span bytes,
                      const struct whence *at)
{
    while (http_feed(p->cleartext.http, flow->clear, who, &bytes, at)) {
        reauthentication_follow(p, flow);
        tell_exchanges(p, flow, http_exchange);
    }
    reauthentication_follow(p, flow);
}

static void feed_naming(struct pipeline *p, struct flow *flow, const struct segment *segment,
                        const struct run *run)
{
    struct other *o = other_at(&p->cleartext, flow->clear);
    name_by(p, o, flow_role(flow, run->side), run->bytes, segment->time);
    if (run->gap)
        o->seen.damage |= HTTP_DAMAGE_GAP;
    if (flow->contested)
        o->seen.damage |= HTTP_DAMAGE_OVERLAP;
}

bool cleartext_answers(const struct flow *flow, const struct run *run)
{
    return flow->clear_kind == CLEAR_NONE && !run->gap && is_asked(flow, run->side) &&
           http_looks_like_response(run->bytes) == PARSE_OK;
}

size_t cleartext_place(const struct pipeline *p, const struct flow *flow, const struct run *run)
{
    const struct http *http = p->cleartext.http;
    if (flow->contested) /* the other reading may have messages that end elsewhere */
        return TLS_ANYWHERE;
    if (flow->clear_kind == CLEAR_HTTP)
        return http_switch_place(http, flow->clear, flow_role(flow, run->side), run->bytes, run->gap);
    if (run->gap || flow->side[run->side].count || !run->bytes.n)
        return TLS_ANYWHERE;
    const bool unseen = !((flow->marks[0] | flow->marks[1]) & SIDE_SYN);
    if (http_looks_like_request(run->bytes) == PARSE_OK)
        return http_first_switch_place(CLIENT, run->bytes, unseen);
    if (http_looks_like_response(run->bytes) == PARSE_OK)
        return http_first_switch_place(SERVER, run->bytes, unseen || !is_asked(flow, run->side));
    return TLS_ANYWHERE;
}

/* Bytes that were held back came with another segment than this one. */
static struct http_place place_of(const struct flow *flow, const struct segment *segment,
                                  const struct run *run)
{
    const struct acknowledged end = {.number = flow->side[run->side].next, .any = true};
    const struct span all = segment->payload;
    const uintptr_t from = (uintptr_t)all.p;
    const uintptr_t at = (uintptr_t)run->bytes.p;
    if (!all.n || at < from || at >= from + all.n)
        return (struct http_place){.end = end};
    return (struct http_place){
        .known = true, .seq = segment->seq + (uint32_t)(at - from), .ack = segment->ack, .end = end};
}

void cleartext_contest(struct pipeline *p, const struct flow *flow, enum side who)
{
    struct http_connection *h =
        flow->clear_kind == CLEAR_HTTP ? http_connection(p->cleartext.http, flow->clear) : NULL;
    if (!h || h->damage & HTTP_DAMAGE_OVERLAP)
        return;
    h->damage |= HTTP_DAMAGE_OVERLAP;
    struct statement f = {.kind = TOLD_CONTEST, .flow_id = flow_id(flow), .side = who};
    pipeline_tell(p, &f);
}

/* A request behind bytes that are neither TLS nor HTTP, such as records that no handshake belongs to. Empty:
 * there is none, or it needs no looking for. */
static struct span belated_request(const struct flow *flow, const struct run *run, bool first)
{
    const bool plain = first && (http_looks_like_request(run->bytes) != PARSE_BAD ||
                                 http_looks_like_response(run->bytes) != PARSE_BAD);
    if (flow->clear_kind == CLEAR_HTTP || flow->state != FLOW_SEARCHING || plain)
        return span_of(NULL, 0);
    return http_find_request(run->bytes);
}

static struct flow *open_belated(struct pipeline *p, struct flow *flow, const struct segment *segment,
                                 unsigned side)
{
    cleartext_forget(p, flow);
    flow_name_client(flow, side);
    return begin_http(p, flow, segment, true, HTTP_DAMAGE_MALFORMED);
}

struct flow *cleartext_plain(struct pipeline *p, struct flow *flow, const struct segment *segment,
                             const struct run *run, bool first)
{
    const bool whole = !run->gap && flow->marks[run->side] & SIDE_SYN && !flow->again;
    const bool late =
        flow->clear_kind == CLEAR_NAMING && first && run->bytes.n &&
        (http_looks_like_response(run->bytes) == PARSE_OK || http_looks_like_request(run->bytes) == PARSE_OK);
    const bool answers_other =
        first && http_looks_like_response(run->bytes) == PARSE_OK && is_asked(flow, run->side);
    const uint32_t known = answers_other ? HTTP_DAMAGE_MALFORMED : 0;
    const struct span belated = belated_request(flow, run, first);
    if (late) /* HTTP/2, whose server may speak first, or an answer to something other than a request */
        cleartext_forget(p, flow);
    struct flow *victim = NULL;
    if (belated.n && !late)
        victim = open_belated(p, flow, segment, run->side);
    else if (flow->clear_kind == CLEAR_NONE && first && run->bytes.n)
        victim = open_by_bytes(p, flow, segment, run, whole, known);
    if (victim)
        return victim;
    if (flow->clear_kind == CLEAR_NAMING)
        feed_naming(p, flow, segment, run);
    if (flow->clear_kind != CLEAR_HTTP)
        return NULL;
    const enum side who = flow_role(flow, run->side);
    if (run->gap)
        http_gap(p->cleartext.http, flow->clear, who, run->gap);
    if (run->dropped)
        http_connection(p->cleartext.http, flow->clear)->damage |= HTTP_DAMAGE_GAP;
    if (flow->contested)
        cleartext_contest(p, flow, who);
    const struct whence at = flow_whence(flow, segment);
    http_at(p->cleartext.http, flow->clear, who, place_of(flow, segment, run));
    feed_http(p, flow, who, belated.n ? belated : run->bytes, &at);
    if (run->fin)
        http_end_of_side(p->cleartext.http, flow->clear, who);
    return NULL;
}

void cleartext_acknowledged(struct pipeline *p, struct flow *flow, enum side who, uint32_t ack)
{
    const unsigned other = flow_side_of(flow, other_end(who));
    /* Its receiver drops what acknowledges bytes that it has not sent (RFC 9293 3.10.7.4). */
    if (flow->marks[other] & SIDE_KNOWN && (int32_t)(ack - flow->side[other].next) > SEQUENCE_WINDOW)
        return;
    http_acknowledged(p->cleartext.http, flow->clear, who, ack);
    if (who == CLIENT)
        tell_exchanges(p, flow, http_exchange);
}

const struct http_connection *cleartext_before(const struct pipeline *p, const struct flow *flow)
{
    if (flow->clear_kind != CLEAR_HTTP)
        return NULL;
    const struct http_connection *h = http_connection(p->cleartext.http, flow->clear);
    return h->null_encryption ? NULL : h; /* else it is what an earlier session of the connection carried */
}

/* A hello is in what came early: reading goes on from there, and a record of which only the header is here
 * comes last. */
static void keep_rest(struct pipeline *p, const struct flow *flow, enum side who, struct span bytes,
                      const struct clear_side *at_hello, const struct whence *at)
{
    struct clear_rest *rest = &p->cleartext.rest;
    struct clear_side *live = &p->cleartext.readers[flow->clear].side[who];
    const size_t header = live->fresh ? sizeof live->header : live->header_length;
    memcpy(rest->bytes[who], bytes.p, bytes.n);
    memcpy(rest->bytes[who] + bytes.n, live->header, header);
    rest->length[who] = bytes.n + header;
    rest->at[who] = *at;
    *live = *at_hello;
}

struct flow *cleartext_readable(struct pipeline *p, struct flow *flow, const struct clear_reader *reader,
                                const struct clear_early early[2], const struct session_use *use)
{
    const struct segment now = {.time = p->now};
    const struct http_connection begin = {.whence = flow_whence(flow, &now), .null_encryption = true};
    struct flow *victim = flow->clear_kind == CLEAR_HTTP ? NULL : open_http(p, flow, &begin);
    if (victim)
        return victim;
    p->cleartext.readers[flow->clear] = *reader;
    struct http_connection *seen = http_connection(p->cleartext.http, flow->clear);
    if (seen->tls_user < use->user)
        seen->tls_user = use->user;
    reauthentication_begin(p, flow, use);
    struct clear_reader from_start = {.mac_bytes = reader->mac_bytes};
    for (enum side who = CLIENT; who <= SERVER; who++) {
        if (early[who].acked.any)
            http_acknowledged(p->cleartext.http, flow->clear, who, early[who].acked.number);
        struct span bytes = early[who].records;
        for (struct span data; (data = clear_next(&from_start, who, &bytes)).n;)
            feed_http(p, flow, who, data, &early[who].whence);
        if (bytes.n && !reader->side[who].lost)
            keep_rest(p, flow, who, bytes, &from_start.side[who], &early[who].later_at);
        if (reader->side[who].lost)
            http_gap(p->cleartext.http, flow->clear, who, SIZE_MAX);
    }
    return NULL;
}

struct span cleartext_read(struct pipeline *p, struct flow *flow, const struct segment *segment,
                           const struct run *run)
{
    struct clear_reader *reader = &p->cleartext.readers[flow->clear];
    const enum side who = flow_role(flow, run->side);
    const struct whence at = flow_whence(flow, segment);
    if (run->gap) {
        clear_gap(reader, who, run->gap);
        http_gap(p->cleartext.http, flow->clear, who, run->gap);
    }
    if (run->dropped)
        http_connection(p->cleartext.http, flow->clear)->damage |= HTTP_DAMAGE_GAP;
    if (run->conflict)
        cleartext_contest(p, flow, who);
    http_at(p->cleartext.http, flow->clear, who,
            (struct http_place){.end = {.number = flow->side[run->side].next, .any = true}});
    struct span bytes = run->bytes;
    for (struct span data; (data = clear_next(reader, who, &bytes)).n;)
        feed_http(p, flow, who, data, &at);
    if (reader->side[who].lost)
        http_gap(p->cleartext.http, flow->clear, who, SIZE_MAX);
    reauthentication_follow(p, flow);
    return bytes;
}

const struct clear_reader *cleartext_reader(const struct pipeline *p, const struct flow *flow)
{
    return &p->cleartext.readers[flow->clear];
}

bool cleartext_is_over(const struct pipeline *p, const struct flow *flow)
{
    return http_is_over(p->cleartext.http, flow->clear);
}

bool cleartext_wants_datagram(const struct pipeline *p, const struct segment *segment)
{
    /* Only the configuration can say that UDP belongs to Ut. */
    if (!segment->payload.n || !site_has_scope(p->site))
        return false;
    return site_in_scope(p->site, &segment->dst, span_of(NULL, 0)) ||
           site_in_scope(p->site, &segment->src, span_of(NULL, 0));
}

struct flow *cleartext_datagram(struct pipeline *p, struct flow *flow, const struct segment *segment)
{
    flow_confirm_side(flow, segment->side); /* UDP acknowledges nothing: both spoke */
    struct flow *victim = NULL;
    if (flow->state == FLOW_SEARCHING && flow->clear_kind == CLEAR_NONE)
        victim = open_other(p, flow, segment, NULL);
    if (flow->clear_kind == CLEAR_NAMING)
        name_by(p, other_at(&p->cleartext, flow->clear), flow_sender(flow, segment), segment->payload,
                segment->time);
    return victim;
}
