/*
 * The verdicts on earlier cases, for cases that are alike. Judging makes tests in an order that depends only
 * on their results; so the results, in that order, are a way through a tree that leads to the verdicts.
 */
#ifndef UTWATCH_POLICY_KNOWN_VERDICTS_H
#define UTWATCH_POLICY_KNOWN_VERDICTS_H

#include "policy/compiled.h"

#include <string.h>

/* One question with one of its answers. */
struct way_step {
    struct answer answer;
    uint32_t then;      /* the next question's first step; in the last one: the verdicts */
    uint32_t otherwise; /* the same question with another answer; 0: none is known */
    bool last;
};

struct known_verdicts {
    struct way_step *steps; /* from 1 */
    uint32_t step_count;
    struct verdict *verdicts; /* `rules` for each case */
    struct known_case {
        uint16_t count; /* how many of them are filled */
        bool breach;    /* see profile_found_breach() */
    } * cases;
    uint32_t case_count, case_capacity;
    size_t rules;
    uint32_t first[CASE_KINDS]; /* step; 0: nothing is known about the kind */
    uint64_t forgotten;         /* how often everything was forgotten because it was full */
};

/* NULL: no memory. */
struct known_verdicts *known_verdicts_new(size_t rules);
void known_verdicts_free(struct known_verdicts *k);

static inline bool facts_match(const struct fact *a, const struct fact *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

/* See profile_verdict_set(). */
uint64_t known_verdicts_set(const struct known_verdicts *k, const struct verdict *verdicts);

/* Adds the answers in the order in which judging first asked for them. */
void known_verdicts_add(struct known_verdicts *k, enum case_kind kind, const struct results *made,
                        const struct verdict *verdicts, size_t count);

#endif
