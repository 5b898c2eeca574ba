/*
 * The randoms of two handshakes differ (RFC 5246 7.4.1.2): a handshake with known randoms is a copy, from a
 * capture with another clock, or made by somebody who wants a session to look younger. It is not known which
 * of the two times is right. The first copy may lack something that the second has: its end, or a side.
 */
#include "session/offer.h"

#include "base/expect.h"

enum { WORD = 64 };

bool is_no_copy(struct sessions *s, const struct observation *o)
{
    const uint64_t at = o->randoms % MET_HANDSHAKES;
    uint64_t *word = &s->met[at / WORD];
    const uint64_t bit = UINT64_C(1) << at % WORD;
    const bool first = o->randoms && !(*word & bit) && s->began == 1; /* nothing came before this run */
    *word |= o->randoms ? bit : 0;
    return first;
}

/* What identifies a handshake: one side's random, with the id from the server. 0: it was not seen. */
static uint64_t known_by(const struct observation *o, enum side who)
{
    uint64_t id = 0;
    if (who == SERVER)
        memcpy(&id, o->server_hello.session_id, sizeof id);
    return o->random[who] ? o->random[who] ^ id : 0;
}

static struct met_random *place_of(const struct sessions *s, uint64_t name, enum side who)
{
    return &s->met_randoms[(2 * name + who) % MET_RANDOMS];
}

void copies_expect(const struct sessions *s, const struct observation *o)
{
    expect(&s->met[o->randoms % MET_HANDSHAKES / WORD], 1);
    for (enum side who = CLIENT; who <= SERVER; who++)
        expect(place_of(s, known_by(o, who), who), 1);
}

/* Whoever knows a hello can send it once more, so that a side's random alone does not show a copy. */
static uint32_t tag_of_both(const struct observation *o)
{
    return o->randoms ? (uint32_t)(o->randoms >> 32) | 1 : 0;
}

/* A side that reuses its random loses exact ages only if the other side's answers were not captured. */
struct copy copy_met(struct sessions *s, const struct observation *o)
{
    const nanos now = time_of_use(o);
    struct copy copy = {0};
    const uint32_t both = tag_of_both(o);
    struct met_random *own = NULL;
    uint32_t own_tag = 0;
    for (enum side who = CLIENT; who <= SERVER; who++) {
        const uint64_t name = known_by(o, who);
        struct met_random *place = place_of(s, name, who);
        const uint32_t tag = (uint32_t)(name >> 32) | 1;
        const nanos then = (nanos)place->second * NANOS_PER_SECOND; /* it was not earlier */
        const bool at_once = (now > then ? now - then : then - now) <= 2 * NANOS_PER_SECOND;
        if (!name)
            continue;
        if (place->tag == tag && !at_once && then > copy.met)
            copy.met = then;
        copy.seen |=
            place->tag == tag && place->both == both && (at_once || !random_is_filler(o->random[who]));
        own = place;
        own_tag = tag;
    }
    if (own)
        *own = (struct met_random){
            .tag = own_tag, .second = memory_second(now > copy.met ? now : copy.met) + 1, .both = both};
    return copy;
}
