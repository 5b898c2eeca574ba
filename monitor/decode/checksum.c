#include "decode/checksum.h"

#include "base/expect.h"
#include "base/fold_hash.h"
#include "base/ways.h"

#include <arpa/inet.h>
#include <stdlib.h>

const struct word checksum_policy_words[] = {
    {CHECKSUMS_AUTO, "auto"},
    {CHECKSUMS_VERIFY, "verify"},
    {CHECKSUMS_IGNORE, "ignore"},
    {0, NULL},
};

enum {
    SENDERS = 4096,          /* addresses whose sums are remembered, in sets of WAYS */
    TRIALS = 16,             /* checked segments without a right sum, after which the card makes them */
    ETHERNET_MTU = 1500,     /* a larger packet was put together by the host that captured it */
    CHECKSUM_AT = 16,        /* in the TCP header */
    HEADER_CHECKSUM_AT = 10, /* in that of IPv4 */
};

struct sender {
    uint64_t address; /* and its space, hashed; 0: the place is free */
    uint32_t used;    /* when it was met last, in checks */
    uint16_t left;    /* sums that were not made, of connections whose ends answer */
    uint16_t made;    /* sums of data or of a start that were */
    uint8_t tried;    /* wrong ones, at most TRIALS */
    bool right;       /* one was right */
    bool makes;       /* its sums are made before the tap */
};

struct checksums {
    enum checksum_policy policy;
    struct siphash_key key;
    uint32_t clock;
    struct checksum_counters counters;
    struct sender sender[SENDERS];
};

struct checksums *checksums_new(enum checksum_policy policy)
{
    struct checksums *c = calloc(1, sizeof *c);
    if (!c)
        return NULL;
    c->policy = policy;
    c->key = siphash_random_key();
    return c;
}

void checksums_free(struct checksums *c)
{
    free(c);
}

size_t checksums_memory(void)
{
    return sizeof(struct checksums);
}

const struct checksum_counters *checksums_counters(const struct checksums *c)
{
    return &c->counters;
}

/* One's complement: the carry comes around. */
static uint64_t add_word(uint64_t sum, uint64_t word)
{
    sum += word;
    return sum + (sum < word);
}

static uint64_t add_word_at(uint64_t sum, const uint8_t *bytes)
{
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
    return add_word(sum, word);
}

/* Up to seven bytes. */
static uint64_t rest(const uint8_t *at, size_t n)
{
    uint32_t four = 0;
    uint16_t two = 0;
    uint16_t one = 0; /* and a zero */
    if (n & 4)
        memcpy(&four, at, 4);
    if (n & 2)
        memcpy(&two, at + (n & 4), 2);
    if (n & 1)
        memcpy(&one, at + (n & 6), 1);
    return (uint64_t)four + two + one;
}

/* The words of the bytes, the last one filled up with zeros; all but the last bytes of a sum must be even.
 * RFC 1071 2: the sum is the same in any order of bytes, and by words of 64 bits. */
static uint64_t add_bytes(uint64_t sum, struct span bytes)
{
    const size_t word = sizeof sum;
    const uint8_t *at = bytes.p;
    size_t left = bytes.n;
    for (; left >= 4 * word; left -= 4 * word, at += 4 * word) {
        sum = add_word_at(sum, at);
        sum = add_word_at(sum, at + word);
        sum = add_word_at(sum, at + 2 * word);
        sum = add_word_at(sum, at + 3 * word);
    }
    for (; left >= word; left -= word, at += word)
        sum = add_word_at(sum, at);
    return add_word(sum, rest(at, left));
}

/* The words of a header of IPv4, nearly always one without options. */
static uint64_t add_header(struct span header)
{
    enum { PLAIN = 20 };
    uint32_t last;
    memcpy(&last, header.p + 16, sizeof last);
    const uint64_t sum = add_word_at(add_word_at(last, header.p), header.p + 8);
    return header.n == PLAIN ? sum : add_bytes(sum, span_skip(header, PLAIN));
}

