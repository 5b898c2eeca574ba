/*
 * Where the stream of a side begins: with its SYN or SYN/ACK (if there are several, the one that the client
 * accepts), and never with a segment of an earlier connection on the same ports (RFC 9293 3.5.1, RFC 5961 4).
 */
#include "decode/tcp_options.h"
#include "flow/between.h"
#include "flow/networks.h"
#include "flow/stream_parts.h"

static bool follows(uint32_t first, uint32_t number)
{
    const int64_t away = distance(first, number);
    return away >= 0 && away <= SEQUENCE_WINDOW;
}

/* Is the number that of the first byte behind the remembered SYN, or behind its data (RFC 7413 4.2)? */
static bool follows_syn(const struct flow *flow, uint32_t number)
{
    enum { MOST = 9000 /* of a jumbo frame */ };
    const int64_t away = distance(flow->pending_isn + 1, number);
    return away == 0 || (flow->with_data && away > 0 && away <= MOST);
}

/* Does the side acknowledge the first byte after the other's unexpected SYN or SYN/ACK? A SYN/ACK is
 * unambiguous; any other segment counts only if it cannot refer to the numbers that were in use before. */
static bool answers_pending_syn(const struct flow *flow, const struct segment *segment)
{
    if (flow->pending_side != !segment->side || flow->second_answer || !(segment->flags & TCP_ACK) ||
        segment->flags & TCP_RST)
        return false;
    const uint32_t begin = flow->pending_isn + 1;
    if (segment->flags & TCP_SYN)
        return follows_syn(flow, segment->ack);
    return flow->pending_far && follows(begin, segment->ack);
}

static void remember_start(struct flow_table *table, struct flow *flow, const struct segment *segment,
                           bool far)
{
    networks_note(table, flow, NO_SIDE, networks_of_segment(segment));
    flow->pending_side = segment->side & 1U;
    flow->pending_isn = segment->seq;
    flow->pending_far = far;
    flow->second_answer = false;
    flow->with_data = segment->payload_len > 0;
}

/* Where a connection's last SYN/ACK and its last stray segment are kept; others may take the place. */
static size_t stray_slot(const struct flow_table *table, const struct flow *flow)
{
    return flow_slot(table, flow) % STRAYS;
}

/* The SYN/ACK of this connection that answers the remembered SYN or, `declined`, that the client did not
 * accept; NULL: none. */
static const struct syn_answer *answer_of(const struct flow_table *table, const struct flow *flow,
                                          bool declined)
{
    const struct syn_answer *a = &table->answer[stray_slot(table, flow)];
    return a->flow == flow && a->declined == declined ? a : NULL;
}

static const struct stray *stray_of(const struct flow_table *table, const struct flow *flow)
{
    const struct stray *s = &table->stray[stray_slot(table, flow)];
    return s->flow == flow ? s : NULL;
}

/* Neither begins nor resets a connection, and has just these numbers. */
static bool goes_on_at(const struct segment *segment, uint32_t seq, uint32_t ack)
{
    return segment_continues(segment) && segment->seq == seq && segment->ack == ack;
}

/*
 * A server that has closed answers a SYN, and one host can forge both: while a connection goes on, another
 * begins on its ports only when the client answers that answer (RFC 9293 3.5).
 */
static void note_answer(struct flow_table *table, const struct flow *flow, const struct segment *segment)
{
    table->answer[stray_slot(table, flow)] = (struct syn_answer){.flow = flow,
                                                                 .end = segment->seq + 1,
                                                                 .ack = segment->ack,
                                                                 .side = segment->side,
                                                                 .network = networks_of_segment(segment)};
}

/* The network of the SYN/ACK that answers the remembered SYN. */
static uint16_t network_of_answer(const struct flow_table *table, const struct flow *flow)
{
    return table->answer[stray_slot(table, flow)].network;
}

/*
 * A mirror may tag only one direction, or copies differently, but then the numbers are the same. Hosts of
 * another network with the same addresses draw their own, on both sides. `other`: the network of the side
 * that did not send the segment.
 */
static bool is_of_other_hosts(const struct flow_table *table, const struct flow *flow,
                              const struct segment *segment, uint16_t other)
{
    const unsigned side = segment->side;
    return !flow_has_ended(flow) && networks_of_segment(segment) != networks_of_side(table, flow, side) &&
           other != networks_of_side(table, flow, !side);
}

