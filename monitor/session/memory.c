#include "session/memory.h"

#include <string.h>

#define ORIGIN_BITS ((UINT64_C(1) << 54) - 1)

uint32_t memory_second(nanos time)
{
    return time > 0 ? (uint32_t)(time / NANOS_PER_SECOND) : 0;
}

struct session_name name_of_id(const uint8_t *id, size_t length)
{
    struct session_name name = {.method = RESUMPTION_ID};
    name.length = length < sizeof name.bytes ? length : sizeof name.bytes;
    memcpy(name.bytes, id, name.length);
    return name;
}

struct session_name name_of_ticket(enum resumption method, uint64_t bytes)
{
    struct session_name name = {.method = method, .length = bytes ? sizeof bytes : 0};
    memcpy(name.bytes, &bytes, sizeof bytes);
    return name;
}

/* Whose cache a name belongs to. A farm goes by its first member, which is why `common` tells the farm's
 * names from that member's own. */
struct scope {
    struct endpoint server;
    bool common;
};

static struct scope own_scope(const struct endpoint *server)
{
    return (struct scope){.server = *server};
}

static struct scope scope_of(const struct sessions *s, const struct endpoint *server)
{
    if (s->config.one_scope)
        return (struct scope){.common = true};
    for (size_t f = 0; f < s->config.farm_count; f++) {
        const struct session_farm *farm = &s->config.farms[f];
        for (size_t i = 0; i < farm->members; i++)
            if (memcmp(&farm->member[i], server, sizeof *server) == 0)
                return (struct scope){.server = farm->member[0], .common = true};
    }
    return own_scope(server);
}

static uint64_t key_of(const struct sessions *s, const struct scope *scope, const struct session_name *name)
{
    enum { HEAD = sizeof scope->server + 2 };
    uint8_t text[HEAD + sizeof name->bytes];
    memset(text, 0, sizeof text);
    memcpy(text, &scope->server, sizeof scope->server);
    text[HEAD - 2] = (uint8_t)name->method;
    text[HEAD - 1] = scope->common;
    memcpy(text + HEAD, name->bytes, name->length);
    return siphash(&s->table.key, span_of(text, HEAD + name->length));
}

static struct entry *find_in(struct sessions *s, const struct scope *scope, const struct session_name *name,
                             nanos now)
{
    return table_find(&s->table, key_of(s, scope, name), memory_second(now), s->retention);
}

struct entry *memory_find(struct sessions *s, const struct endpoint *server, const struct session_name *name,
                          nanos now)
{
    if (!name->length)
        return NULL;
    const struct scope scope = scope_of(s, server);
    const struct scope own = own_scope(server);
    struct entry *e = find_in(s, &scope, name, now);
    return e && e->flags & ENTRY_DOUBT ? find_in(s, &own, name, now) : e;
}

/* Of two origins of one session the earlier counts. */
static void write_entry(struct sessions *s, struct entry *e, bool fresh, enum resumption method,
                        const struct memo *m)
{
    struct entry next = *e;
    const uint64_t us = m->origin > 0 ? (uint64_t)m->origin / 1000 : 0;
    const uint32_t second = memory_second(m->now);
    if (second > e->last_used)
        next.last_used = second;
    if (fresh || m->anew) {
        next.origin_us = us & ORIGIN_BITS;
        next.flags = m->flags & 0x3f;
        next.method = method & 0xf;
        next.suite = m->flags & ENTRY_SUITE ? m->suite : 0;
        next.server = table_server(&s->table, m->server);
    } else if (us < e->origin_us) {
        /* A sighting before a known origin: one of the two is wrong, and only the bound holds. */
        next.origin_us = us & ORIGIN_BITS;
        next.flags = ((e->flags & ~(unsigned)ENTRY_EXACT) | m->flags) & 0x3f;
    }
    table_write(&s->table, e, &next);
}

static void put_own(struct sessions *s, const struct session_name *name, const struct memo *m)
{
    bool fresh;
    const struct scope own = own_scope(m->server);
    struct entry *e =
        table_put(&s->table, key_of(s, &own, name), memory_second(m->now), s->retention, &fresh);
    write_entry(s, e, fresh, name->method, m);
}

/*
 * Two servers of one scope gave out the same name: chance hardly, more likely one of them is after the
 * other's sessions. From then on each server has its own entry, and the common one only says so.
 */
static void part(struct sessions *s, struct entry *common, const struct session_name *name,
                 const struct memo *m)
{
    const struct entry old = *common;
    table_use(&s->table, common, memory_second(m->now), ENTRY_DOUBT);
    if (old.server)
        put_own(s, name,
                &(struct memo){.server = &s->table.servers[old.server],
                               .origin = entry_origin(&old),
                               .now = (nanos)old.last_used * NANOS_PER_SECOND,
                               .flags = old.flags,
                               .suite = old.suite,
                               .anew = true});
    put_own(s, name, m);
    s->counters.parted++;
}

static bool is_of(struct sessions *s, const struct entry *e, const struct endpoint *server)
{
    return e->server && e->server == table_server(&s->table, server);
}

void memory_put(struct sessions *s, const struct session_name *name, const struct memo *m)
{
    if (!name->length)
        return;
    bool fresh;
    const struct scope scope = scope_of(s, m->server);
    struct entry *e =
        table_put(&s->table, key_of(s, &scope, name), memory_second(m->now), s->retention, &fresh);
    if (!fresh && e->flags & ENTRY_DOUBT)
        put_own(s, name, m);
    else if (!fresh && m->anew && scope.common && !is_of(s, e, m->server))
        part(s, e, name, m);
    else
        write_entry(s, e, fresh, name->method, m);
}