/* 16 bits, in the order of the network as memory has them. */
static uint16_t fold(uint64_t sum)
{
    sum = (sum & 0xffffffff) + (sum >> 32); /* 33 bits at most, */
    sum = (sum & 0xffff) + (sum >> 16);     /* 18, */
    sum = (sum & 0xffff) + (sum >> 16);     /* 17 if not 16, and then no more than 1 is left of it */
    return (uint16_t)(sum + (sum >> 16));
}

/* The pseudo-header (RFC 9293 3.1, RFC 8200 8.1); `length`: of the segment. */
static uint64_t pseudo_header(const struct segment *s, size_t length)
{
    const size_t words = s->src.family == 4 ? 1 : 4;
    uint64_t sum = (uint64_t)htonl((uint32_t)length) + htonl(TRANSPORT_TCP);
    for (size_t i = 0; i < words; i++) {
        uint32_t word[2];
        memcpy(&word[0], &s->src.address[i * sizeof *word], sizeof *word);
        memcpy(&word[1], &s->dst.address[i * sizeof *word], sizeof *word);
        sum += (uint64_t)word[0] + word[1];
    }
    return sum;
}

/* Bytes of the segment with its header, on the wire. */
static size_t length_of(const struct segment *s)
{
    return s->tcp.n - s->payload.n + s->payload_len;
}

/* The kernel leaves the sum of the pseudo-header for the card to complete; if the card splits a large
 * segment, some drivers leave out its length. */
static bool left_to_card(const struct segment *s)
{
    const size_t length = length_of(s);
    uint16_t field;
    memcpy(&field, s->tcp.p + CHECKSUM_AT, sizeof field);
    return field == fold(pseudo_header(s, length)) || field == fold(pseudo_header(s, 0));
}

enum checksum header_checksum(const struct segment *s)
{
    if (!s->hops)
        return CHECKSUM_WRONG;
    if (!s->ip.n || fold(add_header(s->ip)) == 0xffff)
        return CHECKSUM_RIGHT;
    const bool empty = !s->ip.p[HEADER_CHECKSUM_AT] && !s->ip.p[HEADER_CHECKSUM_AT + 1];
    return empty ? CHECKSUM_UNMADE : CHECKSUM_WRONG;
}

bool checksum_fits_tcp(const struct segment *ends, struct span tcp)
{
    return fold(add_bytes(pseudo_header(ends, tcp.n), tcp)) == 0xffff;
}

static enum checksum tcp_checksum(const struct segment *s)
{
    const size_t length = length_of(s);
    if (s->payload.n < s->payload_len || s->tcp.n < CHECKSUM_AT + sizeof(uint16_t))
        return CHECKSUM_CUT;
    if (fold(add_bytes(pseudo_header(s, length), s->tcp)) == 0xffff)
        return CHECKSUM_RIGHT;
    /* Who sends fragments has made the sum of what is in them. */
    const bool unmade = !s->reassembled && (length > ETHERNET_MTU || left_to_card(s));
    return unmade ? CHECKSUM_UNMADE : CHECKSUM_WRONG;
}

/* Of the segment and all headers around it. */
static enum checksum segment_checksum(const struct segment *s)
{
    const enum checksum header = s->refused ? CHECKSUM_WRONG : header_checksum(s);
    if (header == CHECKSUM_WRONG)
        return CHECKSUM_WRONG;
    const enum checksum tcp = tcp_checksum(s);
    return tcp > header ? tcp : header;
}

static uint64_t hash_of(const struct checksums *c, const struct endpoint *end)
{
    return fold_hash(&c->key, end->address, end->space) | 1;
}

void checksums_expect(const struct checksums *c, const struct endpoint *sender)
{
    expect(&c->sender[ways_of(hash_of(c, sender) >> 8, SENDERS)], WAYS * sizeof *c->sender);
}

/* The sender's place: its own, a free one, or that of the one that was met longest ago. */
static struct sender *sender_of(struct checksums *c, const struct endpoint *end)
{
    const uint64_t hash = hash_of(c, end);
    struct sender *row = &c->sender[ways_of(hash >> 8, SENDERS)];
    for (size_t i = 0; i < WAYS; i++)
        if (row[i].address == hash)
            return &row[i];
    struct sender *oldest = row;
    for (size_t i = 0; i < WAYS; i++) {
        if (!row[i].address || (oldest->address && row[i].used < oldest->used))
            oldest = &row[i];
    }
    c->counters.evicted += oldest->address != 0;
    *oldest = (struct sender){.address = hash};
    return oldest;
}

