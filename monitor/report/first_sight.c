#include "report/first_sight.h"

#include "base/expect.h"
#include "base/memory.h"
#include "decode/endpoint_hash.h"

#include <stdlib.h>

static const size_t most = (size_t)MAX_FIRST_SIGHTS / 4 * 3; /* open addressing needs free places */

struct first_sights *first_sights_new(void)
{
    struct first_sights *s = memory_map(1, sizeof *s);
    if (s)
        s->key = siphash_random_key();
    return s;
}

void first_sights_free(struct first_sights *s)
{
    memory_unmap(s);
}

static struct endpoint offender_of(const struct policy_case *c, enum fault fault)
{
    return fault == FAULT_UE ? peer_end(whence_ue(&c->about), CLIENT) : c->about.server;
}

/* All that is found about one offender is looked for at one place, so that it lies together. */
static size_t place_of(const struct first_sights *s, const struct endpoint *offender, uint64_t asked)
{
    return (endpoint_hash(&s->key, offender) + asked) & (MAX_FIRST_SIGHTS - 1);
}

static size_t place_of_offender(const struct first_sights *s, const struct policy_case *c, enum fault fault)
{
    const struct endpoint end = offender_of(c, fault);
    return place_of(s, &end, fault == FAULT_UE ? 0 : case_asked(c));
}

void first_sights_expect(const struct first_sights *s, const struct endpoint *offender, uint64_t asked)
{
    expect(&s->name[place_of(s, offender, asked)], CACHE_LINE);
}

static uint64_t name_of(const struct first_sights *s, const struct policy_case *c,
                        const struct rule_facts *rule, enum fault fault, bool excepted)
{
    struct {
        struct endpoint end;
        uint64_t asked;
        uint32_t fault, sid,
            excepted; /* a profile and its advice may share a rule: it is reported once by each */
        char profile[64];
    } what;
    memset(&what, 0, sizeof what);
    what.end = offender_of(c, fault);
    what.asked = fault == FAULT_UE ? 0 : case_asked(c);
    what.fault = fault;
    what.sid = rule->sid;
    what.excepted = excepted;
    struct text profile = text_over(what.profile, sizeof what.profile);
    text_put(&profile, rule->profile);
    return siphash_for_table(&s->key, span_of(&what, sizeof what - sizeof what.profile + profile.n)) | 1;
}

enum { FORGOTTEN = 2 }; /* no name is even: others may lie behind this place */

bool first_sight(struct first_sights *s, const struct policy_case *c, const struct rule_facts *rule,
                 enum fault fault, bool excepted)
{
    const uint64_t name = name_of(s, c, rule, fault, excepted);
    size_t at = place_of_offender(s, c, fault);
    size_t free_place = MAX_FIRST_SIGHTS;
    for (; s->name[at] && s->name[at] != name; at = (at + 1) & (MAX_FIRST_SIGHTS - 1))
        if (s->name[at] == FORGOTTEN && free_place == MAX_FIRST_SIGHTS)
            free_place = at;
    if (s->name[at])
        return false;
    if (free_place < MAX_FIRST_SIGHTS) {
        s->name[free_place] = name;
        return true;
    }
    if (s->used == most) {
        s->untold++;
        return false;
    }
    s->used++;
    s->name[at] = name;
    return true;
}

bool first_sight_forget(struct first_sights *s, const struct policy_case *c, const struct rule_facts *rule,
                        enum fault fault, bool excepted)
{
    const uint64_t name = name_of(s, c, rule, fault, excepted);
    size_t at = place_of_offender(s, c, fault);
    while (s->name[at] && s->name[at] != name)
        at = (at + 1) & (MAX_FIRST_SIGHTS - 1);
    if (!s->name[at])
        return false;
    s->name[at] = FORGOTTEN;
    return true;
}
