#include "report/summing.h"

#include "base/limits.h"
#include "base/queue.h"
#include "base/siphash.h"

#include <stdlib.h>

enum { BUCKETS = SUMMED_ALERTS }; /* power of two */

struct entry {
    struct queue_link in_order; /* of the ends of their intervals */
    uint32_t next;              /* of the same bucket */
    uint32_t bucket;
    struct alert_sum sum;
    nanos due;
};

struct summing {
    nanos interval;
    nanos now; /* packet time */
    summing_tell *tell;
    void *context;
    struct siphash_key key;
    struct pool entries;
    struct queue queue;
    struct summing_counters counters;
    uint32_t buckets[BUCKETS];
};

struct summing *summing_new(nanos interval, summing_tell *tell, void *context)
{
    struct summing *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->interval = interval;
    s->tell = tell;
    s->context = context;
    s->key = siphash_random_key();
    if (pool_open(&s->entries, sizeof(struct entry), SUMMED_ALERTS))
        return s;
    free(s);
    return NULL;
}

void summing_free(struct summing *s)
{
    if (!s)
        return;
    pool_close(&s->entries);
    free(s);
}

uint64_t summing_memory(void)
{
    return sizeof(struct summing) + pool_memory(sizeof(struct entry), SUMMED_ALERTS);
}

static struct entry *entry_at(const struct summing *s, uint32_t slot)
{
    return pool_at(&s->entries, slot);
}

static void tell_sum(struct summing *s, struct entry *e)
{
    if (e->sum.count == 0)
        return;
    s->tell(s->context, &e->sum);
    e->sum.count = 0;
}

static void forget(struct summing *s, uint32_t slot)
{
    struct entry *e = entry_at(s, slot);
    uint32_t *at = &s->buckets[e->bucket];
    while (*at != slot)
        at = &entry_at(s, *at)->next;
    *at = e->next;
    queue_remove(&s->queue, &s->entries, offsetof(struct entry, in_order), slot);
    pool_give(&s->entries, slot);
}

static uint32_t bucket_of(const struct summing *s, const struct policy_case *c, const struct verdict *v)
{
    uint8_t key[2 * sizeof c->about.client.address + sizeof v->rule->sid + sizeof c->about.server.port];
    uint8_t *p = key;
    memcpy(p, whence_ue(&c->about)->address, sizeof c->about.client.address);
    p += sizeof c->about.client.address;
    memcpy(p, c->about.server.address, sizeof c->about.server.address);
    p += sizeof c->about.server.address;
    memcpy(p, &v->rule->sid, sizeof v->rule->sid);
    p += sizeof v->rule->sid;
    memcpy(p, &c->about.server.port, sizeof c->about.server.port);
    return (uint32_t)siphash(&s->key, span_of(key, sizeof key)) % BUCKETS;
}

static uint32_t find(const struct summing *s, uint32_t bucket, const struct policy_case *c,
                     const struct verdict *v)
{
    uint32_t slot = s->buckets[bucket];
    for (; slot; slot = entry_at(s, slot)->next) {
        const struct alert_sum *sum = &entry_at(s, slot)->sum;
        if (sum->rule == v->rule && endpoint_same_host(&sum->client, &c->about.client) &&
            endpoint_same_host(&sum->told, &c->about.told) &&
            endpoint_same_host(&sum->server, &c->about.server) && sum->server.port == c->about.server.port &&
            sum->asked == case_asked(c))
            break;
    }
    return slot;
}

static void count(struct summing *s, uint32_t slot, const struct policy_case *c, const struct verdict *v)
{
    struct alert_sum *sum = &entry_at(s, slot)->sum;
    const enum severity severity = sum->advice || v->excepted ? SEVERITY_INFO : v->severity;
    if (sum->count++ == 0) {
        sum->first = c->about.time;
        sum->severity = severity;
    }
    if (severity > sum->severity)
        sum->severity = severity;
    sum->fault = v->fault;
    sum->last = c->about.time;
    s->counters.summed++;
}

static uint32_t remember(struct summing *s, uint32_t bucket, const struct policy_case *c,
                         const struct verdict *v, bool advice)
{
    uint32_t slot = pool_take(&s->entries);
    if (!slot) {
        const uint32_t oldest = s->queue.oldest;
        s->counters.evicted += entry_at(s, oldest)->sum.count > 0;
        tell_sum(s, entry_at(s, oldest));
        forget(s, oldest);
        slot = pool_take(&s->entries);
    }
    struct entry *e = entry_at(s, slot);
    *e = (struct entry){
        .next = s->buckets[bucket],
        .bucket = bucket,
        .sum = {.rule = v->rule,
                .client = c->about.client,
                .server = c->about.server,
                .told = c->about.told,
                .asked = case_asked(c),
                .advice = advice},
        .due = s->now + s->interval,
    };
    s->buckets[bucket] = slot;
    queue_push(&s->queue, &s->entries, offsetof(struct entry, in_order), slot);
    return slot;
}

bool summing_takes(struct summing *s, const struct policy_case *c, const struct verdict *v)
{
    const uint32_t bucket = bucket_of(s, c, v);
    const uint32_t slot = find(s, bucket, c, v);
    if (slot) {
        count(s, slot, c, v);
        return true;
    }
    (void)remember(s, bucket, c, v, false);
    s->counters.told++;
    return false;
}

void summing_adds(struct summing *s, const struct policy_case *c, const struct verdict *v, bool advice)
{
    const uint32_t bucket = bucket_of(s, c, v);
    const uint32_t slot = find(s, bucket, c, v);
    count(s, slot ? slot : remember(s, bucket, c, v, advice), c, v);
}

void summing_settle(struct summing *s, const struct policy_case *c, const struct verdict *v)
{
    const uint32_t slot = s ? find(s, bucket_of(s, c, v), c, v) : 0;
    if (!slot)
        return;
    tell_sum(s, entry_at(s, slot));
    forget(s, slot);
}

/* A clock that was set back ends the interval too. */
static bool is_over(const struct summing *s, const struct entry *e, nanos now)
{
    return now >= e->due || e->due - now > s->interval;
}

void summing_time(struct summing *s, nanos now)
{
    if (!s)
        return;
    uint32_t slot;
    s->now = now;
    while ((slot = s->queue.oldest) && is_over(s, entry_at(s, slot), now)) {
        struct entry *e = entry_at(s, slot);
        if (e->sum.count == 0) {
            forget(s, slot);
            continue;
        }
        tell_sum(s, e);
        e->due = now + s->interval;
        queue_remove(&s->queue, &s->entries, offsetof(struct entry, in_order), slot);
        queue_push(&s->queue, &s->entries, offsetof(struct entry, in_order), slot);
    }
}

void summing_flush(struct summing *s)
{
    while (s && s->queue.oldest) {
        tell_sum(s, entry_at(s, s->queue.oldest));
        forget(s, s->queue.oldest);
    }
}

void summing_go_on_with(struct summing *s, nanos interval)
{
    summing_flush(s);
    if (s)
        s->interval = interval;
}

const struct summing_counters *summing_counters(const struct summing *s)
{
    static const struct summing_counters none;
    return s ? &s->counters : &none;
}