/* Is the card that makes the sums of this sender, which never had a right one, behind the tap? */
static bool is_offloaded(struct checksums *c, struct sender *sender)
{
    if (sender->tried < TRIALS && ++sender->tried == TRIALS)
        c->counters.offloaded++;
    return sender->tried == TRIALS;
}

static void count_sum(struct sender *sender, uint16_t *count)
{
    if (++*count < UINT16_MAX)
        return;
    sender->left /= 2;
    sender->made /= 2;
}

/* A right sum of data or of a start. One is enough to judge a sender by, unless its card seems to make its
 * sums: then somebody outside may impersonate it. */
static void note_made(struct sender *sender)
{
    count_sum(sender, &sender->made);
    sender->makes |= sender->left < TRIALS || sender->made > sender->left;
}

/* Where segments are joined, the start of a connection has a right sum nevertheless. So a sender with many
 * connections in which only unfinished ones are answered leaves them to its card, and a right one before was
 * somebody else's. */
static void note_left(struct sender *sender)
{
    count_sum(sender, &sender->left);
    sender->makes &= sender->left < TRIALS || sender->made >= sender->left;
}

/* An unfinished sum of a sender that makes its own: the capturing host may have joined segments with data, or
 * somebody has forged the segment. Linux leaves the sum of the pseudo-header in segments that it joins (GRO);
 * there are so many of these that a segment longer than a packet is not kept until it is acknowledged. */
static enum belief belief_in_unmade(struct checksums *c, struct sender *sender, const struct segment *segment,
                                    enum acquaintance known)
{
    if (known == SENDER_ANSWERED && segment->payload_len > 0)
        note_left(sender);
    if (known != ALONE && !segment->payload_len) {
        c->counters.wrong++;
        return NOT_BELIEVED;
    }
    if (known == BOTH_ANSWERED && !(length_of(segment) > ETHERNET_MTU && left_to_card(segment))) {
        c->counters.awaited++;
        return ON_RECEIPT;
    }
    c->counters.unproven++;
    return UNPROVEN;
}

/* RFC 9293 3.10.7.4; in LISTEN such a segment is dropped as well (3.10.7.2). */
static bool lacks_ack(const struct segment *s)
{
    return !(s->flags & (TCP_ACK | TCP_SYN | TCP_RST));
}

enum belief checksums_belief(struct checksums *c, const struct segment *segment, enum acquaintance known)
{
    if (lacks_ack(segment)) {
        c->counters.without_ack++;
        return NOT_BELIEVED;
    }
    if (c->policy == CHECKSUMS_IGNORE)
        return BELIEVED;
    const enum checksum found = segment_checksum(segment);
    if (found == CHECKSUM_CUT)
        return BELIEVED;
    struct sender *sender = sender_of(c, &segment->src);
    sender->used = ++c->clock;
    if (found == CHECKSUM_RIGHT) {
        sender->right = true;
        if (segment->payload_len > 0 || segment->flags & TCP_SYN)
            note_made(sender);
        return BELIEVED;
    }
    if (found == CHECKSUM_UNMADE) {
        if (sender->makes)
            return belief_in_unmade(c, sender, segment, known);
        if (known == BOTH_ANSWERED)
            note_left(sender);
        return BELIEVED;
    }
    if (c->policy == CHECKSUMS_AUTO && (known == ALONE || !sender->right)) {
        if (!sender->right && is_offloaded(c, sender))
            return BELIEVED;
        c->counters.unproven++;
        return UNPROVEN;
    }
    c->counters.wrong++;
    return NOT_BELIEVED;
}

bool checksums_take(struct checksums *c, const struct segment *segment)
{
    return checksums_belief(c, segment, BOTH_ANSWERED) != NOT_BELIEVED;
}
