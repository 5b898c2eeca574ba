#include "decode/checksum.h"

#include "base/cursor.h"
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
    SENDERS = 4096,      /* addresses whose sums are remembered, in sets of WAYS */
    TRIALS = 16,         /* checked segments without a right sum, after which the card makes them */
    ETHERNET_MTU = 1500, /* a larger packet was put together by the host that captured it */
    CHECKSUM_AT = 16,    /* in the TCP header */
};

struct sender {
    uint64_t address; /* as SipHash makes it; 0: the place is free */
    uint32_t used;    /* when it was met last, in checks */
    uint8_t tried;    /* wrong ones, at most TRIALS */
    bool right;       /* one was right */
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

/* The words of the bytes, the last one filled up with zeros; all but the last bytes of a sum must be even.
 * RFC 1071 2: the sum is the same in any order of bytes, and by words of 32 bits, whose carries 64 bits hold.
 */
static uint64_t add_bytes(uint64_t sum, struct span bytes)
{
    uint32_t word = 0;
    const size_t whole = bytes.n / sizeof word;
    for (size_t i = 0; i < whole; i++) {
        memcpy(&word, &bytes.p[i * sizeof word], sizeof word);
        sum += word;
    }
    const struct span rest = span_skip(bytes, whole * sizeof word);
    word = 0;
    if (rest.n)
        memcpy(&word, rest.p, rest.n);
    return sum + word;
}

/* 16 bits, in the order of the network as memory has them. */
static uint16_t fold(uint64_t sum)
{
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)sum;
}

/* The pseudo-header (RFC 9293 3.1, RFC 8200 8.1); `length`: of the segment. */
static uint64_t pseudo_header(const struct segment *s, size_t length)
{
    const size_t n = s->src.family == 4 ? 4 : 16;
    uint64_t sum = add_bytes(0, span_of(s->src.address, n));
    sum = add_bytes(sum, span_of(s->dst.address, n));
    const uint32_t tail[2] = {htonl((uint32_t)length), htonl(TRANSPORT_TCP)};
    return add_bytes(sum, span_of(tail, sizeof tail));
}

/* The kernel leaves the sum of the pseudo-header for the card to go on with; where the card cuts a large
 * segment, some drivers leave out its length. */
static bool left_to_card(const struct segment *s, size_t length)
{
    uint16_t field;
    memcpy(&field, s->tcp.p + CHECKSUM_AT, sizeof field);
    return field == fold(pseudo_header(s, length)) || field == fold(pseudo_header(s, 0));
}

enum checksum segment_checksum(const struct segment *s)
{
    const size_t header = s->tcp.n - s->payload.n;
    const size_t length = header + s->payload_len;
    if (s->payload.n < s->payload_len || s->tcp.n < CHECKSUM_AT + sizeof(uint16_t))
        return CHECKSUM_OPEN;
    if (fold(add_bytes(pseudo_header(s, length), s->tcp)) == 0xffff)
        return CHECKSUM_RIGHT;
    return length > ETHERNET_MTU || left_to_card(s, length) ? CHECKSUM_OPEN : CHECKSUM_WRONG;
}

/* The sender's place: its own, a free one, or that of the one that was met longest ago. */
static struct sender *sender_of(struct checksums *c, const struct endpoint *end)
{
    const uint64_t hash = fold_hash(&c->key, end->address, 0) | 1;
    struct sender *row = &c->sender[ways_of(hash >> 8, SENDERS)];
    struct sender *oldest = row;
    for (size_t i = 0; i < WAYS; i++) {
        if (row[i].address == hash)
            return &row[i];
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

enum belief checksums_belief(struct checksums *c, const struct segment *segment, bool alone)
{
    if (c->policy == CHECKSUMS_IGNORE)
        return BELIEVED;
    const enum checksum found = segment_checksum(segment);
    if (found == CHECKSUM_OPEN)
        return BELIEVED;
    struct sender *sender = sender_of(c, &segment->src);
    sender->used = ++c->clock;
    if (found == CHECKSUM_RIGHT) {
        sender->right = true;
        return BELIEVED;
    }
    if (c->policy == CHECKSUMS_AUTO && (alone || !sender->right)) {
        if (!sender->right && is_offloaded(c, sender))
            return BELIEVED;
        c->counters.unproven++;
        return UNPROVEN;
    }
    c->counters.wrong++;
    return NOT_BELIEVED;
}
