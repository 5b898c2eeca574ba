/*
 * The randoms of two handshakes differ (RFC 5246 7.4.1.2): one whose randoms were met before is a copy, from
 * a capture with another clock, or made by somebody who wants a session to look younger. Nobody knows which
 * of the two times is right.
 */
#include "session/offer.h"

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
