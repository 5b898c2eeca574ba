/* Making values, for the getters. */
#ifndef UTWATCH_POLICY_VALUES_H
#define UTWATCH_POLICY_VALUES_H

#include "policy/fields.h"

static inline struct value number(int64_t n)
{
    return (struct value){.known = KNOWN_VALUE, .number = n};
}

static inline struct value absent(void)
{
    return (struct value){.known = ABSENT};
}

static inline struct value unknown(uint32_t reasons)
{
    return (struct value){.known = UNKNOWN, .reasons = reasons};
}

static inline struct value string(struct span s)
{
    return s.n ? (struct value){.known = KNOWN_VALUE, .string = s} : absent();
}

#endif
