/* Bytes that could not be read in a place where a hello may have begun. */
#include "tls/handshake.h"

bool handshake_lacks_bytes(const struct handshake *h, unsigned side)
{
    return !(h->flow->marks[side] & SIDE_SYN) || h->search.gap[side] || h->flow->dropped >> side & 1 ||
           handshake_has_unseen(h, side);
}

void handshake_drop_start(struct handshake *h)
{
    for (unsigned side = 0; side < 2; side++)
        if (h->search.probe[side].length)
            flow_note_dropped(h->flow, side);
}

void handshake_note_unread_start(struct handshake *h)
{
    const struct flow *flow = h->flow;
    struct observation *o = h->observation;
    const unsigned client = flow_side_of(flow, CLIENT);
    if (o->seen & (SEEN_CLIENT_HELLO | SEEN_CUT_HELLO) || o->renegotiation || !(flow->odd >> client & 1) ||
        flow->clear_kind == CLEAR_HTTP || !observation_is_whole(o, CLIENT) ||
        handshake_lacks_bytes(h, client))
        return; /* it was not read for another reason, if at all */
    o->side[CLIENT].damage |= UNOBSERVED_MALFORMED;
    o->unobserved |= UNOBSERVED_MALFORMED;
    if (!(flow->spoke >> !client & 1))
        return;
    observation_contradicted(o, CLIENT);
    observation_contradicted(o, SERVER);
}
