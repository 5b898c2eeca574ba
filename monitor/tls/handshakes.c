/* The slots of handshakes in progress, and the queues by which they end: once idle, or a moment after an
 * end. */
#include "base/expect.h"
#include "base/memory.h"
#include "tls/handshake.h"
#include "tls/kept_messages.h"
#include "tls/known_chains.h"
#include "tls/known_hellos.h"

#include <assert.h>
#include <stdlib.h>

size_t tls_memory(uint32_t handshakes, uint32_t handed)
{
    return sizeof(struct tls) + pool_memory(sizeof(struct handshake), handshakes) +
           bodies_memory(handshakes, handed) + known_chains_memory() + known_hellos_memory();
}

struct tls *tls_new(uint32_t handshakes, uint32_t handed, struct siphash_key secret)
{
    struct tls *tls = memory_map(1, sizeof *tls);
    if (!tls)
        return NULL;
    const bool ok =
        pool_open(&tls->slots, sizeof(struct handshake), handshakes) && bodies_open(tls, handshakes, handed);
    tls->keys.own = tls->clients.key = secret;
    tls->chains = known_chains_new(secret);
    tls->hellos = known_hellos_new(secret);
    if (!ok || !tls->chains || !tls->hellos) {
        tls_free(tls);
        return NULL;
    }
    return tls;
}

void tls_share_identifiers(struct tls *tls, const struct siphash_key *common)
{
    tls->keys.common = *common;
    tls->keys.has_common = true;
}

bool tls_keep_messages(struct tls *tls)
{
    const uint32_t most = tls->slots.capacity < KEPT_HANDSHAKES ? tls->slots.capacity : KEPT_HANDSHAKES;
    return pool_open(&tls->kept, sizeof(struct kept_messages), most);
}

void tls_free(struct tls *tls)
{
    if (!tls)
        return;
    known_chains_free(tls->chains);
    known_hellos_free(tls->hellos);
    pool_close(&tls->kept);
    pool_close(&tls->slots);
    bodies_close(tls);
    memory_unmap(tls);
}

const struct tls_counters *tls_counters(const struct tls *tls)
{
    return &tls->counters;
}

uint32_t tls_in_progress(const struct tls *tls)
{
    return tls->slots.used;
}

struct handshake *handshake_of(const struct tls *tls, const struct flow *flow)
{
    return flow->handshake ? pool_at(&tls->slots, flow->handshake) : NULL;
}

static struct handshake *slot(const struct tls *tls, uint32_t index)
{
    return index ? pool_at(&tls->slots, index) : NULL;
}

static void enqueue(struct tls *tls, struct handshake *h, unsigned list)
{
    h->list = (uint8_t)list;
    queue_push(&tls->list[list], &tls->slots, offsetof(struct handshake, link), h->flow->handshake);
}

static void dequeue(struct tls *tls, struct handshake *h)
{
    queue_remove(&tls->list[h->list], &tls->slots, offsetof(struct handshake, link), h->flow->handshake);
}

/* A number for the two hosts, the same in both orders. */
static size_t pair_of(const struct endpoint *a, const struct endpoint *b)
{
    uint64_t one[2];
    uint64_t other[2];
    memcpy(one, a->address, sizeof one);
    memcpy(other, b->address, sizeof other);
    const uint64_t odd = UINT64_C(0x9e3779b97f4a7c15);
    const uint64_t mixed = ((one[0] ^ other[0]) * odd ^ one[1] ^ other[1]) * odd;
    return mixed >> 50;
}

static struct queue *queue_between(struct tls *tls, const struct flow *flow)
{
    return &tls->between[pair_of(&flow->end[0], &flow->end[1])];
}

void tls_expect(const struct tls *tls, const struct flow *flow)
{
    expect(&tls->between[pair_of(&flow->end[0], &flow->end[1])], sizeof *tls->between);
    expect(&tls->clients.of[client_number(&tls->clients.key, client_end(flow))], sizeof *tls->clients.of);
    known_chains_expect_server(tls->chains, &flow->end[1]);
}

