/*
 * The observations of handshakes in progress. Most of an observation is zero for most of its life, and most
 * handshakes are waiting: so only those used last are awake, in slots of their own; the others sleep, packed
 * into as many pieces as they need. An observation wakes exactly as it fell asleep, word by word.
 */
#include "tls/handshake.h"

#include <assert.h>

enum { PAGE = 4096, SLOT_BYTES = (sizeof(struct observation) + PAGE - 1) / PAGE * PAGE };

static_assert(offsetof(struct observation, text) < PAGE, "one page has all but most of the text");

static uint32_t awake_of(uint32_t handshakes)
{
    return handshakes < AWAKE_HANDSHAKES ? handshakes : AWAKE_HANDSHAKES;
}

static uint32_t pieces_for(uint32_t handshakes)
{
    return handshakes * (HANDSHAKE_SHARE / PIECE_BYTES) + 4 * MAX_MESSAGE_BYTES / PIECE_BYTES;
}

/* One slot more than can be awake at a time, for the handshake that ends. */
size_t bodies_memory(uint32_t handshakes, uint32_t handed)
{
    return pool_memory(SLOT_BYTES, awake_of(handshakes) + 1 + handed) + chain_memory(pieces_for(handshakes));
}

bool bodies_open(struct tls *tls, uint32_t handshakes, uint32_t handed)
{
    tls->most_awake = awake_of(handshakes);
    return pool_open(&tls->bodies, SLOT_BYTES, tls->most_awake + 1 + handed) &&
           chain_open(&tls->pieces, pieces_for(handshakes));
}

void bodies_close(struct tls *tls)
{
    pool_close(&tls->bodies);
    pool_close(&tls->pieces);
}

bool bodies_have_room(const struct tls *tls, const struct flow *flow, size_t bytes)
{
    enum { KEPT_TWICE = 2, BORDERS = 4 }; /* as data in clear, and as a part of a message */
    const size_t needed = KEPT_TWICE * (bytes / PIECE_BYTES) + BORDERS;
    return flow == tls->ending || needed <= tls->pieces.capacity - tls->pieces.used;
}

static size_t pack(const struct observation *o, uint8_t *to)
{
    const uint8_t *from = (const uint8_t *)o;
    uint64_t used[OBSERVATION_MASKS] = {0};
    size_t n = sizeof used;
    for (size_t i = 0; i < OBSERVATION_WORDS; i++) {
        uint64_t word;
        memcpy(&word, from + i * sizeof word, sizeof word);
        if (!word)
            continue;
        used[i / 64] |= UINT64_C(1) << i % 64;
        memcpy(to + n, &word, sizeof word);
        n += sizeof word;
    }
    memcpy(to, used, sizeof used);
    memcpy(to + n, o->text, o->text_used);
    return n + o->text_used;
}

static void unpack(const uint8_t *from, struct observation *o)
{
    uint8_t *to = (uint8_t *)o;
    uint64_t used[OBSERVATION_MASKS];
    memcpy(used, from, sizeof used);
    memset(to, 0, OBSERVATION_WORDS * sizeof(uint64_t));
    size_t n = sizeof used;
    for (size_t i = 0; i < OBSERVATION_MASKS; i++)
        for (uint64_t left = used[i]; left; left &= left - 1) {
            const size_t word = i * 64 + (size_t)__builtin_ctzll(left);
            memcpy(to + word * sizeof(uint64_t), from + n, sizeof(uint64_t));
            n += sizeof(uint64_t);
        }
    memcpy(o->text, from + n, o->text_used);
}

static void push_awake(struct tls *tls, struct handshake *h)
{
    queue_push(&tls->awake, &tls->slots, offsetof(struct handshake, awake), h->flow->handshake);
}

static void remove_awake(struct tls *tls, struct handshake *h)
{
    queue_remove(&tls->awake, &tls->slots, offsetof(struct handshake, awake), h->flow->handshake);
    pool_give(&tls->bodies, h->body);
    h->observation = NULL;
}

struct issued handshake_may_issue(const struct observation *o)
{
    const struct server_hello_facts *h = &o->server_hello;
    if (!(o->seen &
          SEEN_SERVER_HELLO)) { /* here a full handshake begins a session that the client can resume */
        const bool any = o->seen & SEEN_CLIENT_KEY_EXCHANGE;
        return (struct issued){.any_id = any, .ticket = any};
    }
    if (observation_version(o) >= 0x0304)
        return (struct issued){0};
    return (struct issued){.id = h->session_id_len ? start_of_id(h->session_id) : 0,
                           .any_id = h->unknown & UNKNOWN_SESSION_ID,
                           .ticket = h->ticket_extension || o->seen & SEEN_TICKET || h->extensions_in_doubt ||
                                     h->unknown & UNKNOWN_EXTENSIONS};
}

/* Packs the one that was unused for longest. False: there is no room for it. */
static bool put_to_sleep(struct tls *tls)
{
    struct handshake *h = pool_at(&tls->slots, tls->awake.oldest);
    const size_t n = pack(h->observation, tls->packed);
    if (!chain_append(&tls->pieces, &h->asleep, span_of(tls->packed, n)))
        return false;
    h->issued_asleep = handshake_may_issue(h->observation);
    remove_awake(tls, h);
    return true;
}

static bool take(struct tls *tls, struct handshake *h, bool last)
{
    last |= h->flow == tls->ending;
    if (!last && tls->bodies.used - tls->handed >= tls->most_awake && !put_to_sleep(tls))
        return false;
    h->body = pool_take(&tls->bodies);
    assert(h->body);
    h->observation = pool_at(&tls->bodies, h->body);
    push_awake(tls, h);
    return true;
}

bool handshake_take_body(struct tls *tls, struct handshake *h)
{
    if (!take(tls, h, false))
        return false;
    memset(h->observation, 0, offsetof(struct observation, text));
    return true;
}

bool handshake_wake(struct tls *tls, struct handshake *h, bool last)
{
    if (h->observation) {
        if (tls->awake.newest != h->flow->handshake) {
            queue_remove(&tls->awake, &tls->slots, offsetof(struct handshake, awake), h->flow->handshake);
            push_awake(tls, h);
        }
        return true;
    }
    if (!take(tls, h, last))
        return false;
    chain_copy(&tls->pieces, &h->asleep, tls->packed);
    chain_drop(&tls->pieces, &h->asleep, h->asleep.length);
    unpack(tls->packed, h->observation);
    for (enum side who = CLIENT; who <= SERVER; who++)
        if (h->contradicted >> who & 1)
            observation_contradicted(h->observation, who);
    h->contradicted = 0;
    return true;
}

void handshake_contradict(struct handshake *h, enum side who)
{
    if (h->observation)
        observation_contradicted(h->observation, who);
    else
        h->contradicted = (uint8_t)(h->contradicted | 1U << who);
}

void handshake_give_body(struct tls *tls, struct handshake *h)
{
    if (h->handed)
        h->observation = NULL;
    else if (h->observation)
        remove_awake(tls, h);
    else
        chain_drop(&tls->pieces, &h->asleep, h->asleep.length);
}
