#include "decode/fragments.h"

#include <stdlib.h>
#include <sys/mman.h>

/* Pieces begin and, but for the last one, end at multiples of so many octets (RFC 791 3.1, RFC 8200 4.5). */
enum { UNIT = 8, UNITS = (FRAGMENT_BYTES + UNIT - 1) / UNIT, UNITS_OF_WORD = 64 };

struct datagram {
    bool used;
    bool whole;   /* not used, and the bytes are still here */
    size_t again; /* it has the number of one that was whole, and says the same so far: the length of that */
    bool refused; /* of pieces that no host takes */
    bool spoiled; /* RFC 5722: an overlap with other content; what still comes is dropped with it */
    uint8_t src[16], dst[16], family, space, protocol;
    uint32_t id, network;
    nanos since, latest; /* its first piece and its last one so far came */
    uint64_t ends;       /* of the TCP segment in it; unread.h */
    size_t total;        /* 0 until the last fragment is here */
    size_t reach;        /* the end of the last piece */
    size_t units;        /* that are here */
};

struct fragments {
    struct datagram datagram[FRAGMENT_SLOTS];
    uint64_t here[FRAGMENT_SLOTS][(UNITS + UNITS_OF_WORD - 1) / UNITS_OF_WORD]; /* a bit a unit */
    size_t waiting;                                                             /* datagrams in use */
    struct unread *unread;
    uint8_t (*bytes)[FRAGMENT_BYTES];
};

size_t fragments_memory(void)
{
    return sizeof(struct fragments) + (size_t)FRAGMENT_SLOTS * FRAGMENT_BYTES + unread_memory();
}

