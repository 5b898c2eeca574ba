/* Which TLS stacks an address of a UE was seen with, so that a finding about the UE can name them. */
#ifndef UTWATCH_REPORT_UE_STACKS_H
#define UTWATCH_REPORT_UE_STACKS_H

#include "base/limits.h"
#include "base/siphash.h"
#include "decode/segment.h"

/* Pairs of UE and stack, by open addressing on the address. Nothing is ever evicted; once the table is full,
 * nothing is added, and a UE without an entry counts among the stacks that are not distinguished. */
struct ue_stacks {
    struct siphash_key key;
    size_t used;
    struct ue_stack {
        uint8_t address[16];
        uint8_t family; /* 0: free */
        uint16_t stack;
    } entry[MAX_UE_STACKS];
};

struct ue_stacks *ue_stacks_new(void); /* NULL when the memory cannot be reserved */
void ue_stacks_free(struct ue_stacks *s);

void ue_stacks_expect(const struct ue_stacks *s, const struct endpoint *ue);
void ue_stacks_add(struct ue_stacks *s, const struct endpoint *ue, uint16_t stack);

/* How many UEs each stack was seen with; `count` has room for MAX_STACKS. True: there may be more, because
 * the table is full. */
bool ue_stacks_count(const struct ue_stacks *s, uint32_t *count);

/* Begin with *at = UE_STACKS_FIRST and call until false. */
#define UE_STACKS_FIRST SIZE_MAX
bool ue_stacks_next(const struct ue_stacks *s, const struct endpoint *ue, size_t *at, uint16_t *stack);

#endif
