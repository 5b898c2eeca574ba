#include "tls/met_hellos.h"

#include "base/limits.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* A place has the bits of a hello and of its first connection, a time, and on how many others it came. */
struct met_hellos {
    _Atomic uint64_t place[MET_HELLOS];
};

enum { HELLO_BITS = 19, FLOW_BITS = 14, TIME_BITS = 29, OTHERS_BITS = 2 };
enum { MOST_OTHERS = 2 /* a translator and a balancer */, TOO_MANY };
enum { UNIT = 4096 /* nanoseconds: the time begins anew after 36 minutes */ };

size_t met_hellos_memory(void)
{
    return sizeof(struct met_hellos);
}

struct met_hellos *met_hellos_new(void)
{
    return calloc(1, sizeof(struct met_hellos));
}

void met_hellos_free(struct met_hellos *met)
{
    free(met);
}

static uint64_t bits(uint64_t value, int count)
{
    return value & ((UINT64_C(1) << count) - 1);
}

/* Clients that choose their randoms alike only make each other's handshakes wait. */
static uint64_t hash_of(const uint8_t *random)
{
    uint64_t word[CLIENT_RANDOM_BYTES / 8];
    memcpy(word, random, sizeof word);
    uint64_t hash = 0;
    for (size_t i = 0; i < sizeof word / sizeof *word; i++)
        hash = (hash ^ word[i]) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ hash >> 32;
}

static uint64_t bits_of_hello(uint64_t hash)
{
    return bits(hash / MET_HELLOS, HELLO_BITS - 1) << 1 | 1; /* an empty place has none */
}

static uint64_t bits_of_flow(const struct flow *flow)
{
    return bits((uint64_t)(uintptr_t)flow * UINT64_C(0x9e3779b97f4a7c15) >> 40, FLOW_BITS);
}

static uint64_t hello_in(uint64_t place)
{
    return place >> (FLOW_BITS + TIME_BITS + OTHERS_BITS);
}

static uint64_t flow_in(uint64_t place)
{
    return bits(place >> (TIME_BITS + OTHERS_BITS), FLOW_BITS);
}

static uint64_t time_in(uint64_t place)
{
    return bits(place >> OTHERS_BITS, TIME_BITS);
}

static uint64_t others_in(uint64_t place)
{
    return bits(place, OTHERS_BITS);
}

void met_hellos_note(struct met_hellos *met, const uint8_t *random, const struct flow *flow, nanos time)
{
    const uint64_t hash = hash_of(random);
    const uint64_t own_time = bits((uint64_t)time / UNIT, TIME_BITS);
    const uint64_t own = (bits_of_hello(hash) << FLOW_BITS | bits_of_flow(flow))
                             << (TIME_BITS + OTHERS_BITS) |
                         own_time << OTHERS_BITS;
    const uint64_t most = MET_HELLO_SECONDS * NANOS_PER_SECOND / UNIT;
    _Atomic uint64_t *place = &met->place[hash % MET_HELLOS];
    uint64_t before = atomic_load_explicit(place, memory_order_relaxed);
    uint64_t now;
    do {
        const bool after = bits(own_time - time_in(before), TIME_BITS) <= most;
        const bool ahead = bits(time_in(before) - own_time, TIME_BITS) <= most;
        now = own;
        if (hello_in(before) == hello_in(own) && (after || ahead)) {
            if (flow_in(before) == flow_in(own))
                return;
            const uint64_t others = others_in(before);
            now = (after ? before - others : own) | (others < TOO_MANY ? others + 1 : others);
        }
    } while (!atomic_compare_exchange_weak_explicit(place, &before, now, memory_order_relaxed,
                                                    memory_order_relaxed));
}

enum leg met_hellos_leg(const struct met_hellos *met, const uint8_t *random, const struct flow *flow)
{
    const uint64_t hash = hash_of(random);
    const uint64_t place = atomic_load_explicit(&met->place[hash % MET_HELLOS], memory_order_relaxed);
    const uint64_t others = others_in(place);
    if (hello_in(place) != bits_of_hello(hash) || others == 0 || others > MOST_OTHERS)
        return LEG_ONLY;
    return flow_in(place) == bits_of_flow(flow) ? LEG_FIRST : LEG_LATER;
}
