#include "decode/fragments.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/mman.h>

struct piece {
    uint16_t from, to; /* bytes, [from, to) */
};

struct datagram {
    bool used;
    bool refused; /* of pieces that no host takes */
    bool spoiled; /* RFC 5722: an overlap with other content; what still comes is dropped with it */
    uint8_t src[16], dst[16], family, space, protocol;
    uint32_t id, network;
    nanos since;
    size_t total; /* 0 until the last fragment is here */
    size_t count;
    struct piece piece[FRAGMENT_PIECES]; /* ascending, not touching */
};

struct fragments {
    struct datagram datagram[FRAGMENT_SLOTS];
    uint8_t (*bytes)[FRAGMENT_BYTES];
};

size_t fragments_memory(void)
{
    return sizeof(struct fragments) + (size_t)FRAGMENT_SLOTS * FRAGMENT_BYTES;
}

struct fragments *fragments_new(void)
{
    struct fragments *f = calloc(1, sizeof *f);
    if (!f)
        return NULL;
    void *memory = mmap(NULL, (size_t)FRAGMENT_SLOTS * FRAGMENT_BYTES, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) {
        free(f);
        return NULL;
    }
    f->bytes = memory;
    return f;
}

void fragments_free(struct fragments *f)
{
    if (!f)
        return;
    (void)munmap(f->bytes, (size_t)FRAGMENT_SLOTS * FRAGMENT_BYTES);
    free(f);
}

static bool same_datagram(const struct datagram *d, const struct fragment *p)
{
    return d->used && d->id == p->id && d->family == p->family && d->space == p->space &&
           d->network == p->network && d->refused == p->refused &&
           (d->family == 6 || d->protocol == p->protocol) && memcmp(d->src, p->src, sizeof d->src) == 0 &&
           memcmp(d->dst, p->dst, sizeof d->dst) == 0;
}

/* Times come from the capture file and may be anything. */
static bool is_late(const struct datagram *d, nanos now)
{
    const uint64_t patience = d->family == 6 ? FRAGMENT6_SECONDS : FRAGMENT_SECONDS;
    return now > d->since && (uint64_t)now - (uint64_t)d->since > patience * NANOS_PER_SECOND;
}

static void give_up(struct datagram *d, struct decode_counters *counters)
{
    d->used = false;
    counters->fragments_expired += !d->spoiled;
}

void fragments_end(struct fragments *f, struct decode_counters *counters)
{
    for (size_t i = 0; i < FRAGMENT_SLOTS; i++)
        if (f->datagram[i].used)
            give_up(&f->datagram[i], counters);
}

/* The fragment's datagram; a new one takes a free slot, an expired one or the oldest. */
static size_t slot_for(struct fragments *f, const struct fragment *p, nanos now,
                       struct decode_counters *counters)
{
    size_t oldest = 0;
    size_t unused = FRAGMENT_SLOTS;
    for (size_t i = 0; i < FRAGMENT_SLOTS; i++) {
        struct datagram *d = &f->datagram[i];
        if (d->used && is_late(d, now))
            give_up(d, counters);
        if (same_datagram(d, p))
            return i;
        if (!d->used && unused == FRAGMENT_SLOTS)
            unused = i;
        if (d->since < f->datagram[oldest].since)
            oldest = i;
    }
    if (unused == FRAGMENT_SLOTS) {
        counters->fragments_evicted += !f->datagram[oldest].spoiled;
        unused = oldest;
    }
    struct datagram *d = &f->datagram[unused];
    *d = (struct datagram){.used = true,
                           .family = p->family,
                           .space = p->space,
                           .network = p->network,
                           .refused = p->refused,
                           .protocol = p->protocol,
                           .id = p->id,
                           .since = now};
    memcpy(d->src, p->src, sizeof d->src);
    memcpy(d->dst, p->dst, sizeof d->dst);
    return unused;
}

