/*
 * A PSK whose obfuscated age is 0 was established outside TLS, or is a ticket whose age happened to be masked
 * to 0 (RFC 8446 4.2.11) or was left out by the client: a server needs it only for early data. An external
 * PSK should always be offered with 0, and its name is one that people write, or an imported one (RFC 9258):
 * an identity that was offered like this twice, and never otherwise, is such a PSK. Offered with an age, it
 * may be a ticket that looks like a name, as its server chose it. Such identities are remembered apart from
 * sessions, and not shared with other sensors.
 */
#include "session/offer.h"

enum { ENTRY_AGED = ENTRY_DEAD }; /* for such an identity: it was offered with an age */

static enum ageless_psk judge_identity(struct sessions *s, const struct observation *o,
                                       const struct identifier_hash *name, bool named)
{
    const struct identifier_hash own = {.own = name->own};
    const struct identifier ageless = identifier_of_ticket(RESUMPTION_EXTERNAL, &own);
    const struct place place = memory_locate(s, &o->whence, &ageless);
    const nanos now = o->side[CLIENT].hello_time;
    /* The later one of two handshakes may end first; what counts is which hello came first. */
    struct entry *earlier = memory_find(s, &place, now);
    const bool met = earlier && entry_origin(earlier) / 1000 < now / 1000;
    const bool aged = !named || (earlier && earlier->flags & ENTRY_AGED);
    memory_put(s, &place, &(struct memo){.origin = now, .now = now});
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
