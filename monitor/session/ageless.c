/*
 * A PSK whose obfuscated age is 0 was established outside TLS, or is a ticket that happened to be masked so
 * (RFC 8446 4.2.11), or whose age the client did not tell: no server needs it but for early data. The first
 * is always offered with 0, and its name is one that people write: an identity that was offered so twice, and
 * never otherwise, and is printable, is one of those. The octets of a ticket are the server's choice, so that
 * no client can make it look like a name. Such identities are remembered apart from sessions, and other
 * sensors are not told of them.
 */
#include "session/offer.h"

static enum ageless_psk judge_identity(struct sessions *s, const struct observation *o,
                                       const struct identifier_hash *name)
{
    const struct identifier_hash own = {.own = name->own};
    const struct identifier ageless = identifier_of_ticket(RESUMPTION_EXTERNAL, &own);
    const struct identifier with_age = identifier_of_ticket(RESUMPTION_PSK, name);
    const struct place place = memory_locate(s, &o->whence, &ageless);
    const struct place as_ticket = memory_locate(s, &o->whence, &with_age);
    const nanos now = o->side[CLIENT].hello_time;
    /* Of two handshakes the later may end first; what counts is which hello came first. */
    const struct entry *earlier = memory_find(s, &place, now);
    const bool met = earlier && entry_origin(earlier) / 1000 < now / 1000;
    const bool had_age = memory_find(s, &as_ticket, now) != NULL;
    memory_put(s, &place, &(struct memo){.origin = now, .now = now});
    return met && !had_age ? AGELESS_EXTERNAL : AGELESS_EITHER;
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
        const bool named = i < MAX_PSK_IDENTITIES && c->psk_printable >> i & 1;
        const enum ageless_psk one = named ? judge_identity(s, o, &c->psk_hash[i]) : AGELESS_EITHER;
        if (counts && (all == AGELESS_NONE || one == AGELESS_EITHER))
            all = one;
    }
    return with_age ? AGELESS_NONE : all;
}
