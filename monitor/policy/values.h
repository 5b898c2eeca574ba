/* Making values, for the getters. */
#ifndef UTWATCH_POLICY_VALUES_H
#define UTWATCH_POLICY_VALUES_H

#include "policy/fields.h"

static inline struct fact number(int64_t n)
{
    return (struct fact){.known = KNOWN_VALUE, .number = n};
}

static inline struct fact absent(void)
{
    return (struct fact){.known = ABSENT};
}

static inline struct fact unknown(uint32_t reasons)
{
    return (struct fact){.known = UNKNOWN, .reasons = reasons};
}

/* A value that is only a fact. */
static inline struct value fact_alone(struct fact f)
{
    return (struct value){.fact = f};
}

static inline struct value string(struct span s)
{
    return s.n ? (struct value){.fact = {.known = KNOWN_VALUE}, .string = s} : fact_alone(absent());
}

#endif