/* May another connection begin beside this one, which goes on? */
static bool has_room_beside(struct flow_table *table, const struct flow *flow, const struct segment *segment)
{
    enum { MOST_BESIDE = 3 };
    size_t live = 0;
    if (flow_has_ended(flow) || segment->belief != BELIEVED)
        return false;
    for (const struct flow *other = NULL; (other = flow_beside(table, flow, other));)
        live += !flow_has_ended(other);
    return live < MOST_BESIDE;
}

/*
 * A firewall may rewrite the numbers of one side or both (because of RFC 6528), and a SYN proxy those of the
 * server. If both sides of it are captured, one connection seems to begin twice within a moment, and each one
 * goes on with its numbers.
 */
static bool may_be_rewritten(struct flow_table *table, const struct flow *flow, const struct segment *segment)
{
    return segment->time - flow->first_seen <= REWRITTEN_SECONDS * NANOS_PER_SECOND &&
           has_room_beside(table, flow, segment);
}

static bool has_spoken(const struct flow *flow, unsigned side)
{
    return flow->marks[side] & SIDE_DATA;
}

static bool is_silent(const struct flow *flow)
{
    return !has_spoken(flow, 0) && !has_spoken(flow, 1) && !flow->handshake;
}

/*
 * Two segments that answer each other outside of the numbers in use. No end takes them (RFC 9293 3.10.7.4),
 * and somebody who sees neither end can invent both; or the start of another connection was not captured. So
 * this one goes on, and theirs is followed beside it.
 */
static enum stream_start without_start(struct flow_table *table, const struct flow *flow,
                                       const struct segment *segment)
{
    if (has_room_beside(table, flow, segment))
        return STREAM_BEGINS_UNPROVEN;
    const bool began = flow->marks[0] & flow->marks[1] & SIDE_SYN;
    return began && !flow_has_ended(flow) ? STREAM_GOES_ON : STREAM_BEGINS_ANEW;
}

/* Is there a connection between these ends whose start was captured, of which both speak, or that was begun
 * beside one? */
static bool began_otherwise(struct flow_table *table, const struct flow *flow)
{
    const struct flow *other = flow;
    do {
        const uint8_t either = other->marks[0] | other->marks[1], both = other->marks[0] & other->marks[1];
        if (other->disputed || (!flow_has_ended(other) && (either & SIDE_SYN || both & SIDE_KNOWN)))
            return true;
        other = flow_beside(table, flow, other == flow ? NULL : other);
    } while (other);
    return false;
}

/* A host that rewrites numbers does so before anything is said. If the server took data from the SYN, the
 * segment is behind these, and only flow_restart() knows where the client's bytes begin. `other`: as in
 * is_of_other_hosts(). */
static enum stream_start beside_or_anew(struct flow_table *table, const struct flow *flow,
                                        const struct segment *segment, uint16_t other)
{
    const uint32_t client = segment->flags & TCP_SYN ? segment->ack : segment->seq;
    if (flow->with_data && client != flow->pending_isn + 1)
        return STREAM_BEGINS_ANEW;
    if (is_of_other_hosts(table, flow, segment, other))
        return STREAM_BEGINS_BESIDE;
    return !has_spoken(flow, 0) && !has_spoken(flow, 1) && has_room_beside(table, flow, segment)
               ? STREAM_BEGINS_ALIKE
               : STREAM_BEGINS_ANEW;
}

/* Each end goes on at the number that the other acknowledges, outside of the numbers in use. */
static bool is_answered_elsewhere(const struct flow_table *table, const struct flow *flow,
                                  const struct segment *segment)
{
    if (in_window(distance(flow->side[segment->side].next, segment->seq))) /* as nearly all */
        return false;
    const struct stray *s = stray_of(table, flow);
    return s && s->side != segment->side && segment->belief == BELIEVED &&
           goes_on_at(segment, s->ack, s->end);
}

struct start_beside stream_leave_beside(struct flow_table *table, struct flow *flow,
                                        const struct segment *segment, enum stream_start start)
{
    const bool answered = start == STREAM_BEGINS_UNPROVEN && is_answered_elsewhere(table, flow, segment);
    const struct stray *s = answered ? stray_of(table, flow) : NULL;
    const bool by_syn = segment->flags & TCP_SYN || start == STREAM_BEGINS_UNPROVEN;
    const struct start_beside beside = {
        .network = s        ? s->network
                   : by_syn ? networks_of_side(table, flow, NO_SIDE)
                            : network_of_answer(table, flow),
        .captured = start != STREAM_BEGINS_UNPROVEN || (s && s->start),
        .disputed = start == STREAM_BEGINS_UNPROVEN && began_otherwise(table, flow),
    };
    flow->parted = true;
    if (answered) /* whose SYN that is, is not known */
        return beside;
    flow->pending_side = NO_SIDE;
    flow->second_answer = false;
    return beside;
}

