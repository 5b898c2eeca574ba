/* The reports of a run (--report), each in its form, as the next bytes of parcels. */
#ifndef UTWATCH_APP_REPORTS_H
#define UTWATCH_APP_REPORTS_H

#include "app/delivery.h"
#include "app/parcel.h"
#include "app/ruleset.h"
#include "report/csv_report.h"
#include "report/findings.h"
#include "report/health.h"
#include "report/inputs.h"
#include "report/taken_back.h"
#include "report/tally.h"

struct reports;

/* NULL: not enough memory. What is given outlives them. */
struct reports *reports_new(const struct options *o, const struct ruleset *rules,
                            const struct destinations *to, const struct input_names *names,
                            const struct parcel_sink *sink, bool goes_on);
void reports_free(struct reports *reports);

/* One of them shows the records behind its findings, and the numbers of their streams. */
bool reports_show_records(const struct reports *reports);

/* A judged case. */
void reports_case(const struct reports *reports, const struct policy_case *c);

/* A verdict that is VERDICT_FAIL. `stream`: of its connection, as Wireshark numbers it; below 0: not known.
 */
void reports_finding(const struct reports *reports, const struct policy_case *c, const struct verdict *v,
                     enum finding_status status, int64_t stream);

/* A violation that was reported does not hold any more. */
void reports_taken_back(const struct reports *reports, const struct taken_back *t);

/* Other rules judge from now on: what was shown often enough is shown again. The earlier ones are still
 * there.
 */
void reports_go_on_with(struct reports *reports, const struct ruleset *rules);

const struct findings_counters *reports_findings(const struct reports *reports);

/* What was read and how it was judged; `status`: with which the run ends. `advice` may be NULL. */
void reports_end(const struct reports *reports, const struct tally *tally, const struct tally *advice,
                 const struct capture_health *health, int status);

/* What is buffered becomes parcels. */
void reports_flush(const struct reports *reports);

/* One of them is for people. */
bool reports_any_text(const struct reports *reports);

/* Of a terminal; 0: not known. */
size_t columns_of(int descriptor);

#endif
