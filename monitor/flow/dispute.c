/*
 * An end that exists answers segments of an unknown connection with a reset at the acknowledged number (RFC
 * 9293 3.10.7.1). So if somebody who chooses the numbers of both sides forges a whole connection, its ends
 * reset it, and yet segments still come in their names: each end has two senders, and nobody knows which is
 * genuine. A reset that was forged on the path shows the same; a guessed one does not have the number. A
 * firewall in front of an end may answer in its place with an error of ICMP, which quotes the number of what
 * it rejects (RFC 5927 4.1); so does a router at which the forger lets its segments die.
 */
#include "flow/stream_parts.h"

/* Some ends and firewalls acknowledge in a reset what they reset. It need not be believed, as it only raises
 * doubt, and the packets of an end whose card makes the checksums show no right ones. */
static bool is_reset(const struct segment *segment)
{
    return (segment->flags & (TCP_RST | TCP_SYN)) == TCP_RST;
}

static bool resets_what_was_said(const struct flow *flow, const struct segment *segment)
{
    const unsigned side = segment->side;
    const struct flow_side *from = &flow->side[side];
    const uint8_t marks = flow->marks[side];
    const int64_t behind = distance(segment->seq, from->next);
    if (!is_reset(segment) || !(marks & SIDE_KNOWN) || behind <= 0)
        return false;
    /* An end that has closed answers late segments in the same way, but these acknowledge more than the other
     * side's start. If nothing acknowledged just the start, as after data in a SYN (RFC 7413 4.2), an end
     * that does not know the connection has no other number at which to show that. */
    const bool at_first = segment->seq == from->first;
    const bool in_stream = distance(from->first, segment->seq) >= 0 && behind <= SEQUENCE_WINDOW;
    const bool closed = marks & (SIDE_FIN | SIDE_FIN_PENDING | SIDE_RST);
    return at_first || (in_stream && (!closed || !(flow->opened >> side & 1)));
}

bool dispute_is_other_answer(const struct flow *flow, const struct segment *segment)
{
    const unsigned side = segment->side;
    const uint8_t both = flow->marks[0] & flow->marks[1];
    return (segment->flags & (TCP_SYN | TCP_ACK | TCP_RST)) == (TCP_SYN | TCP_ACK) &&
           segment->belief == BELIEVED && both & SIDE_SYN && both & SIDE_DATA &&
           segment->ack == flow->side[!side].first && segment->seq + 1 != flow->side[side].first;
}

/* The segment follows the side's own reset, after which a genuine sender says nothing. */
static bool goes_on(const struct flow *flow, const struct segment *segment)
{
    uint32_t at;
    if (segment->belief != BELIEVED || !dispute_reset(flow, segment->side, &at))
        return false;
    const int64_t into = distance(segment->seq, at);
    return into >= 0 && into < (int64_t)segment->payload_len;
}

/* Is the segment the side's SYN, or part of what was read after it? */
static bool was_said(const struct flow *flow, const struct segment *segment)
{
    const struct flow_side *from = &flow->side[segment->side];
    return flow->marks[segment->side] & SIDE_KNOWN && distance(from->first - 1, segment->seq) >= 0 &&
           distance(segment->seq, from->next) >= 0;
}

bool dispute_begins(struct flow *flow, const struct segment *segment)
{
    if (flow->disputed)
        return false;
    if (segment->rejected)
        flow->disputed = was_said(flow, segment);
    else
        flow->disputed =
            segment->flags & TCP_RST ? resets_what_was_said(flow, segment) : goes_on(flow, segment);
    return flow->disputed;
}
