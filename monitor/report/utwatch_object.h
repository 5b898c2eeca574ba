/* The members of the object `utwatch` of an event: what Suricata's EVE has no names for. */
#ifndef UTWATCH_REPORT_UTWATCH_OBJECT_H
#define UTWATCH_REPORT_UTWATCH_OBJECT_H

#include "policy/policy.h"
#include "report/fit.h"
#include "report/json.h"
#include "tls/observation.h"

void utwatch_facts(struct json *j, const struct policy_case *c, enum detail detail);
void utwatch_verdict(struct json *j, const struct verdict *v, const struct policy_case *c);

#endif
