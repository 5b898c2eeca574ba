#include "report/ue_stacks.h"

#include "base/expect.h"
#include "base/memory.h"
#include "decode/endpoint_hash.h"

#include <stdlib.h>

static const size_t most = (size_t)MAX_UE_STACKS / 4 * 3; /* open addressing needs free places */

struct ue_stacks *ue_stacks_new(void)
{
    struct ue_stacks *s = memory_map(1, sizeof *s);
    if (s)
        s->key = siphash_random_key();
    return s;
}

void ue_stacks_free(struct ue_stacks *s)
{
    memory_unmap(s);
}

static size_t place_of(const struct ue_stacks *s, const struct endpoint *ue)
{
    return fold_hash(&s->key, ue->address, 0) & (MAX_UE_STACKS - 1);
}

void ue_stacks_expect(const struct ue_stacks *s, const struct endpoint *ue)
{
    expect(&s->entry[place_of(s, ue)], sizeof *s->entry);
}

static bool is_of(const struct ue_stack *e, const struct endpoint *ue)
{
    return e->family == ue->family && memcmp(e->address, ue->address, sizeof e->address) == 0;
}

void ue_stacks_add(struct ue_stacks *s, const struct endpoint *ue, uint16_t stack)
{
    size_t at = place_of(s, ue);
    for (; s->entry[at].family; at = (at + 1) & (MAX_UE_STACKS - 1))
        if (is_of(&s->entry[at], ue) && s->entry[at].stack == stack)
            return;
    if (s->used == most)
        return;
    s->used++;
    s->entry[at] = (struct ue_stack){.family = ue->family, .stack = stack};
    memcpy(s->entry[at].address, ue->address, sizeof ue->address);
}

bool ue_stacks_count(const struct ue_stacks *s, uint32_t *count)
{
    memset(count, 0, MAX_STACKS * sizeof *count);
    for (size_t i = 0; i < MAX_UE_STACKS; i++)
        if (s->entry[i].family)
            count[s->entry[i].stack]++;
    return s->used == most;
}

bool ue_stacks_next(const struct ue_stacks *s, const struct endpoint *ue, size_t *at, uint16_t *stack)
{
    size_t i = *at == UE_STACKS_FIRST ? place_of(s, ue) : (*at + 1) & (MAX_UE_STACKS - 1);
    while (s->entry[i].family && !is_of(&s->entry[i], ue))
        i = (i + 1) & (MAX_UE_STACKS - 1);
    *at = i;
    *stack = s->entry[i].stack;
    return s->entry[i].family != 0;
}