struct fragments *fragments_new(struct unread *unread)
{
    struct fragments *f = calloc(1, sizeof *f);
    if (!f)
        return NULL;
    f->unread = unread;
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
    return (d->used || d->whole) && d->id == p->id && d->family == p->family && d->space == p->space &&
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

/* A host that has its pieces may have put it together. A copy of what was read says nothing else. */
static void note_unread(struct fragments *f, const struct datagram *d)
{
    if (!d->refused && !d->again)
        unread_note(f->unread, d->ends, d->latest);
}

static void leave(struct fragments *f, struct datagram *d, bool whole)
{
    if (!whole)
        note_unread(f, d);
    d->used = false;
    d->whole = whole;
    f->waiting--;
}

static void give_up(struct fragments *f, struct datagram *d, struct decode_counters *counters)
{
    leave(f, d, false);
    counters->fragments_expired += !d->spoiled;
}

void fragments_end(struct fragments *f, struct decode_counters *counters)
{
    for (size_t i = 0; i < FRAGMENT_SLOTS; i++)
        if (f->datagram[i].used)
            give_up(f, &f->datagram[i], counters);
}

static void begin(struct fragments *f, size_t slot, const struct fragment *p, nanos now)
{
    struct datagram *d = &f->datagram[slot];
    const size_t again = d->whole && same_datagram(d, p) ? d->total : 0;
    *d = (struct datagram){.used = true,
                           .again = again,
                           .family = p->family,
                           .space = p->space,
                           .network = p->network,
                           .refused = p->refused,
                           .protocol = p->protocol,
                           .id = p->id,
                           .since = now,
                           .latest = now,
                           .ends = p->ends};
    memcpy(d->src, p->src, sizeof d->src);
    memcpy(d->dst, p->dst, sizeof d->dst);
    memset(f->here[slot], 0, sizeof f->here[slot]);
    f->waiting++;
}

/* The fragment's datagram; a new one takes the slot that has been free for longest, or the oldest one's. */
static size_t slot_for(struct fragments *f, const struct fragment *p, nanos now,
                       struct decode_counters *counters)
{
    size_t oldest = 0;
    size_t taken = FRAGMENT_SLOTS;
    for (size_t i = 0; i < FRAGMENT_SLOTS; i++) {
        struct datagram *d = &f->datagram[i];
        if (d->used && is_late(d, now))
            give_up(f, d, counters);
        d->whole &= !is_late(d, now);
        if (same_datagram(d, p)) {
            if (!d->used)
                begin(f, i, p, now);
            return i;
        }
        if (!d->used && (taken == FRAGMENT_SLOTS || d->since < f->datagram[taken].since))
            taken = i;
        if (d->since < f->datagram[oldest].since)
            oldest = i;
    }
    if (taken == FRAGMENT_SLOTS) {
        taken = oldest;
        counters->fragments_evicted += !f->datagram[taken].spoiled;
        leave(f, &f->datagram[taken], false);
    }
    begin(f, taken, p, now);
    return taken;
}

static bool is_here(const uint64_t *here, size_t unit)
{
    return here[unit / UNITS_OF_WORD] >> unit % UNITS_OF_WORD & 1;
}

/* False when the bytes contradict what is here. */
static bool agrees(const uint64_t *here, const uint8_t *bytes, size_t from, struct span payload)
{
    for (size_t at = 0; at < payload.n; at += UNIT) {
        const struct span unit = span_head(span_skip(payload, at), UNIT);
        if (is_here(here, (from + at) / UNIT) && memcmp(bytes + from + at, unit.p, unit.n) != 0)
            return false;
    }
    return true;
}

/* In IPv6 only the piece at offset 0 has the protocol. False: another such piece has another one. */
static bool learn_protocol(struct datagram *d, const uint64_t *here, const struct fragment *p)
{
    if (p->offset)
        return true;
    if (is_here(here, 0) && d->protocol != p->protocol)
        return false;
    d->protocol = p->protocol;
    return true;
}

static void add_piece(struct datagram *d, uint64_t *here, size_t from, size_t to)
{
    for (size_t unit = from / UNIT; unit < (to + UNIT - 1) / UNIT; unit++) {
        d->units += !is_here(here, unit);
        here[unit / UNITS_OF_WORD] |= UINT64_C(1) << unit % UNITS_OF_WORD;
    }
    d->reach = to > d->reach ? to : d->reach;
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
    whole_piece->slot = FRAGMENT_SLOTS;
    if (p->payload.n == 0 || p->offset > FRAGMENT_BYTES || p->payload.n > FRAGMENT_BYTES - p->offset) {
        counters->fragments_rejected++;
        return nothing;
    }
    const size_t slot = whole_piece->slot = slot_for(f, p, now, counters);
    struct datagram *d = &f->datagram[slot];
    uint64_t *here = f->here[slot];
    uint8_t *bytes = f->bytes[slot];
    size_t end = p->offset + p->payload.n;
    d->latest = now;
    if (d->again && (end > d->again || memcmp(bytes + p->offset, p->payload.p, p->payload.n) != 0))
        d->again = 0;
    bool ends_elsewhere = !p->more && d->reach > end;
    bool beyond_end = d->total && end > d->total;
    bool fits = !d->spoiled && !ends_elsewhere && !beyond_end && agrees(here, bytes, p->offset, p->payload) &&
                learn_protocol(d, here, p);
    if (!fits) { /* some hosts begin again with what comes now */
        d->spoiled = true;
        counters->fragments_rejected++;
        note_unread(f, d);
        return nothing;
    }
    add_piece(d, here, p->offset, end);
    /* A fragment inside a reassembled datagram may lie in the very block that has just become free. */
    memmove(bytes + p->offset, p->payload.p, p->payload.n);
    if (!p->more)
        d->total = end;
    if (!d->total || d->units < (d->total + UNIT - 1) / UNIT)
        return nothing;
    leave(f, d, true);
    whole_piece->protocol = d->protocol;
    counters->reassembled++;
    return span_of(bytes, d->total);
}

void fragments_name(struct fragments *f, size_t slot, uint64_t ends)
{
    struct datagram *d = &f->datagram[slot];
    d->ends = ends;
    if (d->spoiled)
        note_unread(f, d);
}

bool fragments_any_wait(const struct fragments *f)
{
    return f->waiting;
}

bool fragments_await(const struct fragments *f, uint64_t ends, uint64_t addresses, nanos since)
{
    for (size_t i = 0; i < FRAGMENT_SLOTS && f->waiting; i++) {
        const struct datagram *d = &f->datagram[i];
        if (d->used && !d->refused && !d->again && (d->ends == ends || d->ends == addresses) &&
            d->latest >= since)
            return true;
    }
    return false;
}
