#include "session/table.h"

#include <assert.h>
#include <string.h>
#include <sys/mman.h>

enum { BUCKET = 8 };

static_assert(sizeof(struct entry) == 24, "at 80 % load a session costs 30 bytes");

bool table_open(struct table *t, uint32_t capacity)
{
    uint64_t buckets = 1;
    while (buckets * BUCKET * 4 / 5 < capacity)
        buckets *= 2;
    *t = (struct table){.bucket_mask = buckets - 1, .bytes = (size_t)buckets * BUCKET * sizeof(struct entry)};
    void *p =
        mmap(NULL, t->bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED)
        return false;
    t->entries = p;
    return true;
}

void table_close(struct table *t)
{
    if (t->entries)
        (void)munmap(t->entries, t->bytes);
    t->entries = NULL;
}

static struct entry *bucket_of(const struct table *t, uint64_t name, unsigned which)
{
    uint64_t hash = which ? name >> 32 | name << 32 : name;
    return &t->entries[(hash & t->bucket_mask) * BUCKET];
}

static bool is_expired(const struct entry *e, uint32_t now, uint32_t retention)
{
    return now > e->last_used && now - e->last_used > retention;
}

struct entry *table_find(struct table *t, uint64_t name, uint32_t now, uint32_t retention)
{
    for (unsigned which = 0; which < 2; which++) {
        struct entry *b = bucket_of(t, name, which);
        for (unsigned i = 0; i < BUCKET; i++) {
            if (b[i].name != name)
                continue;
            if (!is_expired(&b[i], now, retention))
                return &b[i];
            b[i].name = 0;
            t->used--;
            t->expired++;
            return NULL;
        }
    }
    return NULL;
}

/* Which of two entries is missed less: one never resumed, else the one not used for longer. */
static bool less_useful(const struct entry *a, const struct entry *b)
{
    bool a_resumed = a->flags & ENTRY_RESUMED;
    bool b_resumed = b->flags & ENTRY_RESUMED;
    if (a_resumed != b_resumed)
        return b_resumed;
    return a->last_used < b->last_used;
}

struct entry *table_put(struct table *t, uint64_t name, uint32_t now, uint32_t retention, bool *fresh)
{
    struct entry *known = table_find(t, name, now, retention);
    *fresh = !known;
    if (known)
        return known;
    struct entry *free[2] = {NULL, NULL};
    unsigned filled[2] = {0, 0};
    struct entry *victim = NULL;
    for (unsigned which = 0; which < 2; which++) {
        struct entry *b = bucket_of(t, name, which);
        for (unsigned i = 0; i < BUCKET; i++) {
            if (b[i].name && is_expired(&b[i], now, retention)) {
                b[i].name = 0;
                t->used--;
                t->expired++;
            }
            if (!b[i].name) {
                free[which] = &b[i];
                continue;
            }
            filled[which]++;
            if (!victim || less_useful(&b[i], victim))
                victim = &b[i];
        }
    }
    struct entry *e = filled[0] <= filled[1] ? free[0] : free[1];
    if (!e)
        e = free[0] ? free[0] : free[1];
    if (!e) {
        e = victim;
        t->evicted++;
        t->used--;
    }
    assert(e);
    memset(e, 0, sizeof *e);
    e->name = name;
    e->last_used = now;
    t->used++;
    return e;
}
