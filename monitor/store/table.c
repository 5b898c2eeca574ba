#include "base/expect.h"
#include "store/table_parts.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { BUCKET = TABLE_BUCKET, PAGE = TABLE_PAGE };

static_assert(sizeof(struct entry) == 24, "at 80 % load a session costs 30 bytes");
enum { FORGOTTEN_AT = PAGE - sizeof(uint64_t) };
static_assert(sizeof(struct clock_jump) * TABLE_JUMPS <= FORGOTTEN_AT, "jumps have a page, but for a word");

static uint64_t mix(uint64_t x)
{
    x ^= x >> 33;
    x *= UINT64_C(0xff51afd7ed558ccd);
    x ^= x >> 33;
    x *= UINT64_C(0xc4ceb9fe1a85ec53);
    return x ^ x >> 33;
}

/* The checksum leaves out whatever changes while a session lives, so that an interrupted change never costs
 * the entry. The flags are written within one word, with a parity bit. */
static uint32_t check_of(const struct entry *e)
{
    struct entry fixed = *e;
    fixed.check = 0;
    fixed.flags &= ENTRY_EXACT | ENTRY_SUITE | ENTRY_ANEW;
    fixed.last_used = 0;
    uint64_t words[3];
    memcpy(words, &fixed, sizeof words);
    return (uint32_t)(mix(words[0] ^ mix(words[1] ^ mix(words[2] + 1))) & 0xffffff);
}

static unsigned with_parity(unsigned flags)
{
    const unsigned odd = flags / ENTRY_RESUMED ^ flags / ENTRY_DEAD ^ flags / ENTRY_DOUBT;
    return (flags & ~(unsigned)ENTRY_ODD & ENTRY_FLAGS) | (odd & 1 ? 0 : ENTRY_ODD);
}

static uint64_t check_of_jump(const struct clock_jump *j)
{
    return mix((uint64_t)j->before ^ mix((uint64_t)j->after + 1)) | 1;
}

static size_t up_to_page(size_t n)
{
    return (n + PAGE - 1) / PAGE * PAGE;
}

struct table_layout table_layout(uint64_t buckets)
{
    struct table_layout l = {.jumps = PAGE, .servers = (size_t)2 * PAGE};
    l.second_header = up_to_page(l.servers + (size_t)TABLE_SERVERS * sizeof(struct endpoint));
    l.places = l.second_header + PAGE;
    l.entries = up_to_page(l.places + (size_t)buckets * sizeof(uint32_t));
    l.bytes = up_to_page(l.entries + (size_t)buckets * BUCKET * sizeof(struct entry));
    return l;
}

