/* Pages of the compliance report for the tests: tallies of our choice, with the policy that stands in. */
#ifndef UTWATCH_TESTS_REPORT_PAGES_H
#define UTWATCH_TESTS_REPORT_PAGES_H

#include "report/health.h"
#include "report/tally.h"
#include "stand_in.h"

/* Each counter of the health is a different number from `first` on. */
void page_health_of(struct capture_health *health, uint64_t first);

/* A tally as of a day in a network, with every kind of verdict. To be closed with tally_close(). */
bool page_ordinary(struct tally *tally);

/* All limits reached: `rules` has MAX_RULES places that have to outlive the tally. `hostile`: ids, clauses
 * and requirements are long and of characters that have to be escaped. To be closed with tally_close(). */
bool page_worst(struct tally *tally, struct rule_facts *rules, bool hostile);

#endif