bool stream_completes_start(const struct flow_table *table, const struct flow *flow,
                            const struct segment *segment)
{
    const unsigned side = segment->side;
    if (flow->pending_side != side)
        return false;
    const struct syn_answer *a = answer_of(table, flow, false);
    return a && a->side != side && segment->belief == BELIEVED && goes_on_at(segment, a->ack, a->end) &&
           follows_syn(flow, segment->seq);
}

/* A server that took data from the remembered SYN goes on at once, behind its own. Its answer shows that the
 * SYN reached it; as long as a handshake is in progress, the client has to answer as well. */
static bool goes_on_at_once(const struct flow_table *table, const struct flow *flow,
                            const struct segment *segment)
{
    const unsigned side = segment->side;
    if (flow->pending_side != !side || flow->state < FLOW_READABLE || !segment->payload_len)
        return false;
    const struct syn_answer *a = answer_of(table, flow, false);
    return a && a->side == side && segment->belief == BELIEVED && goes_on_at(segment, a->end, a->ack) &&
           a->ack != flow->pending_isn + 1;
}

/* Is the remembered SYN the one that began the connection? */
static bool repeats_start(const struct flow *flow)
{
    return flow->pending_isn + 1 == flow->side[flow->pending_side & 1U].first;
}

/*
 * A client may draw the number that it had before. No end repeats its SYN once both have spoken; a copy of a
 * SYN comes with a copy of its answer, within a moment of the start.
 */
static bool answers_reopening(const struct flow *flow, const struct segment *segment)
{
    return answers_pending_syn(flow, segment) &&
           !(repeats_start(flow) && segment->time - flow->first_seen <= COPY_SECONDS * NANOS_PER_SECOND);
}

/* An unexpected SYN or SYN/ACK, after those of the known connection. */
static bool syn_begins_anew(struct flow_table *table, struct flow *flow, const struct segment *segment)
{
    const unsigned side = segment->side;
    const struct flow_side *from = &flow->side[side];
    const uint8_t marks = flow->marks[side];
    const bool answer = segment->flags & TCP_ACK;
    const nanos quiet = segment->time - flow->last_seen;
    /* If nothing of its side was seen, it may be this connection's own, captured late. */
    const bool known = marks & SIDE_KNOWN || from->first;
    const bool followed = flow->state <= FLOW_READABLE;
    if (!known && !answer && !followed) /* else start_learn() sees it */
        remember_start(table, flow, segment, false);
    const bool after_quiet = quiet > FLOW_REUSE_SECONDS * NANOS_PER_SECOND;
    if (!known && (flow_has_ended(flow) || after_quiet))
        return after_quiet;
    const bool repeated =
        known && segment->seq + 1 == from->first && (marks & SIDE_SYN || (followed && !after_quiet));
    /* A second mirror may show the whole connection once more, a moment later. */
    const bool copy = repeated && marks & SIDE_SYN && quiet <= COPY_SECONDS * NANOS_PER_SECOND;
    if (flow_has_ended(flow) && !(marks & SIDE_KNOWN))
        return !repeated;
    if (!answer && repeated && marks & SIDE_SYN && has_spoken(flow, 0) && has_spoken(flow, 1))
        remember_start(table, flow, segment, false);
    if (flow_has_ended(flow) && dispute_is_other_answer(flow, segment)) {
        if (answers_pending_syn(flow, segment))
            note_answer(table, flow, segment);
        return false;
    }
    if (flow_has_ended(flow))
        return !copy && !(answer && repeated && marks & SIDE_SYN);
    if (!flow->believed && segment->belief == BELIEVED && marks & SIDE_KNOWN)
        return !answer;
    if (repeated && answer && answers_reopening(flow, segment))
        note_answer(table, flow, segment);
    if (repeated || !known)
        return !known && answer && answers_pending_syn(flow, segment);
    const bool far = !in_window(distance(from->next, segment->seq + 1));
    const bool only_direction = !(flow->marks[!side] & (SIDE_KNOWN | SIDE_DATA));
    if (only_direction && marks & SIDE_DATA && (far || !(marks & SIDE_SYN))) /* no other side to confirm it */
        return true;
    /* A server that has closed answers a SYN of which nothing was captured. */
    const bool closed = marks & SIDE_FIN && marks & SIDE_DATA;
    if (answer && closed)
        return true;
    if (answer && answers_pending_syn(flow, segment)) {
        note_answer(table, flow, segment);
        return false;
    }
    if (!answer || marks & SIDE_DATA) /* else it is one of several answers to the same SYN */
        remember_start(table, flow, segment, far);
    return false;
}

