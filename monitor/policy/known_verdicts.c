#include "policy/known_verdicts.h"

#include "base/limits.h"
#include "base/memory.h"
#include "policy/known_classes.h"

#include <stdlib.h>

struct known_verdicts *known_verdicts_new(size_t rules)
{
    struct known_verdicts *k = calloc(1, sizeof *k);
    if (!k)
        return NULL;
    k->rules = rules ? rules : 1;
    k->case_capacity = (uint32_t)(KNOWN_VERDICT_BYTES / (k->rules * sizeof *k->verdicts));
    k->steps = memory_map(KNOWN_VERDICT_STEPS, sizeof *k->steps);
    k->verdicts = memory_map(k->case_capacity * k->rules, sizeof *k->verdicts);
    k->cases = calloc(k->case_capacity, sizeof *k->cases);
    k->step_count = 1;
    if (k->steps && k->verdicts && k->cases)
        return k;
    known_verdicts_free(k);
    return NULL;
}

void known_verdicts_free(struct known_verdicts *k)
{
    if (!k)
        return;
    memory_unmap(k->steps);
    memory_unmap(k->verdicts);
    free(k->cases);
    free(k);
}

size_t profiles_memory(size_t count)
{
    return count *
           (KNOWN_VERDICT_BYTES + KNOWN_VERDICT_STEPS * sizeof(struct way_step) + known_classes_memory());
}

static bool is_full(const struct known_verdicts *k, const struct results *made)
{
    return k->case_count == k->case_capacity || KNOWN_VERDICT_STEPS - k->step_count < made->order_count;
}

static void forget(struct known_verdicts *k)
{
    k->step_count = 1;
    k->case_count = 0;
    memset(k->first, 0, sizeof k->first);
    k->forgotten++;
}

/* Where the next step is to be linked; `*known` answers of the way already exist. */
static uint32_t *end_of_known_way(struct known_verdicts *k, enum case_kind kind, const struct results *made,
                                  size_t *known)
{
    uint32_t *link = &k->first[kind];
    *known = 0;
    while (*link && *known < made->order_count) {
        struct way_step *step = &k->steps[*link];
        const bool same = facts_match(&step->answer.fact, &made->order[*known].fact);
        link = same ? &step->then : &step->otherwise;
        *known += same;
    }
    return link;
}

void known_verdicts_add(struct known_verdicts *k, enum case_kind kind, const struct results *made,
                        const struct verdict *verdicts, size_t count)
{
    if (made->order_count == 0 || made->order_count >= KNOWN_VERDICT_STEPS || k->case_capacity == 0)
        return;
    if (is_full(k, made))
        forget(k);
    size_t known;
    uint32_t *link = end_of_known_way(k, kind, made, &known);
    for (; known < made->order_count; known++) {
        k->steps[k->step_count] =
            (struct way_step){.answer = made->order[known], .last = known + 1 == made->order_count};
        *link = k->step_count;
        link = &k->steps[k->step_count++].then;
    }
    memcpy(&k->verdicts[k->case_count * k->rules], verdicts, count * sizeof *verdicts);
    k->cases[k->case_count] = (struct known_case){.count = (uint16_t)count, .breach = made->breach};
    *link = k->case_count++;
}

uint64_t known_verdicts_set(const struct known_verdicts *k, const struct verdict *verdicts)
{
    const size_t each = k->rules * sizeof *verdicts;
    const uintptr_t at = (uintptr_t)verdicts - (uintptr_t)k->verdicts; /* huge if they are before these */
    return at < k->case_count * each ? k->forgotten * k->case_capacity + at / each + 1 : 0;
}
