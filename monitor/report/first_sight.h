/* Which breaches have been reported already: a superseded demand gets one event for each offender. */
#ifndef UTWATCH_REPORT_FIRST_SIGHT_H
#define UTWATCH_REPORT_FIRST_SIGHT_H

#include "base/siphash.h"
#include "policy/policy.h"

/*
 * A set of hashes, by open addressing. When it is full, later offenders get no event: they
 * are counted here, and in the sums like all others.
 */
struct first_sights {
    struct siphash_key key;
    size_t used;
    uint64_t untold; /* breaches that came when the set was full, by offenders that are not in it */
    uint64_t name[MAX_FIRST_SIGHTS];
};

struct first_sights *first_sights_new(void); /* NULL when the memory cannot be reserved */
void first_sights_free(struct first_sights *s);

/* first_sight() may be asked about this UE, or this server with what is asked of it (case_asked()). */
void first_sights_expect(const struct first_sights *s, const struct endpoint *offender, uint64_t asked);

/* True once for each rule and peer: the UE of the case with FAULT_UE, else its server. What an exception
 * of the site covers is apart: after its last day the breach is reported. */
bool first_sight(struct first_sights *s, const struct policy_case *c, const struct rule_facts *rule,
                 enum fault fault, bool excepted);

/* It is so no longer, and would be reported again. False: it is not in the set. */
bool first_sight_forget(struct first_sights *s, const struct policy_case *c, const struct rule_facts *rule,
                        enum fault fault, bool excepted);

#endif