/* In a flood the messages of later handshakes are not kept: the report shows those of the first findings. */
static void begin_keeping(struct tls *tls, struct handshake *h)
{
    if (!tls->kept.capacity)
        return;
    h->kept_slot = pool_take(&tls->kept);
    if (!h->kept_slot) {
        tls->counters.not_kept++;
        return;
    }
    h->kept = pool_at(&tls->kept, h->kept_slot);
    kept_messages_clear(h->kept);
    h->observation->messages = h->kept;
}

struct handshake *handshake_open(struct tls *tls, struct flow *flow, nanos now)
{
    uint32_t index = pool_take(&tls->slots);
    if (!index)
        return NULL;
    struct handshake *h = pool_at(&tls->slots, index);
    memset(h, 0, sizeof *h);
    h->flow = flow;
    flow->handshake = index;
    if (!handshake_take_body(tls, h)) {
        flow->handshake = 0;
        pool_give(&tls->slots, index);
        return NULL;
    }
    h->memory.keys = &tls->keys;
    h->chains = tls->chains;
    begin_keeping(tls, h);
    h->search.asking = NO_SIDE;
    h->last_activity = now;
    queue_push(queue_between(tls, flow), &tls->slots, offsetof(struct handshake, between), index);
    h->client = client_number(&tls->clients.key, client_end(flow));
    client_add(&tls->clients, &tls->slots, offsetof(struct handshake, of_client), h->client, index);
    enqueue(tls, h, flow_is_confirmed(flow) ? LIST_ACTIVE : LIST_UNCONFIRMED);
    return h;
}

static bool is_first_of(const struct kept_messages *kept, enum side who)
{
    for (size_t i = 0; i < kept->count; i++)
        if (kept->message[i].side == who)
            return false;
    return true;
}

/* The frame of the message: the one being read, if `who` sent it. An alert from the probe came with the first
 * bytes of that; the frame of other stored bytes is not known. */
static void place_message(const struct tls *tls, const struct handshake *h, enum side who,
                          struct kept_message *m)
{
    const unsigned side = flow_side_of(h->flow, who);
    const struct segment *segment = tls->kept_at;
    const struct whence *probe = &h->search.probe[side].at;
    if (segment && endpoint_equal(&segment->src, &h->flow->end[side])) {
        m->frame = segment->frame_number;
        m->time = segment->time;
        m->source = segment->source;
    } else if (m->form == KEPT_ALERT && is_first_of(h->kept, who)) {
        m->frame = probe->frame_number;
        m->time = probe->time;
        m->source = probe->source;
    }
}

void handshake_keep(struct tls *tls, struct handshake *h, enum side who, uint8_t form, struct span head,
                    struct span body)
{
    struct kept_message m = {.form = form, .side = (uint8_t)who, .open = form == KEPT_HANDSHAKE};
    if (form == KEPT_HANDSHAKE)
        m.type = head.p[0];
    place_message(tls, h, who, &m);
    if (!kept_messages_add(h->kept, &m, head, body))
        tls->counters.not_kept++;
}

void handshake_keep_record_end(const struct tls *tls, struct handshake *h, enum side who)
{
    for (size_t i = h->kept->count; i-- > 0;) {
        struct kept_message *m = &h->kept->message[i];
        if (m->side != who)
            continue;
        if (!m->open)
            return;
        m->frame = 0;
        place_message(tls, h, who, m);
        m->open = false;
    }
}

void handshake_release_message(struct tls *tls, struct assembly *a)
{
    if (a->message.length)
        chain_drop(&tls->pieces, &a->message, a->message.length);
}

void handshake_close(struct tls *tls, struct handshake *h)
{
    for (enum side who = CLIENT; who <= SERVER; who++) {
        handshake_release_message(tls, &h->side[who]);
        chain_drop(&tls->pieces, &h->clear[who].bytes, h->clear[who].bytes.length);
    }
    handshake_give_body(tls, h);
    if (h->kept)
        pool_give(&tls->kept, h->kept_slot);
    dequeue(tls, h);
    uint32_t index = h->flow->handshake;
    h->flow->handshake = 0;
    queue_remove(queue_between(tls, h->flow), &tls->slots, offsetof(struct handshake, between), index);
    client_remove(&tls->clients, &tls->slots, offsetof(struct handshake, of_client), h->client, index);
    pool_give(&tls->slots, index);
}

