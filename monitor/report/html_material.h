/* What only the HTML report needs of the cases, besides the tally: single findings, servers, and times. It is
 * kept only if such a report is asked for. */
#ifndef UTWATCH_REPORT_HTML_MATERIAL_H
#define UTWATCH_REPORT_HTML_MATERIAL_H

#include "report/findings.h"
#include "report/parties.h"
#include "report/timeline.h"

struct html_material {
    struct timeline timeline;
    struct parties servers;
    struct findings findings;
};

/* NULL when there is no memory. */
struct html_material *html_material_new(void);
void html_material_free(struct html_material *m);

/* A judged case. */
void html_material_case(struct html_material *m, const struct policy_case *c);

/* A verdict on it that is VERDICT_FAIL. `stream`: of its connection, as Wireshark numbers it; below 0: not
 * known. */
void html_material_finding(struct html_material *m, const struct policy_case *c, const struct verdict *v,
                           enum finding_status status, int64_t stream);

/* Other rules judge from now on; the earlier ones are still there. */
void html_material_go_on_with(struct html_material *m, const struct profile *profile,
                              const struct profile *advice);

#endif