static bool begins_anew(struct flow_table *table, struct flow *flow, const struct segment *segment)
{
    const unsigned side = segment->side;
    if (segment->flags & TCP_SYN)
        return syn_begins_anew(table, flow, segment);
    if (answers_pending_syn(flow, segment) || goes_on_at_once(table, flow, segment))
        return true;
    const bool known = flow->marks[side] & SIDE_KNOWN;
    const bool ends = segment->flags & TCP_RST || (segment->flags & TCP_FIN && !segment->payload_len);
    if (!known || ends || in_window(distance(flow->side[side].next, segment->seq)))
        return false;
    /* Whose words are still awaited has not gone, and is_answered_elsewhere() finds another one as well. */
    if (flow->marks[0] & flow->marks[1] & SIDE_SYN && is_silent(flow) && !flow_has_ended(flow))
        return false;
    const nanos quiet = segment->time - flow->last_seen;
    return quiet > (flow_has_ended(flow) ? COPY_SECONDS : FLOW_REUSE_SECONDS) * NANOS_PER_SECOND;
}

/* Answers the other side's SYN, which was captured after data of that side. */
static bool answers_late_syn(const struct flow *flow, const struct segment *segment)
{
    const unsigned side = segment->side;
    const uint8_t other = flow->marks[!side];
    return other & SIDE_DATA && !(other & SIDE_SYN) && !(flow->marks[side] & SIDE_DATA) &&
           answers_pending_syn(flow, segment);
}

/*
 * A SYN/ACK that answers the client's SYN says where its side begins (RFC 9293 3.10.7.3: until then the
 * client accepts nothing else from it). Earlier bytes of the side at other numbers are of an earlier
 * connection, or a decoy. If the client had sent bytes by then, both are in doubt.
 */
static enum stream_start shows_stale(const struct flow *flow, const struct segment *segment)
{
    const unsigned side = segment->side;
    const uint8_t own = flow->marks[side];
    const uint8_t client = flow->marks[!side];
    const bool answers = client & SIDE_SYN && segment->ack == flow->side[!side].first;
    if (!(segment->flags & TCP_SYN) || !(segment->flags & TCP_ACK))
        return STREAM_GOES_ON;
    if (answers_late_syn(flow, segment))
        return STREAM_WAS_STALE;
    if (!answers || !(own & SIDE_DATA) || segment->seq + 1 == flow->side[side].first)
        return STREAM_GOES_ON;
    if (own & SIDE_SYN && client & SIDE_DATA) /* one of several answers to the same SYN */
        return STREAM_GOES_ON;
    const bool answered = own & SIDE_SYN && flow->confirmed >> !side & 1;
    return client & SIDE_DATA || answered ? STREAM_IS_DOUBTED : STREAM_WAS_STALE;
}

void start_note_stray(struct flow_table *table, const struct flow *flow, const struct segment *segment)
{
    if (segment->flags & TCP_ACK && segment->belief == BELIEVED)
        table->stray[stray_slot(table, flow)] =
            (struct stray){.flow = flow,
                           .end = segment_data_at(segment) + (uint32_t)segment->payload_len,
                           .ack = segment->ack,
                           .side = segment->side,
                           .network = networks_of_segment(segment),
                           .start = segment->flags & TCP_SYN};
}

/* One of several SYN/ACKs of this side, which the client apparently does not accept. */
static void note_declined(struct flow_table *table, const struct flow *flow, unsigned side, uint32_t first)
{
    struct syn_answer new = {.flow = flow,
                             .end = first,
                             .ack = flow->side[!side].first,
                             .side = side,
                             .network = networks_of_side(table, flow, side),
                             .declined = true};
    const struct syn_answer *was = answer_of(table, flow, true);
    if (was && was->side == side && was->ack == new.ack) {
        new.count = was->count;
        memcpy(new.ends, was->ends, sizeof new.ends);
        if (was->end != first && new.count < MORE_ANSWERS)
            new.ends[new.count++] = was->end;
    }
    table->answer[stray_slot(table, flow)] = new;
}

