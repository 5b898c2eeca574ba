/*
 * A PSK whose obfuscated age is 0 was established outside TLS, or is a ticket whose age happened to be masked
 * to 0 (RFC 8446 4.2.11) or was left out by the client: a server needs it only for early data. An external
 * PSK should always be offered with 0, and its name is one that people write, or an imported one (RFC 9258):
 * an identity that was offered like this twice, and never otherwise, is such a PSK. Offered with an age, it
 * may be a ticket that looks like a name, as its server chose it. Such identities are remembered apart from
 * sessions, and not shared with other sensors.
 *
 * One hello may be captured twice, by two clocks or on two sides of a translator, and has the same random
 * each time. So the first one leaves a mark in the place of the suite, which such an identity has not.
 */
#include "session/offer.h"

/* For such an identity: it was offered with an age; and `suite` is the mark of the hello. */
enum { ENTRY_AGED = ENTRY_DEAD, ENTRY_MARKED = ENTRY_SUITE };

/* Another hello has the same one time in 32,768, and is then taken for a copy. One whose random was not drawn
 * is known by the server's. 0: neither is known. */
static uint16_t mark_of(const struct observation *o)
{
    const uint64_t by = o->hello ? o->hello : o->randoms;
    return by ? (uint16_t)(by >> 32) | 1U : 0;
}

static enum ageless_psk judge_identity(struct sessions *s, const struct observation *o,
                                       const struct identifier_hash *name, bool named)
{
    const struct identifier_hash own = {.own = name->own};
    const struct identifier ageless = identifier_of_ticket(RESUMPTION_EXTERNAL, &own);
    const struct place place = memory_locate(s, &o->whence, &ageless);
    const nanos now = o->side[CLIENT].hello_time;
    /* The later one of two handshakes may end first; what counts is which hello came first. */
    struct entry *earlier = memory_find(s, &place, now);
    const uint16_t mark = mark_of(o);
    const uint16_t earlier_mark = earlier && earlier->flags & ENTRY_MARKED ? earlier->suite : 0;
    const bool met = earlier && entry_origin(earlier) / 1000 < now / 1000 && mark != earlier_mark;
    const bool aged = !named || (earlier && earlier->flags & ENTRY_AGED);
    memory_put(s, &place,
               &(struct memo){.origin = now, .now = now, .flags = mark ? ENTRY_MARKED : 0, .suite = mark});
    if (!named && (earlier = memory_find(s, &place, now)))
        table_use(&s->table, earlier, memory_second(now), ENTRY_AGED);
    return met && !aged ? AGELESS_EXTERNAL : AGELESS_EITHER;
}

enum ageless_psk judge_ageless_psk(struct sessions *s, const struct observation *o)
{
    const struct client_hello_facts *c = &o->client_hello;
    const bool taken = observation_by_psk(o);
    enum ageless_psk all = AGELESS_NONE;
    bool with_age = false;
    if (!(o->seen & SEEN_CLIENT_HELLO) || !c->psk || !c->psk_ageless || observation_is_doubtful(o, CLIENT))
        return observation_psk_ageless(o) ? AGELESS_EITHER : AGELESS_NONE;
    for (unsigned i = 0; i < c->psk_count; i++) {
        const bool counts = !taken || i == o->server_hello.psk_selected;
        if (i >= 64 || !(c->psk_ageless >> i & 1)) {
            with_age |= counts;
            continue;
        }
        const bool named = c->psk_named >> i & 1;
        const enum ageless_psk one =
            i < MAX_PSK_IDENTITIES ? judge_identity(s, o, &c->psk_hash[i], named) : AGELESS_EITHER;
        if (counts && (all == AGELESS_NONE || one == AGELESS_EITHER))
            all = one;
    }
    return with_age ? AGELESS_NONE : all;
}
