/* A finding about a server or UE in general that was reported, and that later traffic contradicts. */
#ifndef UTWATCH_REPORT_TAKEN_BACK_H
#define UTWATCH_REPORT_TAKEN_BACK_H

#include "policy/policy.h"
#include "report/csv_report.h"

struct taken_back {
    const struct policy_case *about; /* the server or UE, as it is known now */
    const struct verdict *now;       /* by the same rule, which is no breach */
    const struct told_finding *told;
    enum finding_status as; /* what it was told */
};

/* When it was first reported. */
static inline nanos told_first(const struct told_finding *told)
{
    return told->second * NANOS_PER_SECOND + told->micros * INT64_C(1000);
}

#endif