/* Was a SYN/ACK of the side captured behind which this number comes, other than the first and the last? */
static bool was_answered_at(const struct flow_table *table, const struct flow *flow, unsigned side,
                            uint32_t number)
{
    const struct syn_answer *a = answer_of(table, flow, true);
    for (unsigned i = 0; a && a->side == side && i < a->count; i++)
        if (a->ends[i] == number)
            return true;
    return false;
}

/* The client has accepted one of several SYN/ACKs, and now accepts another one, with the same number of its
 * own. */
static bool takes_both_answers(const struct flow_table *table, const struct flow *flow,
                               const struct segment *segment)
{
    const unsigned side = segment->side;
    if (segment->seq != flow->side[side].first || !(flow->confirmed >> !side & 1) || has_spoken(flow, !side))
        return false;
    const struct syn_answer *a = answer_of(table, flow, true);
    return a && a->side != side && goes_on_at(segment, a->ack, a->end);
}

/* Does this segment acknowledge something of the connection that the other side's SYN began? */
static bool acknowledges(const struct flow *flow, const struct segment *segment)
{
    return follows(flow->side[!segment->side].first, segment->ack);
}

/* Or, if that SYN was not captured, something near that side's captured bytes? */
static bool acknowledges_near(const struct flow *flow, const struct segment *segment)
{
    const struct flow_side *other = &flow->side[!segment->side];
    return in_window(distance(other->first, segment->ack)) || in_window(distance(other->next, segment->ack));
}

/* Carries the SYN into the connection that begins with this segment: flow_restart(). */
static void carry_over_syn(struct flow *flow, unsigned side, uint32_t isn)
{
    flow->pending_side = side & 1U;
    flow->pending_isn = isn;
    flow->second_answer = flow->with_data = false;
}

/* A client's SYN came after data of a side whose own start was not captured: what the client first
 * acknowledges is not near those data, so they are of another connection. */
static bool leaves_other(struct flow *flow, const struct segment *segment)
{
    const unsigned side = segment->side;
    const uint8_t own = flow->marks[side], other = flow->marks[!side];
    const bool opens = own & SIDE_SYN && !(own & SIDE_DATA) && segment->seq == flow->side[side].first &&
                       segment_continues(segment);
    if (!opens || !(other & SIDE_DATA) || other & SIDE_SYN || acknowledges_near(flow, segment))
        return false;
    carry_over_syn(flow, side, segment->seq - 1);
    return true;
}

enum stream_start stream_start(struct flow_table *table, struct flow *flow, const struct segment *segment)
{
    if (stream_completes_start(table, flow, segment))
        return beside_or_anew(table, flow, segment, network_of_answer(table, flow));
    if (takes_both_answers(table, flow, segment) && may_be_rewritten(table, flow, segment))
        return STREAM_BEGINS_ALIKE;
    if (leaves_other(flow, segment))
        return STREAM_BEGINS_ANEW;
    if (is_answered_elsewhere(table, flow, segment)) {
        const enum stream_start start =
            is_silent(flow) ? without_start(table, flow, segment) : STREAM_IS_DOUBTED;
        if (start == STREAM_BEGINS_ANEW)
            flow->pending_side = NO_SIDE;
        return start;
    }
    const enum stream_start stale = shows_stale(flow, segment);
    if (stale == STREAM_WAS_STALE)
        carry_over_syn(flow, !segment->side, segment->ack - 1);
    if (stale != STREAM_GOES_ON)
        return stale;
    if (!begins_anew(table, flow, segment))
        return STREAM_GOES_ON;
    if (!answers_pending_syn(flow, segment))
        return STREAM_BEGINS_ANEW;
    if (!(segment->flags & TCP_SYN))
        return is_silent(flow) ? without_start(table, flow, segment) : STREAM_BEGINS_ANEW;
    return beside_or_anew(table, flow, segment, networks_of_side(table, flow, NO_SIDE));
}

static void anchor(struct flow_table *table, struct flow *flow, unsigned side, uint32_t first)
{
    stream_release_side(table, flow, side);
    flow->side[side].first = flow->side[side].next = first;
    flow->marks[side] = SIDE_KNOWN | SIDE_SYN;
}