struct tls_handed tls_hand_over(struct tls *tls, const struct flow *flow)
{
    struct handshake *h = handshake_of(tls, flow);
    assert(h && h->observation && !h->handed);
    const struct tls_handed handed = {.body = h->body, .kept = h->kept ? h->kept_slot : 0};
    queue_remove(&tls->awake, &tls->slots, offsetof(struct handshake, awake), flow->handshake);
    h->handed = true;
    h->kept = NULL;
    tls->handed++;
    return handed;
}

void tls_take_back(struct tls *tls, struct tls_handed handed)
{
    pool_give(&tls->bodies, handed.body);
    if (handed.kept)
        pool_give(&tls->kept, handed.kept);
    tls->handed--;
}

void handshake_linger(struct tls *tls, struct handshake *h, nanos now)
{
    if (h->list == LIST_LINGERING || h->receipt.awaited)
        return;
    dequeue(tls, h);
    h->deadline = now + HANDSHAKE_LINGER_SECONDS * NANOS_PER_SECOND;
    enqueue(tls, h, LIST_LINGERING);
}

void handshake_reset(struct tls *tls, struct handshake *h, nanos now)
{
    if (h->list == LIST_LINGERING || h->receipt.awaited)
        return;
    dequeue(tls, h);
    h->last_activity = now;
    enqueue(tls, h, LIST_RESET);
}

void handshake_half_close(struct tls *tls, struct handshake *h, nanos now)
{
    if (h->list != LIST_ACTIVE && h->list != LIST_UNCONFIRMED)
        return;
    dequeue(tls, h);
    h->last_activity = now;
    enqueue(tls, h, LIST_HALF_CLOSED);
}

static bool is_received(const struct handshake *h, const struct receipt *r)
{
    return acknowledged_covers(&h->acked[!flow_side_of(h->flow, r->who)], r->end);
}

/* The other side has it when it acknowledges that. */
static void note_alert_had(struct handshake *h, const struct receipt *r, nanos now)
{
    nanos *had = &h->alert_had[other_end(r->who)];
    if (!*had && is_received(h, r))
        *had = now;
}

void handshake_note_alert(struct handshake *h, enum side who, uint32_t end, nanos now)
{
    if (!h->alert_had[who])
        h->alert_had[who] = now;
    note_alert_had(h, &(struct receipt){.end = end, .who = (uint8_t)who}, now);
}

bool handshake_await_receipt(struct tls *tls, struct handshake *h, enum side who, uint32_t end, nanos now)
{
    const struct receipt receipt = {.end = end, .sent = now, .who = (uint8_t)who, .awaited = true};
    const enum side peer = other_end(who);
    if (h->complete || !h->observation->side[peer].captured || h->observation->side[peer].reset ||
        is_received(h, &receipt))
        return false;
    h->receipt = receipt;
    dequeue(tls, h);
    h->last_activity = now;
    enqueue(tls, h, LIST_HALF_CLOSED);
    return true;
}

void handshake_resume(struct tls *tls, struct handshake *h, nanos now)
{
    dequeue(tls, h);
    h->last_activity = now;
    enqueue(tls, h, h->observation->side[CLIENT].closed ? LIST_HALF_CLOSED : LIST_ACTIVE);
}

void handshake_active(struct tls *tls, struct handshake *h, nanos now)
{
    h->last_activity = now;
    if (h->list == LIST_LINGERING)
        return;
    dequeue(tls, h);
    enqueue(tls, h, h->list);
}

/* The oldest of a queue, which is ordered by last activity, if that was too long ago. */
static struct handshake *idle(const struct tls *tls, unsigned list, nanos now)
{
    struct handshake *h = slot(tls, tls->list[list].oldest);
    if (!h)
        return NULL;
    h->deadline = h->last_activity + HANDSHAKE_IDLE_SECONDS * NANOS_PER_SECOND;
    return h->deadline <= now ? h : NULL;
}