enum table_result table_allocate(struct table *t, uint64_t buckets)
{
    const struct table_layout l = table_layout(buckets);
    const int kind = t->shared ? MAP_SHARED : MAP_PRIVATE;
    char *image = mmap(NULL, l.bytes, PROT_READ | PROT_WRITE, kind | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (image == MAP_FAILED)
        return TABLE_NO_MEMORY;
    /* Clearing a huge page takes 100 us and more, in the middle of a handshake. Nobody waits for a replay,
     * and a fault for each 4 KiB takes longer in all. */
    (void)madvise(image, l.bytes, t->shared ? MADV_NOHUGEPAGE : MADV_HUGEPAGE);
    t->image = image;
    t->bytes = l.bytes;
    t->jumps = (struct clock_jump *)(void *)(image + l.jumps);
    t->forgotten = (uint64_t *)(void *)(image + l.jumps + FORGOTTEN_AT);
    t->servers = (struct endpoint *)(void *)(image + l.servers);
    t->places = (uint32_t *)(void *)(image + l.places);
    t->entries = (struct entry *)(void *)(image + l.entries);
    t->buckets = buckets;
    return TABLE_OK;
}

uint64_t table_buckets_for(uint32_t capacity)
{
    return ((uint64_t)capacity * 5 / 4 + BUCKET - 1) / BUCKET + 1;
}

size_t table_memory(uint32_t capacity)
{
    return table_layout(table_buckets_for(capacity)).bytes;
}

bool table_take_memory(struct table *t)
{
    return madvise(t->image, t->bytes, MADV_POPULATE_WRITE) == 0;
}

void table_mark(struct table *t, const void *bytes, size_t size)
{
    if (!t->dirty)
        return;
    const size_t from = (size_t)((const char *)bytes - (const char *)t->image);
    for (size_t page = from / PAGE; page <= (from + size - 1) / PAGE; page++) {
        const uint64_t bit = UINT64_C(1) << page % TABLE_PAGES_A_WORD;
        (void)atomic_fetch_or_explicit(&t->dirty[page / TABLE_PAGES_A_WORD], bit, memory_order_release);
    }
}

static void write_jump(struct table *t, struct clock_jump *j, nanos before, nanos after)
{
    struct clock_jump next = {.before = before, .after = after};
    next.check = check_of_jump(&next);
    *j = next;
    table_mark(t, j, sizeof *j);
}

/* Checksums show what was torn, but anybody who can write the file can compute them. So the contents of an
 * entry or a jump are checked against what this program can have written. */
static bool entry_is_sound(const struct table *t, const struct entry *e)
{
    return e->check == check_of(e) && e->flags == with_parity(e->flags) && e->server < TABLE_SERVERS &&
           (e->server == 0 || t->servers[e->server].family != 0) && e->origin_us <= INT64_MAX / 1000;
}

static bool jump_is_sound(const struct clock_jump *j)
{
    const bool countable = j->after <= j->before ? j->after >= 0 || j->before <= 0 : j->before >= 0;
    return j->check == check_of_jump(j) && countable;
}

uint64_t table_last_place(const struct table *t)
{
    uint64_t last = 0;
    for (uint64_t i = 0; i < t->buckets; i++)
        last = t->places[i] > last ? t->places[i] : last;
    return last;
}

static struct entry *entries_at(const struct table *t, uint64_t place)
{
    return &t->entries[(place - 1) * BUCKET];
}

static void set_place(struct table *t, uint64_t bucket, uint64_t place)
{
    t->places[bucket] = (uint32_t)place;
    table_mark(t, &t->places[bucket], sizeof t->places[bucket]);
}

static void empty_place(struct table *t, uint64_t place)
{
    memset(entries_at(t, place), 0, BUCKET * sizeof(struct entry));
    table_mark(t, entries_at(t, place), BUCKET * sizeof(struct entry));
}

static bool is_had(const uint8_t *had, uint64_t place)
{
    return had[place / 8] & 1U << place % 8;
}

/* Drops the places that buckets cannot have: one is given once, so of two buckets with one place one is
 * wrong. `had`: a bit for each place, NULL: there is no memory for it, and none counts. Returns how many are
 * left. */
static uint64_t drop_wrong_places(struct table *t, uint8_t *had)
{
    uint64_t kept = 0;
    for (uint64_t i = 0; i < t->buckets; i++) {
        const uint64_t place = t->places[i];
        if (!place)
            continue;
        if (!had || place > t->buckets || is_had(had, place)) {
            set_place(t, i, 0);
            t->damaged++;
            continue;
        }
        had[place / 8] |= (uint8_t)(1U << place % 8);
        kept++;
    }
    return kept;
}

/* Where buckets have lost theirs, the last places move into the gaps: the next one that is given follows
 * `kept`, and there are as many as buckets. */
static void close_gaps(struct table *t, uint8_t *had, uint64_t kept)
{
    uint64_t gap = 1;
    for (uint64_t i = 0; i < t->buckets; i++) {
        const uint64_t place = t->places[i];
        if (place <= kept)
            continue;
        while (is_had(had, gap))
            gap++;
        had[gap / 8] |= (uint8_t)(1U << gap % 8);
        memcpy(entries_at(t, gap), entries_at(t, place), BUCKET * sizeof(struct entry));
        table_mark(t, entries_at(t, gap), BUCKET * sizeof(struct entry));
        set_place(t, i, gap);
    }
}

/* What no bucket has is of no use. */
static void take_stock_of_places(struct table *t, uint64_t filled)
{
    uint8_t *had = calloc(t->buckets / 8 + 1, 1);
    t->taken = drop_wrong_places(t, had);
    if (t->taken)
        close_gaps(t, had, t->taken);
    for (uint64_t place = t->taken + 1; place <= filled; place++)
        empty_place(t, place);
    free(had);
}

/* Those in use are the first ones: what lies before one of them was one too. */
static void take_stock_of_jumps(struct table *t)
{
    bool used = false;
    for (struct clock_jump *j = t->jumps + TABLE_JUMPS; j-- > t->jumps;) {
        used |= j->check != 0;
        if (used && !jump_is_sound(j))
            write_jump(t, j, INT64_MAX, 0); /* its time is lost, so every age is in doubt */
    }
}

void table_take_stock(struct table *t, uint64_t filled)
{
    for (unsigned i = 0; i < TABLE_SERVERS; i++)
        if (t->servers[i].family != 0 && t->servers[i].family != 4 && t->servers[i].family != 6)
            memset(&t->servers[i], 0, sizeof t->servers[i]);
    take_stock_of_places(t, filled < t->buckets ? filled : t->buckets);
    for (struct entry *e = t->entries; e < t->entries + t->taken * BUCKET; e++) {
        if (!e->tag)
            continue;
        if (entry_is_sound(t, e)) {
            t->used++;
            continue;
        }
        memset(e, 0, sizeof *e);
        table_mark(t, e, sizeof *e);
        t->damaged++;
    }
    take_stock_of_jumps(t);
}

void table_recover(struct table *t)
{
    t->used = t->evicted = t->expired = t->damaged = 0;
    table_take_stock(t, table_last_place(t));
}

void table_write(struct table *t, struct entry *e, const struct entry *next)
{
    struct entry sealed = *next;
    sealed.flags = with_parity(sealed.flags) & ENTRY_FLAGS;
    sealed.check = check_of(&sealed) & 0xffffffU;
    *e = sealed;
    table_mark(t, e, sizeof *e);
}

void table_use(struct table *t, struct entry *e, uint32_t now, unsigned more_flags)
{
    const unsigned fixed = ENTRY_EXACT | ENTRY_SUITE | ENTRY_ANEW;
    e->flags = with_parity(e->flags | (more_flags & ~fixed)) & ENTRY_FLAGS;
    if (now > e->last_used)
        e->last_used = now;
    table_mark(t, e, sizeof *e);
}

static uint64_t tag_of(uint64_t key)
{
    uint64_t tag = key >> 24;
    return tag ? tag : 1;
}

/* A hash as a number below n. */
static uint64_t below(uint64_t hash, uint64_t n)
{
    return (hash >> 32) * n >> 32;
}

/* The other bucket of an entry with this tag: the two add up to a number that the tag decides. */
static uint64_t other_bucket(const struct table *t, uint64_t bucket, uint64_t tag)
{
    const uint64_t sum = below(mix(tag), t->buckets) + t->buckets - bucket;
    return sum < t->buckets ? sum : sum - t->buckets;
}

static void buckets_of(const struct table *t, uint64_t key, uint64_t out[2])
{
    out[0] = below(mix(key), t->buckets);
    out[1] = other_bucket(t, out[0], tag_of(key));
}

/* NULL: it has no entries. */
static struct entry *entries_of(const struct table *t, uint64_t bucket)
{
    const uint32_t place = t->places[bucket];
    return place ? entries_at(t, place) : NULL;
}

static struct entry *first_entry_of(struct table *t, uint64_t bucket)
{
    set_place(t, bucket, ++t->taken);
    return entries_of(t, bucket);
}

static bool is_expired(const struct entry *e, uint32_t now, uint32_t retention)
{
    return now > e->last_used && now - e->last_used > retention;
}

static void drop(struct table *t, struct entry *e)
{
    memset(e, 0, sizeof *e);
    table_mark(t, e, sizeof *e);
    t->used--;
    t->expired++;
}

void table_expect(const struct table *t, uint64_t key)
{
    uint64_t bucket[2];
    buckets_of(t, key, bucket);
    expect(&t->places[bucket[0]], 1);
    expect(&t->places[bucket[1]], 1);
}

struct entry *table_find(struct table *t, uint64_t key, uint32_t now, uint32_t retention)
{
    uint64_t bucket[2];
    buckets_of(t, key, bucket);
    const uint64_t tag = tag_of(key);
    for (unsigned which = 0; which < 2; which++) {
        struct entry *const first = entries_of(t, bucket[which]);
        for (struct entry *e = first; first && e < first + BUCKET; e++) {
            if (e->tag != tag)
                continue;
            if (!is_expired(e, now, retention))
                return e;
            drop(t, e);
            return NULL;
        }
    }
    return NULL;
}

/* The less useful of two entries. */
static bool less_useful(const struct entry *a, const struct entry *b)
{
    bool a_resumed = a->flags & ENTRY_RESUMED;
    bool b_resumed = b->flags & ENTRY_RESUMED;
    if (a_resumed != b_resumed)
        return b_resumed;
    return a->last_used < b->last_used;
}

/* What a bucket offers a new entry. */
struct room {
    struct entry *free;  /* NULL also where the bucket has no place yet */
    struct entry *least; /* useful */
    unsigned filled;
};

static struct room look_for_room(struct table *t, uint64_t bucket, uint32_t now, uint32_t retention)
{
    struct room room = {0};
    struct entry *const first = entries_of(t, bucket);
    for (struct entry *e = first; first && e < first + BUCKET; e++) {
        if (e->tag && is_expired(e, now, retention))
            drop(t, e);
        if (!e->tag) {
            room.free = e;
            continue;
        }
        room.filled++;
        if (!room.least || less_useful(e, room.least))
            room.least = e;
    }
    return room;
}

/* NULL when the bucket is full. */
static struct entry *free_in(struct table *t, uint64_t bucket, uint32_t now, uint32_t retention)
{
    return entries_of(t, bucket) ? look_for_room(t, bucket, now, retention).free : first_entry_of(t, bucket);
}

/* Moves one entry of a full bucket to that entry's other bucket. NULL when all of those are full too. */
static struct entry *make_room(struct table *t, uint64_t bucket, uint32_t now, uint32_t retention)
{
    struct entry *const first = entries_of(t, bucket);
    for (struct entry *e = first; e < first + BUCKET; e++) {
        struct entry *free = free_in(t, other_bucket(t, bucket, e->tag), now, retention);
        if (!free)
            continue;
        *free = *e;
        table_mark(t, free, sizeof *e);
        return e;
    }
    return NULL;
}

struct entry *table_put(struct table *t, uint64_t key, uint32_t now, uint32_t retention, bool *fresh)
{
    struct entry *e = table_find(t, key, now, retention);
    *fresh = !e;
    if (e)
        return e;
    uint64_t bucket[2];
    buckets_of(t, key, bucket);
    const struct room first = look_for_room(t, bucket[0], now, retention);
    const struct room second = look_for_room(t, bucket[1], now, retention);
    const bool full = t->used >= t->capacity && (first.least || second.least);
    if (!full)
        e = free_in(t, bucket[first.filled > second.filled], now, retention);
    for (unsigned i = 0; !full && !e && i < 2; i++)
        e = make_room(t, bucket[i], now, retention);
    if (!e) {
        assert(first.least || second.least);
        e = !second.least || (first.least && less_useful(first.least, second.least)) ? first.least
                                                                                     : second.least;
        t->evicted++;
        t->used--;
        *t->forgotten = 1;
        table_mark(t, t->forgotten, sizeof *t->forgotten);
    }
    memset(e, 0, sizeof *e);
    e->tag = tag_of(key) & UINT64_C(0xffffffffff);
    e->last_used = now;
    t->used++;
    return e;
}

static size_t place_of_server(uint64_t hash)
{
    return hash % (TABLE_SERVERS - 1) + 1;
}

void table_expect_server(const struct table *t, const struct endpoint *server)
{
    const uint64_t hash = siphash(&t->key, span_of(server, sizeof *server));
    expect(&t->servers[place_of_server(hash)], sizeof *server);
}

uint16_t table_server(struct table *t, const struct endpoint *server)
{
    enum { TRIES = 16 };
    uint64_t hash = siphash(&t->key, span_of(server, sizeof *server));
    for (unsigned i = 0; i < TRIES; i++) {
        size_t at = place_of_server(hash + i);
        if (t->servers[at].family == 0) {
            t->servers[at] = *server;
            table_mark(t, &t->servers[at], sizeof t->servers[at]);
        }
        if (endpoint_equal(&t->servers[at], server))
            return (uint16_t)at;
    }
    return 0;
}

bool table_has_forgotten(const struct table *t)
{
    return *t->forgotten != 0;
}

/* Moves the jumps in use to the front. */
static void forget_old_jumps(struct table *t, nanos now, uint32_t retention)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < TABLE_JUMPS && t->jumps[i].check; i++)
        if (now - t->jumps[i].before <= (nanos)retention * NANOS_PER_SECOND)
            t->jumps[kept++] = t->jumps[i];
    memset(t->jumps + kept, 0, (TABLE_JUMPS - kept) * sizeof *t->jumps);
    table_mark(t, t->jumps, TABLE_JUMPS * sizeof *t->jumps);
}