/*
 * A segment of another connection on the same ports: a challenge ACK, or retransmitted data or FIN (RFC 9293
 * 3.5.1, RFC 5961 4); or a whole direction that was captured later than the other one, or without it. It must
 * not become the start of its side: what a client asked in one connection is not answered in another.
 */
static bool is_stale(const struct flow *flow, const struct segment *segment)
{
    const unsigned side = segment->side;
    const uint8_t other = flow->marks[!side];
    if (flow->marks[side] & SIDE_KNOWN || !(segment->flags & TCP_ACK) || !(other & SIDE_KNOWN))
        return false;
    return other & SIDE_SYN ? !acknowledges(flow, segment) : !acknowledges_near(flow, segment);
}

/* A SYN/ACK of a side that began with a SYN of its own, at another number, though nobody has sent a SYN that
 * it may answer. */
static bool answers_nobody(const struct flow *flow, const struct segment *segment)
{
    const unsigned side = segment->side;
    return (segment->flags & (TCP_SYN | TCP_ACK)) == (TCP_SYN | TCP_ACK) && flow->marks[side] & SIDE_SYN &&
           !flow->marks[!side] && !flow->side[!side].first && segment->seq + 1 != flow->side[side].first;
}

/* A client whose SYN was not captured does not acknowledge the SYN/ACK that answers its number: it has
 * accepted another one, whose number its acknowledgement shows. */
static void leave_other_answer(struct flow_table *table, struct flow *flow, const struct segment *segment)
{
    const unsigned side = segment->side;
    const uint8_t server = flow->marks[!side];
    const bool from_client = !(flow->marks[side] & SIDE_KNOWN) && flow->side[side].first &&
                             follows(flow->side[side].first, segment->seq);
    if (!from_client || !segment_continues(segment) || !(server & SIDE_SYN) || server & SIDE_DATA ||
        acknowledges(flow, segment))
        return;
    anchor(table, flow, !side, segment->ack);
    flow->marks[!side] = SIDE_KNOWN;
}

/* Only a receiver of the other side's bytes can know the number. Something of that side has to be captured,
 * since otherwise its start is known only from the acknowledgement itself. A side that has reset the
 * connection at this number receives nothing. */
static void note_confirmation(struct flow *flow, const struct segment *segment)
{
    const unsigned side = segment->side;
    const uint8_t marks = flow->marks[!side];
    const int64_t away = distance(flow->side[!side].first, segment->ack);
    const bool plain = segment->flags & TCP_ACK && !(segment->flags & TCP_RST) && segment->belief == BELIEVED;
    const bool known = marks & SIDE_KNOWN && marks & (SIDE_SYN | SIDE_DATA);
    uint32_t reset_at;
    const bool disowned = dispute_reset(flow, side, &reset_at) && segment->seq == reset_at;
    if (plain && known && away == 0)
        flow->opened = (flow->opened | 1U << !side) & 3U;
    if (plain && !disowned && known && away >= (marks & SIDE_SYN ? 0 : 1) && away <= SEQUENCE_WINDOW)
        flow_confirm_side(flow, !side);
}

/* Before the SYN/ACK that answers the other side's SYN neither end takes data (RFC 9293 3.10.7.3), so what
 * came earlier at other numbers is not missing. */
static void forget_earlier(struct flow *flow, const struct segment *segment)
{
    const unsigned other = !segment->side;
    if (segment->flags & TCP_SYN && segment->flags & TCP_ACK && flow->marks[other] & SIDE_SYN &&
        segment->ack == flow->side[other].first && !has_spoken(flow, other))
        flow->dropped = 0;
}

/*
 * The side's start: its first segment; or the SYN/ACK that answers the other side's SYN, if no SYN came
 * before it; of several SYN/ACKs, the one that the client acknowledges. It is fixed once bytes of the side
 * were handed on.
 */