struct flow *tls_expired(struct tls *tls, nanos now, nanos *end)
{
    struct handshake *first = slot(tls, tls->list[LIST_LINGERING].oldest);
    if (first && first->deadline > now)
        first = NULL;
    for (unsigned list = LIST_UNCONFIRMED; list <= LIST_RESET; list++) {
        struct handshake *h = idle(tls, list, now);
        if (h && (!first || h->deadline < first->deadline))
            first = h;
    }
    if (!first)
        return NULL;
    *end = first->deadline;
    return first->flow;
}

bool tls_is_overdue(const struct tls *tls, const struct flow *flow, nanos now, nanos *end)
{
    const struct handshake *h = handshake_of(tls, flow);
    if (!h)
        return false;
    *end = h->list == LIST_LINGERING ? h->deadline
                                     : h->last_activity + HANDSHAKE_IDLE_SECONDS * NANOS_PER_SECOND;
    return *end <= now;
}

bool tls_is_result(const struct tls *tls, const struct flow *flow)
{
    const struct handshake *h = handshake_of(tls, flow);
    return h && h->list >= LIST_RESET && flow_is_confirmed(flow);
}

bool tls_is_under_way(const struct tls *tls, const struct endpoint *client, const struct endpoint *server)
{
    return tls->between[pair_of(client, server)].oldest != 0;
}

/* `ours`: the one whose hello may offer what the other handshake issues. */
static bool may_begin_session(const struct handshake *h, const struct observation *ours)
{
    const struct client_hello_facts *c = &ours->client_hello;
    const struct issued issued = h->observation ? handshake_may_issue(h->observation) : h->issued_asleep;
    if (!handshake_has_begun(h))
        return false;
    if (!(ours->seen & SEEN_CLIENT_HELLO) || c->unknown & UNKNOWN_EXTENSIONS ||
        observation_offer_in_doubt(ours))
        return issued.id || issued.any_id || issued.ticket;
    const bool same = issued.id && issued.id == start_of_id(c->session_id);
    return (c->session_id_len && (issued.any_id || same)) || (c->ticket && issued.ticket);
}

static const struct endpoint *end_of(const struct handshake *h, enum side who)
{
    return &h->flow->end[flow_side_of(h->flow, who)];
}

enum { MOST_LOOKED_AT = 256 };

void tls_note_answer(struct tls *tls, const struct handshake *h)
{
    const uint64_t random = random_drawn(h->memory.server_random + PART_OF_RANDOM);
    tls->last_answer[random % LAST_ANSWERS] = (struct last_answer){random, h->flow};
}

void tls_note_hello(struct tls *tls, const struct handshake *h)
{
    const uint64_t random = random_drawn(h->memory.client_random + PART_OF_RANDOM);
    struct last_hello *last = &tls->last_hello[random % LAST_ANSWERS];
    const bool known = last->random == random;
    *last = (struct last_hello){random, h->flow, known && (last->again || last->flow != h->flow)};
}

static bool is_drawn(const uint8_t *random)
{
    uint64_t part;
    memcpy(&part, random + PART_OF_RANDOM, sizeof part);
    return part;
}

static bool asks_the_same(const struct handshake *a, const struct handshake *b)
{
    const struct client_hello_facts *one = &a->observation->client_hello;
    const struct client_hello_facts *other = &b->observation->client_hello;
    return is_drawn(a->memory.client_random) &&
           memcmp(a->memory.client_random, b->memory.client_random, sizeof a->memory.client_random) == 0 &&
           one->number == other->number && one->max_version == other->max_version &&
           memcmp(&one->offered, &other->offered, sizeof one->offered) == 0;
}

static bool answers_the_same(const struct handshake *a, const struct handshake *b)
{
    const struct server_hello_facts *one = &a->observation->server_hello;
    const struct server_hello_facts *other = &b->observation->server_hello;
    if (!(a->observation->seen & b->observation->seen & SEEN_SERVER_HELLO))
        return true;
    return memcmp(a->memory.server_random, b->memory.server_random, sizeof a->memory.server_random) == 0 &&
           one->suite == other->suite && one->version == other->version &&
           one->session_id_len == other->session_id_len &&
           memcmp(one->session_id, other->session_id, one->session_id_len) == 0;
}