void table_clock_set(struct table *t, nanos before, nanos after, uint32_t retention)
{
    if (t->jumps[TABLE_JUMPS - 1].check)
        forget_old_jumps(t, after, retention);
    struct clock_jump *last = &t->jumps[TABLE_JUMPS - 1];
    for (struct clock_jump *j = t->jumps; j <= last; j++)
        if (!j->check || j->check != check_of_jump(j)) {
            write_jump(t, j, before, after);
            return;
        }
    if (after > before || last->after > last->before)
        write_jump(t, last, INT64_MAX, 0); /* no jump is as two in different directions */
    else
        write_jump(t, last, before > last->before ? before : last->before,
                   after < last->after ? after : last->after);
}

bool table_clock_not_set(struct table *t, nanos before, nanos after)
{
    struct clock_jump *const end = t->jumps + TABLE_JUMPS;
    for (struct clock_jump *j = t->jumps; j < end && j->check; j++) {
        if (j->before != before || j->after != after)
            continue;
        memmove(j, j + 1, (size_t)(end - j - 1) * sizeof *j);
        memset(end - 1, 0, sizeof *j);
        table_mark(t, j, (size_t)(end - j) * sizeof *j);
        return true;
    }
    return false;
}

/* Frames may be a little out of order, but none is of the middle of a step ahead. */
static bool spans(const struct clock_jump *j, nanos from, nanos to)
{
    if (j->after <= j->before)
        return from <= j->before && to >= j->after;
    const nanos middle = j->before + (j->after - j->before) / 2;
    return from <= middle && to > middle;
}

bool table_spans_jump(const struct table *t, nanos from, nanos to)
{
    for (const struct clock_jump *j = t->jumps; j < t->jumps + TABLE_JUMPS && j->check; j++)
        if (spans(j, from, to))
            return true;
    return false;
}

nanos table_latest(const struct table *t, nanos from, nanos to)
{
    nanos latest = from;
    for (const struct clock_jump *j = t->jumps; j < t->jumps + TABLE_JUMPS && j->check; j++) {
        const bool ahead = j->after > j->before;
        if (!spans(j, from, to) || to < from || (!ahead && from < j->after))
            continue;
        const nanos step = ahead ? j->after - j->before : j->before - j->after; /* see jump_is_sound() */
        latest = step < to - latest ? latest + step : to;
    }
    return latest;
}