static void learn_start(struct flow_table *table, struct flow *flow, const struct segment *segment,
                        uint32_t data_seq)
{
    const unsigned side = segment->side;
    const uint8_t marks = flow->marks[side];
    const bool syn = segment->flags & TCP_SYN;
    if (syn && segment->flags & TCP_ACK && !(flow->marks[!side] & SIDE_KNOWN))
        flow->side[!side].first = flow->side[!side].next = segment->ack;
    if (!(marks & SIDE_KNOWN)) {
        forget_earlier(flow, segment);
        const uint32_t first = flow->side[side].first;
        if (syn && first && data_seq != first) /* it may begin a connection of its own */
            return;
        flow->side[side].first = flow->side[side].next = data_seq;
        flow->marks[side] = (uint8_t)(marks | SIDE_KNOWN | (syn ? SIDE_SYN : 0));
        networks_note(table, flow, side, networks_of_segment(segment));
        return;
    }
    if (syn && data_seq == flow->side[side].first)
        networks_note_copy(table, flow, side, networks_of_segment(segment));
    const bool alone = !flow->marks[!side]; /* then it is not known which SYN/ACK is the answer */
    const bool answers =
        syn && segment->flags & TCP_ACK &&
        (alone || (flow->marks[!side] & SIDE_SYN && segment->ack == flow->side[!side].first));
    if (!answers || marks & SIDE_DATA || data_seq == flow->side[side].first)
        return;
    if (!(marks & SIDE_SYN)) {
        anchor(table, flow, side, data_seq);
        return;
    }
    flow->more_answers = flow->second_answer && (flow->more_answers || segment->seq != flow->pending_isn);
    flow->pending_side = side & 1U;
    flow->pending_isn = segment->seq;
    flow->second_answer = true;
    flow->with_data = false;
    note_declined(table, flow, side, data_seq);
}

/* The client acknowledges one of several SYN/ACKs; or, if nothing of the client was captured, the server goes
 * on after one. */
static void settle_answers(struct flow_table *table, struct flow *flow, const struct segment *segment)
{
    const unsigned side = segment->side;
    if (!flow->second_answer)
        return;
    const unsigned server = flow->pending_side;
    const bool told = side == server ? !flow->marks[!side] && segment->payload_len : segment->flags & TCP_ACK;
    if (!told)
        return;
    const uint32_t number = side == server ? segment->seq : segment->ack;
    const bool first = follows(flow->side[server].first, number);
    const bool second = follows(flow->pending_isn + 1, number);
    if (!first && !second && side != server && flow->more_answers && segment->seq == flow->side[side].first &&
        !(flow->marks[server] & SIDE_DATA)) {
        /* The client's first segment: it accepts yet another one. If that was not captured, the number is
         * known from this segment alone, which confirms nothing then. */
        const bool captured = was_answered_at(table, flow, server, number);
        anchor(table, flow, server, number);
        flow->marks[server] = captured ? SIDE_KNOWN | SIDE_SYN : SIDE_KNOWN;
    } else if (first == second) {
        return;
    }
    if (second)
        note_declined(table, flow, server, flow->side[server].first);
    if (second && !(flow->marks[server] & SIDE_DATA))
        anchor(table, flow, server, flow->pending_isn + 1);
    flow->pending_side = NO_SIDE;
    flow->second_answer = false;
}

/* A side says so in its SYN or, if that was not captured, by what it later sends only to a peer that agreed
 * (RFC 8684 3.1, 3.7). */
static void note_paths(struct flow *flow, const struct segment *segment)
{
    const unsigned side = segment->side;
    if (segment->multipath != MULTIPATH_NONE)
        flow->joined = segment->multipath == MULTIPATH_JOIN;
    else if ((flow->marks[side] & SIDE_SYN) || !tcp_is_of_several_paths(segment))
        return;
    flow->multipath = (flow->multipath | 1U << side) & 3U;
}

bool start_learn(struct flow_table *table, struct flow *flow, const struct segment *segment,
                 uint32_t data_seq)
{
    leave_other_answer(table, flow, segment);
    if (is_stale(flow, segment) || answers_nobody(flow, segment))
        return false;
    const bool bare_reset = segment->flags & TCP_RST && !(flow->marks[segment->side] & SIDE_KNOWN);
    if (!bare_reset) /* a reset's number need not lie in the stream */
        learn_start(table, flow, segment, data_seq);
    note_paths(flow, segment);
    settle_answers(table, flow, segment);
    note_confirmation(flow, segment);
    if (segment->flags & TCP_SYN && !in_window(distance(flow->side[segment->side].next, data_seq)))
        start_note_stray(table, flow, segment);
    return true;
}

bool start_is_of_second_answer(const struct flow *flow, unsigned side, uint32_t seq)
{
    return flow->second_answer && flow->pending_side == side && follows(flow->pending_isn + 1, seq) &&
           !follows(flow->side[side].first, seq);
}