bool tls_is_same(struct tls *tls, const struct flow *a, const struct flow *b)
{
    struct handshake *one = handshake_of(tls, a);
    struct handshake *other = handshake_of(tls, b);
    return one && other && handshake_wake(tls, one, false) && handshake_wake(tls, other, false) &&
           one->observation && asks_the_same(one, other) && answers_the_same(one, other);
}

bool tls_has_other_side(const struct tls *tls, const struct flow *flow, const struct observation *o)
{
    const struct last_hello *asked = &tls->last_hello[o->random[CLIENT] % LAST_ANSWERS];
    const struct last_answer *last = &tls->last_answer[o->random[SERVER] % LAST_ANSWERS];
    if (!(o->seen & SEEN_SERVER_HELLO))
        return o->hello && asked->random == o->random[CLIENT] && asked->again;
    return o->random[SERVER] && last->random == o->random[SERVER] && last->flow != flow;
}

bool tls_may_begin_session(const struct tls *tls, const struct observation *o)
{
    const struct whence *ours = &o->whence;
    const struct handshake *h = slot(tls, tls->between[pair_of(&ours->client, &ours->server)].newest);
    for (int left = MOST_LOOKED_AT; h; h = slot(tls, h->between.older)) {
        if (h->observation != o && may_begin_session(h, o) &&
            memcmp(end_of(h, CLIENT)->address, ours->client.address, sizeof ours->client.address) == 0 &&
            endpoint_equal(end_of(h, SERVER), &ours->server))
            return true;
        if (--left == 0)
            return true;
    }
    return false;
}

static const struct handshake *oldest_but(const struct tls *tls, unsigned list, const struct flow *but)
{
    const struct handshake *h = slot(tls, tls->list[list].oldest);
    return h && h->flow == but ? slot(tls, h->link.newer) : h;
}

/* First unconfirmed ones, as a flood from forged addresses confirms none; then lingering ones, since nothing
 * more will be said; then those that were reset; then one of the client that has most. */
struct flow *tls_victim(struct tls *tls, const struct flow *but)
{
    const struct handshake *h = oldest_but(tls, LIST_UNCONFIRMED, but);
    if (!h)
        h = oldest_but(tls, LIST_LINGERING, but);
    if (!h)
        h = oldest_but(tls, LIST_RESET, but);
    if (!h) {
        h = slot(tls, client_greediest(&tls->clients));
        if (h && h->flow == but)
            h = slot(tls, h->of_client.newer);
    }
    if (!h) /* in a half-closed one at least the client has said everything */
        h = oldest_but(tls, LIST_HALF_CLOSED, but);
    if (!h)
        h = oldest_but(tls, LIST_ACTIVE, but);
    return h ? h->flow : NULL;
}

void tls_greediest(const struct tls *tls, struct greedy_client greediest[GREEDY_CLIENTS])
{
    uint32_t most[GREEDY_CLIENTS];
    client_most(&tls->clients, most);
    for (size_t i = 0; i < GREEDY_CLIENTS; i++) {
        const struct handshake *h = slot(tls, tls->clients.of[most[i]].queue.oldest);
        greediest[i] = (struct greedy_client){0};
        if (!h || (i && most[i] == most[i - 1]))
            continue;
        greediest[i].network = *client_end(h->flow);
        greediest[i].handshakes = tls->clients.of[most[i]].count;
        if (greediest[i].network.family == 6)
            memset(greediest[i].network.address + 8, 0, 8);
    }
}

/* A client may check names and times after the handshake (RFC 2818 3.1): what it does next shows whether it
 * accepts the certificate. */
static bool waits_for_follow_up(const struct handshake *h)
{
    const struct observation *o = h->observation;
    return observation_version(o) < 0x0304 && !h->native_sslv2 && !o->renegotiation &&
           observation_certificate_in_doubt(o) && !(o->seen & SEEN_CLIENT_DATA) && !o->side[CLIENT].closed;
}