/* False when the bytes contradict what is here. */
static bool agrees(const struct datagram *d, const uint8_t *bytes, size_t from, struct span payload)
{
    size_t to = from + payload.n;
    for (size_t i = 0; i < d->count; i++) {
        size_t low = from > d->piece[i].from ? from : d->piece[i].from;
        size_t high = to < d->piece[i].to ? to : d->piece[i].to;
        if (low < high && memcmp(bytes + low, span_skip(payload, low - from).p, high - low) != 0)
            return false;
    }
    return true;
}

/* Of IPv6 only the piece at offset 0 tells the protocol. False: it was told otherwise. */
static bool learn_protocol(struct datagram *d, const struct fragment *p)
{
    if (p->offset)
        return true;
    const bool known = d->count && d->piece[0].from == 0;
    if (known && d->protocol != p->protocol)
        return false;
    d->protocol = p->protocol;
    return true;
}

/* The end of the last piece. */
static size_t reach(const struct datagram *d)
{
    return d->count ? d->piece[d->count - 1].to : 0;
}

/* Adds [from, to), joining what touches. False: too many pieces. */
static bool add_piece(struct datagram *d, size_t from, size_t to)
{
    size_t first = 0;
    while (first < d->count && d->piece[first].to < from)
        first++;
    size_t last = first;
    while (last < d->count && d->piece[last].from <= to) {
        from = d->piece[last].from < from ? d->piece[last].from : from;
        to = d->piece[last].to > to ? d->piece[last].to : to;
        last++;
    }
    if (first == last && d->count == FRAGMENT_PIECES)
        return false;
    memmove(&d->piece[first + 1], &d->piece[last], (d->count - last) * sizeof *d->piece);
    d->count = d->count - (last - first) + 1;
    d->piece[first] = (struct piece){.from = (uint16_t)from, .to = (uint16_t)to};
    return true;
}

/* Only the last fragment may have a length that is no multiple of 8: RFC 8200 4.5 says to discard others; for
 * IPv4 (RFC 791) receivers take the whole multiples. */
static size_t usable_length(const struct fragment *p)
{
    if (!p->more || p->payload.n % 8 == 0)
        return p->payload.n;
    return p->family == 4 ? p->payload.n - p->payload.n % 8 : 0;
}

struct span fragments_put(struct fragments *f, struct fragment *whole_piece, nanos now,
                          struct decode_counters *counters)
{
    struct span nothing = span_of(NULL, 0);
    struct fragment piece = *whole_piece;
    const struct fragment *p = &piece;
    piece.payload = span_head(piece.payload, usable_length(p));
    if (p->payload.n == 0 || p->offset > FRAGMENT_BYTES || p->payload.n > FRAGMENT_BYTES - p->offset) {
        counters->fragments_rejected++;
        return nothing;
    }
    size_t index = slot_for(f, p, now, counters);
    struct datagram *d = &f->datagram[index];
    uint8_t *bytes = f->bytes[index];
    size_t end = p->offset + p->payload.n;
    bool ends_elsewhere = !p->more && reach(d) > end;
    bool beyond_end = d->total && end > d->total;
    bool fits = !d->spoiled && !ends_elsewhere && !beyond_end && agrees(d, bytes, p->offset, p->payload) &&
                learn_protocol(d, p) && add_piece(d, p->offset, end);
    if (!fits) {
        d->spoiled = true;
        counters->fragments_rejected++;
        return nothing;
    }
    /* A fragment inside a reassembled datagram may lie in the very block that has just become free. */
    memmove(bytes + p->offset, p->payload.p, p->payload.n);
    if (!p->more)
        d->total = end;
    bool whole = d->total && d->count == 1 && d->piece[0].from == 0 && d->piece[0].to == d->total;
    if (!whole)
        return nothing;
    d->used = false;
    whole_piece->protocol = d->protocol;
    counters->reassembled++;
    return span_of(bytes, d->total);
}
