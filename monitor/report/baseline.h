/*
 * The findings of an earlier run (--baseline), from its --json or its --report csv. A finding is the same
 * when the rule and whoever is at fault are the same: a server by address and port, a UE by address.
 */
#ifndef UTWATCH_REPORT_BASELINE_H
#define UTWATCH_REPORT_BASELINE_H

#include "policy/policy.h"

struct baseline;

/* The forms are recognized by their content. NULL with the reason in `error` (at least 256 bytes). */
struct baseline *baseline_load(const char *path, char *error, size_t error_size);
void baseline_free(struct baseline *baseline);

/* Does it have this finding? If so, the finding is not gone. */
bool baseline_has(struct baseline *baseline, const struct policy_case *c, const struct verdict *v);

/* A finding that it has was taken back, and is gone after all. */
void baseline_take_back(struct baseline *baseline, const struct policy_case *c, const struct rule_facts *rule,
                        enum fault fault);

/* Findings of it that have not been met again, by rules that the profile has. */
size_t baseline_gone(const struct baseline *baseline, const struct profile *profile);

/* The next of them after *at, which begins with 0: "ut-6.2-key-bits, server 192.0.2.80:443". False: no more.
 */
bool baseline_next_gone(const struct baseline *baseline, const struct profile *profile, size_t *at,
                        struct text *out);

#endif
