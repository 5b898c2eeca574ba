/* Several profiles that judge one after the other, like those of --advise: to the rest of the program they
 * are one profile. */
#include "policy/compiled.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

size_t profile_rule_count(const struct profile *p)
{
    size_t count = 0;
    for (; p; p = p->more)
        count += p->rule_count;
    return count;
}

const struct rule_facts *profile_rule(const struct profile *p, size_t index)
{
    for (; index >= p->rule_count; p = p->more) {
        index -= p->rule_count;
        assert(p->more);
    }
    return &p->rules[index].facts;
}

const struct rule_facts *profile_find(const struct profile *p, const char *id)
{
    for (; p; p = p->more)
        for (size_t i = 0; i < p->rule_count; i++)
            if (strcmp(p->rules[i].facts.id, id) == 0)
                return &p->rules[i].facts;
    return NULL;
}

bool profile_join(struct profile *first, struct profile *more)
{
    const size_t before = profile_rule_count(first);
    const size_t together = before + more->rule_count;
    if (together > MAX_RULES || more->more)
        return false;
    struct verdict *room = realloc(first->joined_verdicts, together * sizeof *room);
    if (!room)
        abort();
    first->joined_verdicts = room;
    for (size_t i = 0; i < more->rule_count; i++)
        more->rules[i].facts.index = before + i;
    struct profile *last = first;
    while (last->more)
        last = last->more;
    last->more = more;
    return true;
}

const struct profile *profile_next(const struct profile *p)
{
    return p->more;
}

void profile_names(const struct profile *p, struct text *out)
{
    for (const struct profile *q = p; q; q = q->more) {
        text_put(out, q == p ? "" : ", ");
        text_put(out, q->name);
    }
}

const struct verdict *profile_judge(const struct profile *p, const struct policy_case *c, size_t *count)
{
    if (!p->more)
        return profile_judge_alone(p, c, count);
    *count = 0;
    for (const struct profile *q = p; q; q = q->more) {
        size_t more;
        const struct verdict *verdicts = profile_judge_alone(q, c, &more);
        memcpy(&p->joined_verdicts[*count], verdicts, more * sizeof *verdicts);
        *count += more;
    }
    return p->joined_verdicts;
}

bool profile_found_breach(const struct profile *p)
{
    bool any = false;
    for (; p; p = p->more)
        any |= p->results->breach;
    return any;
}

uint64_t profile_verdicts_forgotten(const struct profile *p)
{
    uint64_t forgotten = 0;
    for (; p; p = p->more)
        forgotten += verdicts_forgotten_alone(p);
    return forgotten;
}
