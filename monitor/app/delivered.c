#include "app/delivered.h"

#include <stddef.h>
#include <sys/mman.h>

struct delivered *delivered_new(void)
{
    struct delivered *o = mmap(NULL, sizeof *o, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return o == MAP_FAILED ? NULL : o;
}

static uint64_t get(const _Atomic uint64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

struct delivered_counters delivered_counters(const struct delivered *o)
{
    return (struct delivered_counters){.sent = get(&o->sent),
                                       .resent = get(&o->resent),
                                       .arrived = get(&o->arrived),
                                       .dropped = get(&o->dropped),
                                       .spool_bytes = get(&o->spool_bytes),
                                       .lost = get(&o->lost),
                                       .unwritten = get(&o->unwritten),
                                       .events_dropped = get(&o->events_dropped)};
}