void handshake_event(struct tls *tls, struct handshake *h, enum tls_event event, nanos now)
{
    struct transition t = machine_step(h->phase, event);
    h->phase = t.next;
    switch ((enum machine_action)t.action) {
    case ACTION_NONE:
        break;
    case ACTION_LINGER:
        handshake_linger(tls, h, now);
        break;
    case ACTION_FINISH:
        if (event == EVENT_BOTH_FINISHED && (h->answer_awaited || waits_for_follow_up(h))) {
            h->done_at = now;
            h->follow_up_awaited = true; /* it may take as long as a handshake may be idle */
            h->awaited_mac = observation_clear_mac(h->observation);
        } else {
            h->complete = true;
        }
        break;
    }
}

void handshake_follow_up(struct handshake *h, enum follow_up what)
{
    if (!h->follow_up_awaited || h->complete)
        return;
    h->observation->follow_up = what;
    h->complete = true;
}

void handshake_damage(struct handshake *h, enum side side, uint32_t reason)
{
    if (h->complete || (h->follow_up_awaited && reason != UNOBSERVED_OVERLAP))
        return;
    struct side_facts *facts = &h->observation->side[side];
    h->observation->unobserved |= reason;
    if (facts->encrypted && reason != UNOBSERVED_OVERLAP) /* it could not have been read anyway */
        return;
    facts->damage |= reason;
    if (h->observation->seen & (side == CLIENT ? SEEN_CLIENT_HELLO : SEEN_SERVER_HELLO))
        facts->damage_since_hello |= reason;
}

void handshake_server_ends(struct handshake *h, struct acknowledged own)
{
    if (!h->first_end_ack.any)
        h->first_end_ack = own.any ? own : h->acked[flow_side_of(h->flow, SERVER)];
}

/* Missing bytes of a record of handshake messages are not an alert. */
void handshake_unheard(struct handshake *h, uint32_t from, uint32_t to)
{
    const struct assembly *a = &h->side[CLIENT];
    if (!a->lost && !a->header_length && a->record_type == RECORD_HANDSHAKE)
        from += a->record_left;
    if ((int32_t)(to - from) > 0 && !h->unheard.any)
        h->unheard = (struct acknowledged){.number = from, .any = true};
}

void handshake_letter(struct handshake *h, enum side side, char letter)
{
    struct observation *o = h->observation;
    if (h->complete || h->follow_up_awaited || o->history_len == MAX_HISTORY)
        return; /* what follows a complete handshake in the same segment is not part of it */
    o->history[o->history_len++] = (char)(side == CLIENT ? letter : letter - 'A' + 'a');
    o->history[o->history_len] = '\0';
}

void tls_acknowledged(struct tls *tls, struct flow *flow, unsigned side, uint32_t ack, nanos now)
{
    struct handshake *h = handshake_of(tls, flow);
    if (h && h->list == LIST_UNCONFIRMED && flow_is_confirmed(flow)) {
        dequeue(tls, h);
        enqueue(tls, h, LIST_ACTIVE);
    }
    /* A receiver drops segments that acknowledge bytes that it has not sent (RFC 9293 3.10.7.4). */
    const bool known = flow->marks[!side] & SIDE_KNOWN;
    if (!h || (known && (int32_t)(ack - flow->side[!side].next) > SEQUENCE_WINDOW))
        return;
    acknowledged_note(&h->acked[side], ack);
    if (h->alert_receipt.awaited && is_received(h, &h->alert_receipt)) {
        h->alert_receipt.awaited = false;
        note_alert_had(h, &h->alert_receipt, now);
    }
    if (h->receipt.awaited && is_received(h, &h->receipt)) {
        h->receipt.awaited = false;
        handshake_linger(tls, h, h->receipt.sent);
    }
}

bool handshake_has_unseen(const struct handshake *h, unsigned side)
{
    const int32_t unseen = acknowledged_beyond(&h->acked[!side], h->flow->side[side].next);
    return h->flow->marks[side] & SIDE_KNOWN && unseen > 1 && unseen < SEQUENCE_WINDOW;
}
